"""Events before the receipt of their case, in any order and any cut into batches: kept, shown, applied, or given up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Kind
from approvals.domain import early, events_of
from approvals.domain.history import State
from approvals.models import ApiClient, Case, CaseEvent, EarlyEvent
from approvals.tasks import expire_early_events
from core import clock
from core.clock import LOCAL
from exchange.api.approvals import ClientPace
from tests import market_place as market
from tests.approvals import office
from tests.approvals.signing import ADDRESS, system
from tests.bidding.browse import acting, member_client
from tests.exchange.test_approval_events import life, results

pytestmark = pytest.mark.django_db


@pytest.fixture
def where():
    return office.place()


@pytest.fixture
def sender(where):
    return system(where.department)


@pytest.fixture
def unhurried(monkeypatch):
    """Hundreds of batches a minute are no flood here."""
    monkeypatch.setattr(ClientPace, "rate", "100000/min")


def lists(sender, **query):
    from django.test import Client

    return Client().get(ADDRESS, query, headers=sender.headers(b""))


def told_of(case):
    """Everything that follows from the events of a case, and nothing of how they came."""
    return (
        [(each.kind, each.at, each.fault, each.charged_to, each.outcome, each.special) for each in events_of(case)],
        case.status, case.outcome, case.suspended, case.special, case.received_at, case.accepted_at, case.ended_at,
        case.due_at, case.soon_at, case.statutory_due_at,
    )  # fmt: skip


# --- who may -------------------------------------------------------------------------------------------------------


def test_who_sees_what_waits(where, sender):
    sender.sends(life(where)[3])
    address = reverse("approvals:early")
    for kind in (Kind.OWNER, Kind.FIRM, Kind.OPERATOR):
        assert member_client(market.organisation(kind)).get(address).status_code == 404
    elsewhere = office.place()
    assert "SX-1-4" not in acting(office.clerk(elsewhere.department)).get(address).content.decode()
    assert lists(system(elsewhere.department)).json() == {"results": [], "next": None}
    for by in (office.clerk(where.department), market.member_of(market.organisation(Kind.REGULATOR))):
        assert "SX-1-4" in acting(by).get(address).content.decode()
        assert "在等待收件" in acting(by).get(reverse("approvals:cases")).content.decode()


def test_without_a_signature_the_list_is_not_read(where, sender):
    from django.test import Client

    assert Client().get(ADDRESS).status_code == 401
    assert Client().get(ADDRESS, headers=sender.headers(b"another body")).status_code == 401


# --- waiting and being applied -------------------------------------------------------------------------------------


def test_what_comes_before_the_receipt_waits_and_is_applied_with_it(where, sender):
    rows = life(where)
    told = sender.sends(*rows[1:]).json()["results"]
    assert told == [{"id": row["id"], "result": "waiting"} for row in rows[1:]]
    assert not Case.objects.exists()
    [listed] = [each for each in lists(sender).json()["results"] if each["id"] == "SX-1-4"]
    assert (listed["case"], listed["kind"], listed["result"]) == ("SX-1", "case_accepted", "waiting")
    assert results(sender.sends(rows[0])) == ["applied"]
    case = Case.objects.get()
    assert (case.status, [each.kind for each in events_of(case)]) == ("decided", [row["kind"] for row in rows])
    assert not EarlyEvent.objects.exists()
    assert results(sender.sends(*rows)) == ["already"] * 9


def test_sent_again_it_waits_once_and_another_body_is_a_conflict(where, sender):
    row = life(where)[8]
    for _twice in range(2):
        assert results(sender.sends(row)) == ["waiting"]
    assert EarlyEvent.objects.count() == 1
    (told,) = sender.sends({**row, "outcome": "refused"}).json()["results"]
    assert told["problem"]["status"] == 409
    assert told["problem"]["type"].endswith("/event_id")
    assert EarlyEvent.objects.get().given.count("granted") == 1


def test_a_correction_waits_for_what_it_corrects(where, sender):
    rows = life(where)
    right = {**rows[1], "id": "c1", "corrects": rows[1]["id"], "words": "补全部"}
    sender.sends(rows[0])
    assert results(sender.sends(right)) == ["waiting"]
    sender.sends(*rows[1:])
    case = Case.objects.get()
    assert not EarlyEvent.objects.exists()
    assert case.events.get(event_id="c1").corrects.event_id == rows[1]["id"]
    assert case.status == "decided"


def test_what_does_not_fit_when_the_receipt_comes_is_told_and_stops_nothing(where, sender):
    rows = life(where)
    before = {**rows[3], "id": "too-early", "occurred_at": "2026-11-01T09:00:00+08:00"}
    sender.sends(before, rows[3])
    sender.sends(rows[0])
    case = Case.objects.get()
    assert case.status == "accepted"
    refused = EarlyEvent.objects.get()
    assert (refused.event_id, refused.status) == ("too-early", "early_refused")
    [listed] = lists(sender).json()["results"]
    assert (listed["result"], bool(listed["problem"])) == ("refused", True)
    page = acting(office.clerk(where.department)).get(reverse("approvals:early")).content.decode()
    assert "与办件不符" in page


def test_the_case_may_be_named_by_our_code(where, sender):
    rows = life(where)
    sender.sends(rows[0])
    case = Case.objects.get()
    assert results(sender.sends({**rows[3], "case": case.code})) == ["applied"]


# --- the end of waiting --------------------------------------------------------------------------------------------


def test_what_waits_in_vain_is_given_up_with_a_notice_and_may_be_sent_again(where, sender):
    row = life(where)[3]
    sender.sends(row)
    event = EarlyEvent.objects.get()
    assert event.expires_at == event.received_at + early.TERM
    with clock.travelling(event.expires_at - timedelta(seconds=1)):
        assert expire_early_events() == 0
    with clock.travelling(event.expires_at):
        assert expire_early_events() == 1
        assert expire_early_events() == 0
        [listed] = lists(sender).json()["results"]
        assert (listed["result"], "没有收到" in listed["problem"]) == ("expired", True)
        desk = acting(office.clerk(where.department)).get(reverse("approvals:cases")).content.decode()
        assert "没有记录" in desk
        sender.sends(life(where)[0])
        assert Case.objects.get().status == "received", "what was given up is not applied by itself"
        assert results(sender.sends(row)) == ["applied"]
    assert not EarlyEvent.objects.exists()


def test_what_was_given_up_long_ago_is_forgotten(where, sender):
    sender.sends(life(where)[3])
    event = EarlyEvent.objects.get()
    with clock.travelling(event.expires_at):
        expire_early_events()
    with clock.travelling(event.expires_at + early.SHOWN):
        expire_early_events()
    assert not EarlyEvent.objects.exists()


def test_sent_again_after_its_end_it_waits_for_a_new_term(where, sender):
    row = life(where)[3]
    sender.sends(row)
    until = EarlyEvent.objects.get().expires_at
    with clock.travelling(until):
        expire_early_events()
        assert results(sender.sends(row)) == ["waiting"]
    again = EarlyEvent.objects.get()
    assert (again.status, again.expires_at) == ("early_waiting", until + early.TERM)


def test_so_many_for_one_case_are_refused(where, sender, monkeypatch):
    monkeypatch.setattr(early, "MOST_OF_CASE", 3)
    told = results(sender.sends(*life(where)[1:6]))
    assert told == ["waiting"] * 3 + ["refused"] * 2
    assert results(sender.sends(life(where, case="SX-2")[1])) == ["waiting"]


def test_a_table_still_tells_what_is_unknown(where):
    """A person looks at a table before it is taken: what is missing is put into it, and does not wait."""
    from approvals import tables
    from tests.approvals.test_tables import csv_of

    with pytest.raises(tables.NotApplied) as refused:
        tables.take_events(
            tables.read_events(csv_of(life(where)[3:4])),
            department=where.department,
            by=office.clerk(where.department),
        )
    assert [(each.line, each.column) for each in refused.value.wrong] == [(2, "case")]
    assert not EarlyEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_receipt_and_what_comes_before_it_at_one_moment(in_threads):
    where = office.place()
    sender = system(where.department)
    rows = life(where)
    told = in_threads(*[lambda row=row: sender.sends(row) for row in (rows[3], rows[0], rows[2], rows[1])])
    assert all(answer.status_code == 200 for answer in told), told
    case = Case.objects.get()
    assert [each.kind for each in events_of(case)] == [row["kind"] for row in rows[:4]]
    assert not EarlyEvent.objects.exists()


def test_the_database_refuses_an_end_without_its_date(where, sender):
    sender.sends(life(where)[3])
    with pytest.raises(IntegrityError), transaction.atomic():
        EarlyEvent.objects.update(status="early_expired")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_in_both_languages(where, sender, language):
    sender.sends(life(where)[3])
    client = acting(office.clerk(where.department))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    page = client.get(reverse("approvals:early")).content.decode()
    assert ("先到的事件" in page) == (language == "zh-hans")


# --- any order, any cut --------------------------------------------------------------------------------------------

DETAILS = {
    "correction_asked": {"category": "form", "fault": "other", "first_time": False},
    "case_not_accepted": {"category": "competence", "fault": "other"},
    "case_withdrawn": {"fault": "other"},
    "special_started": {"special": "hearing"},
    "case_suspended": {"charged_to": "owner"},
    "case_decided": {"outcome": "granted"},
}
START = datetime(2026, 11, 2, 9, tzinfo=LOCAL)


@st.composite
def lives(draw):
    """Kinds of events that can follow one another, from the receipt on, with the hours between them."""
    state, kinds = State(), []
    every = [each for each in CaseEvent.Kind if each != CaseEvent.Kind.RETRACTED]
    for number in range(draw(st.integers(2, 9))):
        fitting = [CaseEvent.Kind.RECEIVED] if not number else [each for each in every if state.fits(each)]
        if not fitting:
            break
        kind = draw(st.sampled_from(fitting))
        at = START + timedelta(hours=number)
        state.take(CaseEvent(kind=kind, occurred_at=at, **DETAILS.get(kind, {})))
        kinds.append(str(kind))
    return kinds


def rows_of(where, kinds, *, case, corrected):
    """The life as its department tells it; with `corrected` one event is told wrong first and put right by another."""
    start = {"item": where.item.code, "applicant": where.owner.organisation.uscc, "project_name": "厂房扩建"}
    rows: list = []
    for number, kind in enumerate(kinds):
        at = (START + timedelta(hours=number)).isoformat()
        more = {**DETAILS.get(kind, {}), **({} if number else start)}
        row = {"id": f"{case}-{number}", "case": case, "kind": kind, "occurred_at": at, **more}
        if number == corrected:
            rows.append({**row, "words": "写错了"})
            row = {**row, "id": f"{case}-{number}c", "corrects": row["id"], "words": "更正"}
        rows.append(row)
    return rows


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(kinds=lives(), shuffle=st.randoms(use_true_random=False), corrected=st.integers(0, 12))
def test_any_permutation_in_any_cut_makes_the_same_case(where, sender, unhurried, kinds, shuffle, corrected):
    with transaction.atomic():
        rows = rows_of(where, kinds, case="A", corrected=corrected)
        sender.sends(*rows)
        sorted_ = told_of(Case.objects.get(external_code="A"))
        mixed = rows_of(where, kinds, case="B", corrected=corrected)
        shuffle.shuffle(mixed)
        while mixed:
            size = shuffle.randint(1, len(mixed))
            batch, mixed = mixed[:size], mixed[size:]
            assert "refused" not in results(sender.sends(*batch))
        case = Case.objects.get(external_code="B")
        assert told_of(case) == sorted_
        assert len(events_of(case)) == len(kinds)
        assert not case.events.filter(waiting=True).exists()
        assert not EarlyEvent.objects.exists()
        transaction.set_rollback(True)
    assert ApiClient.objects.exists()
