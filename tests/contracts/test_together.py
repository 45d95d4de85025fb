"""A contract of several lines: drafted, edited, sealed, and each line's deliverable handed to its own case."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.document import sheet_of, text_of
from contracts.domain import delivering, drafting, matters
from contracts.domain.plan import MOST, Step, demand_plan, one_for_each, steps_of
from contracts.models import Contract, ContractTemplate, Deliverable
from core import clock
from core.errors import DomainError, NotAllowed
from market.domain import reuse
from tests import market_place as market
from tests import together
from tests.bidding.browse import acting
from tests.contracts import place

pytestmark = pytest.mark.django_db


@pytest.fixture
def of():
    return together.places()


def materials(case):
    return list(case.materials.order_by("id").values_list("reference", flat=True))


# Who may not.


def test_a_department_opens_what_is_for_a_line_of_its_own_alone(of):
    contract = together.running(of)
    first, second = (together.accepted(contract, number) for number in (1, 2))
    readers = [acting(market.member_of(each.department.organisation)) for each in of]
    for number, reader in enumerate(readers, start=1):
        seen = [reader.get(f"/desk/deliverables/{each.code}/").status_code for each in (first, second)]
        assert seen == [200 if number == 1 else 404, 200 if number == 2 else 404], number
    page = readers[0].get(f"/desk/contracts/{contract.code}/").content.decode()
    assert f"/desk/deliverables/{first.code}/" in page and f"/desk/deliverables/{second.code}/" not in page
    assert page.count("/revision/") == 1
    asked = [
        reader.get(f"/desk/contracts/{contract.code}/milestones/{first.milestone.number}/revision/")
        for reader in readers
    ]
    assert [answer.status_code for answer in asked] == [200, 404, 404]


def test_a_department_asks_for_the_revision_of_its_own_line_alone(of):
    contract = together.running(of)
    first = together.accepted(contract, 1)
    other, own = (market.member_of(each.department.organisation) for each in (of[1], of[0]))
    with pytest.raises(NotAllowed):
        delivering.ask_for_revision(milestone_id=first.milestone_id, words="修改", by=other)
    assert delivering.ask_for_revision(milestone_id=first.milestone_id, words="修改", by=own).revision_asked_at


# The text.


def test_one_line_for_each_service_and_a_milestone_for_each_line(of):
    contract = together.contract_drafted(of)
    assert [(line.number, line.service, line.item, line.department) for line in contract.lines.all()] == [
        (number, each.service, each.item, each.department) for number, each in enumerate(of, start=1)
    ]
    assert sum(each.amount for each in contract.milestones.all()) == contract.price
    last = [each for each in contract.milestones.prefetch_related("lines") if each.days == contract.days]
    assert [[line.number for line in each.lines.all()] for each in last] == [[1], [2], [3]]
    assert contract.service == of[0].service


def test_a_text_for_one_service_is_not_used_for_several(of):
    ContractTemplate.objects.create(
        service=of[0].service, version="专用", clauses="一、专用条款", legal_basis="测试",
        plan=[{"name": "成果", "share": 100, "days": 100, "on_sealing": False}],
    )  # fmt: skip
    assert together.contract_drafted(of).template.service is None


def test_the_text_of_one_line_says_nothing_of_lines(where):
    told = text_of(place.drafted(where))
    assert "lines" not in told and all("lines" not in each for each in told["milestones"])


def test_the_sealed_pdf_lists_every_line(of):
    contract = together.running(of)
    assert place.content(contract).startswith(b"%PDF") and len(text_of(contract)["lines"]) == 3
    printed = sheet_of(contract, at=clock.now())
    facts = dict(printed.facts)
    for number, each in enumerate(of, start=1):
        assert each.service.name in facts[f"合同事项 {number}"]
        assert f"{each.item.name}（{each.department.organisation.name}）" in facts[f"合同事项 {number}"]
    assert [name for _number, name, _due, _amount in printed.plan if "（事项 2）" in name]


def test_the_pdf_of_one_line_is_as_it_was(where):
    printed = sheet_of(place.drafted(where), at=clock.now())
    facts = dict(printed.facts)
    assert facts["中介服务"] == where.service.name and where.department.organisation.name in facts["审批事项"]
    assert not [name for _number, name, _due, _amount in printed.plan if "事项" in name]


PRICE = Decimal("48000.00")


def step(amount, *lines, days=20):
    return Step(name="成果", amount=Decimal(amount), days=days, lines=lines)


@pytest.mark.parametrize(
    "steps",
    [
        [step("48000.00", 1, 2)],  # nothing for line 3
        [step("20000.00", 1, days=10), step("28000.00", 2)],
        [step("48000.00", 1, 2, 3, 4)],  # a line that is not there
        [step("4000.00") for _number in range(12)],
    ],
)
def test_a_plan_that_leaves_a_line_out_is_refused(steps):
    with pytest.raises(DomainError):
        demand_plan(steps, price=PRICE, days=20, lines=[1, 2, 3])


def test_one_report_may_serve_several_lines_or_all():
    for steps in ([step("48000.00")], [step("18000.00", 1, 3, days=8), step("30000.00", 2)]):
        assert demand_plan(steps, price=PRICE, days=20, lines=[1, 2, 3]) == steps
    many = [step("1000.00", days=number) for number in range(1, MOST + 2)] + [step(f"{48000 - 1000 * (MOST + 1)}.00")]
    assert len(demand_plan(many, price=PRICE, days=20, lines=[1, 2, 3])) == MOST + 2


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # by the wall clock of a busy machine
@given(
    price=st.decimals(min_value="1.00", max_value="999999999.99", places=2),
    lines=st.integers(1, 6),
    share=st.integers(1, 99),
    days=st.integers(1, 365),
)
def test_the_plan_of_several_lines_sums_to_the_price_and_leaves_none_out(price, lines, share, days):
    rows = [
        {"name": "预付", "share": share, "days": 0, "on_sealing": True},
        {"name": "成果", "share": 100 - share, "days": 100, "on_sealing": False},
    ]
    names = dict.fromkeys(range(1, lines + 1), "服务")
    steps = one_for_each(steps_of(rows, price=price, days=days), names)
    assert sum(each.amount for each in steps) == price
    assert {number for each in steps for number in each.lines} == (set(names) if lines > 1 else set())
    assert all(each.amount >= 0 and each.amount == each.amount.quantize(Decimal("0.01")) for each in steps)


def test_the_owner_says_in_the_form_what_serves_which_line(of):
    contract = together.contract_drafted(of)
    owner = acting(of[0].owner)
    address = f"/desk/contracts/{contract.code}/edit/"
    page = owner.get(address).content.decode()
    assert page.count('name="lines1"') == 3 and of[2].item.name in page
    form = {
        "scope": "三项成果", "name1": "一期", "amount1": "20000.00", "days1": "10", "lines1": ["1", "2"],
        "name2": "二期", "amount2": "30000.00", "days2": str(contract.days), "lines2": ["3"],
    }  # fmt: skip
    assert owner.post(address, form | {"lines2": ["1"]}).status_code == 422
    assert owner.post(address, form | {"lines2": ["9"]}).status_code == 422
    assert owner.post(address, form).status_code == 302
    kept = contract.milestones.prefetch_related("lines")
    assert [[line.number for line in each.lines.all()] for each in kept] == [[1, 2], [3]]
    assert drafting.propose_contract(contract_id=contract.pk, by=of[0].owner).status == Contract.Status.PROPOSED


# What is delivered.


def test_each_deliverable_goes_to_the_case_of_its_own_line(of):
    contract = together.running(of)
    opened = [together.case_of(each, contract) for each in of[:2]]
    first = together.accepted(contract, 1)
    assert [materials(case) for case in opened] == [[first.reference], []]
    second = together.accepted(contract, 2)
    third = together.accepted(contract, 3)
    assert [materials(case) for case in opened] == [[first.reference], [second.reference]]
    assert materials(together.case_of(of[2], contract)) == [third.reference], "a case that is opened later has it"
    contract.refresh_from_db()
    assert contract.status == Contract.Status.COMPLETED


def test_one_deliverable_for_several_lines_goes_to_each_of_their_cases(of):
    contract = together.contract_drafted(of)
    steps = [step("20000.00", 1, 3, days=contract.days // 2), step(f"{contract.price - 20000}", 2, days=contract.days)]
    drafting.edit_contract(contract_id=contract.pk, scope="三项", steps=steps, by=of[0].owner)
    contract = together.sealed(of[0], contract)
    opened = [together.case_of(each, contract) for each in of]
    found = together.accepted(contract, 3)
    assert [materials(case) for case in opened] == [[found.reference], [], [found.reference]]
    names = opened[0].materials.get().title
    assert of[0].service.name in names


def test_a_deliverable_is_known_under_its_own_service(of):
    contract = together.running(of)
    found = together.accepted(contract, 2)
    day = clock.now().astimezone(clock.LOCAL).date()
    for number, each in enumerate(of, start=1):
        known = reuse.existing(project=contract.project, service=each.service, day=day)
        assert [one.reference for one in known] == ([found.reference] if number == 2 else [])


def test_what_is_left_is_cancelled_where_a_contract_ends_early(of):
    contract = together.running(of)
    together.accepted(contract, 1)
    by = market.member_of(contract.firm.organisation)
    matters.abandon_contract(contract_id=contract.pk, reason="人员离职", by=by)
    states = contract.milestones.filter(delivers=True).order_by("number").values_list("status", flat=True)
    assert list(states) == ["accepted", "cancelled", "cancelled"]
    assert Deliverable.objects.get().status == "accepted"


def test_a_contract_page_names_every_line(of):
    contract = together.running(of)
    for page in (
        acting(of[0].owner).get(f"/contracts/{contract.code}/"),
        acting(of[0].owner).get(f"/desk/contracts/{contract.code}/"),
    ):
        text = page.content.decode()
        assert "合同事项 3" in text and of[2].department.organisation.name in text
