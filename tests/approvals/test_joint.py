"""The one limit of a joint approval: counted in working days while a department has something, noted once when it is over."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Kind
from approvals.domain import cases, joint, supervision, windows
from approvals.domain.windows import Wanted
from approvals.models import Application, Case, Fault, Party
from approvals.tasks import note_late_cases
from core import clock, worktime
from ledger.models import QueuedEntry
from protocol import canonical
from tests import market_place as market
from tests.approvals import office
from tests.approvals.office import on
from tests.approvals.test_windows import clerk_of, files, finishes, project, second  # noqa: F401
from tests.bidding.browse import acting, member_client

GRANTED, REFUSED = Case.Outcome.GRANTED, Case.Outcome.REFUSED
DUE = on(17, 0)
"""Ten working days after Monday, the 2nd."""


@pytest.fixture
def made(where, project, second):  # noqa: F811
    with clock.travelling(on(2)):
        return files(where, project, Wanted(item=where.item), Wanted(item=second), lead=where.item)


def fresh(application):
    return Application.objects.get(pk=application.pk)


def at(moment, step, case, **given_):
    with clock.travelling(moment):
        return step(case_id=case.pk, by=clerk_of(case), **given_)


def told(application):
    rows = QueuedEntry.objects.filter(subject=application.subject).order_by("id")
    return [(row.type, canonical.decode(bytes(row.entry))["data"]) for row in rows]


def test_outsiders_see_no_joint_approval(made, where):
    address = reverse("approvals:application", args=[made.code])
    for kind in (Kind.FIRM, Kind.OPERATOR):
        assert member_client(market.organisation(kind)).get(reverse("approvals:applications")).status_code == 404
    for kind in (Kind.DEPARTMENT, Kind.OWNER):
        stranger = member_client(market.organisation(kind))
        assert made.code not in stranger.get(reverse("approvals:applications")).content.decode()
        assert stranger.get(address).status_code == 404


def test_the_limit_is_written_when_it_is_filed(made):
    assert (made.joint_days, made.joint_due_at, made.joint_soon_at) == (10, DUE, on(12, 12))
    for now, word in ((on(12, 11), ""), (on(12, 12), "soon"), (DUE - timedelta(seconds=1), "soon"), (DUE, "late")):
        board = joint.board_of(Application.objects.all(), now=now)
        assert (board.late, board.soon) == (int(word == "late"), int(word == "soon")), now
        assert made.urgency_at(now) == word


def test_without_a_lead_there_is_none(where, project):  # noqa: F811
    single = files(where, project)
    assert single.joint_due_at is None
    assert joint.board_of(Application.objects.all(), now=clock.now()).running == 0


def test_one_case_standing_still_stops_nothing_and_all_of_them_everything(made):
    first, other = made.cases.order_by("id")
    for case in (first, other):
        at(on(3), cases.accept_case, case)
    at(on(4), cases.suspend_case, first, charged_to=Party.OWNER, words="缓办")
    assert fresh(made).joint_due_at == DUE
    at(on(5), cases.suspend_case, other, charged_to=Party.OWNER, words="缓办")
    still = fresh(made)
    assert (still.joint_due_at, still.joint_soon_at, still.ended_at) == (None, None, None)
    assert joint.board_of(Application.objects.all(), now=on(30)).still == 1
    at(on(9), cases.resume_case, first)
    assert fresh(made).joint_due_at == worktime.end_of_limit(made.filed_at, Fraction(10), [(on(5), on(9))])
    assert fresh(made).joint_due_at == on(19, 0)


def test_with_the_applicant_it_stands_still_too(made, where):
    first, other = made.cases.order_by("id")
    for case, day in ((first, 3), (other, 4)):
        at(on(day), cases.ask_correction, case, category="form", fault=Fault.OTHER, first_time=False, words="缺章")
    assert fresh(made).joint_due_at is None
    with clock.travelling(on(6)):
        cases.resubmit_case(case_id=other.pk, by=where.owner)
    assert fresh(made).joint_due_at == worktime.end_of_limit(made.filed_at, Fraction(10), [(on(4), on(6))])


def test_it_ends_with_the_last_decision_and_goes_on_when_one_is_applied_for_anew(made, where):
    first, other = made.cases.order_by("id")
    for case, outcome in ((first, GRANTED), (other, REFUSED)):
        with clock.travelling(on(5)):
            finishes(case, outcome)
    done = fresh(made)
    assert (done.joint_due_at, done.ended_at) == (None, on(5))
    with clock.travelling(on(10)):
        windows.refile(case_id=other.pk, by=where.owner)
    again = fresh(made)
    assert (again.ended_at, again.joint_due_at) == (None, on(20, 0))


def test_a_decision_that_was_wrong_opens_it_again(made):
    first, other = made.cases.order_by("id")
    for case in (first, other):
        with clock.travelling(on(5)):
            finishes(case)
    number = other.events.latest("number").number
    at(on(6), cases.correct_event, other, number=number, kind=cases.Event.RETRACTED)
    assert (fresh(made).ended_at, fresh(made).joint_due_at) == (None, DUE)


def test_the_second_step_is_within_the_same_limit(where, project, second):  # noqa: F811
    with clock.travelling(on(2)):
        made = files(where, project, Wanted(item=where.item), Wanted(item=second, step=2), lead=where.item)
    assert (made.joint_days, made.joint_due_at) == (17, on(26, 0))
    first, later = made.cases.order_by("step")
    with clock.travelling(on(5)):
        finishes(first)
    later.refresh_from_db()
    assert later.received_at is not None
    assert fresh(made).joint_due_at == on(26, 0)


def test_lateness_is_noted_once_for_each_limit_and_stands_on_every_board(made, where):
    first, other = made.cases.order_by("id")
    for case in (first, other):
        at(on(3), cases.accept_case, case)
    assert supervision.note_late_applications(now=DUE - timedelta(seconds=1)) == 0
    with clock.travelling(DUE + timedelta(days=1, hours=12)):
        assert note_late_cases() == 3, "both cases and the joint approval"
        assert note_late_cases() == 0
        for by in (clerk_of(first), clerk_of(other), market.member_of(market.organisation(Kind.REGULATOR))):
            client = acting(by)
            desk = client.get(reverse("approvals:cases")).content.decode()
            assert "联合审批已超期，最早的在前" in desk and made.code in desk
            late = client.get(reverse("approvals:applications"), {"urgency": "late"}).content.decode()
            assert made.code in late and "已超期 1.5 个工作日" in late
            assert "督办时间" in client.get(reverse("approvals:application", args=[made.code])).content.decode()
            for urgency in ("soon", "still"):
                shown = client.get(reverse("approvals:applications"), {"urgency": urgency}).content.decode()
                assert made.code not in shown
            assert client.get(reverse("approvals:applications"), {"urgency": "nonsense"}).status_code == 200
    assert [kind for kind, _data in told(made)] == ["application.late"]
    assert told(made)[0][1]["lead"] == where.department.code
    at(DUE + timedelta(days=2), cases.suspend_case, first, charged_to=Party.OWNER, words="缓办")
    at(DUE + timedelta(days=2), cases.suspend_case, other, charged_to=Party.OWNER, words="缓办")
    after = fresh(made)
    assert (after.joint_due_at, after.late_noted_at is not None) == (DUE, True), "what stops afterwards undoes nothing"


def test_one_that_was_filed_before_there_was_a_limit_gets_it(made):
    Application.objects.update(joint_due_at=None, joint_soon_at=None, joint_followed_at=None)
    supervision.note_late_applications(now=on(3))
    assert fresh(made).joint_due_at == DUE


@pytest.mark.django_db(transaction=True)
def test_several_workers_note_it_once(in_threads):
    where = office.place()
    with clock.travelling(on(2)):
        made = files(where, market.need(where).project, Wanted(item=where.item), lead=where.item)
    results = in_threads(*[lambda: supervision.note_late_application(application_id=made.pk)] * 4)
    assert sorted(results) == [False, False, False, True]
    assert len(told(made)) == 1


def test_a_board_takes_the_same_number_of_queries_however_long(made, where):
    client = acting(clerk_of(made.cases.first()))
    addresses = [reverse("approvals:applications"), reverse("approvals:cases")]

    def queries():
        with CaptureQueriesContext(connection) as caught:
            for address in addresses:
                client.get(address)
        return len(caught)

    before = queries()
    for _number in range(3):
        own = market.need(where).project
        files(where, own, Wanted(item=where.item), lead=where.item)
    assert queries() == before


def test_a_desk_in_english(made):
    client = acting(clerk_of(made.cases.first()))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    shown = client.get(reverse("approvals:applications")).content.decode()
    assert "working days over" in shown or "working days left" in shown


@pytest.mark.parametrize(
    "wrong", [{"joint_soon_at": None}, {"joint_soon_at": on(18)}, {"ended_at": on(5)}, {"joint_days": None}]
)
def test_the_database_refuses_a_limit_that_cannot_be(made, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=made.pk).update(**wrong)


HOUR = timedelta(hours=1)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 60), max_size=7, unique=True), max_size=4),
    st.integers(0, 20),
)
def test_gaps_are_the_hours_in_which_nothing_is_with_a_department(lives, filed):
    """Against counting hour by hour: a life is hours at which a case comes and goes in turn."""
    turns = [
        (on(2) + HOUR * hour, 1 if place % 2 == 0 else -1) for life in lives for place, hour in enumerate(sorted(life))
    ]
    found = joint.gaps(on(2) + HOUR * filed, turns)
    first = min((moment for moment, _step in turns), default=None)
    for hour in range(filed, 70):
        moment = on(2) + HOUR * hour
        count = sum(step for begun, step in turns if begun <= moment)
        idle = first is not None and first <= moment and count == 0
        paused = any(begun <= moment and (over is None or moment < over) for begun, over in found)
        assert paused == idle, hour
    assert found == sorted(found, key=lambda span: span[0])
