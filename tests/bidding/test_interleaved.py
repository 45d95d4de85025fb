"""Lots, substitutions and missing experts one through the other, told again by a script of its own.

The script takes from a record what nobody could choose afterwards (nonces, codes, the log's order) and shares no code with us:
`draw` is the whole of PROTOCOL §3, in the standard library alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from bidding.domain import marking, substitution
from bidding.models import Round, Seat
from core import clock
from ledger.models import QueuedEntry
from tests import lots
from tests import market_place as market
from tests.bidding import panel
from tests.bidding.test_lots import failed, record_of

pytestmark = pytest.mark.django_db
PANEL = 3


def draw(code, randomness, labels):
    key = hmac.digest(bytes.fromhex(code), randomness.encode(), "sha256")
    return sorted(labels, key=lambda label: hmac.digest(key, label.encode() + b"\x01", "sha256"))


def codes_of(record):
    """All codes from the newest, iteration by iteration; hashed once more the first gives the commitment."""
    newest = max((each for lot in record["lots"] for each in lot["draws"]), key=lambda each: each["iteration"])
    chain = [bytes.fromhex(newest["one_time_code"])]
    for _step in range(newest["iteration"]):
        chain.append(hashlib.sha256(chain[-1]).digest())
    assert chain[-1].hex() == record["commitment"]["value"]
    return {newest["iteration"] - back: code.hex() for back, code in enumerate(chain[:-1])}


class Script:
    """What has to have happened, from the raw material and the log."""

    def __init__(self, record):
        self.codes, self.iteration = codes_of(record), 1
        self.pool = (record.get("pool") or {"codes": []})["codes"]
        self.lots = {lot["lot"]: lot for lot in record["lots"] if lot["result"]["failed"] is None}
        self.random = {
            number: "".join(f"{each['nonce']}/" for each in sorted(lot["entries"], key=lambda each: each["uscc"]))
            for number, lot in self.lots.items()
        }
        self.seated = {number: self.drawn(number, self.pool, 1)[:PANEL] for number in self.lots}
        self.out = {number: [] for number in self.lots}
        self.winner = {
            number: lot["result"]["ranking"][0] if self.pool else self.drawn(number, self.firms(number), 1)[0]
            for number, lot in self.lots.items()
        }
        self.told = [(number, self.winner[number]) for number in self.lots]
        for each in record["proof"]["entries"]:
            entry = json.loads(each["entry"])
            self.read(entry["type"], entry["data"])

    def drawn(self, lot, labels, iteration):
        order = draw(self.codes[iteration], self.random[lot], [f"{lot}:{label}" for label in labels])
        return [label.partition(":")[2] for label in order]

    def firms(self, lot):
        return [each["uscc"] for each in self.lots[lot]["entries"]]

    def read(self, kind, data):
        lot = data.get("lot")
        if kind == "draw.asked":
            self.iteration += 1
            if data["purpose"] == "experts":
                left = [code for code in self.pool if code not in self.seated[lot]]
                self.seated[lot].append(self.drawn(lot, left, self.iteration)[0])
        elif kind == "round.walked_away":
            self.out[lot].append(self.winner[lot])
        elif kind == "round.substituted":
            ranking = (
                self.lots[lot]["result"]["ranking"] if self.pool else self.drawn(lot, self.left(lot), self.iteration)
            )
            self.winner[lot] = next(firm for firm in ranking if firm not in self.out[lot])
            self.told.append((lot, self.winner[lot]))

    def left(self, lot):
        return [firm for firm in self.firms(lot) if firm not in self.out[lot]]


def matches(round_):
    """The record holds, and says what the script says."""
    record = record_of(round_)
    assert failed(record) == []
    script = Script(record)
    for number, lot in script.lots.items():
        assert [each["code"] for each in lot["experts"]] == (script.seated[number] if script.pool else [])
        gone = [each["out"] for each in lot["substitutions"]]
        assert gone == script.out[number]
        after = [lot["result"]["winner"], *[each["in"] for each in lot["substitutions"]]]
        assert after == [firm for number_of, firm in script.told if number_of == number]
        assert lots.lot_of(round_, number).winner.uscc == script.winner[number]
    return script


def walks(round_, lot):
    """The winner of a lot walks away, and whoever follows comes on notice."""
    at = Round.objects.get(pk=round_.pk).candidate_at + timedelta(seconds=10)
    with clock.travelling(at):
        by = market.member_of(lots.lot_of(round_, lot).winner.organisation)
        substitution.walk_away(round_id=round_.pk, reason="人员调离", by=by, lot=lot)
    market.goes_on(round_, at=at + timedelta(seconds=5))


def steps_aside(round_, lot, *, seconds, which):
    seat = Seat.objects.filter(lot__round=round_, lot__number=lot).select_related("expert__user").order_by("pk")[which]
    with panel.at_work(round_, seconds=seconds):
        marking.step_aside(seat_id=seat.pk, user=seat.expert.user, conflict=bool(which % 2), reason="没有时间")


def test_winners_of_two_lots_walk_away_in_turns():
    round_ = lots.lived(lots.place("draw"), "draw")
    for lot in ("2", "1", "1", "2"):
        walks(round_, lot)
    script = matches(round_)
    assert script.iteration == 5 and script.told[2:] == [(lot, firm) for lot, firm in script.told if lot in "12"][2:]
    assert [lot for lot, _firm in script.told] == ["1", "2", "2", "1", "1", "2"]


def test_experts_of_two_lots_are_missing_in_turns_and_then_winners_walk_away():
    where = lots.place("scored")
    for _more in range(6):
        panel.expert(where)
    round_ = lots.opened(where, "scored")
    for seconds, (lot, which) in enumerate([("2", 0), ("1", 2), ("2", 1)], start=10):
        steps_aside(round_, lot, seconds=seconds, which=which)  # three codes are asked for before one has come
    market.goes_on(round_, at=round_.opened_at + timedelta(seconds=14))
    steps_aside(round_, "1", seconds=18, which=3)  # who had stepped in
    market.goes_on(round_, at=round_.opened_at + timedelta(seconds=19))
    panel.judge(round_)
    asked = QueuedEntry.objects.filter(subject=round_.subject, type="draw.asked").order_by("id")
    assert [json.loads(bytes(each.entry))["data"]["lot"] for each in asked] == ["2", "1", "2", "1"]
    for lot in ("1", "2"):
        walks(round_, lot)
    script = matches(round_)
    assert {lot: len(codes) for lot, codes in script.seated.items()} == {"1": 5, "2": 5}
