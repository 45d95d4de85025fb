"""One clock (联合时限): the time of a line from the announced need to the decision, each moment charged to one party.

Pure: recorded events in, segments out (DOMAIN "One clock"; what it leaves open is decision record "The one clock").
The segments of a line are adjacent, do not overlap and sum to the whole. What happens at a moment never changes who had
the ball before it; only a correction of an event does (`ratings.events`).

A line starts with its first event that is not its case's and ends with the decision, or with the acceptance where no
case follows, or with `line_ended`; else it runs until now. A refusal ends it unless the case is received again: then the time
between is refiling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ratings.events import CASE, Event, standing
from ratings.life import Ball, Kind, Life, Party

__all__ = ["Ball", "Counted", "Event", "Kind", "Outcome", "Party", "Segment", "Timeline", "timeline"]


class Outcome(StrEnum):
    """How a line stands."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    GRANTED = "granted"
    REFUSED = "refused"
    ACCEPTED = "accepted"  # no case follows
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a line in which one party had the ball for one reason.

    set_at is the moment at which its limit was set: pieces of one service that waiting cut apart share it. cause is the id of
    the event that began it; case the code of the case, empty where the time is not the case's.
    """

    start: datetime
    end: datetime
    ball: Ball

    @property
    def kind(self) -> Kind:
        return self.ball.kind

    @property
    def party(self) -> Party:
        return self.ball.party

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Counted:
    """A return or correction that counts in the joint score, with the award and the case under which it happened."""

    event: Event
    award: str
    case: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A line at a moment: its segments and what is counted beside them."""

    segments: tuple[Segment, ...]
    outcome: Outcome
    award: str
    returns: tuple[Counted, ...]
    corrections: tuple[Counted, ...]

    @property
    def start(self) -> datetime | None:
        return self.segments[0].start if self.segments else None

    @property
    def end(self) -> datetime | None:
        """The moment it ended; "now" while it runs."""
        return self.segments[-1].end if self.segments else None

    @property
    def running(self) -> Segment | None:
        """The segment that runs."""
        return self.segments[-1] if self.segments and self.outcome == Outcome.RUNNING else None

    @property
    def whole(self) -> timedelta:
        """From its start to its end."""
        return self.segments[-1].end - self.segments[0].start if self.segments else timedelta(0)


def timeline(events: Iterable[Event], *, now: datetime, with_case: bool = True) -> Timeline:
    """Cut the time of one line into segments. with_case: whether a decision of a department follows the acceptance."""
    life = Life(with_case=with_case)
    segments: list[Segment] = []
    returns: list[Counted] = []
    corrections: list[Counted] = []
    since: datetime | None = None
    for event in standing(events, now=now):
        if life.ended_at:
            break
        ball = life.ball() if since else None
        changed = life.take(event)
        if ball and since:
            _extend(segments, Segment(since, event.at, ball))
        if changed and event.kind in {"returned", "correction_asked"} and (since or event.kind == "returned"):
            (returns if event.kind == "returned" else corrections).append(Counted(event, life.award, life.case))
        if since or not (event.part or event.kind in CASE):
            since = event.at
    if since and not life.ended_at:
        _extend(segments, Segment(since, now, life.ball()))
    if life.refused_at:
        segments = _until(segments, life.refused_at)
    return Timeline(tuple(segments), _outcome(life, since), life.award, tuple(returns), tuple(corrections))


def _outcome(life: Life, since: datetime | None) -> Outcome:
    if since is None:
        return Outcome.NOT_STARTED
    if life.refused_at:
        return Outcome.REFUSED
    return Outcome(life.outcome) if life.ended_at else Outcome.RUNNING


def _extend(segments: list[Segment], piece: Segment) -> None:
    """Put a piece at the end: into the last segment, if it goes on."""
    if piece.end <= piece.start:
        return
    if segments and segments[-1].ball == piece.ball:
        segments[-1] = replace(segments[-1], end=piece.end)
    else:
        segments.append(piece)


def _until(segments: list[Segment], end: datetime) -> list[Segment]:
    """Segments up to a moment."""
    return [replace(segment, end=min(segment.end, end)) for segment in segments if segment.start < end]
