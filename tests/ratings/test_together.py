"""The lines of a need of several services on the one clock: from the announcement on, each by its own deliverable and case."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.domain import cases
from approvals.models import Case, ItemVersion
from bidding.models import Award, Round
from contracts.domain import delivering, drafting, matters
from contracts.domain.events import record
from contracts.domain.plan import Step
from contracts.models import ContractEvent, Milestone
from core import clock
from core.workdays import LOCAL, Workdays
from market.models import Need
from ratings.domain.reminders import remind_of
from ratings.finding import lines_for
from ratings.lines import Lines
from ratings.measures import department_time
from ratings.models import Reminder
from ratings.sources import contract_events
from ratings.timeline import Outcome, timeline
from tests import market_place as market
from tests import together
from tests.approvals import office
from tests.approvals.office import on
from tests.contracts import place
from tests.ratings import lives

pytestmark = pytest.mark.django_db


@pytest.fixture
def of():
    return together.places()


def lines_of(need):
    return Lines.of(Need.objects.filter(pk=need.pk))


def segments(line, now):
    return [(part.kind, part.party, part.start, part.end) for part in line.timeline(now=now).segments]


def running_now(need):
    return [line.timeline(now=clock.now()).running.kind for line in lines_of(need)]


def test_there_is_a_line_for_each_from_the_announcement_on(of):
    need = together.need(*of)
    assert [line.code for line in lines_of(need)] == [need.code, f"{need.code}.2", f"{need.code}.3"]
    market.announced(of[0], of=need)
    found = lines_of(need)
    assert [(line.service, line.item, line.department) for line in found] == [
        (each.service, each.item, each.department) for each in of
    ]
    assert running_now(need) == ["selection"] * 3


def test_the_contracts_lines_have_the_same_codes(of):
    contract = together.running(of)
    need = lives.need_of(contract)
    assert [(line.code, line.contract_line.number) for line in lines_of(need)] == [
        (need.code, 1), (f"{need.code}.2", 2), (f"{need.code}.3", 3),
    ]  # fmt: skip


def test_each_deliverable_moves_the_ball_of_its_own_line(of):
    contract = together.running(of)
    need = lives.need_of(contract)
    found = together.submitted(contract, 2)
    assert running_now(need) == ["service", "review", "service"]
    delivering.accept_deliverable(deliverable_id=found.pk, by=of[0].owner)
    assert running_now(need) == ["service", "filing", "service"]
    case = together.case_of(of[1], contract)
    assert running_now(need) == ["service", "check", "service"]
    assert [line.cases for line in lines_of(need)] == [(), (case,), ()]


def test_a_case_leads_to_the_line_of_a_further_item(of):
    round_ = market.announced(of[0], of=together.need(*of))
    case = office.received(of[1], at=clock.now(), applicant=round_.owner, project_code=round_.need.project.code)
    found = lines_for(case.code, of[1].department.organisation)
    assert [line.code for line in found.lines] == [f"{round_.need.code}.2"]


def test_what_parties_agree_on_is_about_what_the_firm_still_has(of):
    contract = together.running(of)
    need = lives.need_of(contract)
    together.accepted(contract, 1)
    stopped = lives.waits(contract, "suspension", charged_to="owner")
    assert running_now(need) == ["filing", "suspension", "suspension"]
    lives.goes_on(stopped)
    assert running_now(need) == ["filing", "service", "service"]
    lives.waits(contract, "input")
    assert running_now(need) == ["filing", "waiting_input", "waiting_input"]
    matters.abandon_contract(contract_id=contract.pk, reason="x", by=market.member_of(contract.firm.organisation))
    outcomes = [line.timeline(now=clock.now()).outcome for line in lines_of(need)]
    assert outcomes == [Outcome.RUNNING, Outcome.ENDED, Outcome.ENDED]


def test_a_revision_of_an_accepted_line_is_that_lines_alone(of):
    contract = together.running(of)
    need = lives.need_of(contract)
    first = together.accepted(contract, 1)
    together.case_of(of[0], contract)
    delivering.ask_for_revision(milestone_id=first.milestone_id, words="专家要求", by=of[0].owner)
    assert running_now(need) == ["revision", "service", "service"]


def test_a_life_computed_by_hand(of):
    """Three services: the first done and decided, the second returned once, the third suspended with the contract."""
    contract = together.running(of)
    need, (one, two, _three) = lives.need_of(contract), contract.milestones.filter(delivers=True).order_by("number")
    Round.objects.filter(need=need).update(announced_at=on(2))
    Award.objects.update(issued_at=on(3))
    for kind, party, moment in (
        ("sealed", "firm", on(4)),
        ("sealed", "owner", on(5)),
        ("contract_sealed", "line", on(5)),
    ):
        ContractEvent.objects.filter(kind=kind, party=party).update(at=moment)
    ContractEvent.objects.filter(kind__in=["drafted", "proposed", "agreed"]).update(at=on(3))
    for kind, moment, milestone, more in (
        ("submitted", on(9), one, {}),
        ("accepted", on(10), one, {}),
        ("suspended", on(13), None, {"charged_to": "owner", "ref": "1"}),
        ("resumed", on(17), None, {"ref": "1"}),
        ("submitted", on(18), two, {}),
        ("returned", on(19), two, {"quality": True}),
        ("submitted", on(20), two, {}),
        ("accepted", on(21), two, {}),
    ):
        record(contract, kind, at=moment, milestone=milestone, **more)
    case = office.received(of[0], at=on(11), applicant=contract.owner, project_code=contract.project.code)
    clerk = office.clerk(of[0].department)
    cases.accept_case(case_id=case.pk, by=clerk, occurred_at=on(12))
    cases.decide_case(case_id=case.pk, by=clerk, outcome=Case.Outcome.GRANTED, occurred_at=on(18))
    first, second, third = lines_of(need)
    begun = [
        ("selection", "platform", on(2), on(3)), ("contracting", "firm", on(3), on(4)),
        ("contracting", "owner", on(4), on(5)),
    ]  # fmt: skip
    assert segments(first, on(24)) == [
        *begun, ("service", "firm", on(5), on(9)), ("review", "owner", on(9), on(10)),
        ("filing", "owner", on(10), on(11)), ("check", "department", on(11), on(12)),
        ("examination", "department", on(12), on(18)),
    ]  # fmt: skip
    stopped = [("service", "firm", on(5), on(13)), ("suspension", "owner", on(13), on(17))]
    assert segments(second, on(24)) == [
        *begun, *stopped, ("service", "firm", on(17), on(18)), ("review", "owner", on(18), on(19)),
        ("revision", "firm", on(19), on(20)), ("review", "owner", on(20), on(21)), ("filing", "owner", on(21), on(24)),
    ]  # fmt: skip
    assert segments(third, on(24)) == [*begun, *stopped, ("service", "firm", on(17), on(24))]
    returns = [[each.event.quality for each in line.timeline(now=on(24)).returns] for line in (first, second, third)]
    assert returns == [[], [True], []]


def test_a_case_of_two_lines_is_one_and_its_department_is_charged_once(of):
    of[1].service.versions.get().items.add(of[0].item)
    shared = [together.Wanted(service=of[1].service, item=of[0].item)]
    need = together.projects.save_need(by=of[0].owner, need=together.drafted(of[0]), qualifications=[], further=shared)
    market.announced(of[0], of=need)
    Round.objects.filter(need=need).update(announced_at=on(2))
    case = office.received(of[0], at=on(11), applicant=of[0].owner.organisation, project_code=need.project.code)
    cases.accept_case(case_id=case.pk, by=office.clerk(of[0].department), occurred_at=on(12))
    found = lines_of(need)
    assert [line.cases for line in found] == [(case,), (case,)]
    delivered = [
        timeline([*line.events, *[_event("accepted", on(day))]], now=on(18))
        for line, day in zip(found, (10, 13), strict=True)
    ]
    # Limit time from the day after the receipt: nothing of the check; examination from the 13th at 9 to the 18th at 9,
    # without the weekend of the 14th and 15th.
    assert department_time(delivered, Workdays()) == Fraction(3)


def _event(kind: str, moment: datetime) -> Any:
    from ratings.events import Event

    return Event(id=f"{kind} {moment}", kind=kind, at=moment)


def test_a_line_is_promised_by_the_milestone_that_delivers_for_it(of):
    contract = together.contract_drafted(of)
    steps = [
        Step(name="先交", amount=20000, days=5, lines=(1, 2)),
        Step(name="后交", amount=contract.price - 20000, days=contract.days, lines=(3,)),
    ]
    drafting.edit_contract(contract_id=contract.pk, scope="三项", steps=steps, by=of[0].owner)
    contract = together.sealed(of[0], contract)
    need, now = lives.need_of(contract), clock.now()
    limits = [line.limits(line.timeline(now=now)) for line in lines_of(need)]
    early = Milestone.objects.get(contract=contract, number=1).due_at
    assert [each.promised for each in limits] == [5, 5, contract.days]
    assert [each.stored["service"] for each in limits] == [early, early, contract.service_due_at]


def test_whoever_is_reminded_reads_of_which_service(of):
    contract = together.running(of)
    need = lives.need_of(contract)
    past = clock.now() - timedelta(days=1)
    Milestone.objects.filter(contract=contract).update(due_at=past)
    contract.service_due_at = past
    contract.save()
    remind_of(need_ids=[need.pk])
    shown = Reminder.objects.of(contract.firm.organisation)
    assert {each.line: each.part.service for each in shown} == {
        need.code: of[0].service, f"{need.code}.2": of[1].service, f"{need.code}.3": of[2].service,
    }  # fmt: skip


def test_three_lines_cost_as_many_queries_as_one(of, where, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    contract = together.running(of)
    together.accepted(contract, 2)
    together.case_of(of[1], contract)
    alone = place.running(where)
    lives.delivered(alone)
    ItemVersion.objects.update(committed_days=10)
    lives.received(where, alone)

    def read(need):
        found, now = lines_of(need), clock.now()
        for line in found:
            line.limits(line.timeline(now=now))
            line.holder(line.timeline(now=now))
        return len(found)

    single, several = lives.need_of(alone), lives.need_of(contract)
    with CaptureQueriesContext(connection) as one:
        assert read(single) == 1
    with django_assert_num_queries(len(one)):
        assert read(several) == 3


# However a contract of several lines goes.


@dataclass
class Rows:
    """What a relation holds."""

    rows: list[Any]

    def all(self) -> list[Any]:
        return self.rows


@dataclass
class Step_:
    """A milestone, as far as the timeline reads one."""

    pk: int
    number: int
    named: frozenset[int]
    delivers: bool = True
    status: str = "working"

    def serves(self, line: Any) -> bool:
        return not self.named or line.pk in self.named


@dataclass
class Told:
    """A contract, as far as the timeline reads one."""

    events: Rows
    milestones: Rows
    lines: Rows = field(default_factory=lambda: Rows([SimpleNamespace(pk=number) for number in (1, 2, 3)]))
    code: str = "C1"


START = datetime(2026, 3, 2, 9, tzinfo=LOCAL)
OWN = ("submitted", "returned", "accepted", "review_revision_asked")
COMMON = ("sealed", "contract_sealed", "input_asked", "input_provided", "suspended", "resumed", "terminated")


@st.composite
def contracts(draw):
    """A contract of three lines and up to four milestones, with up to twelve events in whatever order."""
    named = draw(st.lists(st.frozensets(st.integers(1, 3)), min_size=1, max_size=4))
    steps = [Step_(pk=number, number=number, named=each) for number, each in enumerate(named, start=1)]
    happened = st.tuples(st.integers(0, 400), st.sampled_from([*OWN, *COMMON]), st.sampled_from(steps))
    rows = [
        SimpleNamespace(
            pk=pk, kind=kind, at=START + timedelta(hours=hours), party="firm", data={"quality": True},
            milestone_id=step.pk if kind in OWN else None,
        )
        for pk, (hours, kind, step) in enumerate(sorted(draw(st.lists(happened, max_size=12)), key=lambda row: row[0]))
    ]  # fmt: skip
    return Told(events=Rows(rows), milestones=Rows(steps))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # by the wall clock of a busy machine
@given(told=contracts(), number=st.integers(1, 3), hours=st.integers(0, 500))
def test_the_segments_of_every_line_sum_and_no_other_lines_deliverable_moves_it(told, number, hours):
    line, now = told.lines.rows[number - 1], START + timedelta(hours=hours)
    begun = [_event("announced", START - timedelta(days=3)), _event("awarded", START - timedelta(days=1))]
    whole = timeline([*begun, *contract_events(told, line)], now=now)
    assert all(one.end == two.start for one, two in zip(whole.segments, whole.segments[1:], strict=False))
    assert sum((part.length for part in whole.segments), start=timedelta(0)) == whole.whole
    mine = {each.pk for each in told.milestones.rows if each.serves(line)}
    own = [each for each in told.events.rows if each.milestone_id is None or each.milestone_id in mine]
    alone = Told(events=Rows(own), milestones=Rows([each for each in told.milestones.rows if each.pk in mine]))
    assert timeline([*begun, *contract_events(alone, line)], now=now).segments == whole.segments
