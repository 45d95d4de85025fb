"""Who is in a consortium, both verifiers check: the members are those of the log, and nobody takes part twice."""

from __future__ import annotations

import copy
import json
import random
from datetime import timedelta

import pytest

from bidding.domain import parties
from bidding.domain.entries import withdraw_entry
from bidding.models import Round
from core import clock
from core.identifiers import generate_uscc
from protocol.methods import METHODS
from protocol.record import BadRecord, read_record
from tests import consortia as joint
from tests import custody, lots
from tests import market_place as market
from tests.bidding.test_lots import walks
from tests.protocol.test_verify import failed, record_of
from tests.protocol.test_verify_javascript import agree, both_find

pytestmark = pytest.mark.django_db
TWICE = "no firm takes part twice, alone or in a consortium"


def lived(where, enter):
    """A round that takes consortia, lived through in its own time; `enter` does what firms do in it."""
    start = clock.now() - timedelta(minutes=30)
    with clock.travelling(start):
        round_ = joint.announced(where)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        enter(round_)
    market.goes_on(round_, at=round_.closes_at)
    return Round.objects.get(pk=round_.pk)


def sole_trader(where):
    firm = market.firm(where)
    firm.organisation.uscc = generate_uscc(random.Random(firm.pk), prefix="92")
    firm.organisation.save()
    return firm


@pytest.fixture
def honest():
    """Two of three entries are of consortia, one with a sole trader and one that replaced its envelope."""
    if not _RECORD:
        where = market.place()

        def enter(round_):
            joint.enters(round_, market.firm(where), sole_trader(where), market.firm(where), amount="100.00")
            lead = market.firm(where)
            joint.enters(round_, lead, market.firm(where), amount="300.00")
            market.enters(round_, lead, "200.00")
            market.enters(round_, market.firm(where), "400.00")

        _RECORD.update(record_of(lived(where, enter)))
    return copy.deepcopy(_RECORD)


_RECORD: dict[str, object] = {}


def joined(record, size):
    return next(each for each in record["lots"][0]["entries"] if len(each.get("members", [])) == size)


def alone(record):
    return next(each for each in record["lots"][0]["entries"] if "members" not in each)


def trader(record):
    return next(each for each in joined(record, 2)["members"] if "blind" in each)


TAMPERED = {
    "another member": lambda record: joined(record, 1)["members"][0].update(uscc="91330200MA2AAAAAAA"),
    "a member less": lambda record: joined(record, 2)["members"].pop(),
    "no members": lambda record: joined(record, 1).pop("members"),
    "a member more": lambda record: joined(record, 1)["members"].append({"uscc": "91330200MA2AAAAAAA", "name": "x"}),
    "a member of who entered alone": lambda record: alone(record).update(
        members=[{"uscc": "91330200MA2AAAAAAA", "name": "x"}]
    ),
    "a member twice": lambda record: joined(record, 1)["members"].append(joined(record, 1)["members"][0]),
    "a member of another": lambda record: joined(record, 1)["members"].append(joined(record, 2)["members"][0]),
    "the lead of another": lambda record: joined(record, 1)["members"][0].update(uscc=joined(record, 2)["uscc"]),
    "another sole trader": lambda record: trader(record).update(uscc="92330200MA2AAAAAAA"),
    "another blind": lambda record: trader(record).update(blind="0" * 32),
    "no blind": lambda record: trader(record).pop("blind"),
    "a blind of nothing": lambda record: trader(record).update(blind=None),
    "fewer accepted": lambda record: record.update(consortium_most=2),
    "more accepted": lambda record: record.update(consortium_most=5),
    "none accepted": lambda record: record.pop("consortium_most"),
    "an event without members": lambda record: [each["event"].pop("members", None) for each in record["events"]],
    "an event with others": lambda record: [
        each["event"].update(members=["91330200MA2AAAAAAA"]) for each in record["events"]
    ],
}


def test_an_honest_record_holds(honest):
    assert failed(honest) == []
    assert len(trader(honest)["blind"]) == 32


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED.keys())
def test_every_change_shows(honest, change):
    change(honest)
    assert failed(honest)


def test_the_browser_finds_the_same(ask, honest):
    both_find(ask, honest, TAMPERED)


def test_a_platform_that_lets_a_member_in_twice_is_found_out(ask, monkeypatch):
    """Everything is in the log as it was; that the rule was broken is what shows."""
    where = market.place()
    member = market.firm(where)
    monkeypatch.setattr(parties, "is_member", lambda round_, firm: False)

    def enter(round_):
        joint.enters(round_, market.firm(where), member, amount="100.00")
        market.enters(round_, member, "200.00")

    record = record_of(lived(where, enter))
    assert failed(record) == [TWICE]
    assert agree(ask, [record]) == [{TWICE}]


def test_a_round_without_consortia_has_nothing_of_them():
    record = record_of(market.lived(market.place(), amounts=["100.00", "200.00"]))
    assert "consortium_most" not in record
    assert all("members" not in each for each in record["lots"][0]["entries"])
    assert all("members" not in each["event"] for each in record["events"])


def test_a_consortium_that_was_withdrawn_leaves_no_member(ask):
    where = market.place()
    lead, member = market.firm(where), market.firm(where)

    def enter(round_):
        joint.enters(round_, lead, member, amount="100.00")
        withdraw_entry(round_id=round_.pk, firm=lead, user=market.user(), token=market.token_of(round_, lead))
        for each in (lead, member):
            market.enters(round_, each, "200.00")

    assert agree(ask, [record_of(lived(where, enter))]) == [set()]


@pytest.mark.parametrize("method", [name for name in METHODS if name != "direct"])
def test_consortia_in_several_lots_of_which_one_gives_its_lot_up(ask, method):
    where = lots.place(method)
    round_ = lots.lived(where, method, together=True)
    before = record_of(round_)
    taking_part = [each for lot in before["lots"] for each in lot["entries"]]
    assert len(taking_part) >= 6 and all(len(each["members"]) == 1 for each in taking_part)
    assert all(lot["result"]["winner"] for lot in before["lots"][:2])
    walks(round_, "1", seconds=10)
    after = record_of(round_)
    assert [len(lot["substitutions"]) for lot in after["lots"]] == [1, 0, 0]
    assert agree(ask, [before, after]) == [set(), set()]


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.update(consortium_most="3"),
        lambda record: record.update(consortium_most=None),
        lambda record: joined(record, 1).update(members="x"),
        lambda record: joined(record, 1).update(members=["x"]),
        lambda record: joined(record, 1)["members"][0].pop("uscc"),
        lambda record: trader(record).update(blind="xyz"),
    ],
)
def test_what_is_no_record_is_said_where(ask, honest, change):
    change(honest)
    with pytest.raises(BadRecord) as caught:
        read_record(json.dumps(honest))
    assert ask([["verify", json.dumps(honest)]]) == [{"error": "BadRecord", "where": caught.value.where}]
