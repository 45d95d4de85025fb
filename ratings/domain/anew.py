"""All lines computed anew from their recorded events: after the rules or the table of holidays have changed, or to be sure.

A batch of lines at a time, or one for each of several hands, each in a transaction of its own: memory is that of these batches,
readers see every line whole, and what was broken off goes on where it stood. The rules are those of the timeline, by shapes
(`ratings.plans`); rooms are not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from django.db import connection, transaction

from ratings.columns import Batch, Columns, Ints, Shape, calendar_over, computed
from ratings.domain.case_rows import refresh_cases
from ratings.domain.copying import Column, Read, copy_in, read_events
from ratings.domain.reading import shape_for
from ratings.domain.refreshing import hold_alone
from ratings.domain.writing import MOMENTS, NUMBERS, case_ids, forget_lines, replace_segments, workdays_over
from ratings.models import CaseRow, LineEvents

LINES = 50_000
"""Lines of a batch."""
HANDS = 2
"""How many batches are worked on at once where nothing else is said: most of the work is the database's, which has more cores."""
CASES = 500
"""Cases of several lines that are computed together."""
_OWN = (*MOMENTS, *NUMBERS)
_TYPES = dict.fromkeys(MOMENTS, "timestamptz") | dict.fromkeys(NUMBERS, "int2") | {"used1": "int8", "used2": "int8"}
_STAGE = f"""
CREATE TEMPORARY TABLE anew_line (line bigint, {", ".join(f"{name} {_TYPES[name]}" for name in _OWN)}) ON COMMIT DROP;
CREATE TEMPORARY TABLE anew_case (line bigint, case_id bigint, used2 bigint, late_corrections int2, counted_from timestamptz)
ON COMMIT DROP;
"""
_LINES = f"""
UPDATE ratings_linerow AS known SET {", ".join(f"{name} = new.{name}" for name in _OWN)}
FROM anew_line AS new WHERE known.id = new.line
"""  # noqa: S608
# A case that serves one line has the time of that line.
_CASES = """
UPDATE ratings_caserow AS known
SET used2 = new.used2, late_corrections = new.late_corrections, counted_from = new.counted_from
FROM anew_case AS new WHERE known.case_id = new.case_id AND known.lines = 1
"""
_GONE = """
DELETE FROM ratings_caseofline AS link USING anew_line AS new
WHERE link.line_id = new.line
  AND NOT EXISTS (SELECT FROM anew_case AS own WHERE own.line = link.line_id AND own.case_id = link.case_id)
RETURNING link.case_id
"""
_FRESH = """
INSERT INTO ratings_caseofline (line_id, case_id) SELECT line, case_id FROM anew_case
ON CONFLICT DO NOTHING RETURNING case_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many lines were computed, and the number of the last one."""

    lines: int
    last: int


def compute_all(*, after: int = 0, hands: int = 1, tell: Callable[[Progress], object] = lambda progress: None) -> int:
    """Compute all lines anew, or those `after` a number; give how many. `tell` hears of the batches that are done.

    hands: how many batches at once, each but a single one by a thread with a connection of its own, which sees what is committed.
    """
    done, moved = 0, set[int]()
    while bounds := _bounds(after, hands):
        with transaction.atomic():
            hold_alone()
            done += sum(_by_hands(list(zip([after, *bounds], bounds, strict=False)), moved))
        after = bounds[-1]
        tell(Progress(lines=done, last=after))
    several = CaseRow.objects.filter(lines__gt=1).order_by("pk").values_list("pk", flat=True)
    _refresh(sorted({*several, *moved}))
    return done


def _bounds(after: int, hands: int) -> list[int]:
    """The last lines of the next batches, one for each hand as far as there are lines."""
    found: list[int] = []
    lines = LineEvents.objects.order_by("line_id").values_list("line_id", flat=True)
    while len(found) < hands:
        left = lines.filter(line_id__gt=found[-1] if found else after)
        last = left[LINES - 1 : LINES].first() or left.last()
        if last is None:
            break
        found.append(last)
    return found


def _by_hands(batches: Sequence[tuple[int, int]], moved: set[int]) -> list[int]:
    """Work on batches, all at once; give how many lines each had. The lock is held by who asks."""
    if len(batches) == 1:
        return [_compute(batches[0], moved)]
    with ThreadPoolExecutor(len(batches)) as threads:
        return list(threads.map(partial(_compute_aside, moved=moved), batches))


def _compute_aside(batch: tuple[int, int], *, moved: set[int]) -> int:
    try:
        with transaction.atomic():
            return _compute(batch, moved)
    finally:
        connection.close()


def _compute(bounds: tuple[int, int], moved: set[int]) -> int:
    """Compute the lines after one and up to another; give how many. `moved`: cases found to serve other lines than before."""
    read = read_events(after=bounds[0], until=bounds[1])
    if not read:
        return 0
    batch, cases, empty = _batch(read)
    forget_lines(empty)
    if batch.lines.size:
        columns = computed(batch, calendar_over(workdays_over(batch.times), batch.times))
        _write(columns, cases, moved)
    return sum(each.lines.size for each in read)


def _batch(read: list[Read]) -> tuple[Batch, tuple[Ints, Ints], list[int]]:
    """Lines that were read as a batch with the cases of each, and those that are no lines any more."""
    shapes: list[Shape] = []
    lines, which, lengths, amounts, times, cases, empty = [], [], [], [], [], [], list[int]()
    for each in read:
        own, found = _shapes_of(each.codes)
        begun = np.array([bool(shape.pieces.size) for shape in found])[own]
        empty += each.lines[~begun].tolist()
        lines.append(each.lines[begun])
        which.append(own[begun] + len(shapes))
        shapes += found
        lengths.append(np.full(int(begun.sum()), each.times.shape[1]))
        amounts.append(np.full(int(begun.sum()), each.cases.shape[1]))
        times.append(each.times[begun].ravel())
        cases.append(each.cases[begun].ravel())
    length, amount = np.concatenate(lengths), np.concatenate(amounts)
    batch = Batch(
        lines=np.concatenate(lines),
        shapes=shapes,
        which=np.concatenate(which),
        times=np.concatenate(times),
        begins=np.cumsum(length) - length,
    )
    return batch, (np.concatenate(cases), np.cumsum(amount) - amount), empty


def _shapes_of(codes: Ints) -> tuple[Ints, list[Shape]]:
    """Which shape each row has, and those shapes."""
    width = codes.shape[1] * codes.itemsize
    octets, places = codes.tobytes(), dict[bytes, int]()
    which = np.array(
        [places.setdefault(octets[start : start + width], len(places)) for start in range(0, len(octets), width or 1)],
        dtype=np.int64,
    )
    return which, [shape_for(tuple(np.frombuffer(each, dtype=np.int64).tolist())) for each in places]


def _write(columns: Columns, cases: tuple[Ints, Ints], moved: set[int]) -> None:
    own = columns.lines
    served = columns.cases
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        staged = [Column(name=name, type=_TYPES[name], values=own[name]) for name in _OWN]
        copy_in("anew_line", [Column(name="line", type="int8", values=own["line"]), *staged])
        copy_in(
            "anew_case",
            [
                Column(name="line", type="int8", values=served["line"]),
                Column(name="case_id", type="int8", values=case_ids(served, cases)),
                Column(name="used2", type="int8", values=served["used2"]),
                Column(name="late_corrections", type="int2", values=served["late_corrections"]),
                Column(name="counted_from", type="timestamptz", values=served["counted_from"]),
            ],
        )
        cursor.execute("ANALYZE anew_line, anew_case")
        cursor.execute(_LINES)
        replace_segments(columns, own["line"], cases)
        cursor.execute(_CASES)
        for statement in (_GONE, _FRESH):
            cursor.execute(statement)
            moved.update(pk for (pk,) in cursor.fetchall())
        cursor.execute("DROP TABLE anew_line, anew_case")


def _refresh(case_ids: Collection[int]) -> None:
    for some in _in_batches(list(case_ids)):
        with transaction.atomic():
            hold_alone()
            refresh_cases(some)


def _in_batches(pks: list[int]) -> Iterator[list[int]]:
    return (pks[start : start + CASES] for start in range(0, len(pks), CASES))
