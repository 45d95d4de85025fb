"""What owners, departments and the service centre say of a firm after a line, and what the firm replies."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from core.lifecycle import Lifecycle
from ratings.models.rules import EvaluationPolicy

READ_ALL = (Kind.OPERATOR, Kind.REGULATOR)
MOST = 100


class Dimension(models.TextChoices):
    """On what a firm is marked, 0 to 100 each."""

    QUALITY = "quality", _("成果质量")
    TIMELINESS = "timeliness", _("服务时效")
    ATTITUDE = "attitude", _("服务态度")
    CHARGING = "charging", _("收费规范")
    CONDUCT = "conduct", _("诚信执业")


class Side(models.TextChoices):
    """As what somebody evaluates."""

    OWNER = "owner", _("项目业主")
    DEPARTMENT = "department", _("审批部门")
    CENTRE = "centre", _("服务中心")


class Dispute(models.TextChoices):
    """What stood between owner and firm while an owner's marks could be edited. A fact, no verdict."""

    UNPAID = "unpaid", _("有付款申请尚未支付")
    OVERDUE = "overdue", _("有付款申请逾期未付")
    RETURNED = "returned", _("有付款申请被业主退回")
    MATTER = "matter", _("合同有商定事项尚未答复")


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def public(self, *, now: datetime) -> Self:
        """Those whose edit window is over, whether or not the worker has been there."""
        return self.filter(public_at__lte=now)

    def to_publish(self, *, now: datetime) -> Self:
        return self.filter(status=Evaluation.Status.EDITABLE, public_at__lte=now).order_by("public_at", "id")

    def about(self, organisation: Organisation, *, now: datetime) -> Self:
        """Those that a firm may read about itself: it learns of them when everybody does."""
        return self.public(now=now).filter(firm__organisation=organisation)

    def readable_by(self, organisation: Organisation, *, now: datetime) -> Self:
        """Whole, with evidence and rater: its rater, the firm once public, service centre and regulator."""
        if organisation.kind in READ_ALL:
            return self
        return self.filter(Q(rater=organisation) | Q(firm__organisation=organisation, public_at__lte=now))

    def for_list(self) -> Self:
        return self.select_related("firm__organisation", "rater", "service", "need", "contract", "reply")


class Evaluation(models.Model):
    """One rater's marks for one line (评价): editable for a while, then public and final.

    `line` is the code that the timeline calls the line by, `number` that of the line in its contract.
    """

    class Status(models.TextChoices):
        EDITABLE = "editable", _("可修改")
        FINAL = "final", _("已公开")

    lifecycle = Lifecycle({Status.EDITABLE: {Status.FINAL}})

    code = models.CharField(_("编号"), max_length=20, unique=True)
    line = models.CharField(_("事项链条"), max_length=40)
    need = models.ForeignKey("market.Need", models.PROTECT, related_name="evaluations")
    contract = models.ForeignKey("contracts.Contract", models.PROTECT, related_name="evaluations")
    number = models.PositiveSmallIntegerField()
    firm = models.ForeignKey("market.Firm", models.PROTECT, related_name="evaluations")
    service = models.ForeignKey("market.Service", models.PROTECT, related_name="+")
    side = models.CharField(_("评价方"), max_length=10, choices=Side)
    rater = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="evaluations_given")
    policy = models.ForeignKey(EvaluationPolicy, models.PROTECT, related_name="+")
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.EDITABLE)

    quality = models.PositiveSmallIntegerField(Dimension.QUALITY.label)
    timeliness = models.PositiveSmallIntegerField(Dimension.TIMELINESS.label)
    attitude = models.PositiveSmallIntegerField(Dimension.ATTITUDE.label)
    charging = models.PositiveSmallIntegerField(Dimension.CHARGING.label)
    conduct = models.PositiveSmallIntegerField(Dimension.CONDUCT.label)
    text = models.TextField(_("评价内容"), max_length=1000, blank=True)
    evidence = models.FileField(_("证明材料"), upload_to="evaluations/", blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    # Codes of Dispute that held at any time between giving and publication.
    dispute = models.JSONField(default=list, blank=True)

    given_at = models.DateTimeField(_("评价时间"))
    given_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    edited_at = models.DateTimeField(_("修改时间"), null=True, blank=True)
    public_at = models.DateTimeField(_("公开时间"))
    reply_until = models.DateTimeField(_("可回复至"))
    published_at = models.DateTimeField(null=True, blank=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        ordering = ["-public_at", "-id"]
        verbose_name = _("评价")
        indexes = [
            models.Index(fields=["firm", "-public_at", "-id"], name="evaluation_of_firm"),
            models.Index(fields=["rater", "-given_at", "-id"], name="evaluation_by_rater"),
            models.Index(fields=["firm", "given_at"], name="evaluation_burst"),
            models.Index(fields=["-given_at", "-id"], name="evaluation_list"),
            models.Index(fields=["public_at"], name="evaluation_to_publish", condition=Q(status="editable")),
            # The means over everybody are read from it alone.
            models.Index(
                fields=["public_at"],
                name="evaluation_public",
                include=["firm", "side", "rater", "quality", "timeliness", "attitude", "charging", "conduct"],
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["contract", "number", "side"], name="evaluation_once"),
            models.CheckConstraint(
                name="evaluation_marks",
                condition=Q(*((f"{name}__gte", 0) for name in Dimension.values))
                & Q(*((f"{name}__lte", MOST) for name in Dimension.values)),
            ),
            models.CheckConstraint(
                name="evaluation_published_dated",
                condition=Q(status="editable", published_at=None) | Q(status="final", published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="evaluation_in_order",
                condition=Q(public_at__gt=F("given_at"), reply_until__gt=F("public_at")),
            ),
            models.CheckConstraint(
                name="evaluation_evidence_whole",
                condition=Q(evidence="", evidence_sha256="") | (~Q(evidence="") & ~Q(evidence_sha256="")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.code

    @property
    def subject(self) -> str:
        """What the public log calls it."""
        return f"evaluation/{self.code}"

    @property
    def marks(self) -> tuple[int, ...]:
        """In the order of Dimension."""
        return tuple(getattr(self, name) for name in Dimension.values)

    @property
    def labelled_marks(self) -> list[tuple[str | Promise, int]]:
        return [(dimension.label, getattr(self, dimension.value)) for dimension in Dimension]

    @property
    def rater_label(self) -> str | Promise:
        """The rater as everybody reads it: its kind, never its name."""
        return Kind.PERSON.label if self.rater.is_person else Side(self.side).label

    @property
    def dispute_labels(self) -> list[str | Promise]:
        return [Dispute(each).label for each in self.dispute if each in Dispute.values]

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return f"evaluation_{self.status}"

    def is_public_at(self, now: datetime) -> bool:
        return self.public_at <= now

    @property
    def reply_or_none(self) -> EvaluationReply | None:
        return getattr(self, "reply", None)

    def public_reply_at(self, now: datetime) -> EvaluationReply | None:
        """The firm's reply as everybody reads it at `now`."""
        reply = self.reply_or_none
        return reply if reply is not None and reply.public_at <= now else None


class EvaluationReply(models.Model):
    """What the firm says to an evaluation (机构回复): once, editable for a while, then public with it."""

    evaluation = models.OneToOneField(Evaluation, models.PROTECT, related_name="reply")
    text = models.TextField(_("回复"), max_length=1000)
    at = models.DateTimeField(_("回复时间"))
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    edited_at = models.DateTimeField(null=True, blank=True)
    public_at = models.DateTimeField(_("公开时间"))
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("机构回复")
        constraints = [
            models.CheckConstraint(name="reply_says_something", condition=~Q(text="")),
            models.CheckConstraint(name="reply_public_later", condition=Q(public_at__gt=F("at"))),
        ]
        indexes = [models.Index(fields=["public_at"], name="reply_to_publish", condition=Q(published_at=None))]

    def __str__(self) -> str:
        return str(self.evaluation_id)


class Burst(models.Model):
    """Many equal marks within a short time, by one rater or about one firm (集中相同评价): a lead for oversight, no verdict."""

    class By(models.TextChoices):
        RATER = "rater", _("同一评价方")
        FIRM = "firm", _("同一机构")

    by = models.CharField(_("集中于"), max_length=6, choices=By)
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    marks = models.JSONField(_("各项分数"))
    first_at = models.DateTimeField(_("第一条"))
    last_at = models.DateTimeField(_("最后一条"))
    found_at = models.DateTimeField(_("发现时间"))
    evaluations = models.ManyToManyField(Evaluation, related_name="bursts")

    class Meta:
        ordering = ["-found_at", "-id"]
        verbose_name = _("集中相同评价")
        indexes = [
            models.Index(fields=["-found_at", "-id"], name="burst_list"),
            models.Index(fields=["organisation", "by", "last_at"], name="burst_of"),
        ]
        constraints = [models.CheckConstraint(name="burst_in_order", condition=Q(last_at__gte=F("first_at")))]

    def __str__(self) -> str:
        return f"{self.by} {self.organisation_id}"
