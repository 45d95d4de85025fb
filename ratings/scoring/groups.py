"""What many lines (or cases) come to, group by group, in whole numbers: `protocol.scores.figures` over arrays. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocol.scores.exact import HUNDRED
from protocol.scores.exact import half_up as half_up_of_one
from protocol.scores.figures import Figures, Month, Norm, Score, half_width, mean_of, overall, points, share, spread_of
from protocol.scores.policy import Policy
from ratings.scoring.columns import DAYS_OF_MONTH, NOTHING
from ratings.scoring.vectors import half_up

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
DAYS_BITS = 32
"""Hundredths of days are below 2³², so that group and days make one number to be sorted."""
SUMS = ("n", "weight", "weighted", "alone", "weight_squares", "total", "squares", "first_pass", "overdue")


class Tally:
    """Sums by group, filled batch by batch; beside them one number a line that has ended, for median and percentile."""

    def __init__(self, groups: int, months: range) -> None:
        self.months = months
        self.sums = {name: np.zeros(groups, np.int64) for name in SUMS}
        self.month_n = np.zeros(groups * len(months), np.int32)
        self.month_total = np.zeros(groups * len(months), np.int64)
        self._days: list[Longs] = []

    def add(
        self,
        group: Longs,
        *,
        value: Longs,
        alone: Longs,
        weight: Longs,
        days: Longs,
        first_pass: Flags,
        overdue: Flags,
        ended: NDArray[Any],
    ) -> None:
        """Add some lines; ended is a `day_number`, alone E₁ (or E₂), which stands beside the score."""
        over = ended != NOTHING
        for name, rows in (("n", group), ("first_pass", group[first_pass & over]), ("overdue", group[overdue])):
            self.sums[name] += np.bincount(rows, minlength=len(self.sums[name]))
        for name, each in (
            ("weight", weight), ("weighted", weight * value), ("alone", weight * alone),
            ("weight_squares", weight * weight), ("total", value), ("squares", value * value),
        ):  # fmt: skip
            np.add.at(self.sums[name], group, each)
        self._days.append(group[over] << DAYS_BITS | days[over])
        month = group[over] * len(self.months) + (ended[over] // DAYS_OF_MONTH - self.months.start)
        np.add.at(self.month_n, month, np.int32(1))
        np.add.at(self.month_total, month, value[over])

    def ordered(self) -> Longs:
        """Group and days of everything that has ended, in order."""
        days = np.concatenate(self._days) if self._days else np.zeros(0, np.int64)
        days.sort()
        return days


@dataclass(frozen=True, kw_only=True)
class Table:
    """A row for each firm (or department) and service (or item); `who` and `what` are places in the names.

    Columns as in `figures`; first_pass counts, days in hundredths, −1 where nothing has ended. weighted, alone (Σ w·E₁ or Σ w·E₂)
    and the sums of squares are in 10⁻⁸.
    """

    who: Longs
    what: Longs
    n: Longs
    ended: Longs
    weight: Longs
    weighted: Longs
    alone: Longs
    weight_squares: Longs
    first_pass: Longs
    overdue: Longs
    median: Longs
    p90: Longs
    norms: Mapping[int, Norm]
    months: range
    month_n: NDArray[np.int32]
    month_total: Longs
    policy: Policy

    def __len__(self) -> int:
        return len(self.who)

    @cached_property
    def scores(self) -> list[Score]:
        """The score of each row."""
        columns = (self.what.tolist(), self.weight.tolist(), self.weighted.tolist(), self.weight_squares.tolist())
        return [self._score(*row) for row in zip(*columns, strict=True)]

    def _score(self, what: int, weight: int, weighted: int, squares: int) -> Score:
        norm, policy = self.norms[what], self.policy
        return Score(
            weight=weight,
            score=points(weight, weighted, norm.mean, policy),
            half=half_width(weight, squares, norm.spread, policy),
            ranked=weight >= policy.least_ranked,
        )

    @cached_property
    def overall(self) -> dict[int, Score | None]:
        """The score of each firm (or department) over all its rows."""
        own: dict[int, list[Score]] = defaultdict(list)
        for who, score in zip(self.who.tolist(), self.scores, strict=True):
            own[who].append(score)
        return {who: overall(scores, self.policy) for who, scores in own.items()}

    def figures(self, row: int) -> Figures:
        """One row as `protocol.scores.figures` gives it."""
        ended = int(self.ended[row])
        return Figures(
            n=int(self.n[row]),
            norm=self.norms[int(self.what[row])],
            score=self.scores[row],
            first_pass_rate=share(int(self.first_pass[row]), ended),
            median_days=int(self.median[row]) if ended else None,
            p90_days=int(self.p90[row]) if ended else None,
            overdue=share(int(self.overdue[row]), int(self.n[row])) or 0,
            trend=self.trend(row),
        )

    def trend(self, row: int) -> tuple[Month, ...]:
        """The months of one row."""
        width = len(self.months)
        n, total = (column[row * width : (row + 1) * width].tolist() for column in (self.month_n, self.month_total))
        return tuple(
            Month(month=f"{month // 12}-{month % 12 + 1:02}", n=n[place], mean=half_up_of_one(total[place], n[place]))
            for place, month in enumerate(self.months)
            if n[place]
        )


def table(tally: Tally, who: Longs, what: Longs, policy: Policy, *, norms: Mapping[int, Norm] | None = None) -> Table:
    """The rows of a tally whose groups are these. norms: of the city, where the tally is of a part of it."""
    kept = tally.sums["n"] > 0
    sums = {name: column[kept] for name, column in tally.sums.items()}
    ordered = tally.ordered()
    ended = np.bincount(ordered >> DAYS_BITS, minlength=len(who))
    median, p90 = _percentiles(ordered, ended)
    own = norms if norms is not None else _norms(sums, what[kept], policy)
    width = len(tally.months)
    return Table(
        who=who[kept],
        what=what[kept],
        ended=ended[kept],
        median=median[kept],
        p90=p90[kept],
        norms=own,
        months=tally.months,
        month_n=tally.month_n.reshape(-1, width)[kept].ravel(),
        month_total=tally.month_total.reshape(-1, width)[kept].ravel(),
        policy=policy,
        **{name: sums[name] for name in SUMS if name not in ("total", "squares")},
    )


def _percentiles(ordered: Longs, ended: Longs) -> tuple[Longs, Longs]:
    """Median and 90th percentile of each group, −1 for none: `exact.median` and `exact.percentile_90`."""
    median, p90 = (np.full(len(ended), -1, np.int64) for _each in range(2))
    some = ended > 0
    n, days = ended[some], ordered & ((1 << DAYS_BITS) - 1)
    start = np.cumsum(n) - n
    middle = start + n // 2
    median[some] = np.where(n % 2, days[middle], half_up(days[middle - (n % 2 == 0)] + days[middle], 2))
    p90[some] = days[start + (9 * n + 9) // 10 - 1]
    return median, p90


def _norms(sums: Mapping[str, Longs], what: Longs, policy: Policy) -> dict[int, Norm]:
    """`figures.norm` of each service or item."""
    n, total, weight = sums["n"], sums["total"], sums["weight"]
    own = half_up(total, n)
    squares = sums["squares"] - 2 * own * total + n * own * own
    means = half_up(sums["weighted"], np.maximum(1, weight))
    found: dict[int, Norm] = {}
    for each in np.unique(what).tolist():
        rows = what == each
        having = means[rows & (weight > 0)].tolist()
        free = int(n[rows].sum() - rows.sum())
        found[each] = Norm(mean=mean_of(having, policy), spread=spread_of(int(squares[rows].sum()), free, policy))
    return found


def in_hundredths(days: Sequence[int] | NDArray[Any]) -> Longs:
    """Whole days as hundredths."""
    return np.asarray(days, np.int64) * HUNDRED
