"""Bids for the screens, written as rounds of prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan

from oversight.screens.bids import Bids


def of_prices(*rounds: Sequence[float], upper: float = nan) -> Bids:
    """Rounds of prices, each of its own firms in order; the lowest wins."""
    return of_rounds(*(dict(enumerate(prices)) for prices in rounds), upper=upper)


def of_rounds(*rounds: Mapping[int, float], upper: float = nan, segment: int = 0) -> Bids:
    """Rounds as firms and their prices, a day apart; the lowest wins."""
    rows = []
    for number, prices in enumerate(rounds):
        best = min(prices, key=lambda firm: (prices[firm], firm)) if prices else None
        rows += [(number, firm, float(price), firm == best, True) for firm, price in prices.items()]
    firms = 1 + max((row[1] for row in rows), default=-1)
    count = len(rounds)
    return Bids.of(rows, segment=[segment] * count, day=list(range(count)), upper=[upper] * count, firms=firms)
