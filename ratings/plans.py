"""What the timeline decides of a shape (`ratings.recorded`), once for all lines that have it: pure.

A plan says between which events each segment of such a line lies, whose it is and in which score it counts. It is read off
`ratings.timeline` and `ratings.measures` run over symbolic moments: the rules stand there and nowhere else. It holds for every
line of the shape because those rules compare moments and never subtract them; `ratings.columns` subtracts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ratings.events import Event
from ratings.measures import FROM_NEXT_DAY, counts, department_segments, firm_segments
from ratings.recorded import FIRST, SECOND, symbolic
from ratings.timeline import Kind, Outcome, Party, Segment, Timeline, timeline

NONE = -1
"""No event: a segment that runs has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A segment of a shape: places of events, and the place (from 1) of its case among those of the line, 0 without."""

    kind: Kind
    party: Party
    start: int
    end: int
    set_at: int
    cause: int
    case: int
    from_next_day: bool
    is_used1: bool
    is_used2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePart:
    """What a line of the shape has to do with one of its cases: its place from 1, and corrections that came too late."""

    case: int
    late_corrections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything of a line but its dates. A line of no length (`pieces` empty) is none yet."""

    pieces: tuple[Piece, ...]
    outcome: Outcome
    accepted: int
    quality_returns: int
    deliverable_corrections: int
    late_corrections: int
    cases: tuple[CasePart, ...]

    @property
    def running(self) -> Piece | None:
        """The segment that runs."""
        return self.pieces[-1] if self.pieces and self.pieces[-1].end == NONE else None


def plan_of(codes: Sequence[int]) -> Plan:
    """The plan of a shape."""
    events = symbolic(codes)
    if not events:
        return _plan(events, timeline(events, now=FIRST))
    return _plan(events, timeline(events, now=events[-1].at + SECOND))


def _plan(events: Sequence[Event], line: Timeline) -> Plan:
    places = {event.at: place for place, event in enumerate(events)}
    used1, used2 = firm_segments(line, line.award), department_segments([line])
    counted = counts(line)
    return Plan(
        pieces=tuple(_piece(part, places, used1, used2) for part in line.segments),
        outcome=line.outcome,
        accepted=_accepted(events, line),
        quality_returns=counted.quality_returns,
        deliverable_corrections=counted.deliverable_corrections,
        late_corrections=counted.late_corrections,
        cases=tuple(_cases(events, line)),
    )


def _piece(part: Segment, places: Mapping[datetime, int], used1: Sequence[Segment], used2: Sequence[Segment]) -> Piece:
    return Piece(
        kind=part.kind,
        party=part.party,
        start=places[part.start],
        end=places.get(part.end, NONE),
        set_at=places[part.ball.set_at],
        cause=int(part.ball.cause),
        case=int(part.ball.case or 0),
        from_next_day=part.kind in FROM_NEXT_DAY,
        is_used1=part in used1,
        is_used2=part in used2,
    )


def _accepted(events: Iterable[Event], line: Timeline) -> int:
    """The owner's last acceptance under the award in force, of what goes to the department, while the line ran."""
    since = int(line.award) if line.award else NONE
    found = (
        event.order
        for event in events
        if event.kind == "accepted" and not event.part and event.order > since and line.end and event.at <= line.end
    )
    return max(found, default=NONE)


def _cases(events: Iterable[Event], line: Timeline) -> list[CasePart]:
    """The cases that were there before the line ended: those that it waits for, or that its deliverable went to."""
    first: dict[str, Event] = {}
    for event in events:
        if event.case:
            first.setdefault(event.case, event)
    late = [one.case for one in line.corrections if one.event.could_have_been_first]
    return [
        CasePart(case=int(case), late_corrections=late.count(case))
        for case, event in first.items()
        if line.end is not None and event.at <= line.end
    ]
