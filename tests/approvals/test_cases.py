"""The steps of a case: who may, what fits, by when, and what the log says of it."""

from __future__ import annotations

import json
from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Kind, Role
from approvals.domain import cases, events_of, supervision
from approvals.domain.limits import used_days
from approvals.domain.queries import board_of, history_of
from approvals.models import Case, CaseEvent, Fault, Party, Special
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, WrongState
from ledger.models import QueuedEntry
from tests import market_place as market
from tests.approvals import office
from tests.approvals.office import on

pytestmark = pytest.mark.django_db

Status = Case.Status
GRANTED = Case.Outcome.GRANTED
ASKED = {"category": "quality", "fault": Fault.DELIVERABLE, "first_time": True, "words": "噪声预测缺夜间值"}


def kinds(case):
    return [each.kind for each in events_of(case)]


def entries(case):
    rows = QueuedEntry.objects.filter(subject=case.subject).order_by("pk")
    return [json.loads(bytes(row.entry)) for row in rows]


# --- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.OWNER, Kind.FIRM, Kind.OPERATOR, Kind.REGULATOR, Kind.DEPARTMENT])
def test_nobody_but_the_department_takes_its_steps(where, kind):
    case, other = office.received(where), market.member_of(market.organisation(kind))
    with pytest.raises(NotAllowed):
        cases.accept_case(case_id=case.pk, by=other)
    assert kinds(case) == ["case_received"]


def test_who_only_looks_changes_nothing(where):
    case = office.received(where)
    with pytest.raises(NotAllowed):
        cases.accept_case(case_id=case.pk, by=office.clerk(where.department, role=Role.VIEWER))


def test_only_the_applicant_withdraws(where, by):
    case = office.received(where, by=by)
    with pytest.raises(NotAllowed):
        cases.withdraw_case(case_id=case.pk, fault=Fault.OTHER, words="", by=by)
    cases.withdraw_case(case_id=case.pk, fault=Fault.OTHER, words="", by=where.owner)
    assert Case.objects.get().status == Status.WITHDRAWN


def test_a_department_registers_only_what_it_decides(where, by):
    elsewhere = office.place()
    with pytest.raises(DomainError, match="不由本部门办理"):
        office.received(where, by=by, item=elsewhere.item)
    assert not Case.objects.exists()


# --- the way of a case ---------------------------------------------------------------------------------------------


def test_a_case_with_one_correction_up_to_its_decision(where, by):
    case = office.received(where, by=by)
    cases.ask_correction(case_id=case.pk, by=by, occurred_at=on(3), **ASKED)
    cases.resubmit_case(case_id=case.pk, by=by, occurred_at=on(5))
    cases.accept_case(case_id=case.pk, by=by, occurred_at=on(6))
    cases.start_special(case_id=case.pk, special=Special.REVIEW, by=by, occurred_at=on(9))
    cases.end_special(case_id=case.pk, by=by, occurred_at=on(11))
    done = cases.decide_case(case_id=case.pk, outcome=Case.Outcome.GRANTED, by=by, occurred_at=on(12))
    assert (done.status, done.outcome, done.ended_at, done.due_at) == (Status.DECIDED, "granted", on(12), None)
    told = events_of(done)
    assert [each.kind for each in told] == [
        "case_received", "correction_asked", "case_resubmitted", "case_accepted", "special_started", "special_ended",
        "case_decided",
    ]  # fmt: skip
    assert (told[1].fault, told[1].could_have_been_first, told[-1].outcome) == ("deliverable", True, "granted")


@pytest.mark.parametrize(
    "step",
    [
        lambda case, by: cases.decide_case(case_id=case.pk, outcome=GRANTED, by=by),
        lambda case, by: cases.start_special(case_id=case.pk, special=Special.TEST, by=by),
        lambda case, by: cases.end_special(case_id=case.pk, by=by),
        lambda case, by: cases.resume_case(case_id=case.pk, by=by),
        lambda case, by: cases.resubmit_case(case_id=case.pk, by=by),
    ],
)
def test_what_does_not_fit_a_case_just_received_is_refused(where, by, step):
    case = office.received(where, by=by)
    with pytest.raises(WrongState, match="已收件"):
        step(case, by)
    assert kinds(case) == ["case_received"]


def test_while_it_stands_still_nothing_is_decided(where, by):
    case = office.accepted(where, by=by)
    cases.suspend_case(case_id=case.pk, charged_to=Party.OWNER, words="业主申请缓办", by=by, occurred_at=on(3))
    with pytest.raises(WrongState):
        cases.decide_case(case_id=case.pk, outcome=GRANTED, by=by)
    cases.resume_case(case_id=case.pk, by=by, occurred_at=on(4))
    cases.decide_case(case_id=case.pk, outcome=GRANTED, by=by, occurred_at=on(5))


def test_the_same_button_twice_is_one_event(where, by):
    case = office.received(where, by=by)
    for _time in range(2):
        cases.ask_correction(case_id=case.pk, by=by, **ASKED)
    with pytest.raises(WrongState):
        cases.ask_correction(case_id=case.pk, by=by, **{**ASKED, "words": "另一件事"})
    assert kinds(case) == ["case_received", "correction_asked"]
    assert len(entries(case)) == 2


def test_the_same_button_at_one_moment_is_one_event(in_threads):
    where = office.place()
    by = office.clerk(where.department)
    case = office.received(where, by=by)

    def accept():
        return cases.accept_case(case_id=case.pk, by=by)

    def refuse():
        return cases.refuse_to_accept(
            case_id=case.pk, category="competence", fault=Fault.OTHER, words="不属于本机关职权", by=by
        )

    results = in_threads(accept, accept, refuse, refuse)
    assert sum(isinstance(each, WrongState) for each in results) == 2
    assert CaseEvent.objects.filter(case=case).count() == 2


# --- when ----------------------------------------------------------------------------------------------------------


def test_what_lies_ahead_did_not_happen(where, by):
    case = office.received(where, by=by)
    with pytest.raises(DomainError, match="不能晚于现在") as refused:
        cases.accept_case(case_id=case.pk, by=by, occurred_at=clock.now() + timedelta(minutes=1))
    assert refused.value.code == "occurred_at"


def test_at_a_desk_things_are_written_in_their_order(where, by):
    case = office.received(where, by=by)
    with pytest.raises(DomainError, match="收件，2026-11-02 09:00"):
        cases.accept_case(case_id=case.pk, by=by, occurred_at=on(1))


def test_limits_begin_with_the_next_working_day_and_leave_pauses_out(where, by):
    case = office.received(where, by=by)
    assert case.due_at == on(10, 0)
    case = cases.accept_case(case_id=case.pk, by=by, occurred_at=on(2, 10))
    assert (case.due_at, case.statutory_due_at) == (on(17, 0), on(1, 0) + timedelta(days=30))
    assert case.soon_at == on(12, 12)
    case = cases.start_special(case_id=case.pk, special=Special.HEARING, by=by, occurred_at=on(4, 0))
    assert (case.due_at, case.soon_at, case.statutory_due_at) == (None, None, None)
    case = cases.end_special(case_id=case.pk, by=by, occurred_at=on(5, 12))
    assert case.due_at == on(18, 12)
    state, _taken = history_of(case)
    assert used_days(case, state, now=on(6, 12)) == Fraction(2)


def test_a_weekend_in_a_pause_counts_nothing(where, by):
    case = office.accepted(where, by=by)
    before = case.due_at
    cases.suspend_case(case_id=case.pk, charged_to=Party.FIRM, words="等成果", by=by, occurred_at=on(7, 8))
    assert cases.resume_case(case_id=case.pk, by=by, occurred_at=on(8, 20)).due_at == before


def test_late_and_soon(where, by):
    case = office.accepted(where, by=by)
    for now, late, soon, word in ((on(12, 11), 0, 0, ""), (on(12, 12), 0, 1, "soon"), (on(17, 0), 1, 0, "late")):
        board = board_of(Case.objects.all(), now=now)
        assert (board.late, board.soon, case.urgency_at(now)) == (late, soon, word), now


def test_lateness_is_noted_once_for_each_limit(where, by):
    case = office.received(where, by=by)
    assert supervision.note_late_cases() == 1
    assert supervision.note_late_cases() == 0
    case = cases.accept_case(case_id=case.pk, by=by)
    assert case.late_noted_at is None and case.due_at > clock.now()
    assert [each["type"] for each in entries(case)] == ["case.received", "case.late", "case.accepted"]


# --- corrections of what was written -------------------------------------------------------------------------------


def test_a_later_event_takes_the_place_of_a_wrong_one(where, by):
    case = office.accepted(where, by=by)
    changed = cases.correct_event(case_id=case.pk, number=2, kind=CaseEvent.Kind.ACCEPTED, by=by, occurred_at=on(4))
    assert changed.accepted_at == on(4) and changed.due_at == on(19, 0)
    assert CaseEvent.objects.get(case=case, number=2).occurred_at == on(2, 10)
    again = cases.correct_event(case_id=case.pk, number=2, kind=CaseEvent.Kind.ACCEPTED, by=by, occurred_at=on(4))
    assert again.events.count() == 3
    with pytest.raises(Conflict, match="已经更正过"):
        cases.correct_event(case_id=case.pk, number=2, kind=CaseEvent.Kind.ACCEPTED, by=by, occurred_at=on(5))


def test_what_did_not_happen_is_gone_from_the_history_and_stays_on_record(where, by):
    case = office.accepted(where, by=by)
    changed = cases.correct_event(case_id=case.pk, number=2, kind=CaseEvent.Kind.RETRACTED, by=by)
    assert (changed.status, changed.accepted_at, kinds(changed)) == (Status.RECEIVED, None, ["case_received"])
    assert changed.events.count() == 3


def test_a_correction_that_breaks_what_followed_is_refused(where, by):
    case = office.accepted(where, by=by)
    cases.decide_case(case_id=case.pk, outcome=GRANTED, by=by, occurred_at=on(5))
    with pytest.raises(Conflict, match="第 3 条“作出决定”就不成立"):
        cases.correct_event(case_id=case.pk, number=2, kind=CaseEvent.Kind.RETRACTED, by=by)
    assert Case.objects.get().outcome == "granted"


# --- what is kept --------------------------------------------------------------------------------------------------


def test_the_log_tells_what_happened_and_nothing_of_a_person(where, by):
    person = market.organisation(Kind.PERSON, name="王小明")
    case = office.received(where, by=by, applicant=person, project_name="王小明宅基地")
    cases.ask_correction(case_id=case.pk, by=by, **{**ASKED, "words": "请王小明补签名"})
    received, asked = entries(case)
    assert received["type"] == "case.received" and received["data"]["item"] == where.item.code
    assert asked["data"]["fault"] == "deliverable" and asked["data"]["first_time"] is True
    written = json.dumps([received, asked], ensure_ascii=False)
    assert "王小明" not in written and person.code not in written


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "decided"},
        {"status": "accepted", "accepted_at": None},
        {"outcome": "granted"},
        {"special": "hearing"},
        {"suspended": "owner"},
        {"status": "withdrawn"},
        {"due_at": None},
    ],
)
def test_a_row_that_cannot_be_is_impossible(where, by, broken):
    case = office.received(where, by=by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(**broken)


def test_the_same_number_of_a_department_is_one_case(where, by):
    office.received(where, by=by, external_code="甬环收〔2026〕8号")
    with pytest.raises(Conflict):
        office.received(where, by=by, external_code="甬环收〔2026〕8号")
