"""R018, R024, R028 and R058 of Cardinal, the Open Contracting Partnership's library of procurement indicators, over our
arrays.

Definitions as published (cardinal.readthedocs.io, "Indicators"), with the exclusions that they state. Where a round is
excluded, or what an indicator asks is not known, the answer is not applicable: never that the round is clean.

- R018, single bid received: the method is competitive and one tenderer submitted a bid.
- R024, price close to winning bid: (second-lowest valid bid − winning bid) ÷ winning bid is at or below Q1 − 1.5 × IQR
  of all such.
- R028, identical bid prices: different tenderers submitted the same price; not where the buyer sets prices.
- R058, heavily discounted bid: the same difference is at or above Q3 + 1.5 × IQR; not applicable where that fence is
  not above 0.

R024 and R058 ask that one tenderer won with the lowest valid bid, and that no bid was submitted by several together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oversight.screens.bids import Bids, Bools, Floats
from oversight.screens.stepped import equal_pairs

FENCE = 1.5
LEAST = 4
"""Differences without which quartiles mean nothing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """What the indicators ask of a round beside its bids: whether anybody could bid, whether bidders set the price,
    whether firms bid together.
    """

    competitive: Bools
    priced: Bools
    joint: Bools


@dataclass(frozen=True, eq=False)
class Indicator:
    """By round: whether it applies, whether it is flagged, and its value; nan where it does not apply."""

    code: str
    applies: Bools
    flagged: Bools
    value: Floats
    fence: float | None = None

    @property
    def told(self) -> dict[str, int]:
        """How many rounds are flagged, not flagged, and outside of what the indicator can say."""
        flagged, applies = int(self.flagged.sum()), int(self.applies.sum())
        return {"flagged": flagged, "not_flagged": applies - flagged, "not_applicable": len(self.applies) - applies}


def indicators(bids: Bids, facts: Facts) -> list[Indicator]:
    """The four, in the order of their numbers."""
    difference = _differences(bids, facts)
    known = np.isfinite(difference)
    lower, upper = _fences(difference[known])
    return [
        _single(bids, facts),
        _outlying("R024", difference, lower, low=True),
        _identical(bids, facts),
        _outlying("R058", difference, upper if upper is None or upper > 0 else None, low=False),
    ]


def _single(bids: Bids, facts: Facts) -> Indicator:
    applies = facts.competitive & (bids.size > 0)
    flagged = applies & (bids.size == 1)
    return Indicator("R018", applies, flagged, np.where(flagged, 1.0, np.nan))


def _identical(bids: Bids, facts: Facts) -> Indicator:
    submitted = Bids(
        round=bids.round, firm=bids.firm, amount=bids.amount, won=bids.won, counted=np.ones(len(bids.round), bool),
        segment=bids.segment, day=bids.day, upper=bids.upper, firms=bids.firms,
    )  # fmt: skip
    applies, flagged = np.zeros(bids.rounds, bool), np.zeros(bids.rounds, bool)
    for rounds, prices, _firms in submitted.by_size(least=1):
        applies[rounds] = facts.priced[rounds]
        flagged[rounds] = facts.priced[rounds] & (equal_pairs(np.rint(prices * 100)) > 0)
    return Indicator("R028", applies, flagged, np.where(flagged, 1.0, np.nan))


def _differences(bids: Bids, facts: Facts) -> Floats:
    """The difference of R024 and R058 for every round that neither excludes."""
    found = np.full(bids.rounds, np.nan)
    won = np.bincount(bids.round[bids.won], minlength=bids.rounds)
    good = facts.priced & ~facts.joint & (won == 1)
    for rounds, prices, firms in bids.by_size():
        lowest = (firms == bids.winner[rounds][:, None]) & (prices == prices[:, :1])
        usable = good[rounds] & lowest.any(axis=1)
        found[rounds[usable]] = ((prices[:, 1] - prices[:, 0]) / prices[:, 0])[usable]
    return found


def _fences(values: Floats) -> tuple[float | None, float | None]:
    if len(values) < LEAST:
        return None, None
    first, third = np.quantile(values, [0.25, 0.75])
    return float(first - FENCE * (third - first)), float(third + FENCE * (third - first))


def _outlying(code: str, difference: Floats, fence: float | None, *, low: bool) -> Indicator:
    known = np.isfinite(difference)
    if fence is None:
        nothing = np.zeros(len(difference), bool)
        return Indicator(code, nothing, nothing, np.full(len(difference), np.nan))
    with np.errstate(invalid="ignore"):
        flagged = known & (difference <= fence if low else difference >= fence)
    return Indicator(code, known, flagged, np.where(known, difference, np.nan), fence)
