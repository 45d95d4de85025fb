"""A case of the department's desk on the timeline of a line."""

from __future__ import annotations

from fractions import Fraction

import pytest

from approvals.domain import cases
from approvals.models import Case, CaseEvent, Fault
from core.workdays import Workdays
from ratings.events import KINDS, Event
from ratings.measures import counts, department_time, firm_time
from ratings.sources import events_of_cases
from ratings.timeline import Outcome, timeline
from tests.approvals import office
from tests.approvals.office import on

pytestmark = pytest.mark.django_db
ASKED = {"category": "quality", "fault": Fault.DELIVERABLE, "first_time": True, "words": "噪声预测缺夜间值"}


def test_a_corrected_case_is_charged_to_firm_and_department():
    where = office.place()
    by = office.clerk(where.department)
    case = office.received(where, at=on(2), by=by)
    cases.ask_correction(case_id=case.pk, by=by, occurred_at=on(3, 12), **ASKED)
    cases.resubmit_case(case_id=case.pk, by=by, occurred_at=on(4, 12))
    cases.accept_case(case_id=case.pk, by=by, occurred_at=on(5, 12))
    cases.decide_case(case_id=case.pk, by=by, outcome=Case.Outcome.GRANTED, occurred_at=on(6, 12))
    own = Event(id="accepted", kind="accepted", at=on(2, 8))
    line = timeline([own, *events_of_cases([case], since=on(2, 8), results=())], now=on(20))
    assert [(part.kind, part.party) for part in line.segments] == [
        ("filing", "owner"), ("check", "department"), ("correction", "firm"), ("check", "department"),
        ("examination", "department"),
    ]  # fmt: skip
    assert line.outcome == Outcome.GRANTED and {part.ball.case for part in line.segments[1:]} == {case.code}
    assert firm_time(line, Workdays()) == 1 and counts(line).late_corrections == 1
    assert department_time([line], Workdays()) == Fraction(1, 2) + Fraction(1, 2) + 1


def test_the_timeline_knows_every_event_that_a_case_can_have():
    assert set(CaseEvent.Kind.values) - set(KINDS) == {CaseEvent.Kind.RETRACTED}
