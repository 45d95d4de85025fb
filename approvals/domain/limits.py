"""By when a department promised, and by when the law demands, an answer: from the item's version and the case's history."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from approvals.domain.history import State, Status
from approvals.models import Case
from core import worktime

SOON = Fraction(3, 4)
"""The part of a limit after which it is called due soon (临期)."""


def set_deadlines(case: Case, state: State) -> None:
    """Write the deadlines that follow from a history. While the clock stands still, or another has the ball, there are none."""
    version, standing = case.version, bool(state.suspended or state.special)
    promised: int | None = None
    start: datetime | None = None
    if state.status == Status.RECEIVED:
        start, promised = state.checked_from, version.acceptance_days
    elif state.status == Status.ACCEPTED:
        start, promised = state.accepted_at, version.committed_days or version.statutory_days
    before = case.due_at
    case.due_at = case.soon_at = case.statutory_due_at = None
    if start is not None and promised and not standing:
        case.due_at = _end(start, Fraction(promised), state)
        case.soon_at = _end(start, promised * SOON, state)
    if start is not None and state.status == Status.ACCEPTED and version.statutory_days and not standing:
        case.statutory_due_at = _end(start, Fraction(version.statutory_days), state)
    if case.due_at != before:
        case.late_noted_at = None


def used_days(case: Case, state: State, *, now: datetime) -> Fraction | None:
    """Working days of the running limit that are used, pauses left out; None where no limit runs."""
    start = {Status.RECEIVED: state.checked_from, Status.ACCEPTED: state.accepted_at}.get(Status(state.status))
    if start is None:
        return None
    used = worktime.limit_time(start, now)
    counted = worktime.start_of_limit(start)
    for begun, over in state.pauses:
        used -= worktime.working_time(max(begun, counted), over or now)
    return max(used, Fraction(0))


def _end(start: datetime, length: Fraction, state: State) -> datetime | None:
    pauses = [(begun, over) for begun, over in state.pauses if over is None or over > start]
    return worktime.end_of_limit(start, length, pauses)
