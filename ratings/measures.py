"""What is read off a timeline: the days that count in the joint score, promises, warnings. Pure, exact, in working days.

A limit or promise covers a *budget*: the firm's promise its service, revisions and corrections; the department's committed days
its acceptance check and examination; any other limit the pieces of one segment that interruptions cut apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from core.workdays import Workdays, next_midnight
from ratings.timeline import Kind, Party, Segment, Timeline

LEAST = Fraction(1, 100)
ZERO = timedelta(0)
FROM_NEXT_DAY = frozenset({Kind.SERVICE, Kind.CHECK})  # measured as limit time; the others as working time
DEPARTMENT = frozenset({Kind.CHECK, Kind.EXAMINATION})
WORK = frozenset({Kind.SERVICE, Kind.REVISION, Kind.CORRECTION})
SHARES = (Fraction(1, 2), Fraction(3, 4), Fraction(1))


def counted_from(segment: Segment) -> datetime:
    """The moment from which a segment counts: limit time starts with the day after its limit was set."""
    return max(segment.start, next_midnight(segment.ball.set_at)) if segment.kind in FROM_NEXT_DAY else segment.start


def measured(segment: Segment, workdays: Workdays) -> Fraction:
    """The days of a segment as its limit counts them."""
    return workdays.working_time(counted_from(segment), segment.end)


def firm_time(line: Timeline, workdays: Workdays, *, award: str | None = None) -> Fraction:
    """used₁: service as limit time, revisions and the firm's corrections as working time, under one award (the last)."""
    return max(LEAST, _sum(firm_segments(line, line.award if award is None else award), workdays))


def department_time(lines: Iterable[Timeline], workdays: Workdays, *, case: str | None = None) -> Fraction:
    """used₂ of one case (or of all, for one line): acceptance check as limit time, examination as working time.

    A case that serves several lines is charged once, and for the moments at which every one of them is the department's:
    while the deliverable of one is not accepted, the case cannot be decided.
    """
    return max(LEAST, _sum(department_segments(lines, case=case), workdays))


def department_segments(lines: Iterable[Timeline], *, case: str | None = None) -> list[Segment]:
    """The department's segments of one case, cut from all the lines that it serves: each moment once."""
    whole: list[Segment] | None = None
    for line in lines:
        own = [part for part in line.segments if part.kind in DEPARTMENT and case in {None, part.ball.case}]
        whole = own if whole is None else [both for one in whole for two in own if (both := _common(one, two))]
    return whole or []


def _common(one: Segment, two: Segment) -> Segment | None:
    """What two segments share; the limit is that which was set later."""
    start, end = max(one.start, two.start), min(one.end, two.end)
    later = max(one.ball, two.ball, key=lambda ball: (ball.set_at, ball.cause))
    return Segment(start, end, later) if start < end else None


@dataclass(frozen=True, slots=True)
class Counts:
    """What lowers E₁ and E₂: returns for quality, corrections caused by the deliverable, corrections that came too late."""

    quality_returns: int
    deliverable_corrections: int
    late_corrections: int

    @property
    def returns(self) -> int:
        """The exponent of E₁."""
        return self.quality_returns + self.deliverable_corrections


def counts(line: Timeline) -> Counts:
    """The returns and corrections under the last award of a line."""
    corrections = [one.event for one in line.corrections if one.award == line.award]
    return Counts(
        quality_returns=sum(one.event.quality for one in line.returns if one.award == line.award),
        deliverable_corrections=sum(event.fault == "deliverable" for event in corrections),
        late_corrections=sum(event.could_have_been_first for event in corrections),
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """The working days that were given: promised by the firm, committed by the department, and what else has a limit.

    stored: the deadlines that rooms keep as columns, by the kind of the segment that they end. Where this is given, nothing
    but a column is a deadline of a segment, so that no two pages tell two dates for one thing; only what is left of the firm's
    promise, for its revisions and corrections, is worked out.
    """

    promised: int | None = None
    committed: int | None = None
    others: Mapping[Kind, int] | None = None
    stored: Mapping[Kind, datetime] | None = None

    def of(self, segment: Segment) -> int | None:
        """The limit of the budget to which a segment belongs; None or below 1: it has none."""
        if segment.kind in WORK and segment.party == Party.FIRM:
            limit = self.promised
        elif segment.kind in DEPARTMENT:
            limit = self.committed
        else:
            limit = (self.others or {}).get(segment.kind)
        return limit if limit and limit > 0 else None


@dataclass(frozen=True, slots=True)
class Against:
    """Days used against the days that were given."""

    party: Party
    given: int
    used: Fraction

    @property
    def over(self) -> Fraction:
        return max(Fraction(0), self.used - self.given)


def promises(line: Timeline, limits: Limits, workdays: Workdays) -> list[Against]:
    """The firm's and the department's days against what they gave."""
    pairs = (
        (Party.FIRM, limits.promised, firm_segments(line, line.award)),
        (Party.DEPARTMENT, limits.committed, department_segments([line])),
    )
    return [Against(party, given, _sum(parts, workdays)) for party, given, parts in pairs if given and parts]


@dataclass(frozen=True, slots=True)
class Due:
    """Who has the ball in a running line, and when half, three quarters and all of the limit are reached."""

    segment: Segment
    given: Fraction
    used: Fraction
    half: datetime
    three_quarters: datetime
    limit: datetime
    moved_from: datetime | None = None  # the date of the contract, where others had the ball meanwhile

    def warned(self, now: datetime) -> int:
        """How many of the three moments have come."""
        return sum(at <= now for at in (self.half, self.three_quarters, self.limit))


def due(line: Timeline, limits: Limits, workdays: Workdays) -> Due | None:
    """The warnings of the segment that runs; None where nothing runs or it has no limit."""
    running = line.running
    if running is None:
        return None
    if limits.stored is not None and not (running.kind in WORK and running.kind != Kind.SERVICE):
        at = limits.stored.get(running.kind)
        return None if at is None else _due_by(line, running, at, workdays)
    if (given := limits.of(running)) is None:
        return None
    budget = _budget(line, running)
    half, three_quarters, limit = (_reached(budget, share * given, workdays) for share in SHARES)
    return Due(running, Fraction(given), _sum(budget, workdays), half, three_quarters, limit)


def _due_by(line: Timeline, running: Segment, at: datetime, workdays: Workdays) -> Due:
    """The warnings before a deadline that is kept as a column: limit time, as all of them are.

    A contract's date is moved by what others took meanwhile; every other column is kept true by its own room.
    """
    pieces, begun = _pieces(line, running), next_midnight(running.ball.set_at)
    given = workdays.working_time(begun, at)
    if not given:  # within the day on which it was set, as in a demonstration: by the clock on the wall
        since, length = pieces[0].start, at - pieces[0].start
        half, three_quarters = since + max(length, ZERO) / 2, since + max(length, ZERO) * 3 / 4
        return Due(running, Fraction(0), Fraction(0), half, three_quarters, at)
    waited = len(pieces) > 1 and running.kind == Kind.SERVICE
    limit = _worked_to(pieces, begun, given, workdays) if waited else at
    half, three_quarters = (min(_worked_to(pieces, begun, share * given, workdays), limit) for share in SHARES[:-1])
    used = sum((workdays.working_time(max(part.start, begun), part.end) for part in pieces), Fraction(0))
    return Due(running, given, used, half, three_quarters, limit, at if limit != at else None)


def _worked_to(pieces: Sequence[Segment], begun: datetime, amount: Fraction, workdays: Workdays) -> datetime:
    """The moment at which pieces of one segment have used an amount of a limit that began to count then."""
    for part in pieces[:-1]:
        length = workdays.working_time(max(part.start, begun), part.end)
        if amount <= length:
            break
        amount -= length
    else:
        part = pieces[-1]
    return workdays.reached(max(part.start, begun), amount)


def _budget(line: Timeline, running: Segment) -> list[Segment]:
    """The segments that draw on the same limit as the one that runs."""
    if running.kind in WORK and running.party == Party.FIRM:
        return firm_segments(line, running.ball.award)
    if running.kind in DEPARTMENT:
        return department_segments([line], case=running.ball.case)
    return _pieces(line, running)


def _pieces(line: Timeline, running: Segment) -> list[Segment]:
    """What interruptions left of a segment."""
    mine = (running.kind, running.ball.set_at, running.ball.cause)
    return [part for part in line.segments if (part.kind, part.ball.set_at, part.ball.cause) == mine]


def _reached(budget: Sequence[Segment], amount: Fraction, workdays: Workdays) -> datetime:
    """The moment at which a budget has used an amount; its last segment is taken to go on."""
    for part in budget[:-1]:
        length = measured(part, workdays)
        if amount <= length:
            return workdays.reached(counted_from(part), amount)
        amount -= length
    return workdays.reached(counted_from(budget[-1]), amount)


def firm_segments(line: Timeline, award: str) -> list[Segment]:
    """The firm's own time under an award."""
    return [
        part for part in line.segments if part.kind in WORK and part.party == Party.FIRM and part.ball.award == award
    ]


def _sum(parts: Iterable[Segment], workdays: Workdays) -> Fraction:
    return sum((measured(part, workdays) for part in parts), Fraction(0))
