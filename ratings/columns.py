"""Plans applied to many lines at once (`ratings.plans`): segments and sums as arrays of whole microseconds. Pure and exact.

A working day is 24 hours of its date and moments are whole microseconds, so working time is a whole number of microseconds:
a fraction of days times 86,400,000,000. Nothing here is a float. Moments are microseconds since 2000-01-01 UTC, as PostgreSQL's
own; EARLY stands for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from core.workdays import DAY, LOCAL, MICROSECOND, Workdays, midnight
from ratings.plans import NONE, Plan
from ratings.timeline import Kind, Outcome, Party

Ints = NDArray[np.int64]
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
EARLY = int(np.iinfo(np.int64).min)
"""PostgreSQL's -infinity."""
DAY_US = DAY // MICROSECOND
OFFSET_US = timedelta(hours=8) // MICROSECOND
"""Local time before UTC; Shanghai has known no other since 1991, and `Calendar` refuses earlier days."""
FIRST_DAY = date(1992, 1, 1)
# As rows have them: these numbers never change.
KINDS = {
    Kind.SELECTION: 1, Kind.CONTRACTING: 2, Kind.SERVICE: 3, Kind.WAITING_INPUT: 4, Kind.WAITING_LINE: 5, Kind.REVIEW: 6,
    Kind.REVISION: 7, Kind.FILING: 8, Kind.CHECK: 9, Kind.CORRECTION: 10, Kind.EXAMINATION: 11, Kind.SPECIAL: 12,
    Kind.SUSPENSION: 13, Kind.REFILING: 14,
}  # fmt: skip
PARTIES = {
    Party.PLATFORM: 1, Party.FIRM: 2, Party.OWNER: 3, Party.DEPARTMENT: 4, Party.STATUTORY: 5, Party.LINE: 6,
}  # fmt: skip
OUTCOMES = {
    Outcome.NOT_STARTED: 0, Outcome.RUNNING: 1, Outcome.GRANTED: 2, Outcome.REFUSED: 3, Outcome.ACCEPTED: 4, Outcome.ENDED: 5,
}  # fmt: skip
USED1, USED2 = 1, 2
"""Into which sum a segment goes: the firm's used₁, the department's used₂."""
DECIDED = (OUTCOMES[Outcome.GRANTED], OUTCOMES[Outcome.REFUSED])
BALL = {
    "ball_kind": "kind", "ball_party": "party", "ball_since": "started_at", "ball_counted_from": "counted_from",
    "ball_counts_for": "counts_for",
}  # fmt: skip
"""What a running line tells of its last segment, and as what."""


def microseconds(at: datetime) -> int:
    """A moment as a number."""
    return (at - EPOCH) // MICROSECOND


def moment(at: int) -> datetime:
    """A number as a moment."""
    return EPOCH + at * MICROSECOND


class Calendar:
    """Working time by a table: for each date how much there was before it. Says the same as `core.workdays`, for many at once."""

    def __init__(self, workdays: Workdays, first: date, last: date) -> None:
        if first < FIRST_DAY:
            raise ValueError("the calendar begins with 1992")
        days = [first + number * DAY for number in range((last - first).days + 2)]
        self._first = microseconds(midnight(first))
        self._works = np.array([workdays.works(day) for day in days], dtype=np.int64)
        self._before = np.concatenate([[0], np.cumsum(self._works)[:-1]]) * DAY_US

    def _day(self, at: Ints) -> Ints:
        return (at - self._first) // DAY_US

    def worked(self, at: Ints) -> Ints:
        """The working time from the calendar's first day to some moments; differences of it are working time."""
        day = self._day(at)
        if day.size and (day.min() < 0 or day.max() >= self._works.size):
            raise ValueError("a moment outside the calendar")
        of_day: Ints = self._works[day] * (at - self._first - day * DAY_US)
        return self._before[day] + of_day

    def next_midnight(self, at: Ints) -> Ints:
        """24:00 of the local dates of some moments."""
        return self._first + (self._day(at) + 1) * DAY_US


def calendar_over(workdays: Workdays, times: Ints) -> Calendar:
    """A calendar that covers some moments."""
    first, last = (moment(int(at)).astimezone(LOCAL).date() for at in (times.min(), times.max()))
    return Calendar(workdays, first, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A plan as arrays: a row for each piece (PIECE), for each case (its place, its late corrections), and FACTS of the line."""

    pieces: Ints
    cases: Ints
    facts: Ints


PIECE = ("kind", "party", "start", "end", "set_at", "cause", "case", "from_next_day", "counts_for")
FACTS = ("outcome", "accepted", "quality_returns", "deliverable_corrections", "late_corrections")


def shape_of(plan: Plan) -> Shape:
    """A plan as arrays."""
    pieces = [
        (
            KINDS[piece.kind], PARTIES[piece.party], piece.start, piece.end, piece.set_at, piece.cause, piece.case,
            piece.from_next_day, USED1 * piece.is_used1 + USED2 * piece.is_used2,
        )
        for piece in plan.pieces
    ]  # fmt: skip
    facts = [OUTCOMES[plan.outcome], *(getattr(plan, name) for name in FACTS[1:])]
    return Shape(
        pieces=np.array(pieces, dtype=np.int64).reshape(-1, len(PIECE)),
        cases=np.array([(part.case, part.late_corrections) for part in plan.cases], dtype=np.int64).reshape(-1, 2),
        facts=np.array(facts, dtype=np.int64),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Lines to be computed: their own numbers, which of the shapes each has, its events' moments and where they begin."""

    lines: Ints
    shapes: Sequence[Shape]
    which: Ints
    times: Ints
    begins: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What follows for lines, for their segments in order, and for each pair of a line and one of its cases.

    In `segments` `ended_at`, `worked` and `counted` are EARLY where the segment runs. `case` is a place among the line's cases,
    from 1; `of_line` the place of the line in the batch.
    """

    lines: dict[str, Ints]
    segments: dict[str, Ints]
    cases: dict[str, Ints]


class _Spread:
    """Rows of shapes, one set for each line: of which line each is, its number in the line from 0, and its columns."""

    def __init__(self, rows: Sequence[Ints], which: Ints) -> None:
        own = np.array([len(each) for each in rows], dtype=np.int64)
        counts = own[which]
        self.of_line = np.repeat(np.arange(which.size), counts)
        self.first = np.cumsum(counts) - counts
        self.number = np.arange(self.of_line.size) - np.repeat(self.first, counts)
        self.rows = np.concatenate(rows)[np.repeat((np.cumsum(own) - own)[which], counts) + self.number]


def computed(batch: Batch, calendar: Calendar) -> Columns:
    """Everything about the lines of a batch, whose shapes all have pieces."""
    spread = _Spread([shape.pieces for shape in batch.shapes], batch.which)
    segments = _segments(batch, spread, calendar)
    lines = _lines(batch, segments, spread.first)
    return Columns(lines=lines, segments=segments, cases=_cases(batch, segments, lines))


def _segments(batch: Batch, spread: _Spread, calendar: Calendar) -> dict[str, Ints]:
    piece = dict(zip(PIECE, spread.rows.T, strict=True))
    begin = batch.begins[spread.of_line]
    start, set_at = batch.times[begin + piece["start"]], batch.times[begin + piece["set_at"]]
    runs = piece["end"] == NONE
    end = np.where(runs, start, batch.times[begin + np.maximum(piece["end"], 0)])
    late_start = np.maximum(start, calendar.next_midnight(set_at))
    counted_from = np.where(piece["from_next_day"] == 1, late_start, start)
    until = calendar.worked(end)
    return {
        "of_line": spread.of_line,
        "line": batch.lines[spread.of_line],
        "number": spread.number + 1,
        "kind": piece["kind"],
        "party": piece["party"],
        "case": piece["case"],
        "cause": piece["cause"] + 1,
        "started_at": start,
        "ended_at": np.where(runs, EARLY, end),
        "counted_from": counted_from,
        "worked": np.where(runs, EARLY, until - calendar.worked(start)),
        "counted": np.where(runs, EARLY, np.maximum(until - calendar.worked(np.minimum(counted_from, end)), 0)),
        "counts_for": piece["counts_for"],
    }


def _lines(batch: Batch, segments: dict[str, Ints], first: Ints) -> dict[str, Ints]:
    facts = dict(zip(FACTS, np.array([shape.facts for shape in batch.shapes])[batch.which].T, strict=True))
    last = np.append(first[1:], segments["number"].size) - 1
    closed = np.where(segments["ended_at"] == EARLY, 0, segments["counted"])
    accepted, runs = facts.pop("accepted"), segments["ended_at"][last] == EARLY
    found = facts | {
        "line": batch.lines,
        "started_at": segments["started_at"][first],
        "ended_at": segments["ended_at"][last],
        "accepted_at": np.where(accepted == NONE, EARLY, batch.times[batch.begins + np.maximum(accepted, 0)]),
        "used1": np.add.reduceat(np.where(segments["counts_for"] == USED1, closed, 0), first),
        "used2": np.add.reduceat(np.where(segments["counts_for"] == USED2, closed, 0), first),
        "ball_case": np.where(runs, segments["case"][last], 0),
    }
    for name, column in BALL.items():
        found[name] = np.where(runs, segments[column][last], EARLY)
    decided = np.isin(facts["outcome"], DECIDED)
    found["decided_at"] = np.where(decided, found["ended_at"], EARLY)
    return found


def _cases(batch: Batch, segments: dict[str, Ints], lines: dict[str, Ints]) -> dict[str, Ints]:
    """used₂ of each case as its line alone has it, and from when the part that runs counts."""
    spread = _Spread([shape.cases for shape in batch.shapes], batch.which)
    of_line, (case, late) = spread.of_line, spread.rows.T
    runs = (lines["ball_counts_for"][of_line] == USED2) & (lines["ball_case"][of_line] == case)
    return {
        "of_line": of_line,
        "line": batch.lines[of_line],
        "case": case,
        "late_corrections": late,
        "used2": _sums(of_line, case, segments),
        "counted_from": np.where(runs, lines["ball_counted_from"][of_line], EARLY),
    }


def _sums(of_line: Ints, case: Ints, segments: dict[str, Ints]) -> Ints:
    """The counted time of the department's segments by line and case; each of their cases is among those given."""
    width = int(case.max(initial=0)) + 1
    wanted = of_line * width + case
    order = np.argsort(wanted)
    mine = (segments["counts_for"] == USED2) & (segments["ended_at"] != EARLY) & (segments["case"] > 0)
    keys = (segments["of_line"] * width + segments["case"])[mine]
    found = np.zeros(wanted.size, dtype=np.int64)
    np.add.at(found, order[np.searchsorted(wanted, keys, sorter=order)], segments["counted"][mine])
    return found
