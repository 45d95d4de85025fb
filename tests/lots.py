"""Rounds of three lots for tests: two that are decided, each by limits of its own, and one that fails."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from bidding.domain import auction, choosing
from bidding.domain.lots import LotTerms
from bidding.models import Auction, Lot, Round
from core import clock
from market.models import Firm
from tests import consortia as joint
from tests import custody
from tests import market_place as market
from tests.bidding import panel

UPPERS = ("60000.00", "45000.00", "20000.00")
PRICES = ("30000.00", "25000.00", "10000.00")
TERMS: dict[str, dict[str, Any]] = {
    "draw": {},
    "lowest": {},
    "mean": {"coefficients": ["0.95", "0.97"], "trim_over": "3"},
    "lowest_draw": {"k": "2"},
    "credit_draw": {"long_list": "4", "short_list": "2"},
    "auction": {"step": "500.00", "extend_within_s": "60", "extend_by_s": "60"},
    "scored": {"weights": panel.WEIGHTS},
    "proposal": {"ground": "方案差别大"},
    "direct": {"ground": "续做上一阶段"},
}
FIXED = ("draw", "credit_draw", "direct")
"""Methods by which the owner fixes the price."""
AMOUNTS = (("50000.00", "51000.00", "52000.00"), ("44000.00", "43000.00", "46000.00"), ("20000.01",))
"""By lot; the last of the second lot and the one of the third are above their lot's limit."""


def place(method: str) -> market.Place:
    return market.place(direct_limit="100000.00", auction_lead_minutes=1, auction_minutes=2)


def terms(method: str) -> list[LotTerms]:
    titles = ("环境影响报告", "水土保持方案", "节能报告")
    name, amounts = ("price", PRICES) if method in FIXED else ("upper", UPPERS)
    return [LotTerms(title=title, **{name: Decimal(amount)}) for title, amount in zip(titles, amounts, strict=True)]


def opened(where: market.Place, method: str, *, together: bool = False) -> Round:
    """A round that has been closed, opened, and goes on as far as it does by itself; `together`: every entrant is two firms."""
    start = clock.now() - timedelta(minutes=30)
    with clock.travelling(start):
        firms = [market.firm(where) for _number in range(3)]
        if method == "scored":
            for _number in range(5):
                panel.expert(where)
        named = firms[0] if method == "direct" else None
        budget = {"budget": Decimal("200000.00"), "parameters": TERMS[method], "lots": terms(method), "named": named}
        round_ = market.announced(where, method=method, consortium_most=2 if together else None, **budget)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        if together:
            for lead in firms:
                joint.formed(round_, lead, market.firm(where))
        _enter(round_, method, firms)
    assert round_.closes_at is not None
    market.goes_on(round_, at=round_.closes_at)
    return Round.objects.get(pk=round_.pk)


def _enter(round_: Round, method: str, firms: list[Firm]) -> None:
    """All enter the first two lots; the third is entered where an amount is what makes it fail."""
    for lot, amounts in enumerate(AMOUNTS, start=1):
        if lot == 3 and (method in FIXED or method == "auction"):
            continue
        for firm, amount in zip(firms[:1] if method == "direct" else firms, amounts, strict=False):
            market.enters(round_, firm, None if method in FIXED or method == "auction" else amount, lot=str(lot))


def lived(where: market.Place, method: str, *, together: bool = False) -> Round:
    """A round that has come to its candidates."""
    return decided(opened(where, method, together=together), method, where)


def decided(round_: Round, method: str, where: market.Place) -> Round:
    """What people decide after the opening, by methods that want it."""
    if method == "scored":
        return panel.judge(round_)
    if method == "auction":
        _bid(round_)
    elif method in ("credit_draw", "proposal"):
        _pick(round_, where)
    return Round.objects.get(pk=round_.pk)


def _bid(round_: Round) -> None:
    for held in Auction.objects.filter(lot__round=round_).select_related("lot"):
        with clock.travelling(held.starts_at + timedelta(seconds=5)):
            for amount, entry in zip(("44000.00", "43000.00"), held.lot.entries.all(), strict=False):
                user = market.member_of(entry.firm.organisation).user
                auction.place_offer(lot_id=held.lot_id, firm=entry.firm, user=user, amount=Decimal(amount))
    last = Auction.objects.filter(lot__round=round_).latest("ends_at")
    market.goes_on(round_, at=last.ends_at)


def _pick(round_: Round, where: market.Place) -> None:
    assert round_.opened_at is not None
    for lot in round_.lots.order_by("number"):
        if not lot.short_list:
            continue
        with clock.travelling(round_.opened_at + timedelta(seconds=10)):
            choosing.choose(
                round_id=round_.pk, uscc=lot.short_list[-1], reason="更合适",
                reasons=dict.fromkeys(lot.short_list, "比较过"), by=where.owner, lot=lot.number,
            )  # fmt: skip
    market.goes_on(round_, at=round_.opened_at + timedelta(seconds=20))


def lot_of(round_: Round, number: str) -> Lot:
    return round_.lots.select_related("winner__organisation").get(number=number)
