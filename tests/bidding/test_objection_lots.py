"""Objections in a round of several lots: to one of them or to all; it is told, logged, and what voids, voids the round."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from bidding.domain import objections
from bidding.models import Entry, Lot, Objection, Round
from core import clock
from core.errors import Conflict, DomainError, NotAllowed
from ledger.models import QueuedEntry
from protocol import canonical
from tests import lots as several
from tests import market_place as market
from tests.bidding import discussion
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db

Status = Objection.Status


@pytest.fixture
def where():
    return several.place("lowest")


@pytest.fixture
def round_(where):
    made = several.opened(where, "lowest")
    Round.objects.filter(pk=made.pk).update(candidate_until=clock.now() + timedelta(minutes=10))
    return Round.objects.get(pk=made.pk)


@pytest.fixture
def bidder(round_):
    return market.member_of(Entry.objects.live().filter(lot__round=round_).first().firm.organisation)


def objects(round_, by, lot=None):
    return objections.file_objection(round_id=round_.pk, lot=lot, text="第二名的报价更低。", files=(), by=by)


def logged(round_):
    rows = QueuedEntry.objects.filter(subject=round_.subject, type__startswith="objection.").order_by("id")
    return [(row.type, canonical.decode(bytes(row.entry))["data"].get("lot")) for row in rows]


def test_who_did_not_enter_objects_to_no_lot(where, round_):
    outsider = market.member_of(market.firm(where).organisation)
    with pytest.raises(NotAllowed):
        objects(round_, outsider, round_.lots.first())
    address = reverse("bidding:object_to", args=[round_.code])
    assert acting(outsider).post(address, {"text": "不对", "lot": "1"}).status_code == 404


def test_a_lot_of_another_round_or_of_a_round_without_lots_is_refused(where, round_, bidder):
    other = several.opened(several.place("lowest"), "lowest")
    with pytest.raises(DomainError) as refused:
        objects(round_, bidder, other.lots.first())
    assert refused.value.code == "lot"
    elsewhere = market.place()
    bidders = [market.firm(elsewhere), market.firm(elsewhere)]
    alone = discussion.with_candidate(elsewhere, *bidders)
    with pytest.raises(DomainError) as refused:
        objects(alone, market.member_of(bidders[1].organisation), alone.lots.get())
    assert refused.value.code == "lot"
    assert not Objection.objects.exists()


def test_one_to_each_lot_and_one_to_all_may_wait_together(round_, bidder):
    first, second, _third = round_.lots.order_by("number")
    made = [objects(round_, bidder, lot) for lot in (first, second, None)]
    assert [each.lot for each in made] == [first, second, None]
    assert logged(round_) == [("objection.filed", "1"), ("objection.filed", "2"), ("objection.filed", None)]
    for lot in (first, second, None):
        with pytest.raises(Conflict):
            objects(round_, bidder, lot)
    with pytest.raises(IntegrityError), transaction.atomic():
        Objection.objects.filter(pk=made[1].pk).update(lot=None)


def test_the_award_of_all_lots_waits_and_what_voids_voids_the_round(where, round_, bidder):
    objection = objects(round_, bidder, round_.lots.order_by("number")[0])
    discussion.notice_ends(round_)
    market.move_on()
    assert Round.objects.get(pk=round_.pk).status == Round.Status.CANDIDATE
    discussion.settles(objection, where.operator, outcome="upheld", text="业绩不实。")
    ended = Round.objects.get(pk=round_.pk)
    assert ended.status == Round.Status.VOID
    assert logged(round_)[-1] == ("objection.answered", "1")


def test_the_lot_is_told_wherever_the_objection_is(where, round_, bidder):
    address = reverse("bidding:object_to", args=[round_.code])
    client = acting(bidder)
    assert "整次比选" in client.get(address).content.decode()
    assert client.post(address, {"text": "不对", "lot": "9"}).status_code == 422
    assert client.post(address, {"text": "第二名的报价更低。", "lot": "2"}).status_code == 302
    objection = Objection.objects.get()
    name = Lot.objects.get(round=round_, number="2").name
    assert objection.lot.number == "2"
    operator = acting(where.operator)
    page = operator.get(reverse("bidding:objection", args=[objection.code])).content.decode()
    assert name in page
    assert "作废的是整次比选" in page
    for shown in (
        client.get(address),
        client.get(reverse("bidding:round", args=[round_.code])),
        operator.get(reverse("bidding:operator_desk")),
    ):
        assert name in shown.content.decode()


def test_a_round_of_one_lot_asks_nothing():
    where = market.place()
    bidders = [market.firm(where), market.firm(where)]
    alone = discussion.with_candidate(where, *bidders)
    client = acting(market.member_of(bidders[1].organisation))
    address = reverse("bidding:object_to", args=[alone.code])
    assert 'name="lot"' not in client.get(address).content.decode()
    assert client.post(address, {"text": "资质过期。", "lot": "1"}).status_code == 302
    assert Objection.objects.get().lot is None
