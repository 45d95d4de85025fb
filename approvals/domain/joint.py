"""The one limit of a joint approval (联合审批总时限): by when everything in an application has to be decided.

It is counted in working days from the filing, while at least one of its cases is with a department. While all that is left
stands still — suspended, in a procedure that the law does not count, or with the applicant — it stands still too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import Count, Prefetch, Q

from approvals.domain.history import State, Status, effective, replay
from approvals.domain.limits import SOON
from approvals.models import Application, Case, CaseEvent
from approvals.models.applications import ApplicationQuerySet
from core import clock, worktime


@dataclass(frozen=True, kw_only=True)
class JointBoard:
    """How many joint approvals are under way, late, due soon, and standing still."""

    running: int
    late: int
    soon: int
    still: int


Span = tuple[datetime, datetime | None]
Turn = tuple[datetime, int]


def follow(application_id: int) -> None:
    """Write the joint deadline and the end that follow from all events of an application; its row is locked.

    Nothing happens to an application that is no joint approval; one without promised days has an end but no deadline.
    """
    application = Application.objects.get(pk=application_id)
    if application.lead_id is None:
        return
    events = Prefetch("events", CaseEvent.objects.order_by("number"))
    cases = list(application.cases.prefetch_related(events))
    current = _without_successors(cases)
    ends = [each.ended_at for each in current if each.ended_at is not None]
    ended = max(ends) if len(ends) == len(current) else None
    before = application.joint_due_at
    application.ended_at = ended
    application.joint_due_at = application.joint_soon_at = None
    if ended is None and application.joint_days:
        pauses = _pauses(application.filed_at, cases)
        application.joint_due_at = worktime.end_of_limit(application.filed_at, Fraction(application.joint_days), pauses)
        if application.joint_due_at is not None:
            soon = worktime.end_of_limit(application.filed_at, application.joint_days * SOON, pauses)
            application.joint_soon_at = soon
    if application.joint_due_at != before:
        application.late_noted_at = None
    application.joint_followed_at = clock.now()
    application.save()


def board_of(applications: ApplicationQuerySet, *, now: datetime) -> JointBoard:
    """How many joint approvals of some applications are under way, late, due soon and standing still, by one query."""
    running = Q(ended_at=None)
    counted = applications.joint().order_by().aggregate(
        running=Count("pk", filter=running, distinct=True),
        late=Count("pk", filter=Q(joint_due_at__lte=now), distinct=True),
        soon=Count("pk", filter=Q(joint_soon_at__lte=now, joint_due_at__gt=now), distinct=True),
        still=Count("pk", filter=running & Q(joint_due_at=None, joint_days__isnull=False), distinct=True),
    )  # fmt: skip
    return JointBoard(**counted)


def with_days_left(applications: Iterable[Application], *, now: datetime) -> list[Application]:
    """The same applications, each knowing how many working days are left (negative: over); one calendar for all."""
    rows = list(applications)
    dues = [each.joint_due_at for each in rows if each.joint_due_at is not None]
    if dues:
        days = worktime.calendar(*(at.astimezone(clock.LOCAL).date() for at in (min([*dues, now]), max([*dues, now]))))
        for each in rows:
            if each.joint_due_at is not None:
                late = each.joint_due_at <= now
                first, last = (each.joint_due_at, now) if late else (now, each.joint_due_at)
                each.days_left = days.working_time(first, last) * (-1 if late else 1)
    return rows


def _without_successors(cases: Iterable[Case]) -> list[Case]:
    """Cases that were not applied for again."""
    rows = list(cases)
    before = {each.previous_id for each in rows}
    return [each for each in rows if each.pk not in before]


def _pauses(filed_at: datetime, cases: Iterable[Case]) -> list[Span]:
    """When none of the cases was with a department."""
    turns: list[Turn] = []
    for case in cases:
        turns += _turns([each for each in effective(case.events.all()) if not each.waiting])
    return gaps(filed_at, turns)


def gaps(filed_at: datetime, turns: Iterable[Turn]) -> list[Span]:
    """When nothing was counted in between the `turns` (+1 it comes, -1 it goes), from the filing on; the last may be open."""
    pauses: list[Span] = []
    count, idle_from = 0, None
    for at, step in sorted(turns, key=lambda each: (each[0], -each[1])):
        count += step
        if count and idle_from is not None:
            if at > idle_from:
                pauses.append((idle_from, at))
            idle_from = None
        elif not count:
            idle_from = max(at, filed_at)
    return [*pauses, (idle_from, None)] if idle_from is not None else pauses


def _turns(events: list[CaseEvent]) -> list[Turn]:
    """When a case came to its department (+1) and when it left it or its clock stood still (-1)."""
    _end, taken = replay(events)
    state, with_department = State(), False
    turns: list[Turn] = []
    for event in taken:
        state.take(event)
        now_with = state.status in (Status.RECEIVED, Status.ACCEPTED) and not (state.suspended or state.special)
        if now_with != with_department:
            turns.append((event.occurred_at, 1 if now_with else -1))
            with_department = now_with
    return turns
