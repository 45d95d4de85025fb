"""Firms: admitted once for the whole city, every change a version of their material."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from approvals.models import Dated, dated_constraint
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle
from core.money import MoneyField
from market.models.catalogue import QualificationKind, Service


class FirmQuerySet(models.QuerySet["Firm"]):
    def public(self) -> Self:
        """Firms that everybody may read: admitted at some time, suspended and delisted ones too."""
        return self.exclude(status=Firm.Status.APPLYING)

    def listed(self) -> Self:
        return self.filter(status=Firm.Status.LISTED)

    def with_suspension(self, *, now: datetime) -> Self:
        running = Suspension.objects.running(now=now).filter(firm=OuterRef("pk"))
        return self.annotate(is_suspended=Exists(running))

    def offering(self, service: Service) -> Self:
        return self.filter(current__offerings__service=service)


class Firm(models.Model):
    """An intermediary service firm (中介服务机构): one admission is valid in every district.

    `current` is the version of its material in force; applications and changes are `admissions`.
    """

    class Status(models.TextChoices):
        APPLYING = "applying", _("申请中")
        LISTED = "listed", _("已入驻")
        DELISTED = "delisted", _("已退出")

    organisation = models.OneToOneField("accounts.Organisation", models.PROTECT, related_name="firm")
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.APPLYING)
    current = models.OneToOneField("Admission", models.PROTECT, null=True, blank=True, related_name="current_of")
    listed_at = models.DateTimeField(_("入驻时间"), null=True, blank=True)
    delisted_at = models.DateTimeField(_("退出时间"), null=True, blank=True)
    delisted_reason = models.CharField(_("退出原因"), max_length=300, blank=True)
    search = models.TextField(_("检索文本"), editable=False, default="")

    objects = FirmQuerySet.as_manager()

    class Meta:
        ordering = ["-listed_at", "-id"]
        verbose_name = _("中介机构")
        indexes = [
            models.Index(fields=["status", "-listed_at", "-id"], name="firm_list"),
            GinIndex(fields=["search"], name="firm_search", opclasses=["gin_trgm_ops"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="firm_listed_has_material",
                condition=Q(status="applying") | Q(current__isnull=False, listed_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.organisation.name

    @property
    def uscc(self) -> str:
        return self.organisation.uscc or ""


class AdmissionPolicy(Dated):
    """How long a form check and a public notice (公示) of an admission last, as dated data with its basis."""

    version = models.CharField(_("版本"), max_length=20, unique=True)
    check_days = models.PositiveSmallIntegerField(_("审查期限（工作日）"), default=2, validators=[MinValueValidator(1)])
    notice_days = models.PositiveSmallIntegerField(_("公示期（工作日）"), default=5)
    notice_minutes = models.PositiveSmallIntegerField(_("演示：公示期（分钟）"), null=True, blank=True)
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name = _("入驻规则")
        constraints = [dated_constraint("admission_policy_dates")]

    def __str__(self) -> str:
        return self.version


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def of(self, organisation: Organisation) -> Self:
        return self.filter(firm__organisation=organisation)

    def waiting_for_check(self) -> Self:
        return self.filter(status=Admission.Status.SUBMITTED)

    def notice_over(self, *, now: datetime) -> Self:
        return self.filter(status=Admission.Status.NOTICE, notice_until__lte=now)

    def on_notice(self) -> Self:
        return self.filter(status=Admission.Status.NOTICE)


class Admission(models.Model):
    """One version of a firm's material (入驻申请 or 变更): a draft until submitted, never altered after that.

    Form check within 2 working days, a stated reason on refusal, public notice (公示), then in force.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待审查")
        REFUSED = "refused", _("未通过")
        NOTICE = "notice", _("公示中")
        ACCEPTED = "accepted", _("已生效")
        WITHDRAWN = "withdrawn", _("已撤回")

    lifecycle = Lifecycle(
        {
            Status.DRAFT: {Status.SUBMITTED, Status.WITHDRAWN},
            Status.SUBMITTED: {Status.REFUSED, Status.NOTICE, Status.WITHDRAWN},
            Status.NOTICE: {Status.ACCEPTED, Status.REFUSED},
        }
    )

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="admissions")
    code = models.CharField(_("编号"), max_length=20, unique=True)
    number = models.PositiveIntegerField(_("版本"))
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.DRAFT)

    legal_representative = models.CharField(_("法定代表人"), max_length=40, blank=True)
    address = models.CharField(_("住所"), max_length=200, blank=True)
    established_on = models.DateField(_("成立日期"), null=True, blank=True)
    registered_capital = MoneyField(_("注册资本（元）"), null=True, blank=True)
    introduction = models.TextField(_("机构简介"), max_length=2000, blank=True)
    contact_name = EncryptedTextField(_("授权联系人"), blank=True)
    contact_phone = EncryptedTextField(_("联系电话"), blank=True)
    licence = models.FileField(_("营业执照扫描件"), upload_to="licences/", blank=True)
    licence_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    undertaken_at = models.DateTimeField(_("承诺书签署时间"), null=True, blank=True)
    no_affiliation = models.BooleanField(_("声明：与审批部门及其下属单位无任何关联"), default=False)

    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    check_due_at = models.DateTimeField(_("审查期限"), null=True, blank=True)
    checked_at = models.DateTimeField(_("审查时间"), null=True, blank=True)
    checked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(_("未通过的理由"), max_length=1000, blank=True)
    notice_from = models.DateTimeField(_("公示开始"), null=True, blank=True)
    notice_until = models.DateTimeField(_("公示结束"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("生效时间"), null=True, blank=True)

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name = _("入驻申请")
        indexes = [
            models.Index(fields=["status", "submitted_at"], name="admission_queue"),
            models.Index(fields=["notice_until"], name="admission_notice", condition=Q(status="notice")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["firm", "number"], name="admission_number"),
            models.UniqueConstraint(
                fields=["firm"], name="admission_one_pending", condition=Q(status__in=["draft", "submitted", "notice"])
            ),
            models.CheckConstraint(name="admission_refused_says_why", condition=~Q(status="refused") | ~Q(reason="")),
            models.CheckConstraint(
                name="admission_submitted_dated",
                condition=Q(status__in=["draft", "withdrawn"])
                | Q(submitted_at__isnull=False, check_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Qualification(models.Model):
    """A qualification that a firm holds (资质证书), with its scan; it takes the firm out of rounds the day it lapses."""

    admission = models.ForeignKey(Admission, models.CASCADE, related_name="qualifications")
    kind = models.ForeignKey(QualificationKind, models.PROTECT, related_name="+")
    level = models.CharField(_("等级"), max_length=20, blank=True)
    number = models.CharField(_("证书编号"), max_length=60)
    issuer = models.CharField(_("发证机关"), max_length=80)
    valid_from = models.DateField(_("有效期起"))
    valid_to = models.DateField(_("有效期至"), null=True, blank=True)
    scan = models.FileField(_("扫描件"), upload_to="qualifications/", blank=True)
    scan_sha256 = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["kind__code", "number"]
        verbose_name = _("资质")
        constraints = [
            models.CheckConstraint(
                name="qualification_dates", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
            models.UniqueConstraint(fields=["admission", "kind", "number"], name="qualification_once"),
        ]
        indexes = [models.Index(fields=["kind", "valid_to"], name="qualification_kind_lapse")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Practitioner(models.Model):
    """A practitioner (执业人员) named in a firm's material, with certificate and social security unit."""

    admission = models.ForeignKey(Admission, models.CASCADE, related_name="practitioners")
    name = models.CharField(_("姓名"), max_length=40)
    id_number = EncryptedTextField(_("身份证号"))
    id_hash = models.BinaryField(max_length=32, editable=False)
    certificate = models.CharField(_("执业证书"), max_length=60)
    certificate_number = models.CharField(_("证书编号"), max_length=60)
    social_security_unit = models.CharField(_("社保缴纳单位"), max_length=100)
    valid_to = models.DateField(_("证书有效期至"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("执业人员")
        constraints = [models.UniqueConstraint(fields=["admission", "id_hash"], name="practitioner_once")]

    def __str__(self) -> str:
        return self.certificate_number


class PractitionerRegistration(models.Model):
    """Which firm a practitioner is registered at: one at a time, by HMAC of the ID number (against 挂证)."""

    id_hash = models.BinaryField(max_length=32)
    firm = models.ForeignKey(Firm, models.CASCADE, related_name="registrations")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("执业登记")
        constraints = [
            models.UniqueConstraint(fields=["id_hash"], name="practitioner_at_one_firm", condition=Q(until=None)),
        ]

    def __str__(self) -> str:
        return f"{self.firm_id} {self.since:%Y-%m-%d}"


class Offering(models.Model):
    """A service that a firm offers, with the working days it promises and its price guidance in yuan."""

    admission = models.ForeignKey(Admission, models.CASCADE, related_name="offerings")
    service = models.ForeignKey(Service, models.PROTECT, related_name="offerings")
    promised_days = models.PositiveSmallIntegerField(_("承诺时限（工作日）"), validators=[MinValueValidator(1)])
    price_from = MoneyField(_("参考价（起）"), null=True, blank=True)
    price_to = MoneyField(_("参考价（止）"), null=True, blank=True)

    class Meta:
        ordering = ["service__code"]
        verbose_name = _("服务承诺")
        constraints = [
            models.UniqueConstraint(fields=["admission", "service"], name="offering_once"),
            models.CheckConstraint(
                name="offering_prices",
                condition=Q(price_from=None) | Q(price_to=None) | Q(price_to__gte=F("price_from")),
            ),
        ]
        indexes = [models.Index(fields=["service", "admission"], name="offering_service")]

    def __str__(self) -> str:
        return f"{self.admission_id} {self.service_id}"


class AffiliationDeclaration(models.Model):
    """A declared affiliation (关联关系申报): who owns, sponsors or supervises the firm, and who of its people sits where.

    `counterpart` is the organisation where it is one of this city's; otherwise `counterpart_name` says who it is.
    """

    class Kind(models.TextChoices):
        SHAREHOLDER = "shareholder", _("股东")
        SPONSOR = "sponsor", _("举办单位")
        SUPERVISOR = "supervisor", _("业务主管单位")
        OFFICER = "officer", _("董事、监事、高级管理人员在部门任职")
        PRACTITIONER = "practitioner", _("执业人员在部门任职")
        KIN = "kin", _("近亲属在部门任职")
        FORMER = "former", _("原部门工作人员")

    admission = models.ForeignKey(Admission, models.CASCADE, related_name="declarations")
    kind = models.CharField(_("关系"), max_length=12, choices=Kind)
    counterpart = models.ForeignKey(
        "accounts.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="declared_by",
        verbose_name=_("对方单位"),
    )
    counterpart_name = models.CharField(_("对方名称"), max_length=100, blank=True)
    share = models.DecimalField(
        _("持股比例（%）"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    since = models.DateField(_("开始日期"), null=True, blank=True)
    until = models.DateField(_("结束日期"), null=True, blank=True)
    detail = EncryptedTextField(_("说明（不公开）"), blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("关联申报")
        constraints = [
            models.CheckConstraint(
                name="declaration_names_somebody", condition=Q(counterpart__isnull=False) | ~Q(counterpart_name="")
            ),
            models.CheckConstraint(
                name="declaration_dates", condition=Q(until=None) | Q(since=None) | Q(until__gte=F("since"))
            ),
        ]
        indexes = [models.Index(fields=["counterpart", "kind"], name="declaration_counterpart")]

    def __str__(self) -> str:
        return f"{self.admission_id} {self.kind}"


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    def running(self, *, now: datetime) -> Self:
        """Those that run at a moment, past ones too: one that was lifted ran until then."""
        lasts = (Q(until=None) | Q(until__gt=now)) & (Q(lifted_at=None) | Q(lifted_at__gt=now))
        return self.filter(lasts, since__lte=now)


class Suspension(models.Model):
    """A firm kept out of rounds for a time (暂停), with the reason and who ordered it."""

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="suspensions")
    since = models.DateTimeField(_("自"))
    until = models.DateTimeField(_("至"), null=True, blank=True)
    reason = models.CharField(_("原因"), max_length=300)
    ordered_by = models.ForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(_("解除时间"), null=True, blank=True)
    lifted_reason = models.CharField(_("解除原因"), max_length=300, blank=True)

    objects = SuspensionQuerySet.as_manager()

    class Meta:
        ordering = ["-since"]
        verbose_name = _("暂停")
        indexes = [models.Index(fields=["firm", "until"], name="suspension_firm", condition=Q(lifted_at=None))]

    def __str__(self) -> str:
        return f"{self.firm_id} {self.since:%Y-%m-%d}"
