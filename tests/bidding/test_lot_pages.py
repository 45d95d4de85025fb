"""The pages of a round of several lots: what a firm sees of its own lot by lot, and that nobody sees more."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from bidding.domain import entries
from bidding.models import Entry, Round
from core import clock
from tests import lots
from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def where():
    return market.place()


@pytest.fixture
def round_(where):
    return market.announced(where, parameters={}, lots=lots.terms("lowest"), budget=Decimal("200000.00"))


@pytest.fixture
def firm(where):
    return market.firm(where)


def page(client, name, *arguments, query=""):
    return client.get(reverse(f"bidding:{name}", args=arguments) + query)


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_announcement_tells_every_lot(where, round_):
    for name in ("round", "notice"):
        told = text(page(Client(), name, round_.code))
        assert "水土保持方案" in told and "45,000.00" in told and "标段 3" in told
    assert "3 个标段" in text(page(Client(), "rounds"))
    assert "节能报告" in text(page(acting(where.operator), "check", round_.code))
    assert "节能报告" in text(page(acting(where.owner), "owner_round", round_.code))
    told = Client().get(f"/api/v1/rounds/{round_.code}").json()
    assert told["parameters"] == {}
    assert [(each["lot"], each["title"], each["upper"]) for each in told["lots"]][1] == (
        "2",
        "水土保持方案",
        "45000.00",
    )


def test_a_firm_sees_what_it_has_in_each_lot(where, round_, firm):
    client = acting(market.member_of(firm.organisation))
    assert "报名" in text(page(client, "enter", round_.code))
    market.enters(round_, firm, "40000.00", lot="2")
    listed = text(page(client, "enter", round_.code))
    assert "?lot=1" in listed and listed.count(">更换<") == 1
    sealing = text(page(client, "enter", round_.code, query="?lot=2"))
    assert 'data-lot="2"' in sealing and 'data-upper="45000.00"' in sealing and "贵机构已经报名" in sealing
    entry = entries.my_entry(round_, firm, lot="2")
    assert entry.envelope_sha256 in text(page(client, "receipt", round_.code, query="?lot=2"))
    assert entry.envelope_sha256 not in text(page(client, "enter", round_.code, query="?lot=1"))
    for name in ("receipt", "withdraw"):
        for query in ("", "?lot=1", "?lot=9", "?lot=%00", "?lot=2&lot=1"):
            assert page(client, name, round_.code, query=query).status_code == 404
    assert page(client, "enter", round_.code, query="?lot=9").status_code == 404
    assert "标段 2" in text(page(client, "entries"))
    assert "各标段" in text(page(client, "round", round_.code))


def test_only_the_lot_that_is_named_is_withdrawn(where, round_, firm):
    client = acting(market.member_of(firm.organisation))
    for lot in ("1", "2"):
        market.enters(round_, firm, "40000.00", lot=lot)
    address = reverse("bidding:withdraw", args=[round_.code]) + "?lot=2"
    assert client.post(address, {"token": market.token_of(round_, firm, lot="1")}).status_code == 422
    assert client.post(address, {"token": market.token_of(round_, firm, lot="2")}).status_code == 302
    assert [each.lot.number for each in entries.my_entries(round_, firm)] == ["1"]


def test_the_service_centre_says_of_which_lot(where, round_, firm):
    for lot in ("1", "2"):
        market.enters(round_, firm, "40000.00", lot=lot)
    client, address = acting(where.operator), reverse("bidding:withdraw_for", args=[round_.code])
    form = {"uscc": firm.uscc, "reason": "凭证丢失"}
    assert client.post(address, form).status_code == 422
    assert client.post(address, {**form, "lot": "9"}).status_code == 422
    assert client.post(address, {**form, "lot": "1"}).status_code == 302
    assert [each.lot.number for each in entries.my_entries(round_, firm)] == ["2"]


def test_before_opening_nobody_sees_who_entered_which_lot(where, round_, firm):
    others = [
        acting(where.owner),
        acting(where.operator),
        acting(market.member_of(market.firm(where).organisation)),
        Client(),
    ]

    def shown():
        pages = [
            client.get(reverse(f"bidding:{name}", args=[round_.code]))
            for client in others
            for name in ("round", "notice")
        ]
        pages.append(others[2].get(reverse("bidding:enter", args=[round_.code])))
        return [str(answer.context.get("own")) + str(answer.context.get("worked")) for answer in pages]

    with clock.travelling(clock.now()):
        before = shown()
        market.enters(round_, firm, "41234.00", lot="2")
        assert shown() == before
        for client in others:
            answer = page(client, "round", round_.code).content.decode()
            assert firm.uscc not in answer and firm.organisation.name not in answer
        record = Client().get(f"/rounds/{round_.code}/record.json").json()
        assert not any(lot["entries"] for lot in record["lots"])


def test_an_owner_picks_lot_by_lot(where):
    round_ = lots.opened(lots.place("credit_draw"), "credit_draw")
    owner = acting(round_.owner.memberships.get())
    with clock.travelling(round_.opened_at):
        assert "标段 1 · 环境影响报告" in text(page(owner, "choose", round_.code))
        form = {"lot": "1", "chosen": "1", "reason": "更合适"}
        answer = owner.post(reverse("bidding:choose", args=[round_.code]), form)
        assert answer["Location"] == reverse("bidding:choose", args=[round_.code])
        owner.post(reverse("bidding:choose", args=[round_.code]), form)  # pressed twice: the next lot is not touched
        assert "标段 2 · 水土保持方案" in text(page(owner, "choose", round_.code))
        assert lots.lot_of(round_, "2").choice is None
        answer = owner.post(reverse("bidding:choose", args=[round_.code]), form | {"lot": "2"})
        assert answer["Location"] == reverse("bidding:round", args=[round_.code])
    assert Round.objects.get(pk=round_.pk).status == "evaluated"
    assert page(owner, "choose", round_.code)["Location"] == reverse("bidding:round", args=[round_.code])


@pytest.mark.parametrize("method", ["lowest", "auction", "scored", "direct"])
def test_the_result_is_told_lot_by_lot(method):
    place = lots.place(method)
    round_ = lots.lived(place, method)
    told = text(page(Client(), "round", round_.code))
    assert "标段 1 · 环境影响报告" in told and "标段 3 · 节能报告" in told
    assert told.count("因此流标") == 1
    winner = acting(market.member_of(lots.lot_of(round_, "1").winner.organisation))
    assert "1 · 环境影响报告" in text(page(winner, "walk_away", round_.code, "1"))
    market.goes_on(round_, at=round_.candidate_until)
    award = text(page(Client(), "award", round_.code))
    assert "1 · 环境影响报告" in award and "2 · 水土保持方案" in award and "节能" not in award
    if method == "auction":
        assert "标段 2 · 水土保持方案" in text(page(Client(), "auction", round_.code, "2"))
    assert Entry.objects.filter(lot__round=round_).exists()
