"""From the events of a case to what it is now: a pure replay in the order in which things happened.

What does not fit where it stands is left aside (it waits for an earlier event that has not arrived yet). Of events at one
moment the first that fits comes first, so that a department may say "received and accepted at ten" in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations, groupby

from approvals.models import Case, CaseEvent

Kind = CaseEvent.Kind
Status = Case.Status
TARGETS: dict[str, str] = {
    Kind.RECEIVED: Status.RECEIVED,
    Kind.ACCEPTED: Status.ACCEPTED,
    Kind.NOT_ACCEPTED: Status.NOT_ACCEPTED,
    Kind.CORRECTION_ASKED: Status.CORRECTION,
    Kind.RESUBMITTED: Status.RECEIVED,
    Kind.DECIDED: Status.DECIDED,
    Kind.WITHDRAWN: Status.WITHDRAWN,
}
ENDS = (Status.DECIDED, Status.NOT_ACCEPTED, Status.WITHDRAWN)


@dataclass
class State:
    """What a case is at the end of its events."""

    status: str = Status.PLANNED
    received_at: datetime | None = None
    checked_from: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    suspended: str = ""
    special: str = ""
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    last: CaseEvent | None = None

    def fits(self, kind: str) -> bool:
        """Whether a thing of this kind can happen now."""
        running = self.status in (Status.RECEIVED, Status.CORRECTION, Status.ACCEPTED)
        match kind:
            case Kind.SUSPENDED:
                return running and not self.suspended
            case Kind.RESUMED:
                return bool(self.suspended)
            case Kind.WITHDRAWN:
                return Case.lifecycle.allows(self.status, Status.WITHDRAWN)
        if self.suspended:
            return False
        match kind:
            case Kind.SPECIAL_STARTED:
                return self.status == Status.ACCEPTED and not self.special
            case Kind.SPECIAL_ENDED:
                return bool(self.special)
            case Kind.RECEIVED:
                return self.status == Status.PLANNED
            case Kind.RESUBMITTED:
                return self.status == Status.CORRECTION
        return not self.special and kind in TARGETS and Case.lifecycle.allows(self.status, TARGETS[kind])

    def take(self, event: CaseEvent) -> None:
        """Let an event that fits happen."""
        at, stood = event.occurred_at, bool(self.suspended or self.special)
        match event.kind:
            case Kind.SUSPENDED:
                self.suspended = event.charged_to
            case Kind.RESUMED:
                self.suspended = ""
            case Kind.SPECIAL_STARTED:
                self.special = event.special
            case Kind.SPECIAL_ENDED:
                self.special = ""
            case _:
                self._moves(event)
        stands = bool(self.suspended or self.special)
        if stands and not stood:
            self.pauses.append((at, None))
        elif stood and not stands:
            self.pauses[-1] = (self.pauses[-1][0], at)
        self.last = event

    def _moves(self, event: CaseEvent) -> None:
        at = event.occurred_at
        self.status = TARGETS[event.kind]
        if event.kind == Kind.RECEIVED:
            self.received_at = at
        if self.status == Status.RECEIVED:
            self.checked_from = at
        elif self.status == Status.ACCEPTED:
            self.accepted_at = at
        elif self.status in ENDS:
            self.ended_at, self.outcome, self.suspended, self.special = at, event.outcome, "", ""


def effective(events: Iterable[CaseEvent]) -> list[CaseEvent]:
    """Events as they count: a corrected one is replaced by its correction, one that did not happen is gone. In order of time."""
    every = list(events)
    corrected = {each.corrects_id for each in every if each.corrects_id}
    left = [each for each in every if (each.pk is None or each.pk not in corrected) and each.kind != Kind.RETRACTED]
    return sorted(left, key=in_order)


def in_order(event: CaseEvent) -> tuple[datetime, int]:
    return event.occurred_at, event.number


def replay(events: Sequence[CaseEvent]) -> tuple[State, list[CaseEvent]]:
    """The state after all events that fit, and those events; `events` are effective and in order."""
    state, taken = State(), []
    for _at, group in groupby(events, key=lambda each: each.occurred_at):
        left = list(group)
        while (first := next((each for each in left if state.fits(each.kind)), None)) is not None:
            state.take(first)
            taken.append(first)
            left.remove(first)
    return state, taken


def settle(must: Sequence[CaseEvent], new: Sequence[CaseEvent], waiting: Sequence[CaseEvent]) -> list[CaseEvent] | None:
    """The history with `new` in it and as many of those that wait as fit; None where `new` does not fit, or not everything
    that it `must` hold fits beside it.

    What comes out of order may need its counterpart: a suspension before a decision stands only with its end. So those that
    wait are tried all together, alone, and two at a time.
    """
    held = _with(must, new)
    if held is None:
        partners = ([each] for each in waiting)
        held = next((found for each in partners if (found := _with(must, [*new, *each])) is not None), None)
    if held is None:
        held = _with(must, [*new, *waiting])
    while held is not None:
        left = [each for each in waiting if each not in held]
        tries = [left, *([each] for each in left), *map(list, combinations(left, 2))] if left else []
        found = next((found for each in tries if (found := _with(held, each)) is not None), None)
        if found is None:
            break
        held = found
    return held


def _with(held: Sequence[CaseEvent], more: Sequence[CaseEvent]) -> list[CaseEvent] | None:
    """Both together, if all of them fit."""
    every = sorted([*held, *more], key=in_order)
    _state, taken = replay(every)
    return taken if len(taken) == len(every) else None
