"""What is read of cases in more than one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from approvals.domain.history import State, effective, replay
from approvals.models import Case, CaseEvent


@dataclass(frozen=True, kw_only=True)
class TimelineEvent:
    """An event of a case as the joint timeline takes it; `kind` is one of its kinds."""

    kind: str
    at: datetime
    fault: str = ""
    charged_to: str = ""
    outcome: str = ""
    special: str = ""
    could_have_been_first: bool = False


def events_of(case: Case) -> list[TimelineEvent]:
    """What happened to a case, corrections applied, in the order of time; what still waits for earlier events is left out."""
    _state, taken = history_of(case)
    return [
        TimelineEvent(
            kind=each.kind,
            at=each.occurred_at,
            fault=each.fault,
            charged_to=each.charged_to,
            outcome=each.outcome,
            special=each.special,
            could_have_been_first=bool(each.first_time),
        )
        for each in taken
    ]


def history_of(case: Case) -> tuple[State, list[CaseEvent]]:
    """The state that follows from a case's events, and the events that made it."""
    return replay([each for each in effective(case.events.all()) if not each.waiting])


@dataclass(frozen=True, kw_only=True)
class Board:
    """How many cases are under way, late, due soon, and standing still (督办)."""

    running: int
    late: int
    overdue: int
    soon: int
    still: int
    correction: int
    planned: int


def board_of(cases: QuerySet[Case], *, now: datetime) -> Board:
    """The board of some cases, by one query."""
    running = Q(status__in=["received", "correction", "accepted"])
    counted = cases.order_by().aggregate(
        running=Count("pk", filter=running),
        late=Count("pk", filter=Q(due_at__lte=now)),
        overdue=Count("pk", filter=Q(statutory_due_at__lte=now)),
        soon=Count("pk", filter=Q(soon_at__lte=now, due_at__gt=now)),
        still=Count("pk", filter=running & (~Q(suspended="") | ~Q(special=""))),
        correction=Count("pk", filter=Q(status="correction", suspended="")),
        planned=Count("pk", filter=Q(status="planned")),
    )
    return Board(**counted)
