"""All scores of a city at once, from columns: the same whole numbers as `protocol.scores`, a million lines in seconds. Pure.

Two passes, each in batches, so that beside the columns there is little more than a few numbers a case and a line in memory:
first the cases and their departments' habits, then the lines. What is left is one row for each firm and service, and for each
department and item; their points, intervals and spreads are computed by the protocol's own functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocol.scores.exact import ONE
from protocol.scores.policy import Policy
from ratings.scoring.columns import DAYS_OF_MONTH, NO_CASE, NOTHING, Columns, Ints
from ratings.scoring.groups import Table, Tally, in_hundredths, table
from ratings.scoring.vectors import efficiencies, half_up, hundredths_of_days, joints, relatives, weights

Longs = NDArray[np.int64]
BATCH = 1 << 17
TOLD = ("department", "item", "committed", "statutory", "late", "used2", "decided", "same_day")
"""What the lines of one case tell of it."""


@dataclass(frozen=True, kw_only=True)
class Habits:
    """The habits of departments, by department · items + item: cases, the item's mean, the habit; 0 where there is none."""

    n: Longs
    item_mean: Longs
    value: Longs


@dataclass(frozen=True, kw_only=True)
class Whole:
    """The scores of firms by service, and of departments by item."""

    firms: Table
    departments: Table
    habits: Habits


def whole(columns: Columns, policy: Policy, *, as_of: datetime, city: Whole | None = None, batch: int = BATCH) -> Whole:
    """Every score from the lines of a city, or from a part of them beside the whole city's norms and habits (`Columns.rows`).

    Raises ValueError where two lines tell differently of one case.
    """
    cases = _Cases(columns, policy, batch)
    habits = cases.habits() if city is None else city.habits
    norms = (None, None) if city is None else (city.firms.norms, city.departments.norms)
    return Whole(
        firms=_lines(columns, cases, habits.value, as_of, norms[0]),
        departments=cases.table(as_of, norms[1]),
        habits=habits,
    )


def together(
    columns: Columns,
    policy: Policy,
    *,
    as_of: datetime,
    city: Whole,
    names: Sequence[str],
    of_lines: Ints,
    of_departments: Ints,
    norms: Whole | None = None,
) -> Whole:
    """The scores of whole groups (districts): of the lines of each as if one firm had done them, and of its departments' cases.

    of_lines, of_departments: the place in `names` of each line and of each department. A group's interval comes from how its own
    lines differ, so that it knows nothing of firms; norms: of other groups, beside which these are to be seen.
    """
    usual = (None, None) if norms is None else (norms.firms.norms, norms.departments.norms)
    lines = replace(columns, firm=of_lines.astype(np.int32), names=replace(columns.names, firm=names))
    firms = _lines(lines, _Cases(columns, policy, BATCH), city.habits.value, as_of, usual[0])
    place = of_departments.astype(np.int32)[columns.department]
    cases = _Cases(replace(columns, department=place, names=replace(columns.names, department=names)), policy, BATCH)
    return Whole(firms=firms, departments=cases.table(as_of, usual[1]), habits=city.habits)


class _Cases:
    """The cases of some lines, each once, by their place in the names."""

    def __init__(self, columns: Columns, policy: Policy, batch: int) -> None:
        self.policy, self.batch, self.names = policy, batch, columns.names
        count = len(columns.names.case)
        self.told: dict[str, NDArray[Any]] = {name: np.zeros(count, getattr(columns, name).dtype) for name in TOLD}
        self.there = np.zeros(count, np.bool_)
        for part in batches(len(columns), batch):
            own = columns.case[part] != NO_CASE
            case = columns.case[part][own]
            self.there[case] = True
            for name, kept in self.told.items():
                kept[case] = getattr(columns, name)[part][own]
        self._check(columns)
        self.used, self.e2 = (np.zeros(count, np.int64) for _each in range(2))
        for part in batches(count, batch):
            self.used[part] = hundredths_of_days(self.told["used2"][part])
            given = self.told["committed"][part]
            e2 = efficiencies(given, self.used[part], self.told["late"][part], policy)
            self.e2[part] = np.where((given != NOTHING) & self.there[part], e2, 0)

    def _check(self, columns: Columns) -> None:
        for part in batches(len(columns), self.batch):
            own = columns.case[part] != NO_CASE
            case = columns.case[part][own]
            for name, kept in self.told.items():
                other = kept[case] != getattr(columns, name)[part][own]
                if other.any():
                    code = self.names.case[int(case[other][0])]
                    raise ValueError(f"two lines tell differently of the case {code}: {name}")

    @property
    def place(self) -> Longs:
        """Department and item in one number."""
        return np.asarray(self.told["department"].astype(np.int64) * len(self.names.item) + self.told["item"], np.int64)

    @property
    def usual(self) -> NDArray[np.bool_]:
        """`CaseTime.is_usual`."""
        return np.asarray((self.told["decided"] != NOTHING) & ~self.told["same_day"] & (self.e2 > 0), np.bool_)

    def habits(self) -> Habits:
        """`lines.habits`."""
        usual, items = self.usual, len(self.names.item)
        place, e2 = self.place[usual], self.e2[usual]
        n, total = (np.zeros(len(self.names.department) * items, np.int64) for _each in range(2))
        np.add.at(n, place, 1)
        np.add.at(total, place, e2)
        all_n, all_total = (each.reshape(len(self.names.department), items).sum(axis=0) for each in (n, total))
        item_mean = np.tile(half_up(all_total, np.maximum(1, all_n)), len(self.names.department))
        k = self.policy.habit_cases
        value = half_up(total + k * item_mean, np.maximum(1, n + k))
        return Habits(n=n, item_mean=np.where(n, item_mean, 0), value=np.where(n, value, 0))

    def table(self, as_of: datetime, norms: Any) -> Table:
        """The scores of departments."""
        told = self.told
        counts = (self.e2 > 0) & ((told["decided"] != NOTHING) | (self.used > in_hundredths(told["committed"])))
        group, pairs = grouped(self.place, len(self.names.department) * len(self.names.item), counts)
        tally = Tally(len(pairs), months_of(told["decided"][counts]))
        limit = in_hundredths(np.where(told["statutory"] != NOTHING, told["statutory"], told["committed"]))
        for part in batches(len(counts), self.batch):
            rows = counts[part]
            decided = told["decided"][part][rows]
            tally.add(
                group[part][rows],
                value=self.e2[part][rows],
                alone=self.e2[part][rows],
                weight=weights(decided, self.policy, as_of=as_of),
                days=self.used[part][rows],
                first_pass=told["late"][part][rows] == 0,
                overdue=(self.used > limit)[part][rows],
                ended=decided,
            )
        department, item = np.divmod(pairs, max(1, len(self.names.item)))
        return table(tally, department, item, self.policy, norms=norms)


def _lines(columns: Columns, cases: _Cases, habit: Longs, as_of: datetime, norms: Any) -> Table:
    """The scores of firms."""
    policy, firms = cases.policy, len(columns.names.firm)
    pair = columns.service.astype(np.int64) * firms + columns.firm
    group, pairs = grouped(pair, firms * len(columns.names.service), np.ones(len(pair), np.bool_))
    tally = Tally(len(pairs), months_of(columns.ended))
    place = cases.place
    usual = cases.usual & (habit[place] > 0)
    for part in batches(len(columns), cases.batch):
        promised, standard = columns.promised[part], columns.standard[part]
        used = hundredths_of_days(columns.used1[part])
        late = used > in_hundredths(promised)
        reference = np.where(standard == NOTHING, promised, np.minimum(promised, standard))
        e1 = efficiencies(reference, used, columns.returns[part], policy)
        beside, case = np.full(len(used), ONE, np.int64), columns.case[part]
        compared = np.flatnonzero(case != NO_CASE)
        compared = compared[usual[case[compared]]]
        own = case[compared]
        beside[compared] = relatives(cases.e2[own], habit[place[own]], policy)
        rows = ~columns.running[part] | late
        ended = columns.ended[part][rows]
        tally.add(
            group[part][rows],
            value=joints(e1, beside)[rows],
            alone=e1[rows],
            weight=weights(ended, policy, as_of=as_of),
            days=used[rows],
            first_pass=columns.returns[part][rows] == 0,
            overdue=late[rows],
            ended=ended,
        )
    service, firm = np.divmod(pairs, max(1, firms))
    return table(tally, firm, service, policy, norms=norms)


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices that cover so many rows."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def grouped(pair: Longs, most: int, counts: NDArray[np.bool_]) -> tuple[Longs, Longs]:
    """The group of each row, and the pair of each group; pairs are below `most`."""
    there = np.zeros(most, np.bool_)
    there[pair[counts]] = True
    return (np.cumsum(there) - 1)[pair], np.flatnonzero(there)


def months_of(days: NDArray[Any]) -> range:
    """The months that these day numbers, some of them 0, lie in."""
    ended = days[days != NOTHING] // DAYS_OF_MONTH
    return range(int(ended.min()), int(ended.max()) + 1) if len(ended) else range(1)
