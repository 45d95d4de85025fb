"""CL3: close losing bids are missing just around the winner.

Chassang, Kawai, Nakabayashi and Ortner, "Robust Screens for Noncompetitive Bidding in Procurement Auctions",
Econometrica 90(1), 2022. Δ is a bid less the lowest of the others, as a share of the reserve price: under competition
nobody knows exactly what others bid, so its density has no hole at zero. In a cartel that has agreed who wins, the
others stay clear of that price.

The test asks of the gap between the two lowest bids, which is |Δ| of both: no fewer should be within h than between h
and 2h, because the first spacing of independent bids is densest at zero. Equal bids count as close. By P(X ≤ close) of
Binomial(close + next, ½), the best of four h, times four. It takes the two lowest alone: the density of all losing bids
rises where costs are bell-shaped. Where prices are rounded to steps coarser than h, gaps below h cannot occur, and the
round is not asked at that h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oversight.screens.bids import Bids, Bools, Floats, Ints
from oversight.screens.chance import binomial_at_most

WIDTHS = (0.0025, 0.005, 0.01, 0.02)


@dataclass(frozen=True, eq=False)
class Missing:
    """By firm, or for one set of rounds: how many gaps are close and next, at the width that shows most, and how
    probable that is.
    """

    close: Ints
    next: Ints
    width: Floats
    p: Floats

    @property
    def share(self) -> Floats:
        """What is missing: 0 where as many are close as next, 1 where none is close."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.nan_to_num(1 - self.close / self.next, nan=0.0, neginf=0.0)


def gaps(bids: Bids, only: Bools | None = None) -> Floats:
    """The gap between the two lowest bids of each round, of some firms or all, as a share of its scale; nan without
    two.
    """
    found = np.full(bids.rounds, np.nan)
    for rounds, prices, _firms in bids.by_size(only=only):
        found[rounds] = (prices[:, 1] - prices[:, 0]) / bids.scale[rounds]
    return found


def test(gap: Floats, grain: Floats) -> Missing:
    """Whether close gaps are missing among these."""
    known = np.isfinite(gap)
    return _best(*_counts(np.zeros(int(known.sum()), np.int64), gap[known], grain[known], 1))


def by_firm(bids: Bids) -> Missing:
    """For every firm: whether close gaps are missing where it is one of the two lowest."""
    firm, gap, grain = [], [], []
    for rounds, prices, firms in bids.by_size():
        share = (prices[:, 1] - prices[:, 0]) / bids.scale[rounds]
        firm.append(firms[:, :2].ravel())
        gap.append(np.repeat(share, 2))
        grain.append(np.repeat(bids.grain[rounds], 2))
    if not firm:
        return _best(*_counts(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), bids.firms))
    return _best(*_counts(np.concatenate(firm), np.concatenate(gap), np.concatenate(grain), bids.firms))


def _counts(who: Ints, gap: Floats, grain: Floats, count: int) -> tuple[Ints, Ints]:
    close = [np.bincount(who[(grain <= width) & (gap <= width)], minlength=count) for width in WIDTHS]
    after = [
        np.bincount(who[(grain <= width) & (gap > width) & (gap <= 2 * width)], minlength=count) for width in WIDTHS
    ]
    return np.array(close), np.array(after)


def _best(close: Ints, after: Ints) -> Missing:
    p = np.minimum(1.0, len(WIDTHS) * binomial_at_most(close, close + after))
    at = p.argmin(axis=0)
    where = (at, np.arange(close.shape[1]))
    return Missing(close[where], after[where], np.array(WIDTHS)[at], p[where])
