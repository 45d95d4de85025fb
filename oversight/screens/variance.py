"""CL2: prices that vary little, with a large gap between the two lowest.

Imhof, Karagök and Rutz, "Screening for Bid Rigging – Does It Work?", Journal of Competition Law & Economics 14(2),
2018: the coefficient of variation of a round's bids, and the relative distance RD = (second lowest − lowest) ÷ standard
deviation of the losing bids. Conspicuous are a coefficient of at most 0.06 together with RD above 1. The normalised
distance of Huber and Imhof (2019) divides by the mean step between neighbours instead, so that it is 1 on average
whatever the number of bids.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oversight.screens.bids import Bids, Bools, Floats

CONSPICUOUS_CV, CONSPICUOUS_RD = 0.06, 1.0
LEAST = 3
"""Prices that a round must have: with two there is one losing bid, which does not vary."""


@dataclass(frozen=True, eq=False)
class Spread:
    """By round: coefficient of variation, relative and normalised distance; nan where it has fewer than three
    prices.
    """

    cv: Floats
    rd: Floats
    rdnor: Floats

    @property
    def conspicuous(self) -> Bools:
        """Which rounds are so by the published thresholds."""
        return (self.cv <= CONSPICUOUS_CV) & (self.rd > CONSPICUOUS_RD)

    @property
    def scores(self) -> Floats:
        """One half at both thresholds, more the less prices vary and the larger the gap is."""
        even = np.clip(1 - self.cv / (2 * CONSPICUOUS_CV), 0, 1)
        gap = 1 - CONSPICUOUS_RD / (CONSPICUOUS_RD + self.rd)
        return np.nan_to_num(np.sqrt(even * gap), nan=0.0)


def spread(bids: Bids) -> Spread:
    """The measures of every round."""
    cv, rd, rdnor = (np.full(bids.rounds, np.nan) for _measure in range(3))
    for rounds, prices, _firms in bids.by_size(least=LEAST):
        gap = prices[:, 1] - prices[:, 0]
        losing = prices[:, 1:].std(axis=1, ddof=1)
        step = (prices[:, -1] - prices[:, 0]) / (prices.shape[1] - 1)
        cv[rounds] = prices.std(axis=1, ddof=1) / prices.mean(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rd[rounds] = np.where(gap == 0, 0.0, gap / losing)
            rdnor[rounds] = np.where(gap == 0, 0.0, gap / step)
    return Spread(cv, rd, rdnor)
