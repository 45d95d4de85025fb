"""What is delivered under a contract, and what its parties agree on the way."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from approvals.models import Material
from contracts.models.contracts import Contract, ContractLine
from contracts.models.milestones import Milestone
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle
from core.money import MoneyField

REFERENCE = "deliverable/"
"""What the reference of a deliverable begins with, where it is material of an approval case."""


class Reason(models.TextChoices):
    """Why a deliverable is returned."""

    INCOMPLETE = "incomplete", _("内容不完整")
    ERRORS = "errors", _("数据、计算或结论有误")
    STANDARD = "standard", _("不符合技术标准或受理要求")
    FORM = "form", _("格式、签章或份数不符")
    INPUT = "input", _("业主资料有变化")
    WISH = "wish", _("业主要求有变化")


QUALITY = frozenset({Reason.INCOMPLETE, Reason.ERRORS, Reason.STANDARD})
"""Reasons that count against the firm's quality (DOMAIN "The joint score", returns)."""


class DeliverableQuerySet(models.QuerySet["Deliverable"]):
    def readable_by(self, organisation: Organisation) -> Self:
        """Those of contracts that this organisation reads; not the service centre, which has no business with results.

        A department reads what is for a line of its own, and what was handed to a case of its own.
        """
        if organisation.kind == organisation.Kind.OPERATOR:
            return self.none()
        mine = Q(milestone__contract__in=Contract.objects.readable_by(organisation))
        if organisation.kind == organisation.Kind.DEPARTMENT:
            mine &= self.serving(department__organisation=organisation)
            reference = Concat(Value(REFERENCE), models.OuterRef("code"), output_field=models.CharField())
            handed = Material.objects.filter(reference=reference, cases__department__organisation=organisation)
            mine |= Q(models.Exists(handed))
        return self.filter(mine)

    @staticmethod
    def serving(**line: Any) -> Q:
        """What is for a line of its contract that is like this; a milestone that names none serves all."""
        lines = ContractLine.objects.filter(contract=models.OuterRef("milestone__contract"), **line)
        named = Milestone.lines.through.objects.filter(milestone=models.OuterRef("milestone"))
        own = named.filter(contractline__in=ContractLine.objects.filter(**line))
        return Q(models.Exists(lines)) & (Q(~models.Exists(named)) | Q(models.Exists(own)))

    def silent_at(self, now: datetime) -> Self:
        """Those about which the owner has been silent for the whole term."""
        return self.filter(
            status=Deliverable.Status.SUBMITTED,
            review_due_at__lte=now,
            milestone__contract__status__in=[Contract.Status.RUNNING, Contract.Status.COMPLETED],
        ).order_by("id")


class Deliverable(models.Model):
    """A version of what a milestone delivers (成果): its file, its hash, and what the owner said of it."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("待验收")
        ACCEPTED = "accepted", _("已验收")
        RETURNED = "returned", _("已退回")

    lifecycle = Lifecycle({Status.SUBMITTED: {Status.ACCEPTED, Status.RETURNED}})

    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="deliverables")
    version = models.PositiveSmallIntegerField(_("版本"))
    code = models.CharField(_("编号"), max_length=20, unique=True)
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.SUBMITTED)
    file = models.FileField(_("文件"), upload_to="deliverables/")
    kind = models.CharField(max_length=40)
    size = models.PositiveBigIntegerField(_("大小"))
    sha256 = models.CharField(max_length=64, editable=False)
    note = EncryptedTextField(_("说明"), blank=True, default="")
    submitted_at = models.DateTimeField(_("提交时间"))
    submitted_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    review_due_at = models.DateTimeField(_("验收期限"))
    reviewed_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    reviewed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    # Accepted because nobody answered within the term.
    silent = models.BooleanField(default=False)
    reasons = models.JSONField(_("退回原因"), default=list, blank=True)
    quality = models.BooleanField(_("属于质量问题"), default=False)
    words = EncryptedTextField(_("退回说明"), blank=True, default="")

    objects = DeliverableQuerySet.as_manager()

    class Meta:
        ordering = ["milestone_id", "version"]
        verbose_name = _("成果")
        constraints = [
            models.UniqueConstraint(fields=["milestone", "version"], name="deliverable_version"),
            models.UniqueConstraint(
                fields=["milestone"], name="deliverable_one_to_review", condition=Q(status="submitted")
            ),
            models.CheckConstraint(
                name="deliverable_review_whole",
                condition=Q(status="submitted", reviewed_at=None, reviewed_by=None, silent=False)
                | Q(status="accepted", reviewed_at__isnull=False, silent=True, reviewed_by=None)
                | Q(status__in=["accepted", "returned"], reviewed_at__isnull=False, silent=False)
                & Q(reviewed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="deliverable_return_says_why", condition=~Q(status="returned") | ~Q(reasons=[])
            ),
        ]
        indexes = [
            models.Index(fields=["review_due_at"], name="deliverable_to_review", condition=Q(status="submitted")),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def reference(self) -> str:
        """What an approval case calls it."""
        return f"{REFERENCE}{self.code}"

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return f"milestone_{self.status}"

    @property
    def name(self) -> str:
        """What the file is called when it is handed out."""
        return f"{self.code}-v{self.version}.{str(self.file.name).rpartition('.')[2]}"

    @property
    def reason_labels(self) -> list[str | Promise]:
        return [Reason(each).label for each in self.reasons if each in Reason.values]


class Matter(models.Model):
    """Something that one side of a contract puts to the other (商定事项), and what came of it.

    An input that the firm waits for, or another contract's result: asked by the firm, confirmed or not by the owner, done
    when it is there. Suspension, change and termination: proposed by either side, agreed by the other, with the party to
    which it is charged. An agreed change becomes a supplementary agreement (Supplement), and takes effect with its last seal.
    """

    class Kind(models.TextChoices):
        INPUT = "input", _("等待业主提供资料")
        BLOCKED = "blocked", _("等待另一合同的成果")
        SUSPENSION = "suspension", _("中止履行")
        CHANGE = "change", _("变更合同")
        TERMINATION = "termination", _("解除合同")

    class Status(models.TextChoices):
        OPEN = "open", _("待答复")
        AGREED = "agreed", _("已同意")
        REFUSED = "refused", _("未同意")
        WITHDRAWN = "withdrawn", _("已撤回")
        DONE = "done", _("已了结")

    class Party(models.TextChoices):
        FIRM = "firm", _("机构")
        OWNER = "owner", _("业主")
        DEPARTMENT = "department", _("审批部门")
        STATUTORY = "statutory", _("法定程序")

    lifecycle = Lifecycle(
        {Status.OPEN: {Status.AGREED, Status.REFUSED, Status.WITHDRAWN}, Status.AGREED: {Status.DONE}}
    )
    ASKED_BY_FIRM = (Kind.INPUT, Kind.BLOCKED)
    CHARGED = (Kind.SUSPENSION, Kind.TERMINATION)

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="matters")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(_("事项"), max_length=12, choices=Kind)
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.OPEN)
    by = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    at = models.DateTimeField(_("提出时间"))
    words = EncryptedTextField(_("内容"))
    charged_to = models.CharField(_("归责于"), max_length=10, choices=Party, blank=True)
    other = models.ForeignKey(Contract, models.PROTECT, null=True, blank=True, related_name="+")
    price = MoneyField(_("变更后的价款（元）"), null=True, blank=True)
    days = models.PositiveSmallIntegerField(_("变更后的承诺时限（工作日）"), null=True, blank=True)
    scope = models.TextField(_("变更后的服务内容"), max_length=5000, blank=True, default="")
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    answer = EncryptedTextField(_("答复"), blank=True, default="")
    done_at = models.DateTimeField(_("了结时间"), null=True, blank=True)

    class Meta:
        ordering = ["contract_id", "-number"]
        verbose_name = _("商定事项")
        constraints = [
            models.UniqueConstraint(fields=["contract", "number"], name="matter_number"),
            models.UniqueConstraint(fields=["contract", "kind"], name="matter_one_open", condition=Q(status="open")),
            models.CheckConstraint(
                name="matter_charged", condition=~Q(kind__in=["suspension", "termination"]) | ~Q(charged_to="")
            ),
            models.CheckConstraint(
                name="matter_changes_something",
                condition=~Q(kind="change") | Q(price__isnull=False) | Q(days__isnull=False) | ~Q(scope=""),
            ),
            models.CheckConstraint(
                name="matter_answered_dated",
                condition=Q(status__in=["open", "withdrawn"], answered_at=None)
                | Q(status__in=["agreed", "refused", "done"], answered_at__isnull=False),
            ),
            models.CheckConstraint(name="matter_done_dated", condition=~Q(status="done") | Q(done_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id}/{self.number}"

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return f"matter_{self.status}"

    @property
    def may_finish(self) -> bool:
        """Whether it goes on until somebody says that it is over."""
        return self.status == self.Status.AGREED and self.kind in (*self.ASKED_BY_FIRM, self.Kind.SUSPENSION)
