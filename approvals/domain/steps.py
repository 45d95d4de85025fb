"""What an event of one case does to the others of its application: the next step of a joint approval (联合审批)."""

from __future__ import annotations

from approvals.domain import joint
from approvals.domain.recording import Happening, Origin, record
from approvals.models import Application, Case, CaseEvent
from core import clock


def happen(case: Case, happening: Happening, origin: Origin) -> CaseEvent:
    """Record an event of a locked case, and begin the next step where it was the last decision that this waited for."""
    event = record(case, happening, origin)
    if case.application is not None:
        if case.status == Case.Status.DECIDED:
            begin_next_step(case.application)
        joint.follow(case.application.pk)
    return event


def begin_next_step(application: Application) -> None:
    """Hand the cases of the next step to their departments once everything before it is granted; else nothing.

    The application is locked.
    """
    cases = list(
        application.cases.select_for_update(of=["self"])
        .select_related("department__organisation", "version", "item", "applicant")
        .filter(successor=None)
        .order_by("step", "id")
    )
    planned = [each for each in cases if each.status == Case.Status.PLANNED]
    if not planned:
        return
    step = planned[0].step
    if any(each.outcome != Case.Outcome.GRANTED for each in cases if each.step < step):
        return
    day = clock.now().astimezone(clock.LOCAL).date()
    for case in planned:
        if case.step == step:
            case.version = case.item.version_at(day) or case.version
            origin = Origin(source=CaseEvent.Source.WINDOW, by=application.filed_by)
            record(case, Happening(kind=CaseEvent.Kind.RECEIVED), origin)
