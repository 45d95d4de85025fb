"""Contracts between an owner and the firm that its round has chosen, their parties and lines."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from contracts.models.terms import ContractPolicy, ContractTemplate
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle
from core.money import MoneyField
from market.models import Service

READ_ALL = (Kind.OPERATOR, Kind.REGULATOR)
"""The service centre sees that contracts come about, the regulator supervises; neither changes what parties have agreed."""


class ContractQuerySet(models.QuerySet["Contract"]):
    def readable_by(self, organisation: Organisation | None) -> Self:
        """Those whose text this organisation may read: its parties, departments of its lines, service centre, regulator."""
        if organisation is None:
            return self.none()
        if organisation.kind in READ_ALL:
            return self
        if organisation.kind == Kind.DEPARTMENT:
            lines = ContractLine.objects.filter(contract=models.OuterRef("pk"), department__organisation=organisation)
            return self.filter(models.Exists(lines), sealed_at__isnull=False)
        return self.of(organisation)

    def of(self, organisation: Organisation) -> Self:
        """Those to which this organisation is a party."""
        parties = ContractParty.objects.filter(contract=models.OuterRef("pk"), organisation=organisation)
        return self.filter(models.Exists(parties))

    def public(self) -> Self:
        """Those that were sealed by everybody at some time."""
        return self.filter(sealed_at__isnull=False)

    def unsealed(self) -> Self:
        """Those that still wait for a text or a seal, and whose award stands."""
        return self.filter(status__in=Contract.BEFORE_SEALING, award__revoked_at=None)

    def late_to_seal(self, *, now: datetime) -> Self:
        return self.unsealed().filter(due_at__lt=now).order_by("due_at", "id")

    def revoked(self) -> Self:
        """Those whose winner has walked away, or whose round is void, before everybody had sealed."""
        gone = Q(award__revoked_at__isnull=False) | Q(award__lot__round__status="void")
        return self.filter(gone, status__in=Contract.BEFORE_SEALING)

    def for_list(self) -> Self:
        return self.select_related("owner", "firm__organisation", "service", "project", "award__lot__round")


class Contract(models.Model):
    """A contract (中介服务合同) that follows from an award. Price, term in working days and parties are those of the award."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("起草中")
        PROPOSED = "proposed", _("待机构确认")
        AGREED = "agreed", _("待盖章")
        RUNNING = "running", _("履行中")
        SUSPENDED = "suspended", _("已中止")
        COMPLETED = "completed", _("已完成")
        TERMINATED = "terminated", _("已解除")
        ABANDONED = "abandoned", _("已弃约")
        REVOKED = "revoked", _("未签订，已失效")

    lifecycle = Lifecycle(
        {
            Status.DRAFT: {Status.PROPOSED, Status.REVOKED},
            Status.PROPOSED: {Status.DRAFT, Status.AGREED, Status.REVOKED},
            # Until the first seal either side may take the text back.
            Status.AGREED: {Status.DRAFT, Status.RUNNING, Status.REVOKED},
            Status.RUNNING: {Status.SUSPENDED, Status.COMPLETED, Status.TERMINATED, Status.ABANDONED},
            Status.SUSPENDED: {Status.RUNNING, Status.TERMINATED, Status.ABANDONED},
        }
    )
    BEFORE_SEALING = (Status.DRAFT, Status.PROPOSED, Status.AGREED)
    GOING_ON = (Status.RUNNING, Status.SUSPENDED)

    code = models.CharField(_("编号"), max_length=20, unique=True)
    award = models.OneToOneField("bidding.Award", models.PROTECT, related_name="contract")
    project = models.ForeignKey("market.Project", models.PROTECT, related_name="contracts")
    owner = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="contracts_as_owner")
    firm = models.ForeignKey("market.Firm", models.PROTECT, related_name="contracts")
    service = models.ForeignKey("market.Service", models.PROTECT, related_name="contracts")
    template = models.ForeignKey(ContractTemplate, models.PROTECT, related_name="contracts")
    policy = models.ForeignKey(ContractPolicy, models.PROTECT, related_name="contracts")
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.DRAFT)

    title = models.CharField(_("合同名称"), max_length=160)
    scope = models.TextField(_("服务内容"), max_length=5000, blank=True)
    clauses = models.TextField(_("合同条款"), max_length=20_000)
    price = MoneyField(_("合同价款（元）"))
    days = models.PositiveSmallIntegerField(_("承诺时限（工作日）"), validators=[MinValueValidator(1)])
    # What the firm wants to be otherwise, until the owner proposes again.
    change_asked = EncryptedTextField(_("机构要求修改"), blank=True, default="")

    # The text as everybody seals it, from the agreement on: its hash, the PDF, and the hash of the PDF as it is now.
    text_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    document = models.FileField(_("合同文件"), upload_to="contracts/", blank=True)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)

    drafted_at = models.DateTimeField(_("起草时间"))
    due_at = models.DateTimeField(_("签约期限"))
    proposed_at = models.DateTimeField(_("提交机构时间"), null=True, blank=True)
    agreed_at = models.DateTimeField(_("机构确认时间"), null=True, blank=True)
    sealed_at = models.DateTimeField(_("双方盖章时间"), null=True, blank=True)
    service_due_at = models.DateTimeField(_("服务期限"), null=True, blank=True)
    completed_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("终止时间"), null=True, blank=True)
    end_reason = EncryptedTextField(_("终止原因"), blank=True, default="")
    charged_to = models.CharField(_("终止归责于"), max_length=10, blank=True)

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["-drafted_at", "-id"]
        verbose_name = _("合同")
        indexes = [
            models.Index(fields=["-sealed_at", "-id"], name="contract_list", condition=Q(sealed_at__isnull=False)),
            models.Index(fields=["service", "-sealed_at"], name="contract_by_service"),
            models.Index(fields=["status", "-sealed_at", "-id"], name="contract_by_status"),
            models.Index(fields=["owner", "-drafted_at"], name="contract_by_owner"),
            models.Index(fields=["firm", "-drafted_at"], name="contract_by_firm"),
            models.Index(fields=["project", "-drafted_at"], name="contract_by_project"),
            models.Index(fields=["completed_at"], name="contract_completed", condition=Q(completed_at__isnull=False)),
            models.Index(
                fields=["due_at"], name="contract_to_seal", condition=Q(status__in=["draft", "proposed", "agreed"])
            ),
        ]
        constraints = [
            models.CheckConstraint(name="contract_has_a_term", condition=Q(days__gte=1)),
            models.CheckConstraint(
                name="contract_agreed_has_a_text",
                condition=Q(status__in=["draft", "proposed", "revoked"])
                | (Q(agreed_at__isnull=False) & ~Q(text_sha256="") & ~Q(document="") & ~Q(sha256="")),
            ),
            models.CheckConstraint(
                name="contract_sealed_dated",
                condition=Q(status__in=["draft", "proposed", "agreed", "revoked"], sealed_at=None)
                | Q(
                    status__in=["running", "suspended", "completed", "terminated", "abandoned"],
                    sealed_at__isnull=False,
                    service_due_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="contract_completed_dated", condition=~Q(status="completed") | Q(completed_at__isnull=False)
            ),
            models.CheckConstraint(
                name="contract_end_dated",
                condition=~Q(status__in=["terminated", "abandoned", "revoked"]) | Q(ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="contract_end_charged",
                condition=~Q(status__in=["terminated", "abandoned"]) | ~Q(charged_to=""),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def subject(self) -> str:
        """What the public log calls this contract."""
        return f"contract/{self.code}"

    @property
    def services(self) -> list[Service]:
        """The services of its lines, each once; `lines__service` prefetched where there are many contracts."""
        return list({line.service_id: line.service for line in self.lines.all()}.values())

    @property
    def is_public(self) -> bool:
        return self.sealed_at is not None

    @property
    def is_unsealed(self) -> bool:
        return self.status in self.BEFORE_SEALING

    @property
    def goes_on(self) -> bool:
        return self.status in self.GOING_ON

    @property
    def delivers_now(self) -> bool:
        """Whether something may be delivered and reviewed: a completed one may have a revision."""
        return self.status in (self.Status.RUNNING, self.Status.COMPLETED)

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return f"contract_{self.status}"


class ContractParty(models.Model):
    """Who seals a contract: its owner, its firm, and every further firm of a consortium, jointly liable (招标投标法 第31条)."""

    class Side(models.TextChoices):
        OWNER = "owner", _("甲方（业主）")
        FIRM = "firm", _("乙方（中介机构）")

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="parties")
    number = models.PositiveSmallIntegerField()
    side = models.CharField(max_length=6, choices=Side)
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="contract_parties")
    share = EncryptedTextField(_("分工"), blank=True, default="")
    sealed_at = models.DateTimeField(_("盖章时间"), null=True, blank=True)
    sealed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    # Of the PDF as it was with this seal the last one on it.
    sha256 = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["contract_id", "number"]
        verbose_name = _("合同当事人")
        constraints = [
            models.UniqueConstraint(fields=["contract", "number"], name="contract_party_number"),
            models.UniqueConstraint(fields=["contract", "organisation"], name="contract_party_once"),
            models.UniqueConstraint(fields=["contract"], name="contract_one_owner", condition=Q(side="owner")),
            models.CheckConstraint(
                name="contract_seal_whole",
                condition=Q(sealed_at=None, sealed_by=None, sha256="")
                | (Q(sealed_at__isnull=False, sealed_by__isnull=False) & ~Q(sha256="")),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "contract"], name="contract_party_of")]

    def __str__(self) -> str:
        return f"{self.contract_id}/{self.number}"

    @property
    def field(self) -> str:
        """The name of its signature field in the PDF."""
        return f"Seal{self.number}"


class ContractLine(models.Model):
    """One service for one approval item of one project (合同事项); several where assessments are done together (多评合一)."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="lines")
    number = models.PositiveSmallIntegerField(default=1)
    need = models.ForeignKey("market.Need", models.PROTECT, related_name="contract_lines")
    project = models.ForeignKey("market.Project", models.PROTECT, related_name="contract_lines")
    service = models.ForeignKey("market.Service", models.PROTECT, related_name="contract_lines")
    item = models.ForeignKey("approvals.ApprovalItem", models.PROTECT, related_name="contract_lines")
    department = models.ForeignKey("approvals.Department", models.PROTECT, related_name="contract_lines")

    class Meta:
        ordering = ["contract_id", "number"]
        verbose_name = _("合同事项")
        constraints = [
            models.UniqueConstraint(fields=["contract", "number"], name="contract_line_number"),
            models.UniqueConstraint(fields=["contract", "project", "item", "service"], name="contract_line_once"),
        ]
        indexes = [
            models.Index(fields=["department", "contract"], name="contract_line_of_department"),
            models.Index(fields=["project", "item"], name="contract_line_of_project"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """What people and the score file call it: L, the digits of the contract, its number."""
        return f"L{self.contract.code[1:]}-{self.number}"
