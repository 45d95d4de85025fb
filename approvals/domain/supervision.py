"""Supervision (督办): what is late is noted once, in the log and on the desks of the department and the regulator."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from approvals.domain import joint
from approvals.models import Application, Case
from core import clock
from ledger import domain as ledger
from protocol.canonical import timestamp

BATCH = 500


def note_late_cases(now: datetime | None = None) -> int:
    """Note every case past its promised limit that was not noted for this limit yet; any number of workers may do it at once."""
    at = now or clock.now()
    late = Case.objects.late(now=at).filter(late_noted_at=None).order_by("due_at").values_list("pk", flat=True)
    return sum(note_late(case_id=pk) for pk in late[:BATCH])


def note_late(*, case_id: int) -> bool:
    """Note that one case is late; False where another has done it, or its clock has stopped meanwhile."""
    with transaction.atomic():
        case = (
            Case.objects.select_for_update(of=["self"], skip_locked=True)
            .select_related("department")
            .filter(pk=case_id)
            .first()
        )
        now = clock.now()
        if case is None or case.late_noted_at is not None or case.due_at is None or case.due_at > now:
            return False
        case.late_noted_at = now
        case.save(update_fields=["late_noted_at"])
        data = {"department": case.department.code, "due_at": timestamp(case.due_at)}
        ledger.append("case.late", case.subject, data, at=now)
    return True


def note_late_applications(now: datetime | None = None) -> int:
    """Note every joint approval past its one limit that was not noted for this limit yet, as single cases are."""
    at = now or clock.now()
    for pk in Application.objects.filter(lead__isnull=False, joint_followed_at=None).values_list("pk", flat=True)[
        :BATCH
    ]:
        _follow(pk)
    late = Application.objects.late(now=at).filter(late_noted_at=None).order_by("joint_due_at", "id")
    return sum(note_late_application(application_id=pk) for pk in list(late.values_list("pk", flat=True)[:BATCH]))


def note_late_application(*, application_id: int) -> bool:
    """Note that one joint approval is late; False where another has done it, or its clock has stopped meanwhile."""
    with transaction.atomic():
        rows = Application.objects.select_for_update(of=["self"], skip_locked=True).select_related("lead")
        application = rows.filter(pk=application_id).first()
        now = clock.now()
        if application is None or application.late_noted_at is not None or application.urgency_at(now) != "late":
            return False
        assert application.joint_due_at is not None
        assert application.lead is not None
        application.late_noted_at = now
        application.save(update_fields=["late_noted_at"])
        data = {"due_at": timestamp(application.joint_due_at), "lead": application.lead.code}
        ledger.append("application.late", application.subject, data, at=now)
    return True


def _follow(application_id: int) -> None:
    """Derive the limit of an application that was filed before there was one."""
    with transaction.atomic():
        Application.objects.select_for_update().get(pk=application_id)
        joint.follow(application_id)
