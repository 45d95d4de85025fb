"""Keeping events that came before what they need, until it comes or their time is over (docs/decisions, 20)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from approvals.domain.recording import Origin
from approvals.forms.feed import EventForm
from approvals.models import Case, CaseEvent, Department, EarlyEvent
from core import clock
from core.errors import Conflict, DomainError

Status = EarlyEvent.Status
TERM = timedelta(days=30)
"""How long an event waits for what it needs."""
SHOWN = timedelta(days=90)
"""How long one that was given up is still shown to the department and its systems."""
MOST_OF_CASE = 50
MOST_OF_DEPARTMENT = 10_000
BATCH = 500


class NotYet(Exception):
    """An event needs something that has not arrived; `refusal` is what it is told where it may not wait."""

    def __init__(self, refusal: DomainError) -> None:
        super().__init__()
        self.refusal = refusal


def demand_same(department: Department, origin: Origin) -> None:
    """Raise Conflict where the number of an event was used for another that waits, or did."""
    digests = EarlyEvent.objects.filter(department=department, event_id=origin.event_id)
    digest = digests.values_list("digest", flat=True).first()
    if digest is not None and digest != origin.digest:
        raise Conflict(_("这个事件编号已经用于另一条内容不同的事件。"), code="event_id")


def keep(
    row: Mapping[str, Any], given: Mapping[str, Any], *, department: Department, origin: Origin, refusal: DomainError
) -> EarlyEvent:
    """Let an event wait; one that waited before and was given up waits anew. `row` is what the form had to read.

    Raises `refusal` where so many wait already that this is no disorder of sending.
    """
    named, now = str(given["case"]), clock.now()
    mine = EarlyEvent.objects.filter(department=department)
    known = mine.filter(event_id=origin.event_id).first()
    if known is not None and known.status == Status.WAITING:
        return known
    if mine.waiting().filter(case=named).count() >= MOST_OF_CASE or mine.waiting().count() >= MOST_OF_DEPARTMENT:
        raise refusal
    assert origin.client is not None
    event = known or EarlyEvent(department=department, event_id=origin.event_id)
    event.client, event.digest, event.case = origin.client, origin.digest, named
    event.kind, event.occurred_at = given["kind"], given["occurred_at"]
    event.given = json.dumps(dict(row), ensure_ascii=False)
    event.received_at, event.expires_at = now, now + TERM
    event.status, event.ended_at, event.problem = Status.WAITING, None, ""
    event.save()
    return event


def forget(department: Department, event_id: str) -> None:
    """An event was applied: from now on the case has it."""
    EarlyEvent.objects.filter(department=department, event_id=event_id).delete()


def waiting_for(case: Case) -> list[EarlyEvent]:
    """What waits for a case, by the department's number of it or by ours, in the order in which it happened."""
    names = [name for name in (case.external_code, case.code) if name]
    rows = EarlyEvent.objects.waiting().filter(department=case.department_id, case__in=names)
    return list(rows.select_related("client").order_by("occurred_at", "id"))


def read(event: EarlyEvent) -> dict[str, Any]:
    """What a kept event says. Raises DomainError where it cannot be read any more, such as an item that is gone."""
    form = EventForm(json.loads(event.given))
    if not form.is_valid():
        raise DomainError(str(next(iter(form.errors.values()))[0]), code="invalid")
    return form.cleaned_data


def origin_of(event: EarlyEvent) -> Origin:
    return Origin(
        source=CaseEvent.Source.API, client=event.client, event_id=event.event_id, digest=event.digest
    )  # fmt: skip


def refuse(event: EarlyEvent, why: str) -> None:
    """What it waited for has come, and it does not fit: kept as that for the department to see."""
    event.status, event.ended_at, event.problem = Status.REFUSED, clock.now(), why[:200]
    event.save(update_fields=["status", "ended_at", "problem"])


def expire(now: datetime | None = None) -> int:
    """Give up what has waited for its whole term, and forget what was given up long ago; tell how many were given up."""
    at = now or clock.now()
    due = EarlyEvent.objects.expired_at(at).values("pk")[:BATCH]
    gone = EarlyEvent.objects.waiting().filter(pk__in=due).update(
        status=Status.EXPIRED, ended_at=at, problem=_("在期限内没有收到这件办件的收件事件，或要更正的事件。")
    )  # fmt: skip
    EarlyEvent.objects.filter(ended_at__lte=at - SHOWN).delete()
    return gone
