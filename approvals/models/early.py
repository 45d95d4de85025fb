"""Events of departments' systems that came before what they need: the receipt of their case, or the event that they correct."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from approvals.models.cases import CaseEvent
from approvals.models.clients import ApiClient
from approvals.models.departments import Department
from core.fields import EncryptedTextField


class EarlyEventQuerySet(models.QuerySet["EarlyEvent"]):
    def readable_by(self, organisation: Organisation) -> Self:
        """Those of this department; the regulator supervises."""
        if organisation.kind == Kind.REGULATOR:
            return self
        if organisation.kind != Kind.DEPARTMENT:
            return self.none()
        return self.filter(department__organisation=organisation)

    def waiting(self) -> Self:
        return self.filter(status=EarlyEvent.Status.WAITING)

    def ended(self) -> Self:
        """What was given up: its time was over, or it did not fit when what it waited for came."""
        return self.exclude(status=EarlyEvent.Status.WAITING)

    def expired_at(self, now: datetime) -> Self:
        return self.waiting().filter(expires_at__lte=now).order_by("expires_at", "id")


class EarlyEvent(models.Model):
    """An event that arrived before the receipt of its case, or before the event that it corrects (先到事件).

    It is no part of any case and of no history until it is applied; then the row is gone and the case's event is there.
    """

    class Status(models.TextChoices):
        WAITING = "early_waiting", _("等待中")
        REFUSED = "early_refused", _("与办件不符，没有记录")
        EXPIRED = "early_expired", _("逾期没有等到，已失效")

    department = models.ForeignKey(Department, models.PROTECT, related_name="early_events")
    client = models.ForeignKey(ApiClient, models.PROTECT, related_name="+")
    event_id = models.CharField(_("部门事件编号"), max_length=80)
    digest = models.CharField(max_length=64, editable=False)
    case = models.CharField(_("部门办件编号"), max_length=64)
    kind = models.CharField(_("事件"), max_length=20, choices=CaseEvent.Kind)
    occurred_at = models.DateTimeField(_("发生时间"))
    # The members as they were sent, as JSON: what it says in words is for those who read the case.
    given = EncryptedTextField()
    received_at = models.DateTimeField(_("送达时间"))
    expires_at = models.DateTimeField(_("等待到"))
    status = models.CharField(_("状态"), max_length=16, choices=Status, default=Status.WAITING)
    ended_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(_("原因"), max_length=200, blank=True)

    objects = EarlyEventQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("先到事件")
        indexes = [
            models.Index(fields=["department", "case", "occurred_at"], name="early_of_case"),
            models.Index(fields=["department", "-received_at", "-id"], name="early_of_department"),
            models.Index(fields=["expires_at", "id"], name="early_expiring", condition=Q(status="early_waiting")),
            models.Index(fields=["ended_at"], name="early_ended", condition=Q(ended_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["department", "event_id"], name="early_event_once"),
            models.CheckConstraint(
                name="early_ended_dated",
                condition=Q(status="early_waiting", ended_at=None)
                | (~Q(status="early_waiting") & Q(ended_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.event_id
