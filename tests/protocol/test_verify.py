"""Anybody can compute a round again from its public record, and every change to the record shows."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

from protocol import verify as verifier
from protocol.record import BadRecord, read_record
from tests import market_place as market

pytestmark = pytest.mark.django_db


def record_of(round_):
    return Client().get(f"/rounds/{round_.code}/record.json").json()


TERMS = {
    "lowest": {"upper": "60000.00"},
    "draw": {"price": "48000.00"},
    "mean": {"upper": "60000.00", "coefficients": ["0.95", "0.97", "1.00"], "trim_over": "3"},
    "lowest_draw": {"upper": "60000.00", "k": "2"},
}


@pytest.fixture(params=TERMS)
def decided(request):
    where = market.place()
    round_ = market.announced(where, method=request.param, parameters=TERMS[request.param])
    for number in range(4):
        market.enters(round_, market.firm(where), None if request.param == "draw" else f"5{number}000.00")
    return record_of(market.closed_and_evaluated(round_))


def failed(record):
    return [check.what for check in verifier.verify(read_record(json.dumps(record))) if check.holds is False]


def test_an_honest_record_holds(decided):
    checks = verifier.verify(read_record(json.dumps(decided)))
    assert len(checks) > 15
    assert all(check.holds for check in checks), [str(check) for check in checks]


def entry(record):
    return record["lots"][0]["entries"][0]


TAMPERED = {
    "another winner": lambda record: record["lots"][0]["result"].update(
        winner=record["lots"][0]["result"]["ranking"][1]
    ),
    "a cheaper amount": lambda record: record["lots"][0]["result"].update(amount="1.00"),
    "an entrant less": lambda record: record["lots"][0]["entries"].pop(),
    "another nonce": lambda record: entry(record).update(nonce="0" * 64),
    "another digest": lambda record: entry(record).update(sha256="0" * 64),
    "another's envelope": lambda record: entry(record).update(
        envelope=record["lots"][0]["entries"][1]["envelope"], sha256=record["lots"][0]["entries"][1]["sha256"]
    ),
    "a firm said to be invalid": lambda record: entry(record).update(valid=False, reason="suspended"),
    "another code": lambda record: record["lots"][0]["draws"][0].update(one_time_code="0" * 64),
    "another commitment": lambda record: record["commitment"].update(value="0" * 64),
    "another order": lambda record: record["lots"][0]["draws"][0]["order"].reverse(),
    "other randomness": lambda record: record["lots"][0]["draws"][0].update(randomness="x/"),
    "another key": lambda record: record["keys"]["platform"].update(public="0" * 64),
    "an entry after the deadline": lambda record: record["events"][0]["event"].update(at="2099-01-01T00:00:00.000Z"),
    "an event less": lambda record: record["events"].pop(),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED.keys())
def test_every_change_shows(decided, change):
    forged = copy.deepcopy(decided)
    change(forged)
    assert failed(forged)


def test_before_opening_the_record_tells_nothing():
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "50000.00")
    record = record_of(round_)
    assert failed(record) == []
    record["lots"][0]["entries"] = [entry(record_of_decided(where))]
    assert failed(record)


def record_of_decided(where):
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "50000.00")
    return record_of(market.closed_and_evaluated(round_))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda record: record.pop("lots"), "lots"),
        (lambda record: record.update(v=2), "v"),
        (lambda record: record["commitment"].update(value="xyz"), "commitment.value"),
        (lambda record: entry(record).update(amount="12"), "lots.0.entries.0.amount"),
        (lambda record: entry(record).update(envelope="§"), "lots.0.entries.0.envelope"),
        (lambda record: record["timetable"].update(closes_at="yesterday"), "timetable.closes_at"),
        (lambda record: record["policy"].update(minimum=True), "policy.minimum"),
    ],
)
def test_what_is_no_record_is_said_where(decided, change, where):
    change(decided)
    with pytest.raises(BadRecord) as caught:
        read_record(json.dumps(decided))
    assert caught.value.where == where


def test_as_a_program_without_django(decided, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(decided))
    TAMPERED["another winner"](decided)
    bad.write_text(json.dumps(decided))
    (tmp_path / "none.json").write_text("{")
    code = "import sys; sys.modules['django'] = None; from protocol.verify import main; sys.exit(main(sys.argv[1:]))"

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
        )

    assert run(str(good)).returncode == 0
    answer = run(str(bad))
    assert answer.returncode == 1
    assert "FAILED lot 1 winner" in answer.stdout
    for wrong in (str(tmp_path / "none.json"), str(tmp_path / "absent.json")):
        assert run(wrong).returncode == 2
    assert run().returncode == 2
