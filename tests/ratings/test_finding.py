"""What costs points is found in what the rooms have recorded, once, and only where the firm is at fault."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.domain import cases
from approvals.models import CaseEvent, Fault
from bidding.domain import substitution
from bidding.models import Award, Round
from contracts.domain import drafting, matters
from contracts.models import Contract, ContractEvent, ContractParty
from contracts.payments.domain import requests
from core import clock
from market.models import Qualification, Suspension
from ratings.domain.finding import propose_found
from ratings.models import Deduction
from ratings.tasks import find_deeds
from tests import market_place as market
from tests.contracts import place
from tests.ratings import lives, saying

pytestmark = pytest.mark.django_db


def found():
    return [(each.kind, each.firm_id) for each in Deduction.objects.order_by("pk")]


def test_nothing_is_found_where_all_went_as_it_should(where):
    own = saying.accepted(where)
    saying.decided(where, own)
    assert propose_found() == 0 and find_deeds() == 0


def test_a_winner_that_walks_away_pays_with_its_suspension_and_is_proposed_for_points(where):
    round_ = market.lived(where, amounts=["48000.00", "50000.00"])
    firm = round_.lots.get().winner
    substitution.walk_away(round_id=round_.pk, reason="人手不足", by=market.member_of(firm.organisation))
    assert Suspension.objects.get().firm == firm
    assert propose_found() == 1 and propose_found() == 0
    assert found() == [("abandoned", firm.pk)]
    assert Deduction.objects.get().facts == {"round": round_.code}


@pytest.mark.parametrize("side", ["firm", "owner"])
def test_a_contract_given_up_costs_the_firm_only_where_it_gave_up(where, side):
    contract = saying.running(where)
    owner, firm = place.people(where, contract)
    matters.abandon_contract(contract_id=contract.pk, reason="无力履行", by=firm if side == "firm" else owner)
    assert propose_found() == (side == "firm")
    assert found() == ([("abandoned", contract.firm_id)] if side == "firm" else [])


def test_a_contract_not_sealed_in_time_by_the_firm(where):
    slow, given = place.drafted(where), place.drafted(where)
    drafting.propose_contract(contract_id=given.pk, by=where.owner)
    late = max(slow.due_at, given.due_at) + timedelta(seconds=1)
    assert propose_found(given.due_at - timedelta(seconds=1)) == 0
    # The owner of the first has given no text: nothing that the firm could have sealed.
    assert propose_found(late) == 1
    assert found() == [("unsigned", given.firm_id)]


def test_who_has_sealed_waits_for_the_other_and_pays_nothing(where):
    given = place.drafted(where)
    drafting.propose_contract(contract_id=given.pk, by=where.owner)
    ContractParty.objects.filter(contract=given, side="firm").update(
        sealed_at=clock.now(), sealed_by=where.owner.user, sha256="0" * 64
    )
    assert propose_found(given.due_at + timedelta(days=1)) == 0


def test_more_asked_than_the_price(where):
    contract = saying.running(where)
    firm = market.member_of(contract.firm.organisation)
    milestone = contract.milestones.filter(delivers=True).get()
    contract.milestones.filter(pk=milestone.pk).update(status="accepted", accepted_at=clock.now())
    asked = requests.request_payment(milestone_id=milestone.pk, invoice_number="1", invoice=saying.scan(), by=firm)
    assert propose_found() == 0
    type(asked).objects.filter(pk=asked.pk).update(amount=contract.price + 1)
    assert propose_found() == 1
    assert Deduction.objects.get().facts["asked"] == f"{contract.price + 1:.2f}"


def returned(where, own, **given):
    case = lives.received(where, own.contract)
    return cases.refuse_to_accept(case_id=case.pk, by=lives.clerk(where.department), words="深度不足", **given)


def test_a_result_that_the_authority_did_not_accept_for_its_quality(where):
    own = saying.accepted(where)
    case = returned(where, own, category="quality", fault=Fault.DELIVERABLE)
    assert propose_found() == 1 and propose_found() == 0
    assert found() == [("returned", own.contract.firm_id)]
    assert Deduction.objects.get().facts == {"contract": own.contract.code, "case": case.code}


@pytest.mark.parametrize(
    "given", [{"category": "quality", "fault": Fault.OTHER}, {"category": "form", "fault": Fault.DELIVERABLE}]
)
def test_what_is_not_the_deliverables_quality_costs_the_firm_nothing(where, given):
    returned(where, saying.accepted(where), **given)
    assert propose_found() == 0


def test_a_case_without_a_contract_of_ours_costs_nobody(where):
    contract = saying.running(where)
    case = lives.received(where, contract, project_code="P000000000000")
    cases.refuse_to_accept(
        case_id=case.pk, by=lives.clerk(where.department), words="x", category="quality", fault=Fault.DELIVERABLE
    )
    assert propose_found() == 0 and CaseEvent.objects.filter(kind="case_not_accepted").exists()


def begun_long_ago(contract, *, days):
    """Sealed so long ago, with the promise of its award."""
    at = clock.now() - timedelta(days=days)
    lot = contract.award.lot
    Round.objects.filter(pk=lot.round_id).update(announced_at=at - timedelta(days=3))
    Award.objects.filter(pk=contract.award_id).update(issued_at=at - timedelta(days=1))
    ContractEvent.objects.filter(contract=contract).update(at=at, recorded_at=at)
    Contract.objects.filter(pk=contract.pk).update(
        service_due_at=at + timedelta(days=contract.days * 7 // 5 + 2), sealed_at=at
    )


def test_much_too_late_by_the_one_clock(where):
    contract = saying.running(where)
    begun_long_ago(contract, days=contract.days * 7 // 5 + 4)
    assert propose_found() == 0, "late, but by no more than the policy bears"
    begun_long_ago(contract, days=contract.days * 7 // 5 + 40)
    assert propose_found() == 1 and propose_found() == 0
    facts = Deduction.objects.get().facts
    assert float(facts["used"]) > int(facts["promised"]) + 10


def test_what_the_firm_waited_for_is_not_its_time(where):
    contract = saying.running(where)
    firm = market.member_of(contract.firm.organisation)
    begun_long_ago(contract, days=contract.days * 7 // 5 + 40)
    matters.propose_matter(contract_id=contract.pk, kind="input", words="缺图", by=firm)
    asked = contract.matters.get()
    since = clock.now() - timedelta(days=contract.days * 7 // 5 + 38)
    type(asked).objects.filter(pk=asked.pk).update(at=since)
    matters.answer_matter(matter_id=asked.pk, agrees=True, words="", by=where.owner)
    assert propose_found() == 0


def test_a_qualification_that_lapsed_while_the_work_needs_it(where):
    contract = saying.running(where)
    need = lives.need_of(contract)
    need.required_qualifications.create(kind=where.kind, level="")
    assert propose_found() == 0, "who never had one was not chosen for it"
    held = Qualification.objects.create(
        admission=contract.firm.current, kind=where.kind, number="Q", issuer="x", valid_from=market.FIRST_DAY,
        valid_to=clock.now().date() - timedelta(days=3),
    )  # fmt: skip
    assert propose_found() == 1 and propose_found() == 0
    assert Deduction.objects.get().facts["lapsed"] == held.valid_to.isoformat()


def test_another_one_of_its_kind_is_enough(where):
    contract = saying.running(where)
    lives.need_of(contract).required_qualifications.create(kind=where.kind, level="")
    for number, valid_to in enumerate((clock.now().date() - timedelta(days=3), None)):
        Qualification.objects.create(
            admission=contract.firm.current, kind=where.kind, number=str(number), issuer="x",
            valid_from=market.FIRST_DAY, valid_to=valid_to,
        )  # fmt: skip
    assert propose_found() == 0


def test_looking_costs_no_more_queries_for_more_contracts(where):
    def looked():
        with CaptureQueriesContext(
            connection,
        ) as ran:
            propose_found()
        return len(ran)

    begun_long_ago(saying.running(where), days=25)
    first = looked()
    for _number in range(3):
        begun_long_ago(saying.running(where), days=25)
    assert looked() == first
