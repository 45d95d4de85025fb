"""Anybody can play an auction again from its record and the log, and every change to either shows."""

from __future__ import annotations

import copy
import json

import pytest
from django.test import Client

from bidding.domain import auction as domain
from bidding.models import Auction
from ledger.models import Blind
from protocol.record import BadRecord, read_record
from protocol.verify import verify
from tests import auctions, custody

pytestmark = pytest.mark.django_db


def record_of(played):
    with played.at(3000):
        custody.attend()
    return Client().get(f"/rounds/{played.round.code}/record.json").json()


def play():
    """Offers, an extension and a pause."""
    played = auctions.opened(firms=3)
    lot, by = played.auction.lot_id, played.where.operator
    played.offers_at(5, 0, "48000.00")
    played.offers_at(6, 1, "47000.00")
    with played.at(30):
        domain.pause_auction(lot_id=lot, reason="网络中断", by=by)
    with played.at(90):
        domain.resume_auction(lot_id=lot, reason="已恢复", by=by)
    played.offers_at(655, 0, "46000.00")
    return played


@pytest.fixture
def decided():
    if "record" not in _DECIDED:
        played = play()
        played.ends()
        _DECIDED["record"] = record_of(played)
    return copy.deepcopy(_DECIDED["record"])


_DECIDED: dict[str, object] = {}


def failed(record):
    return [check.what for check in verify(read_record(json.dumps(record))) if check.holds is False]


def test_an_honest_record_holds(decided):
    checks = verify(read_record(json.dumps(decided)))
    told = {check.what: check.holds for check in checks}
    assert all(told.values()), [str(check) for check in checks if not check.holds]
    for what in ("offers played again", "offers are those of the log", "pauses are those of the log",
                 "was decided after its end", "map of pseudonyms is the one in the log",
                 "auction was announced before its start"):  # fmt: skip
        assert told[f"lot 1 {what}"] is True


def test_while_it_runs_the_offers_can_be_played_and_nobody_is_named():
    played = play()
    record = record_of(played)
    assert record["status"] == "opened" and record["lots"][0]["entries"] == [] and record["events"] == []
    assert failed(record) == []
    told = {check.what: check.holds for check in verify(read_record(json.dumps(record)))}
    assert told["lot 1 offers played again"] is True and told["lot 1 pseudonyms are kept back"] is None
    assert told["lot 1 offers are those of the log"] is True


def lot(record):
    return record["lots"][0]


def offer(record, place=0):
    return lot(record)["offers"][place]


def swap_names(record):
    names = lot(record)["auction"]["map"]["pseudonyms"]
    first, second = list(names)[:2]
    names[first], names[second] = names[second], names[first]
    for each in lot(record)["offers"]:
        each["uscc"] = names[each["pseudonym"]]


TAMPERED = {
    "another amount": lambda record: offer(record).update(amount="49000.00"),
    "a cheaper last offer": lambda record: offer(record, 2).update(amount="45999.00"),
    "an offer less": lambda record: lot(record)["offers"].pop(),
    "the first offer less": lambda record: lot(record)["offers"].pop(0),
    "an offer more": lambda record: lot(record)["offers"].append(
        {**offer(record, 2), "n": 4, "amount": "45000.00", "at": "2026-11-25T00:00:00.000Z"}
    ),
    "another firm": lambda record: offer(record).update(uscc=lot(record)["offers"][1]["uscc"]),
    "another pseudonym": lambda record: offer(record).update(pseudonym=lot(record)["offers"][1]["pseudonym"]),
    "pseudonyms exchanged": swap_names,
    "another time": lambda record: offer(record).update(at=offer(record, 1)["at"]),
    "another end": lambda record: offer(record, 2).update(ends_at=offer(record)["ends_at"]),
    "another number": lambda record: offer(record).update(n=7),
    "a later start": lambda record: lot(record)["auction"].update(starts_at=offer(record, 1)["at"]),
    "a later announced end": lambda record: lot(record)["auction"].update(ends_at="2099-01-01T00:00:00.000Z"),
    "no pause": lambda record: lot(record)["auction"].update(pauses=[]),
    "a longer pause": lambda record: lot(record)["auction"]["pauses"][0].update(until=offer(record, 2)["at"]),
    "a pause without an end": lambda record: lot(record)["auction"]["pauses"][0].update(until=None),
    "another map": lambda record: lot(record)["auction"]["map"].update(sha256="0" * 64),
    "another blind": lambda record: lot(record)["auction"]["map"].update(blind="0" * 32),
    "a bidder less": lambda record: lot(record)["auction"]["map"]["pseudonyms"].popitem(),
    "names kept back after the result": lambda record: lot(record)["auction"]["map"].update(pseudonyms=None),
    "no auction": lambda record: lot(record).pop("auction"),
    "a smaller step": lambda record: record["parameters"].update(step="1.00"),
    "a longer extension": lambda record: record["parameters"].update(extend_by_s="600"),
    "another winner": lambda record: lot(record)["result"].update(winner=lot(record)["result"]["ranking"][1]),
    "evaluated before its end": lambda record: record["timetable"].update(evaluated_at=offer(record, 2)["at"]),
    "an offer of the log less": lambda record: record["proof"]["entries"].remove(
        next(each for each in record["proof"]["entries"] if '"auction.offer"' in each["entry"])
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_every_change_shows(decided, what):
    TAMPERED[what](decided)
    assert failed(decided), what


def test_a_late_offer_that_the_platform_slipped_into_the_record_shows():
    """Even with the log on its side: a platform that takes an offer after the end is found out by playing it again."""
    played = play()
    end = played.auction.ends_at
    Auction.objects.filter(pk=played.auction.pk).update(ends_at=end + auctions.timedelta(minutes=5))
    with played.at(0):
        pass
    late = domain.clock.travelling(end + auctions.timedelta(seconds=1))
    with late:
        played.offer(1, "40000.00")
    played.ends()
    found = failed(record_of(played))
    assert "lot 1 offers played again" in found and "lot 1 offers are those of the log" not in found


def test_an_erased_blind_is_said_and_is_no_failure():
    played = play()
    played.ends()
    Blind.objects.filter(digest=played.auction.map_digest).delete()
    record = record_of(played)
    assert lot(record)["auction"]["map"]["blind"] is None and failed(record) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda lot: lot["offers"][0].update(at="yesterday"), "lots.0.offers.0.at"),
        (lambda lot: lot["offers"][0].update(n="1"), "lots.0.offers.0.n"),
        (lambda lot: lot["auction"].update(starts_at=None), "lots.0.auction.starts_at"),
        (lambda lot: lot["auction"]["map"].update(blind="x"), "lots.0.auction.map.blind"),
        (lambda lot: lot["auction"]["pauses"].append({}), "lots.0.auction.pauses.1.at"),
    ],
)
def test_what_is_no_record_is_said_where(decided, change, where):
    change(lot(decided))
    with pytest.raises(BadRecord) as caught:
        read_record(json.dumps(decided))
    assert caught.value.where == where
