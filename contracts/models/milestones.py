"""The steps of a contract, each with its part of the price."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models.contracts import Contract, ContractLine
from core.lifecycle import Lifecycle
from core.money import MoneyField


class Milestone(models.Model):
    """A step of a contract with its part of the price (里程碑). Accepted means that it may be paid.

    `days` counts working days from the sealing; without `delivers` it is due with the sealing itself (预付款). What it delivers
    serves `lines` of a contract that has several, all of them where none is named.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("未开始")
        WORKING = "working", _("进行中")
        SUBMITTED = "submitted", _("待验收")
        RETURNED = "returned", _("已退回")
        ACCEPTED = "accepted", _("已验收")
        CANCELLED = "cancelled", _("不再履行")

    lifecycle = Lifecycle(
        {
            Status.PLANNED: {Status.WORKING, Status.ACCEPTED, Status.CANCELLED},
            Status.WORKING: {Status.SUBMITTED, Status.CANCELLED},
            Status.SUBMITTED: {Status.ACCEPTED, Status.RETURNED, Status.CANCELLED},
            Status.RETURNED: {Status.SUBMITTED, Status.CANCELLED},
        }
    )
    TAKES = (Status.WORKING, Status.RETURNED)
    """In which it takes a deliverable; and an accepted one while a revision of it is asked for."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="milestones")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(_("名称"), max_length=60)
    amount = MoneyField(_("应付金额（元）"))
    days = models.PositiveSmallIntegerField(_("盖章后第几个工作日"))
    lines = models.ManyToManyField(ContractLine, related_name="milestones", blank=True, verbose_name=_("服务的事项"))
    delivers = models.BooleanField(_("须交付成果"), default=True)
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.PLANNED)
    due_at = models.DateTimeField(_("期限"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("验收时间"), null=True, blank=True)
    # An expert review wants what was accepted to be revised; empty again when the revision is accepted.
    revision_asked_at = models.DateTimeField(_("要求修改时间"), null=True, blank=True)

    class Meta:
        ordering = ["contract_id", "number"]
        verbose_name = _("里程碑")
        constraints = [
            models.UniqueConstraint(fields=["contract", "number"], name="milestone_number"),
            models.CheckConstraint(name="milestone_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="milestone_accepted_dated", condition=~Q(status="accepted") | Q(accepted_at__isnull=False)
            ),
            models.CheckConstraint(
                name="milestone_without_result",
                condition=Q(delivers=True) | Q(status__in=["planned", "accepted", "cancelled"]),
            ),
        ]
        indexes = [models.Index(fields=["accepted_at"], name="milestone_accepted", condition=Q(status="accepted"))]

    def __str__(self) -> str:
        return f"{self.contract_id}/{self.number}"

    def serves(self, line: ContractLine) -> bool:
        """Whether what it delivers is for a line of its contract."""
        named = {each.pk for each in self.lines.all()}
        return not named or line.pk in named

    @property
    def takes_deliverables(self) -> bool:
        return self.status in self.TAKES or self.revision_asked_at is not None

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return f"milestone_{self.status}"
