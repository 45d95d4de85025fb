"""Events from a department's own system: signed, once, in any order, each answered on its own."""

from __future__ import annotations

import json
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.domain import clients, events_of
from approvals.models import ApiClient, Case, CaseEvent
from bidding.models import Round
from tests import market_place as market
from tests.approvals import office
from tests.approvals.signing import ADDRESS, system

pytestmark = pytest.mark.django_db


@pytest.fixture
def where():
    return office.place()


@pytest.fixture
def sender(where):
    return system(where.department)


def life(where, case="SX-1"):
    """A case from its receipt to its decision, as its department tells it."""
    start = {
        "item": where.item.code, "applicant": where.owner.organisation.uscc, "project_name": "厂房扩建", "project_code": "P1",
    }  # fmt: skip
    asked = {"category": "quality", "fault": "deliverable", "first_time": True, "words": "补夜间值"}
    told = [
        ("case_received", 2, start),
        ("correction_asked", 3, asked),
        ("case_resubmitted", 5, {}),
        ("case_accepted", 6, {}),
        ("special_started", 9, {"special": "review"}),
        ("special_ended", 10, {}),
        ("case_suspended", 11, {"charged_to": "owner", "words": "缓办"}),
        ("case_resumed", 12, {}),
        ("case_decided", 13, {"outcome": "granted"}),
    ]
    return [
        {"id": f"{case}-{n}", "case": case, "kind": kind, "occurred_at": f"2026-11-{day:02d}T09:00:00+08:00", **more}
        for n, (kind, day, more) in enumerate(told, start=1)
    ]


def results(answer):
    assert answer.status_code == 200, answer.content
    return [each["result"] for each in answer.json()["results"]]


# --- who may -------------------------------------------------------------------------------------------------------


def test_without_a_good_signature_nothing_is_read(where, sender):
    body = json.dumps({"events": life(where)}).encode()
    other = system(office.place().department)
    cases = {
        "nobody": Client().post(ADDRESS, body, content_type="application/json"),
        "another's signature": sender.posts(body, **{"Mingxuan-Client": other.client.key_id}),
        "another body": Client().post(
            ADDRESS, body + b" ", content_type="application/json", headers=sender.headers(body)
        ),
        "long ago": sender.posts(body, shift=-310),
        "ahead": sender.posts(body, shift=310),
        "no time": sender.posts(body, **{"Mingxuan-Time": "now"}),
        "digits of elsewhere": sender.posts(body, **{"Mingxuan-Time": "²"}),
        "no base64": sender.posts(body, **{"Mingxuan-Signature": "x"}),
        "unknown": sender.posts(body, **{"Mingxuan-Client": "dc_0000"}),
    }
    for who, answer in cases.items():
        assert answer.status_code == 401, who
        assert answer["Content-Type"] == "application/problem+json"
    assert not Case.objects.exists()


def test_a_revoked_system_is_not_heard(where, sender):
    by = market.member_of(where.department.organisation, role="admin")
    clients.revoke_client(department=where.department, client_id=sender.client.pk, by=by)
    assert sender.sends(*life(where)).status_code == 401


def test_a_session_is_no_signature(where):
    from tests.bidding.browse import acting

    answer = acting(office.clerk(where.department)).post(ADDRESS, {"events": []}, content_type="application/json")
    assert answer.status_code == 401


def test_another_departments_case_is_unknown(where, sender):
    sender.sends(*life(where)[:1])
    elsewhere = office.place()
    stranger = system(elsewhere.department)
    accepted = life(where)[3]
    told = stranger.sends(accepted, {**accepted, "id": "x", "case": Case.objects.get().code}).json()["results"]
    assert [(each["result"], "case" in each) for each in told] == [("waiting", False)] * 2
    assert Case.objects.get().status == "received"
    assert Case.objects.get().events.count() == 1


# --- once, in any order --------------------------------------------------------------------------------------------


def test_a_whole_life_in_one_batch(where, sender):
    rows = life(where)
    assert results(sender.sends(*rows)) == ["applied"] * 9
    case = Case.objects.get()
    assert (case.status, case.outcome, case.external_code) == ("decided", "granted", "SX-1")
    assert [each.kind for each in events_of(case)] == [each["kind"] for each in rows]
    assert set(case.events.values_list("source", flat=True)) == {"api"}


def test_sent_again_it_changes_nothing(where, sender):
    first = sender.sends(*life(where)).json()["results"]
    again = sender.sends(*life(where)).json()["results"]
    assert [each["result"] for each in again] == ["already"] * 9
    assert [each["event"] for each in again] == [each["event"] for each in first]
    assert CaseEvent.objects.count() == 9


def test_the_same_number_for_something_else_is_a_conflict(where, sender):
    sender.sends(*life(where))
    (told,) = sender.sends({**life(where)[8], "outcome": "refused", "words": "x"}).json()["results"]
    assert told["result"] == "refused"
    assert told["problem"]["status"] == 409 and told["problem"]["type"].endswith("/event_id")
    assert Case.objects.get().outcome == "granted"


@pytest.mark.parametrize("seed", range(12))
def test_the_order_of_sending_does_not_matter(where, sender, seed):
    """The receipt makes the case; after it every order of batches comes to the same history."""
    rows = life(where)
    rng = random.Random(seed)
    rest = rows[1:]
    rng.shuffle(rest)
    sender.sends(rows[0])
    size, waited = rng.randint(1, 3), 0
    for first in range(0, len(rest), size):
        waited += results(sender.sends(*rest[first : first + size])).count("waiting")
    case = Case.objects.get()
    assert [each.kind for each in events_of(case)] == [each["kind"] for each in rows]
    assert (case.status, case.outcome) == ("decided", "granted")
    assert not case.events.filter(waiting=True).exists()
    assert waited or rest == rows[1:]


def test_shuffled_in_one_batch_it_is_sorted_and_answered_as_sent(where, sender):
    rows = life(where)
    random.Random(1).shuffle(rows)
    told = sender.sends(*rows).json()["results"]
    assert [each["id"] for each in told] == [each["id"] for each in rows]
    assert {each["result"] for each in told} == {"applied"}


def test_what_contradicts_the_record_is_refused_and_the_others_stand(where, sender):
    rows = life(where)
    sender.sends(*rows)
    wrong = {
        **rows[3],
        "id": "w1",
        "kind": "case_withdrawn",
        "fault": "other",
        "occurred_at": "2026-11-05T12:00:00+08:00",
    }
    second = life(where, case="SX-2")[0]
    told = sender.sends(wrong, second).json()["results"]
    assert [each["result"] for each in told] == ["refused", "applied"]
    assert "与已有记录矛盾" in told[0]["problem"]["detail"]
    after = {**rows[3], "id": "w2", "kind": "case_accepted", "occurred_at": "2026-11-20T12:00:00+08:00"}
    (told,) = sender.sends(after).json()["results"]
    assert told["problem"]["type"].endswith("/wrong_state")


def test_a_correction_takes_the_place_of_what_was_wrong(where, sender):
    rows = life(where)
    sender.sends(*rows)
    right = {**rows[8], "id": "c1", "corrects": rows[8]["id"], "outcome": "refused", "words": "不符合规划"}
    assert results(sender.sends(right)) == ["applied"]
    assert Case.objects.get().outcome == "refused"
    assert results(sender.sends(right)) == ["already"]
    (told,) = sender.sends({**right, "id": "c2"}).json()["results"]
    assert told["problem"]["type"].endswith("/corrects")
    (told,) = sender.sends({**right, "id": "c3", "corrects": "nothing"}).json()["results"]
    assert told == {"id": "c3", "result": "waiting"}


def test_two_at_one_moment_are_one(in_threads):
    where = office.place()
    sender = system(where.department)
    rows = life(where)
    told = in_threads(*[lambda: sender.sends(*rows)] * 4)
    assert all(answer.status_code == 200 for answer in told)
    assert CaseEvent.objects.count() == 9 and Case.objects.count() == 1
    every = [each for answer in told for each in results(answer)]
    assert set(every) <= {"applied", "already"}


# --- what is wrong with a row --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "change", "field"),
    [
        (0, {"item": "I999"}, "item"),
        (0, {"applicant": "91330000000000000X"}, "applicant"),
        (0, {"district": "999999"}, "district"),
        (0, {"occurred_at": "yesterday"}, "occurred_at"),
        (0, {"occurred_at": "2026-13-01T00:00:00+08:00"}, "occurred_at"),
        (0, {"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        (0, {"occurred_at": None}, "occurred_at"),
        (0, {"kind": "case_lost"}, "kind"),
        (0, {"id": "号"}, "id"),
        (0, {"id": "x" * 81}, "id"),
        (0, {"case": ""}, "case"),
        (0, {"case": {"a": ["b" * 70]}}, "case"),
        (0, {"project_name": "a\x00b"}, "project_name"),
        (1, {"first_time": "maybe"}, "first_time"),
        (1, {"fault": None}, "fault"),
        (1, {"words": "长" * 501}, "words"),
        (4, {"special": ""}, "special"),
        (6, {"charged_to": "nobody"}, "charged_to"),
        (8, {"outcome": None}, "outcome"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(where, sender, number, change, field):
    sender.sends(*life(where)[:number])
    before = CaseEvent.objects.count()
    (told,) = sender.sends({**life(where)[number], **change}).json()["results"]
    assert told["result"] == "refused" and field in told["problem"]["errors"]
    assert CaseEvent.objects.count() == before


def test_a_receipt_without_what_makes_a_case(where, sender):
    for name in ("item", "applicant", "project_name"):
        row = {key: value for key, value in life(where)[0].items() if key != name}
        (told,) = sender.sends(row).json()["results"]
        assert told["problem"]["type"].endswith(f"/{name}")
    (told,) = sender.sends({**life(where)[0], "occurred_at": "2099-11-02T09:00:00+08:00"}).json()["results"]
    assert told["problem"]["type"].endswith("/occurred_at")
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b'{"events": []}', b'{"events": {}}', b'{"events": [1]}', b'{"event": []}', b"\xff"],
)
def test_a_body_that_is_none_is_a_problem(where, sender, body):
    answer = sender.posts(body)
    assert answer.status_code == 400 and answer["Content-Type"] == "application/problem+json"


def test_too_many_and_too_large(where, sender):
    row = life(where)[0]
    assert sender.sends(*[row] * 201).status_code == 400
    assert sender.posts(b'{"events": "' + b"x" * 2_100_000 + b'"}').status_code == 413


def test_the_pace_is_limited(where, sender, monkeypatch):
    from exchange.api.approvals import ClientPace

    monkeypatch.setattr(ClientPace, "rate", "2/min")
    answers = [sender.sends(life(where)[0]).status_code for _time in range(3)]
    assert answers == [200, 200, 429]


def test_as_many_queries_for_each_event_of_a_longer_history(where, sender):
    """A batch costs by its rows, not by what is there already."""

    def queries(case):
        with CaptureQueriesContext(connection) as caught:
            sender.sends(*life(where, case=case))
        return len(caught)

    queries("A")
    assert queries("B") == queries("C")


# --- a department sees no bid and steers no selection ---------------------------------------------------------------


def test_no_event_touches_a_round_and_no_answer_tells_of_one(where, sender):
    firm = market.firm(where)
    round_ = market.announced(where)
    market.enters(round_, firm, "48000.00")
    before = Round.objects.filter(pk=round_.pk).values().get()
    answer = sender.sends(
        *life(where), {**life(where)[0], "id": "r", "case": round_.code, "kind": "case_decided", "outcome": "refused"}
    )
    assert Round.objects.filter(pk=round_.pk).values().get() == before
    told = answer.content.decode()
    assert firm.uscc not in told and "48000" not in told
    assert answer.json()["results"][-1] == {"id": "r", "result": "waiting"}


def test_a_public_key_in_pem_is_the_same_key(where):
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from tests.approvals.signing import public_text

    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert clients.read_key(pem) == clients.read_key(public_text(key))
    assert ApiClient.objects.count() == 0
