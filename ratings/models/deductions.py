"""Deductions for what a firm has done: proposed, noticed, heard, decided, appealed, repaired, expired."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from core.attachments import Attachment
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle
from ratings.models.rules import ConductPolicy, DeductionRule, Deed

READ_ALL = (Kind.OPERATOR, Kind.REGULATOR)


class DeductionQuerySet(models.QuerySet["Deduction"]):
    def readable_by(self, organisation: Organisation) -> Self:
        """Service centre and regulator: all. A firm: its own, from the notice on."""
        if organisation.kind in READ_ALL:
            return self
        return self.filter(firm__organisation=organisation, noticed_at__isnull=False)

    def standing(self, *, now: datetime) -> Self:
        """Those that cost points at `now`; an appeal or an application for repair changes nothing until it is decided."""
        return self.filter(status__in=Deduction.COSTS, until__gt=now)

    def in_force_at(self, at: datetime) -> Self:
        """Those that cost points at any moment: asked later it is the same, whatever has become of them since."""
        decided = self.exclude(status=Deduction.Status.DROPPED).filter(decided_at__lte=at, until__gt=at)
        return decided.filter(Q(ended_at=None) | Q(ended_at__gt=at))

    def to_expire(self, *, now: datetime) -> Self:
        return self.filter(status=Deduction.Status.IN_FORCE, until__lte=now).order_by("until", "id")

    def for_list(self) -> Self:
        return self.select_related("firm__organisation", "contract", "round", "policy", "rule")


class Deduction(models.Model):
    """A deduction from a firm's conduct (行为扣分). Points, months, listing, grade: those of the rule of the day it was done.

    `source` says which recorded fact it follows from, so that nothing is charged twice; `facts` are its values for the reader.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("待告知")
        NOTICED = "noticed", _("已告知，待陈述")
        HEARD = "heard", _("已陈述，待决定")
        DROPPED = "dropped", _("不予扣分")
        IN_FORCE = "in_force", _("已生效")
        APPEALED = "appealed", _("申诉中")
        REVOKED = "revoked", _("申诉成立，已撤销")
        REPAIR_ASKED = "repair_asked", _("申请修复中")
        REPAIRED = "repaired", _("已修复")
        EXPIRED = "expired", _("已到期")

    lifecycle = Lifecycle(
        {
            Status.PROPOSED: {Status.NOTICED, Status.DROPPED},
            # Without a statement it is decided when the term for one is over.
            Status.NOTICED: {Status.HEARD, Status.IN_FORCE, Status.DROPPED},
            Status.HEARD: {Status.IN_FORCE, Status.DROPPED},
            Status.IN_FORCE: {Status.APPEALED, Status.REPAIR_ASKED, Status.EXPIRED},
            Status.APPEALED: {Status.IN_FORCE, Status.REVOKED},
            Status.REPAIR_ASKED: {Status.IN_FORCE, Status.REPAIRED},
        }
    )
    COSTS = (Status.IN_FORCE, Status.APPEALED, Status.REPAIR_ASKED)
    WAITING = (Status.PROPOSED, Status.NOTICED, Status.HEARD)

    code = models.CharField(_("编号"), max_length=20, unique=True)
    kind = models.CharField(_("行为"), max_length=12, choices=Deed)
    firm = models.ForeignKey("market.Firm", models.PROTECT, related_name="deductions")
    source = models.CharField(max_length=120)
    contract = models.ForeignKey("contracts.Contract", models.PROTECT, null=True, blank=True, related_name="deductions")
    round = models.ForeignKey("bidding.Round", models.PROTECT, null=True, blank=True, related_name="deductions")
    facts = models.JSONField(default=dict, blank=True)
    occurred_at = models.DateTimeField(_("发生时间"))
    rule = models.ForeignKey(DeductionRule, models.PROTECT, related_name="deductions")
    policy = models.ForeignKey(ConductPolicy, models.PROTECT, related_name="+")
    points = models.PositiveSmallIntegerField(_("扣分"))
    listed = models.BooleanField(_("列入黑榜"), default=False)
    to_d = models.BooleanField(_("直接评为 D 级"), default=False)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PROPOSED)

    proposed_at = models.DateTimeField(_("提出时间"))
    noticed_at = models.DateTimeField(_("告知时间"), null=True, blank=True)
    state_until = models.DateTimeField(_("陈述期限"), null=True, blank=True)
    stated_at = models.DateTimeField(_("陈述时间"), null=True, blank=True)
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    until = models.DateTimeField(_("有效期至"), null=True, blank=True)
    appeal_until = models.DateTimeField(_("申诉期限"), null=True, blank=True)
    appealed_at = models.DateTimeField(_("申诉时间"), null=True, blank=True)
    repair_from = models.DateTimeField(_("可申请修复的时间"), null=True, blank=True)
    repair_asked_at = models.DateTimeField(_("申请修复时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("终止时间"), null=True, blank=True)

    objects = DeductionQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-id"]
        verbose_name = _("行为扣分")
        indexes = [
            models.Index(fields=["firm", "-proposed_at"], name="deduction_of_firm"),
            models.Index(fields=["status", "-proposed_at", "-id"], name="deduction_by_status"),
            models.Index(
                fields=["-decided_at", "-id"],
                name="deduction_black",
                condition=Q(listed=True, status__in=["in_force", "appealed", "repair_asked"]),
            ),
            models.Index(fields=["until"], name="deduction_to_expire", condition=Q(status="in_force")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "kind", "firm"], name="deduction_once"),
            models.CheckConstraint(name="deduction_d_is_listed", condition=Q(to_d=False) | Q(listed=True)),
            models.CheckConstraint(
                name="deduction_noticed_whole",
                condition=Q(status__in=["proposed", "dropped"], noticed_at=None, state_until=None)
                | (~Q(status="proposed") & Q(noticed_at__isnull=False, state_until__isnull=False)),
            ),
            models.CheckConstraint(
                name="deduction_heard_whole", condition=~Q(status="heard") | Q(stated_at__isnull=False)
            ),
            models.CheckConstraint(
                name="deduction_decided_whole",
                condition=Q(status__in=["proposed", "noticed", "heard"], decided_at=None, decided_by=None, until=None)
                | Q(status="dropped", decided_at__isnull=False, decided_by__isnull=False, until=None)
                | Q(
                    status__in=["in_force", "appealed", "revoked", "repair_asked", "repaired", "expired"],
                    decided_at__isnull=False, decided_by__isnull=False, until__gt=F("decided_at"),
                    appeal_until__isnull=False, repair_from__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="deduction_appealed_whole",
                condition=~Q(status__in=["appealed", "revoked"]) | Q(appealed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="deduction_repair_whole",
                condition=~Q(status__in=["repair_asked", "repaired"]) | Q(repair_asked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="deduction_ended_whole",
                condition=Q(status__in=["dropped", "revoked", "repaired", "expired"], ended_at__isnull=False)
                | (~Q(status__in=["dropped", "revoked", "repaired", "expired"]) & Q(ended_at=None)),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.code

    @property
    def subject(self) -> str:
        """What the public log calls it."""
        return f"deduction/{self.code}"

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return f"deduction_{self.status}"

    @property
    def is_decided(self) -> bool:
        return self.decided_at is not None

    def costs_at(self, now: datetime) -> bool:
        return self.status in self.COSTS and self.until is not None and self.until > now

    def may_be_decided_at(self, now: datetime) -> bool:
        """Once the firm has spoken, or has let its term pass."""
        if self.status == self.Status.HEARD:
            return True
        return self.status == self.Status.NOTICED and self.state_until is not None and self.state_until <= now

    def may_be_stated_at(self, now: datetime) -> bool:
        return self.status == self.Status.NOTICED and self.state_until is not None and now < self.state_until

    def may_be_appealed_at(self, now: datetime) -> bool:
        """Once, within its term."""
        in_time = self.appeal_until is not None and now < self.appeal_until
        return self.status == self.Status.IN_FORCE and self.appealed_at is None and in_time and self.costs_at(now)

    def may_be_repaired_at(self, now: datetime) -> bool:
        old_enough = self.repair_from is not None and self.repair_from <= now
        return self.status == self.Status.IN_FORCE and old_enough and self.costs_at(now)


class DeductionEvent(models.Model):
    """A step of a deduction, with what was said (扣分经过). Never altered."""

    class Kind(models.TextChoices):
        PROPOSED = "proposed", _("已提出扣分")
        NOTICED = "noticed", _("已告知机构")
        STATED = "stated", _("机构陈述申辩")
        DROPPED = "dropped", _("决定不予扣分")
        DECIDED = "decided", _("决定扣分")
        APPEALED = "appealed", _("机构申诉")
        APPEAL_REJECTED = "appeal_rejected", _("申诉不成立")
        APPEAL_UPHELD = "appeal_upheld", _("申诉成立，扣分撤销")
        REPAIR_ASKED = "repair_asked", _("机构申请信用修复")
        REPAIR_REFUSED = "repair_refused", _("修复申请未同意")
        REPAIRED = "repaired", _("同意修复，扣分提前终止")
        EXPIRED = "expired", _("扣分到期")

    deduction = models.ForeignKey(Deduction, models.PROTECT, related_name="events")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=Kind)
    at = models.DateTimeField(_("时间"))
    # Nobody where a rule or time did it.
    by = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    words = EncryptedTextField(blank=True, default="")

    class Meta:
        ordering = ["deduction_id", "number"]
        verbose_name = _("扣分经过")
        constraints = [models.UniqueConstraint(fields=["deduction", "number"], name="deduction_event_number")]

    def __str__(self) -> str:
        return f"{self.deduction_id}#{self.number} {self.kind}"


class DeductionFile(Attachment):
    """What is handed in with a step of a deduction (证明材料)."""

    event = models.ForeignKey(DeductionEvent, models.PROTECT, related_name="files")
    file = models.FileField(_("文件"), upload_to="conduct/")

    class Meta:
        ordering = ["event_id", "number"]
        verbose_name = _("扣分材料")
        constraints = [
            models.UniqueConstraint(fields=["event", "number"], name="deduction_file_number"),
            models.CheckConstraint(name="deduction_at_most_5_files", condition=Q(number__gte=1, number__lte=5)),
        ]
