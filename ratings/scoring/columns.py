"""Lines as columns: what the score reads of many lines, as arrays of whole numbers. Pure.

A row costs about 80 bytes, whatever its texts are. `Columns.of` fills them from any iterable of lines, one by one, so that nobody
has to hold a million objects; a reader of the database may fill them by itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocol.scores.exact import CHINA
from protocol.scores.lines import ScoredLine

Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]

NAMED = ("firm", "service", "department", "item", "district", "case")
NOTHING = 0
"""No days given, or not ended."""
NO_CASE = -1
DAYS_OF_MONTH = 32


def day_number(moment: datetime | None) -> int:
    """A date in China as one number, of which `month_number` and the day of the month are read; 0 for None."""
    if moment is None:
        return NOTHING
    local = moment.astimezone(CHINA)
    return (local.year * 12 + local.month - 1) * DAYS_OF_MONTH + local.day


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the numbers in the columns stand for: the n-th name is number n."""

    firm: Sequence[str]
    service: Sequence[str]
    department: Sequence[str]
    item: Sequence[str]
    district: Sequence[str]
    case: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """One array a field of `ScoredLine`, all of one length.

    firm … case: places in `names` (case −1: none). Days that were given: 0 for none. used1, used2: microseconds (used2 −1: none).
    ended, decided: `day_number`, 0 while it runs.
    """

    names: Names
    firm: Ints
    service: Ints
    department: Ints
    item: Ints
    district: Ints
    case: Ints
    promised: Ints
    standard: Ints
    committed: Ints
    statutory: Ints
    returns: Ints
    late: Ints
    used1: Ints
    used2: Ints
    ended: Ints
    decided: Ints
    running: Flags
    same_day: Flags

    def __len__(self) -> int:
        return len(self.firm)

    def rows(self, where: slice | Flags) -> Columns:
        """Some of the rows, such as those of a district; the names stay."""
        parts = {field.name: getattr(self, field.name)[where] for field in fields(self) if field.name != "names"}
        return Columns(names=self.names, **parts)

    @classmethod
    def of(cls, lines: Iterable[ScoredLine]) -> Columns:
        """The columns of some lines, in any order; the order of the names is that of their first appearance."""
        places: dict[str, dict[str, int]] = {name: {} for name in NAMED}
        kept: dict[str, array[int]] = {name: array("q") for name in COLUMNS}
        for line in lines:
            for name, value in _numbers(line, places).items():
                kept[name].append(value)
        columns: dict[str, Any] = {
            name: np.frombuffer(kept[name], np.int64).astype(kind) for name, kind in COLUMNS.items()
        }
        return cls(names=Names(**{name: list(found) for name, found in places.items()}), **columns)


COLUMNS: dict[str, type[np.generic]] = {
    **dict.fromkeys(NAMED, np.int32),
    **dict.fromkeys(("promised", "standard", "committed", "statutory", "returns", "late"), np.int32),
    **dict.fromkeys(("used1", "used2"), np.int64),
    **dict.fromkeys(("ended", "decided"), np.int32),
    **dict.fromkeys(("running", "same_day"), np.bool_),
}
"""Every column with its type."""


def _numbers(line: ScoredLine, places: dict[str, dict[str, int]]) -> dict[str, int]:
    has_case = line.case is not None and line.used2 is not None
    told = {name: found.setdefault(getattr(line, name), len(found)) for name, found in places.items() if name != "case"}
    cases = places["case"]
    return told | {
        "case": cases.setdefault(line.case or "", len(cases)) if has_case else NO_CASE,
        "promised": line.promised_days,
        "standard": line.standard_days or NOTHING,
        "committed": line.committed_days or NOTHING,
        "statutory": line.statutory_days or NOTHING,
        "returns": line.returns,
        "late": line.late_corrections,
        "used1": line.used1,
        "used2": NO_CASE if line.used2 is None else line.used2,
        "ended": day_number(line.ended),
        "decided": day_number(line.decided_at),
        "running": line.running,
        "same_day": line.same_day,
    }
