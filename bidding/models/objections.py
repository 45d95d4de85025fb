"""Objections to a candidate, and the complaints to the regulator that may follow."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from bidding.models.rounds import PENDING_OBJECTION, Lot, Round
from core.attachments import Attachment
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle

RECUSAL_STATES = {
    "filed": _("待监管部门处理"),
    "dismissed": _("异议不成立，维持回避"),
    "sustained": _("异议成立，无须回避"),
}
READ_ALL = (Kind.OPERATOR, Kind.REGULATOR)
"""Who reads every objection: the service centre answers them, the regulator decides what becomes of them."""


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def readable_by(self, organisation: Organisation) -> Self:
        """Those of which this organisation may read text and files: as objector, winner, owner, service centre, regulator."""
        if organisation.kind in READ_ALL:
            return self
        won = Lot.objects.filter(winner__organisation=organisation).values("round")
        party = Q(round__owner=organisation) | Q(round__in=won)
        return self.filter(Q(objector=organisation) | (party & Q(ground=Objection.Ground.RESULT)))

    def of_candidates(self) -> Self:
        """Without those about a recusal, which are no part of what everybody reads."""
        return self.filter(ground=Objection.Ground.RESULT)

    def pending(self) -> Self:
        """Those that keep their round from its award: not answered yet, or before the regulator."""
        return self.filter(status__in=PENDING_OBJECTION).exclude(round__status__in=Objection.MOOT_IN)

    def to_answer(self) -> Self:
        """What waits for the service centre, oldest first."""
        waiting = self.pending().of_candidates().filter(status=Objection.Status.FILED)
        return waiting.order_by("filed_at", "id")

    def to_decide(self) -> Self:
        """What waits for the regulator, oldest first."""
        complained = Q(status__in=(Objection.Status.ESCALATED, Objection.Status.STOPPED))
        recusal = Q(ground=Objection.Ground.RECUSAL, status=Objection.Status.FILED)
        return self.pending().filter(complained | recusal).order_by(Coalesce("escalated_at", "filed_at"), "id")

    def for_list(self) -> Self:
        return self.select_related("round__owner", "round__service", "objector", "lot")


class Objection(models.Model):
    """An objection (异议) in the public notice of a candidate, answered by the service centre; unsatisfied, the objector
    may complain (投诉) to the regulator. Everybody may know that it is there, when it came and its state; the parties read it.

    By a firm that is kept out for a tie (`ground` recusal) it is about that alone, at any stage before the award; it goes to the
    regulator at once, and only the objector, the service centre and the regulator read it.
    """

    class Ground(models.TextChoices):
        """What it is against."""

        RESULT = "result", _("中选候选机构")
        RECUSAL = "recusal", _("回避有误")

    class Status(models.TextChoices):
        FILED = "filed", _("待答复")
        REJECTED = "rejected", _("不成立")
        NO_EFFECT = "no_effect", _("成立，不影响结果")
        UPHELD = "upheld", _("成立，比选作废")
        ESCALATED = "escalated", _("已向监管部门投诉")
        STOPPED = "stopped", _("监管部门责令暂停")
        DISMISSED = "dismissed", _("投诉不成立，恢复进行")
        SUSTAINED = "sustained", _("投诉成立，比选作废")

    class Party(models.TextChoices):
        """At whose fault a round is void."""

        FIRM = "firm", _("中介机构")
        OWNER = "owner", _("项目业主")
        DEPARTMENT = "department", _("审批部门")
        PLATFORM = "platform", _("平台")

    lifecycle = Lifecycle(
        {
            Status.FILED: {Status.REJECTED, Status.NO_EFFECT, Status.UPHELD},
            Status.REJECTED: {Status.ESCALATED},
            Status.NO_EFFECT: {Status.ESCALATED},
            Status.ESCALATED: {Status.STOPPED, Status.DISMISSED, Status.SUSTAINED},
            Status.STOPPED: {Status.DISMISSED, Status.SUSTAINED},
        }
    )
    # Against a recusal: the regulator decides at once.
    of_recusal = Lifecycle({Status.FILED: {Status.DISMISSED, Status.SUSTAINED}})
    # Where a round has ended there is no award to wait for, and nothing left to answer or to decide.
    MOOT_IN = (Round.Status.FAILED, Round.Status.CANCELLED, Round.Status.VOID)

    round = models.ForeignKey(Round, models.PROTECT, related_name="objections")
    # Where it is about one lot of several; empty where it is about the round. Upheld it voids the round all the same: the
    # record and its verifiers know no lot that was decided and is void.
    lot = models.ForeignKey(
        Lot, models.PROTECT, null=True, blank=True, related_name="objections", verbose_name=_("标段")
    )
    ground = models.CharField(_("针对"), max_length=8, choices=Ground, default=Ground.RESULT)
    # Of a recusal: what kept the firm out when it objected, as Stop.reasons has it.
    recusal = models.JSONField(default=list, blank=True)
    code = models.CharField(_("编号"), max_length=20, unique=True)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.FILED)
    objector = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="objections")
    filed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    filed_at = models.DateTimeField(_("提出时间"))
    text = EncryptedTextField(_("异议内容"))

    answer_due_at = models.DateTimeField(_("答复期限"))
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    answered_by = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    answer = EncryptedTextField(_("答复"), blank=True)

    complaint_until = models.DateTimeField(_("可投诉至"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("投诉时间"), null=True, blank=True)
    complaint = EncryptedTextField(_("投诉内容"), blank=True)
    decision_due_at = models.DateTimeField(_("处理期限"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("责令暂停时间"), null=True, blank=True)
    stopped_by = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    stop_reason = EncryptedTextField(_("责令暂停的理由"), blank=True)
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    decided_by = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    decision = EncryptedTextField(_("处理决定"), blank=True)
    # Where it voids the round: who is charged with the time until the next award; the platform where nobody is named.
    charged_to = models.CharField(_("责任方"), max_length=10, choices=Party, blank=True)

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        ordering = ["-filed_at", "-id"]
        verbose_name = _("异议")
        indexes = [
            models.Index(fields=["filed_at"], name="objection_to_answer", condition=Q(status="filed")),
            models.Index(
                fields=["escalated_at"], name="objection_to_decide", condition=Q(status__in=["escalated", "stopped"])
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "objector", "lot"],
                name="objection_one_waiting",
                condition=Q(status="filed"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="objection_answered_whole",
                condition=Q(status="filed", answered_at=None)
                | Q(ground="recusal", status__in=["dismissed", "sustained"])
                | Q(answered_at__isnull=False, answered_by__isnull=False, complaint_until__isnull=False),
            ),
            models.CheckConstraint(
                name="objection_escalated_whole",
                condition=~Q(status__in=["escalated", "stopped", "dismissed", "sustained"])
                | Q(ground="recusal")
                | Q(escalated_at__isnull=False, decision_due_at__isnull=False),
            ),
            models.CheckConstraint(
                name="objection_stopped_whole",
                condition=~Q(status="stopped") | Q(stopped_at__isnull=False, stopped_by__isnull=False),
            ),
            models.CheckConstraint(
                name="objection_charges_where_it_voids",
                condition=Q(charged_to="") | Q(status__in=["upheld", "sustained"]),
            ),
            models.CheckConstraint(
                name="objection_recusal_goes_to_the_regulator",
                condition=Q(ground="result") | Q(status__in=["filed", "dismissed", "sustained"], lot=None),
            ),
            models.CheckConstraint(
                name="objection_decided_whole",
                condition=~Q(status__in=["dismissed", "sustained"])
                | Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_about_recusal(self) -> bool:
        return self.ground == self.Ground.RECUSAL

    @property
    def state(self) -> str:
        """Its status in words; of a recusal in other words than of a result."""
        own = RECUSAL_STATES.get(self.status) if self.is_about_recusal else None
        return str(own or self.get_status_display())

    @property
    def is_moot(self) -> bool:
        """Whether the round ended while this was neither answered nor decided."""
        return self.status in PENDING_OBJECTION and self.round.status in self.MOOT_IN

    @property
    def is_pending(self) -> bool:
        return self.status in PENDING_OBJECTION and not self.is_moot

    @property
    def received_at(self) -> datetime:
        """When it came to whoever settles it now: the complaint where there is one."""
        return self.escalated_at or self.filed_at

    @property
    def due_at(self) -> datetime | None:
        """By when it has to be answered or decided; None where nothing is."""
        if not self.is_pending:
            return None
        return self.answer_due_at if self.status == self.Status.FILED else self.decision_due_at


class ObjectionFile(Attachment):
    """A file that supports an objection (证明材料), for the same readers as its text."""

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="files")
    file = models.FileField(_("文件"), upload_to="objections/")

    class Meta:
        ordering = ["objection_id", "number"]
        verbose_name = _("异议材料")
        constraints = [
            models.UniqueConstraint(fields=["objection", "number"], name="objection_file_number"),
            models.CheckConstraint(name="objection_at_most_5_files", condition=Q(number__gte=1, number__lte=5)),
        ]
