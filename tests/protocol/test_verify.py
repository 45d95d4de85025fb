"""Anybody can compute a round again from its public record, and every change to the record shows."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from bidding.domain.entries import withdraw_entry, withdraw_for
from core import clock
from ledger import domain as ledger
from protocol import verify as verifier
from protocol.canonical import timestamp
from protocol.note import Signer
from protocol.record import BadRecord, read_record
from tests import custody
from tests import market_place as market
from tests.custody import CUSTODIAN

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
    """The record of a round that was lived through; once, since what is tampered with is a copy."""
    method = request.param
    if method not in _DECIDED:
        amounts = [None if method == "draw" else f"5{number}000.00" for number in range(4)]
        round_ = market.lived(market.place(), method=method, amounts=amounts, parameters=TERMS[method])
        _DECIDED[method] = record_of(round_)
    return copy.deepcopy(_DECIDED[method])


_DECIDED: dict[str, dict[str, object]] = {}


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
    "an event twice": lambda record: record["events"].append(record["events"][0]),
    "events in another order": lambda record: record["events"].reverse(),
    "an event of another firm": lambda record: record["events"][0]["event"].update(uscc="9" * 18),
    "another blind": lambda record: record["events"][0].update(blind="0" * 32),
    "an event at another place": lambda record: record["events"][0].update(index=record["log"][-1]["index"] + 1),
    "a text for an index": lambda record: record["proof"]["entries"][0].update(
        index=str(record["proof"]["entries"][0]["index"])
    ),
    "another status": lambda record: record.update(status="awarded"),
    "another method": lambda record: record.update(method="draw" if record["method"] == "mean" else "mean"),
    "another round": lambda record: record.update(round="R202601010001"),
    "other parameters": lambda record: record["parameters"].update(upper="99999.00", price="99999.00"),
    "another minimum": lambda record: record["policy"].update(minimum=2),
    "another policy": lambda record: record["policy"].update(version="other"),
    "announced at another time": lambda record: record["timetable"].update(announced_at="2026-01-01T00:00:00.000Z"),
    "another deadline": lambda record: record["timetable"].update(closes_at="2099-01-01T00:00:00.000Z"),
    "closed at another time": lambda record: record["timetable"].update(closed_at="2099-01-01T00:00:00.000Z"),
    "opened at another time": lambda record: record["timetable"].update(opened_at="2099-01-01T00:00:00.000Z"),
    "evaluated at another time": lambda record: record["timetable"].update(evaluated_at="2099-01-01T00:00:00.000Z"),
    "a candidate of another time": lambda record: record["timetable"].update(candidate_at="2099-01-01T00:00:00.000Z"),
    "a longer notice": lambda record: record["timetable"].update(candidate_until="2099-01-01T00:00:00.000Z"),
    "the custodian's other key": lambda record: record["keys"]["custodian"].update(public="0" * 64),
    "another private key": lambda record: record["keys"]["platform"].update(private="1" * 64),
    "the custodian's other private key": lambda record: record["keys"]["custodian"].update(private="1" * 64),
    "a shorter chain": lambda record: record["commitment"].update(n=15),
    "a public source more": lambda record: record["commitment"]["sources"].append({"name": "x", "value": "1"}),
    "no checkpoint of the closing": lambda record: record["checkpoints"].update(closed=None),
    "the announcement's checkpoint for the closing's": lambda record: record["checkpoints"].update(
        closed=record["checkpoints"]["announced"]
    ),
    "the opening's checkpoint for the announcement's": lambda record: record["checkpoints"].update(
        announced=record["checkpoints"]["opened"]
    ),
    "a checkpoint of another size": lambda record: record["checkpoints"].update(
        opened=record["checkpoints"]["opened"].replace("\n", "\n1", 1)
    ),
    "a checkpoint without the custodian": lambda record: record["proof"].update(
        checkpoint="\n".join(record["proof"]["checkpoint"].split("\n")[:5]) + "\n"
    ),
    "an entry of the log less": lambda record: record["log"].pop(),
    "another leaf": lambda record: record["log"][0].update(leaf="0" * 64),
    "another type of entry": lambda record: record["log"][0].update(type="round.returned"),
    "another entry": lambda record: record["proof"]["entries"][0].update(entry="{}"),
    "an entry at another place": lambda record: record["proof"]["entries"][0].update(index=10**6),
    "a proof without its last hash": lambda record: record["proof"]["hashes"].append("A" * 43 + "="),
    "the lot under another number": lambda record: record["lots"][0].update(lot="2"),
    "another label in the draw": lambda record: record["lots"][0]["draws"][0]["labels"].append("x"),
    "another iteration": lambda record: record["lots"][0]["draws"][0].update(iteration=2),
    "a firm that was kept out let in": lambda record: entry(record).update(reason="suspended"),
    "other days": lambda record: entry(record).update(days=1),
    "another amount": lambda record: entry(record).update(amount="1.00"),
    "said not to open": lambda record: entry(record).update(opened=False),
    "another ranking": lambda record: record["lots"][0]["result"]["ranking"].reverse(),
    "a failure": lambda record: record["lots"][0]["result"].update(failed="too_few"),
    "a reference": lambda record: record["lots"][0]["result"].update(reference="1.00"),
    "a reason of the owner": lambda record: record["lots"][0]["result"].update(reason="a friend"),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED.keys())
def test_every_change_shows(decided, change):
    forged = copy.deepcopy(decided)
    change(forged)
    assert failed(forged)


def test_there_are_enough_of_them():
    assert len(TAMPERED) >= 40


def test_keys_known_by_another_way_are_compared(decided):
    record = read_record(json.dumps(decided))
    keys = {"log": decided["proof"]["log"], "custodian": decided["proof"]["custodian"]}
    assert all(check.holds for check in verifier.verify(record, **keys))
    strangers = Signer(CUSTODIAN.name, b"\x01" * 32).cosigner.text
    assert any(check.holds is False for check in verifier.verify(record, **{**keys, "custodian": strangers}))
    assert any(check.holds is False for check in verifier.verify(record, **{**keys, "log": strangers}))


def test_a_late_envelope_with_a_forged_time_shows():
    """The platform lets a friend in after the closing, with an event that says it came in time."""
    where = market.place()
    round_ = market.lived(where, amounts=["50000.00"])
    with clock.travelling(round_.opened_at + timedelta(seconds=5)), transaction.atomic():
        event = {"at": timestamp(round_.announced_at), "lot": "1", "round": round_.code, "sha256": "0" * 64,
                 "token_sha256": "0" * 64, "type": "envelope.received", "uscc": market.firm(where).uscc}  # fmt: skip
        ledger.append_sealed(round_.subject, event, at=round_.announced_at)
        custody.attend()
    assert "every sealed event stands before the closing" in failed(record_of(round_))


def test_who_replaced_and_withdrew_how_is_checked():
    where = market.place()
    start = clock.now() - timedelta(minutes=30)
    with clock.travelling(start):
        round_ = market.announced(where)
    stays, goes, lost = market.firm(where), market.firm(where), market.firm(where)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        for who in (stays, goes, lost, stays):
            market.enters(round_, who, "50000.00")
        withdraw_entry(round_id=round_.pk, firm=goes, user=market.user(), token=market.token_of(round_, goes))
        withdraw_for(round_id=round_.pk, uscc=lost.uscc, reason="凭证丢失", by=where.operator)
    market.goes_on(round_, at=round_.closes_at)
    record = record_of(round_)
    lines = [str(check) for check in verifier.verify(read_record(json.dumps(record)))]
    assert not [line for line in lines if line.startswith("FAILED")]
    assert any("envelope.withdrawn: by the service centre: 凭证丢失" in line for line in lines)
    assert [entry["uscc"] for entry in record["lots"][0]["entries"]] == [stays.uscc]
    for told in record["events"]:
        if "token" in told["event"]:
            told["event"]["token"] = "0" * 64
    assert {f"lot 1 {goes.uscc} envelope.withdrawn", f"lot 1 {stays.uscc} envelope.replaced"} <= set(failed(record))


@pytest.mark.slow
def test_with_an_address_it_asks_the_log_as_it_is_now(live_server):
    round_ = market.lived(market.place(), amounts=["50000.00", "51000.00"])
    market.announced(market.place())  # the log goes on
    custody.attend()
    done = subprocess.run(
        [sys.executable, "-m", "protocol.verify", f"{live_server.url}/rounds/{round_.code}/record.json"],
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok     the log as it is now goes on from the record's checkpoint" in done.stdout


def test_before_opening_the_record_tells_nothing():
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "50000.00")
    custody.attend()
    record = record_of(round_)
    assert record["proof"] is not None
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
