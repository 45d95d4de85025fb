"""From the award to a text that the firm agrees to."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Kind, Role
from bidding.domain import substitution
from bidding.models import Award
from contracts.domain import drafting, due
from contracts.domain.plan import Step, demand_plan, steps_of
from contracts.models import Contract, ContractEvent, ContractTemplate, Milestone
from core import clock
from core.errors import DomainError, NotAllowed, WrongState
from tests import market_place as market
from tests.contracts import place

Status = Contract.Status
WHOLE = [Step(name="成果", amount=Decimal("48000.00"), days=20)]


def test_beat_drafts_every_award_once(where):
    award = place.awarded(where)
    assert due.move_due_contracts() == 1
    assert due.move_due_contracts() == 0
    contract = Contract.objects.get()
    assert (contract.award, contract.price, contract.owner) == (award, Decimal("48000.00"), where.owner.organisation)
    assert contract.due_at == award.contract_due_at
    assert contract.code.startswith("C")
    assert [each.organisation for each in contract.parties.all()] == [contract.owner, contract.firm.organisation]
    line = contract.lines.get()
    assert (line.item, line.department) == (where.item, where.department)
    assert line.code == f"L{contract.code[1:]}-1"
    assert sum(each.amount for each in contract.milestones.all()) == contract.price
    assert contract.events.get().kind == ContractEvent.Kind.DRAFTED


def test_the_template_of_the_service_goes_before_the_general_one(where):
    ContractTemplate.objects.create(
        service=where.service,
        version="环评",
        clauses="一、环评条款",
        plan=[{"name": "报批稿", "share": 100, "days": 100, "on_sealing": False}],
        legal_basis="测试",
    )
    contract = place.drafted(where)
    assert contract.clauses == "一、环评条款"
    assert contract.milestones.get().name == "报批稿"


@given(
    price=st.decimals(min_value="0.01", max_value="999999999999.99", places=2),
    shares=st.lists(st.integers(1, 40), min_size=0, max_size=2),
    days=st.integers(1, 365),
)
def test_a_plan_sums_to_the_price_to_the_cent(price, shares, days):
    plan = [{"name": "期", "share": share, "days": 50, "on_sealing": False} for share in shares]
    plan.append({"name": "末", "share": 100 - sum(shares), "days": 100, "on_sealing": False})
    steps = steps_of(plan, price=price, days=days)
    assert sum(step.amount for step in steps) == price
    assert steps[-1].days == days
    assert all(step.amount == step.amount.quantize(Decimal("0.01")) for step in steps)


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [Step(name="成果", amount=Decimal("47999.99"), days=20)],
        [Step(name="成果", amount=Decimal("48000.00"), days=19)],
        [Step(name=" ", amount=Decimal("48000.00"), days=20)],
        [Step(name="成果", amount=Decimal("48000.00"), days=20, delivers=False)],
        [Step(name="预付", amount=Decimal("48000.00"), days=0, delivers=False)],
        [Step(name="一", amount=Decimal("-1"), days=20), Step(name="二", amount=Decimal("48001.00"), days=20)],
    ],
)
def test_a_plan_that_is_none_is_refused(steps):
    with pytest.raises(DomainError):
        demand_plan(steps, price=Decimal("48000.00"), days=20)


def test_only_the_owner_edits_and_proposes(where):
    contract = place.drafted(where)
    owner, firm = place.people(where, contract)
    outsiders = [firm, where.operator, market.member_of(market.organisation(Kind.OWNER))]
    outsiders.append(market.member_of(where.owner.organisation, role=Role.VIEWER))
    for by in outsiders:
        with pytest.raises(NotAllowed):
            drafting.edit_contract(contract_id=contract.pk, scope="别的", steps=WHOLE, by=by)
        with pytest.raises(NotAllowed):
            drafting.propose_contract(contract_id=contract.pk, by=by)
    drafting.edit_contract(contract_id=contract.pk, scope="编制报告书三份", steps=WHOLE, by=owner)
    contract.refresh_from_db()
    assert contract.scope == "编制报告书三份"
    assert drafting.propose_contract(contract_id=contract.pk, by=owner).status == Status.PROPOSED
    assert drafting.propose_contract(contract_id=contract.pk, by=owner).status == Status.PROPOSED
    assert contract.events.filter(kind="proposed").count() == 1
    with pytest.raises(WrongState):
        drafting.edit_contract(contract_id=contract.pk, scope="再改", steps=WHOLE, by=owner)


def test_the_firm_asks_for_a_change_and_the_owner_proposes_again(where):
    contract = place.proposed(where)
    owner, firm = place.people(where, contract)
    with pytest.raises(NotAllowed):
        drafting.ask_for_change(contract_id=contract.pk, text="改", by=owner)
    with pytest.raises(DomainError):
        drafting.ask_for_change(contract_id=contract.pk, text="  ", by=firm)
    asked = drafting.ask_for_change(contract_id=contract.pk, text="请分两期付款", by=firm)
    assert (asked.status, asked.change_asked) == (Status.DRAFT, "请分两期付款")
    again = drafting.propose_contract(contract_id=contract.pk, by=owner)
    assert (again.status, again.change_asked) == (Status.PROPOSED, "")


def test_walking_away_ends_the_draft(where):
    contract = place.drafted(where)
    _owner, firm = place.people(where, contract)
    substitution.walk_away(round_id=contract.award.lot.round_id, reason="人员调离", by=firm)
    due.move_due_contracts()
    contract.refresh_from_db()
    assert contract.status == Status.REVOKED
    assert not Contract.objects.unsealed().exists()
    assert drafting.draft_contract(award_id=contract.award_id) == contract
    with pytest.raises(WrongState):
        drafting.propose_contract(contract_id=contract.pk, by=where.owner)


def test_a_revoked_award_gets_no_contract(where):
    award = place.awarded(where)
    Award.objects.filter(pk=award.pk).update(revoked_at=clock.now())
    assert drafting.draft_contract(award_id=award.pk) is None
    assert not Contract.objects.exists()


def test_the_database_refuses_rows_that_cannot_be(where):
    contract = place.drafted(where)
    rows = Contract.objects.filter(pk=contract.pk)
    for wrong in (
        {"status": Status.RUNNING},
        {"status": Status.AGREED},
        {"sealed_at": clock.now()},
        {"status": Status.REVOKED},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Milestone.objects.filter(contract=contract, delivers=False).update(status=Milestone.Status.SUBMITTED)


@pytest.mark.django_db(transaction=True)
def test_two_workers_draft_one_contract(in_threads):
    award = place.awarded(market.place())
    made = in_threads(*[lambda: drafting.draft_contract(award_id=award.pk)] * 4)
    assert len({contract.pk for contract in made}) == 1
    assert Contract.objects.count() == 1
