"""Bids of many rounds as columns: what every screen of rounds is given. No Django."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_IN_A_ROUND = 100
"""Rounds with more bidders tell no screen anything: whom would they take turns with."""

SETTLED, DRAWN = 10, 4
"""Passes after which habits hardly change any more, and bids that draw a firm's habit to nothing."""

GRIDS = [base * 10**power for power in range(10) for base in (1, 5)]
"""Steps in hundredths by which people round."""


def grid_of(cents: Floats) -> Floats:
    """The coarsest step that all prices of each row are multiples of; all in hundredths."""
    found = np.ones(len(cents))
    for step in GRIDS:
        found[(cents % step == 0).all(axis=1)] = step
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Bids:
    """Bids in the order of their rounds. Rounds and firms are numbers from 0; a firm may have several bids in a round.

    By bid: `amount` (nan where none is known), `won`, and `counted`: whether the bid was valid. By round: `segment`,
    within which firms could meet at all (a kind of work, a service), `day` as a number, and the upper limit (nan where
    there is none).
    """

    round: Ints
    firm: Ints
    amount: Floats
    won: Bools
    counted: Bools
    segment: Ints
    day: Ints
    upper: Floats
    firms: int

    @classmethod
    def of(
        cls, rows: Sequence[tuple[int, int, float, bool, bool]], *, segment: Sequence[int], day: Sequence[int],
        upper: Sequence[float], firms: int,
    ) -> Bids:  # fmt: skip
        """Bids as rows of round, firm, amount, won and counted, in any order."""
        columns: list[Sequence[float]] = list(zip(*rows, strict=True)) if rows else [()] * 5
        order = np.argsort(np.array(columns[0], np.int64), kind="stable")
        return cls(
            round=np.array(columns[0], np.int64)[order],
            firm=np.array(columns[1], np.int64)[order],
            amount=np.array(columns[2], np.float64)[order],
            won=np.array(columns[3], np.bool_)[order],
            counted=np.array(columns[4], np.bool_)[order],
            segment=np.array(segment, np.int64),
            day=np.array(day, np.int64),
            upper=np.array(upper, np.float64),
            firms=firms,
        )

    @property
    def rounds(self) -> int:
        return len(self.day)

    def only(self, rounds: Bools) -> Bids:
        """The bids of some rounds alone, these numbered anew; firms keep their numbers."""
        kept, number = rounds[self.round], np.cumsum(rounds) - 1
        return replace(
            self,
            round=number[self.round[kept]],
            firm=self.firm[kept],
            amount=self.amount[kept],
            won=self.won[kept],
            counted=self.counted[kept],
            segment=self.segment[rounds],
            day=self.day[rounds],
            upper=self.upper[rounds],
        )

    @cached_property
    def places(self) -> tuple[Ints, Ints]:
        """Who was in which round, each once: rounds in their order, and firms."""
        key = np.unique(self.round * max(1, self.firms) + self.firm)
        return key // max(1, self.firms), key % max(1, self.firms)

    @cached_property
    def first(self) -> Ints:
        """Where each round begins in `places`, and where the last ends."""
        return np.searchsorted(self.places[0], np.arange(self.rounds + 1))

    def firms_of(self, round_: int) -> Ints:
        """The firms of a round."""
        return self.places[1][self.first[round_] : self.first[round_ + 1]]

    @cached_property
    def size(self) -> Ints:
        """How many firms bid in each round."""
        return np.diff(self.first)

    @cached_property
    def activity(self) -> Ints:
        """In how many rounds each firm bids."""
        return np.bincount(self.places[1], minlength=self.firms)

    @cached_property
    def winner(self) -> Ints:
        """The firm that won each round; −1 where nobody did."""
        found = np.full(self.rounds, -1, np.int64)
        found[self.round[self.won]] = self.firm[self.won]
        return found

    @cached_property
    def priced(self) -> tuple[Ints, Ints, Floats]:
        """Round, firm and amount of the bids that count, each firm's lowest, from the lowest up within a round."""
        usable = self.counted & np.isfinite(self.amount) & (self.amount > 0)
        round_, firm, amount = self.round[usable], self.firm[usable], self.amount[usable]
        order = np.lexsort((amount, firm, round_))
        round_, firm, amount = round_[order], firm[order], amount[order]
        again = np.zeros(len(round_), bool)
        again[1:] = (round_[1:] == round_[:-1]) & (firm[1:] == firm[:-1])
        round_, firm, amount = round_[~again], firm[~again], amount[~again]
        order = np.lexsort((firm, amount, round_))
        return round_[order], firm[order], amount[order]

    def by_size(self, least: int = 2, only: Bools | None = None) -> Iterator[tuple[Ints, Floats, Ints]]:
        """Rounds with the same number of prices together: the rounds, and a row of prices from the lowest up, and
        whose.

        `only` leaves the bids of some firms.
        """
        round_, firm, amount = self.priced
        if only is not None:
            kept = only[firm]
            round_, firm, amount = round_[kept], firm[kept], amount[kept]
        count = np.bincount(round_, minlength=self.rounds)
        start = np.concatenate([[0], np.cumsum(count)])[:-1]
        for size in np.unique(count[(count >= least) & (count <= MOST_IN_A_ROUND)]).tolist():
            rounds = np.flatnonzero(count == size)
            at = start[rounds][:, None] + np.arange(size)
            yield rounds, amount[at], firm[at]

    @cached_property
    def habit(self) -> Floats:
        """By how much each firm usually is dearer than who bids against it, as a logarithm; drawn to nothing for firms
        with few bids.

        Firms that differ in cost differ in every round, and firms alike in cost are near each other without having
        agreed.
        """
        round_, firm, amount = self.priced
        log, own = np.log(amount), np.zeros(self.firms)
        often = np.bincount(firm, minlength=self.firms)
        size = np.maximum(np.bincount(round_, minlength=self.rounds), 1)
        for _pass in range(SETTLED):
            mean = np.bincount(round_, log - own[firm], self.rounds) / size
            own = np.bincount(firm, log - mean[round_], self.firms) / (often + DRAWN)
        return own

    @cached_property
    def usual_spread(self) -> float:
        """From the lowest to the highest price as a share of their mean, in the median round."""
        spreads = [(prices[:, -1] - prices[:, 0]) / prices.mean(axis=1) for _rounds, prices, _firms in self.by_size()]
        return float(np.median(np.concatenate(spreads))) if spreads else 0.0

    @cached_property
    def grain(self) -> Floats:
        """The step to which a round's prices are rounded, as a share of its scale; nan without two prices."""
        found = np.full(self.rounds, np.nan)
        for rounds, prices, _firms in self.by_size():
            found[rounds] = grid_of(np.rint(prices * 100)) / 100 / self.scale[rounds]
        return found

    @cached_property
    def scale(self) -> Floats:
        """What prices of a round are measured by: its upper limit, else its lowest price; nan where it has neither."""
        lowest = np.full(self.rounds, np.nan)
        round_, _firm, amount = self.priced
        lowest[round_[::-1]] = amount[::-1]
        return np.where(np.isfinite(self.upper) & (self.upper > 0), self.upper, lowest)
