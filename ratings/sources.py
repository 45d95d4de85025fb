"""The events of a line, taken from the rooms that record them."""

from __future__ import annotations

from approvals.domain.queries import history_of
from approvals.models import Case
from ratings.events import Event


def case_events(case: Case) -> list[Event]:
    """What happened to a case as the case itself takes it: corrections applied, what still waits for earlier events left out."""
    _state, taken = history_of(case)
    return [
        Event(
            id=f"{case.code}/{each.number}",
            kind=each.kind,
            at=each.occurred_at,
            order=each.number,
            case=case.code,
            fault=each.fault,
            charged_to=each.charged_to,
            outcome=each.outcome,
            could_have_been_first=bool(each.first_time),
        )
        for each in taken
    ]
