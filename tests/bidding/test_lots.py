"""Rounds of several lots: each decided on its own by its own limits, one failing while the others go on (PROTOCOL §4)."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from bidding.domain import entries, rounds, substitution
from bidding.domain.lots import LotProblem, LotTerms, whole_terms
from bidding.models import Award, Entry, Round
from core import clock
from core.errors import DomainError
from ledger.models import QueuedEntry
from protocol.methods import METHODS
from protocol.record import read_record
from protocol.verify import verify
from tests import lots
from tests import market_place as market

pytestmark = pytest.mark.django_db
Status = Round.Status
ORDER = {"upper": "60000.00"}


def record_of(round_):
    return Client().get(f"/rounds/{round_.code}/record.json").json()


def failed(record):
    return [str(check) for check in verify(read_record(json.dumps(record))) if check.holds is False]


def walks(round_, lot, *, seconds):
    """The winner of a lot walks away, and whoever follows comes on notice."""
    at = Round.objects.get(pk=round_.pk).candidate_at + timedelta(seconds=seconds)
    with clock.travelling(at):
        member = market.member_of(lots.lot_of(round_, lot).winner.organisation)
        substitution.walk_away(round_id=round_.pk, reason="人员调离", by=member, lot=lot)
    market.goes_on(round_, at=at + timedelta(seconds=5))


@pytest.mark.parametrize("method", METHODS)
def test_each_lot_is_decided_on_its_own_and_one_may_fail(method):
    where = lots.place(method)
    round_ = lots.lived(where, method)
    assert round_.status == Status.CANDIDATE
    first, second, third = (lots.lot_of(round_, number) for number in "123")
    assert first.winner and second.winner and third.winner is None
    assert third.result["failed"] == "too_few"
    if method in lots.FIXED:
        assert (str(first.amount), str(second.amount)) == lots.PRICES[:2]
    elif method != "auction":
        assert Entry.objects.get(lot=second, amount="46000.00").reason == "above_upper"
    assert failed(record_of(round_)) == []

    out = first.winner
    walks(round_, "1", seconds=10)
    round_.refresh_from_db()
    after = lots.lot_of(round_, "1")
    assert round_.status == Status.CANDIDATE and after.winner != out
    assert (after.winner is None) == (method == "direct")  # nobody follows whom the owner named
    assert lots.lot_of(round_, "2").winner == second.winner
    record = record_of(round_)
    assert [len(lot["substitutions"]) for lot in record["lots"]] == [1, 0, 0]
    assert failed(record) == []


def test_awards_are_one_for_each_lot_and_stand_when_another_is_given_up():
    round_ = lots.lived(lots.place("lowest"), "lowest")
    market.goes_on(round_, at=round_.candidate_until)
    before = {award.lot.number: award.code for award in Award.objects.in_force().select_related("lot")}
    assert set(before) == {"1", "2"}
    at = Round.objects.get(pk=round_.pk).awarded_at + timedelta(seconds=10)
    with clock.travelling(at):
        member = market.member_of(lots.lot_of(round_, "1").winner.organisation)
        substitution.walk_away(round_id=round_.pk, reason="人员调离", by=member)
    market.goes_on(round_, at=at + timedelta(seconds=5))
    market.goes_on(round_, at=Round.objects.get(pk=round_.pk).candidate_until)
    after = {award.lot.number: award.code for award in Award.objects.in_force().select_related("lot")}
    assert after["2"] == before["2"] and after["1"] != before["1"]
    assert Round.objects.get(pk=round_.pk).status == Status.AWARDED
    assert failed(record_of(round_)) == []


TAMPERED = {
    "a limit": lambda record: record["lots"][1]["limits"].update(upper="46000.00"),
    "no limit": lambda record: record["lots"][1]["limits"].update(upper=None),
    "another name": lambda record: record["lots"][1]["limits"].update(price="1.00"),
    "limits changed about": lambda record: record["lots"][0].update(limits=record["lots"][1]["limits"]),
    "a limit of the whole round": lambda record: record["parameters"].update(upper="99999.00"),
    "a lot less": lambda record: record["lots"].pop(),
    "lots in another order": lambda record: record["lots"].reverse(),
    "a winner of another lot": lambda record: record["lots"][1]["result"].update(
        winner=record["lots"][0]["result"]["winner"]
    ),
    "an envelope of another lot": lambda record: record["lots"][1]["entries"][0].update(
        envelope=record["lots"][0]["entries"][0]["envelope"], sha256=record["lots"][0]["entries"][0]["sha256"]
    ),
}


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED.keys())
def test_every_change_to_a_lot_shows(kept, change):
    if not kept:
        kept["record"] = record_of(lots.lived(lots.place("lowest"), "lowest"))
    forged = copy.deepcopy(kept["record"])
    assert failed(forged) == []
    change(forged)
    assert failed(forged)


def test_the_log_has_the_limits_and_no_words():
    where = market.place()
    round_ = market.announced(where, parameters={}, lots=lots.terms("lowest"), budget=Decimal("200000.00"))
    (entry,) = QueuedEntry.objects.filter(subject=round_.subject, type="round.announced")
    text = bytes(entry.entry).decode()
    data = json.loads(text)["data"]
    assert data["lots"] == ["1", "2", "3"]
    assert data["limits"]["2"] == {"price": None, "upper": "45000.00", "lower": None}
    assert set(data["titles"]) == {"1", "2", "3"} and "水土保持" not in text
    alone = market.announced(where)
    (entry,) = QueuedEntry.objects.filter(subject=alone.subject, type="round.announced")
    assert not {"limits", "titles"} & set(json.loads(bytes(entry.entry))["data"])
    assert record_of(alone)["lots"][0]["limits"] == {"upper": "60000.00", "lower": None}


def test_a_firm_has_an_envelope_for_each_lot():
    where = market.place()
    round_ = market.announced(where, parameters={}, lots=lots.terms("lowest"), budget=Decimal("200000.00"))
    who = market.firm(where)
    receipts = [market.enters(round_, who, "40000.00", lot=lot) for lot in ("1", "2", "2")]
    assert [each.replaced for each in receipts] == [False, False, True]
    token = market.token_of(round_, who, lot="1")
    with pytest.raises(entries.WrongToken):
        entries.withdraw_entry(round_id=round_.pk, firm=who, user=market.user(), token=token, lot="2")
    entries.withdraw_entry(round_id=round_.pk, firm=who, user=market.user(), token=token, lot="1")
    assert entries.my_entry(round_, who, lot="1") is None and entries.my_entry(round_, who, lot="2") is not None
    with pytest.raises(DomainError):
        market.enters(round_, who, "40000.00", lot="4")


def edit(where, lots_given, *, method="lowest", parameters=None, round_=None):
    drafted = round_ or rounds.draft_round(need=market.need(where), by=where.owner)
    return rounds.edit_round(
        round_id=drafted.pk,
        method=method,
        parameters=parameters or {},
        notice_length=2,
        by=where.owner,
        lots=lots_given,
    )


def lot(title="环评", **amounts):
    return LotTerms(title=title, **{name: Decimal(amount) for name, amount in amounts.items()})


@pytest.mark.parametrize(
    ("given", "parameters", "told"),
    [
        ([lot(), lot(title=" ")], {}, "标段 2：请填写标段名称"),
        ([lot(), lot(title="长" * 41)], {}, "标段 2：名称最多"),
        ([lot(), lot()], {}, "标段 2：与前面的标段同名"),
        ([lot(upper="1", lower="2"), lot(title="水保")], {}, "标段 1：最低限价不能高于"),
        ([lot(), lot(title="水保", price="5")], {}, "标段 2：价格或限价不合"),
        ([lot(), lot(title="水保", upper="0")], {}, "标段 2：价格或限价不合"),
        ([lot(), lot(title="水保")], {"upper": "5.00"}, "写在各标段里"),
        ([lot(title=str(number)) for number in range(10)], {}, "最多 9 个标段"),
    ],
)
def test_what_is_wrong_with_a_lot_is_said(given, parameters, told):
    where = market.place()
    drafted = edit(where, [lot("一", upper="2"), lot("二", upper="3")])
    with pytest.raises(DomainError, match=told) as refused:
        edit(where, given, parameters=parameters, round_=drafted)
    assert isinstance(refused.value, LotProblem) == told.startswith("标段")
    drafted.refresh_from_db()
    assert [each.title for each in drafted.lots.all()] == ["一", "二"] and drafted.lot_count == 2


def test_lots_come_and_go_with_the_owner():
    where = market.place()
    round_ = edit(where, [lot("一", upper="2", lower="1"), lot("二", upper="3"), lot("三")])
    assert [each.number for each in round_.lots.all()] == ["1", "2", "3"]
    edit(where, None, method="draw", round_=round_)  # another method keeps the titles, and no limits
    assert [(each.title, each.upper) for each in round_.lots.all()] == [("一", None), ("二", None), ("三", None)]
    with pytest.raises(LotProblem, match="标段 1"):
        rounds.submit_round(round_id=round_.pk, by=where.owner)
    edit(where, [], method="lowest", parameters=ORDER, round_=round_)
    (only,) = round_.lots.all()
    assert (only.number, only.title, str(only.upper)) == ("1", "", "60000.00")
    assert Round.objects.get(pk=round_.pk).lot_count == 1


def test_the_law_looks_at_all_lots_together():
    where = market.place(direct_limit="50000.00")
    round_ = edit(where, [lot("一", upper="40000"), lot("二", upper="30000")])
    assert whole_terms(round_) == {"upper": "70000.00"}
    page = rounds.guidance.guidance(need=round_.need, method="lowest", parameters=whole_terms(round_), at=clock.now())
    assert "over_budget" in {each.code for each in page}  # 60,000
    edit(where, [lot("一", upper="40000"), lot("二", lower="30000")], round_=round_)
    assert whole_terms(Round.objects.get(pk=round_.pk)) == {"lower": "30000.00"}
    direct = rounds.edit_round(
        round_id=round_.pk, method="direct", parameters={"ground": "续做"}, notice_length=2, by=where.owner,
        lots=[lot("一", price="30000"), lot("二", price="20000.01")], named=market.firm(where),
    )  # fmt: skip
    with pytest.raises(DomainError) as refused:
        rounds.submit_round(round_id=direct.pk, by=where.owner)
    assert refused.value.code == "direct_limit"


def test_announced_again_it_has_the_same_lots():
    where = market.place()
    round_ = market.announced(where, parameters={}, lots=lots.terms("lowest"), budget=Decimal("200000.00"))
    ended = market.closed_and_evaluated(round_)
    assert ended.status == Status.FAILED
    again = rounds.announce_again(round_id=round_.pk, by=where.owner)
    assert again.lot_count == 3
    same = ("number", "title", "upper")
    assert list(again.lots.values(*same)) == list(round_.lots.values(*same))
