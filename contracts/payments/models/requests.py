"""What a firm asks to be paid, by when, and the number under which Alipay knows the firm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from approvals.models import Dated, dated_constraint
from contracts.models import Contract, Milestone
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle
from core.money import MoneyField
from market.models import Project

if TYPE_CHECKING:
    from contracts.payments.models.payments import Transfer

READ_ALL = (Kind.REGULATOR,)


class PaymentPolicy(Dated):
    """By when owners pay (付款规则): days of the calendar, as the regulation counts them."""

    version = models.CharField(_("版本"), max_length=20, unique=True)
    term_days = models.PositiveSmallIntegerField(
        _("付款期限（日）"),
        validators=[MinValueValidator(1)],
        help_text=_("自提出付款申请和验收通过中较晚的一日起算"),
    )
    confirm_days = models.PositiveSmallIntegerField(
        _("确认到账的期限（日）"),
        default=10,
        validators=[MinValueValidator(1)],
        help_text=_("业主提交转账凭证后机构在这一期限内不答复的，视为已到账，并注明"),
    )
    object_days = models.PositiveSmallIntegerField(
        _("视为到账后提出异议的期限（日）"),
        default=30,
        help_text=_("在这一期限内机构仍可说明没有到账，付款申请随之恢复为待付款"),
    )
    confirm_basis = models.CharField(
        _("确认期限的依据"), max_length=300, default="平台规则，期限为示例，待法制机构确认"
    )
    public_after_days = models.PositiveSmallIntegerField(_("逾期多少日后公示"))
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name = _("付款规则")
        constraints = [dated_constraint("payment_policy_dates")]

    def __str__(self) -> str:
        return self.version

    @classmethod
    def in_force(cls, now: datetime) -> PaymentPolicy:
        """The policy of the day of `now`; there is always one, the first comes with the migrations."""
        rows = cls.objects.valid_at(timezone.localdate(now)).order_by("-valid_from", "-id")
        found: PaymentPolicy = rows.first() or cls.objects.earliest("valid_from")
        return found


class Payee(models.Model):
    """A firm as a sub-merchant of Alipay (收款商户): where the money of its contracts goes, without passing through us."""

    firm = models.OneToOneField("market.Firm", models.PROTECT, related_name="payee")
    merchant_id = models.CharField(
        _("支付宝二级商户号"),
        max_length=16,
        validators=[RegexValidator(r"^2088[0-9]{12}\Z", _("二级商户号是 2088 开头的 16 位数字。"))],
    )
    entered_at = models.DateTimeField(_("填写时间"))
    entered_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("收款商户")
        constraints = [
            models.CheckConstraint(name="payee_merchant_id", condition=Q(merchant_id__regex=r"^2088[0-9]{12}$"))
        ]

    def __str__(self) -> str:
        return self.merchant_id


class PaymentRequestQuerySet(models.QuerySet["PaymentRequest"]):
    def readable_by(self, organisation: Organisation | None) -> Self:
        """For the two parties and the regulator."""
        if organisation is None:
            return self.none()
        if organisation.kind in READ_ALL:
            return self
        return self.filter(Q(owner=organisation) | Q(firm__organisation=organisation))

    def waiting(self) -> Self:
        """What owners have not paid yet."""
        return self.filter(status=PaymentRequest.Status.REQUESTED)

    def overdue(self, *, now: datetime) -> Self:
        """The longest overdue first."""
        return self.waiting().filter(due_at__lt=now).order_by("due_at", "id")

    def on_public_notice(self, *, now: datetime) -> Self:
        """Overdue for so long that everybody may see it."""
        return self.waiting().filter(public_at__lt=now).order_by("due_at", "id")

    def without_a_term(self) -> Self:
        """What was asked before the acceptance, and may now be due."""
        return self.waiting().filter(due_at=None, milestone__status=Milestone.Status.ACCEPTED)

    def for_list(self) -> Self:
        """With what rows show; `transfers` tells by when a firm is to confirm, and what counted as arrived."""
        rows = self.select_related("owner", "firm__organisation", "milestone__contract__project", "firm__payee")
        return rows.prefetch_related("transfers")


class PaymentRequest(models.Model):
    """A firm's request to be paid for one milestone (付款申请), with its invoice. Its code begins the numbers of all orders."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("待付款")
        REMITTED = "remitted", _("已转账，待机构确认")
        PAID = "paid", _("已付款")
        RETURNED = "payment_returned", _("业主已退回")
        WITHDRAWN = "payment_withdrawn", _("机构已撤回")
        REFUNDED = "refunded", _("已全额退款")

    lifecycle = Lifecycle(
        {
            Status.REQUESTED: {Status.REMITTED, Status.PAID, Status.RETURNED, Status.WITHDRAWN},
            Status.REMITTED: {Status.PAID, Status.REQUESTED},
            # Back where the firm says in time that what counted as arrived has not.
            Status.PAID: {Status.REFUNDED, Status.REQUESTED},
        }
    )
    LIVE = (Status.REQUESTED, Status.REMITTED, Status.PAID)

    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="payment_requests")
    owner = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    firm = models.ForeignKey("market.Firm", models.PROTECT, related_name="payment_requests")
    code = models.CharField(_("编号"), max_length=20, unique=True)
    status = models.CharField(_("状态"), max_length=18, choices=Status, default=Status.REQUESTED)
    amount = MoneyField(_("申请金额（元）"))

    invoice_number = models.CharField(_("发票号码"), max_length=20)
    invoice = models.FileField(_("发票"), upload_to="invoices/")
    invoice_sha256 = models.CharField(max_length=64, editable=False)

    requested_at = models.DateTimeField(_("申请时间"))
    requested_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    # From the later of request and acceptance; none before there was both.
    due_at = models.DateTimeField(_("付款期限"), null=True, blank=True)
    public_at = models.DateTimeField(_("逾期公示时间"), null=True, blank=True)
    paid_at = models.DateTimeField(_("付款时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("退回或撤回时间"), null=True, blank=True)
    reason = EncryptedTextField(_("退回理由"), blank=True, default="")

    objects = PaymentRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        verbose_name = _("付款申请")
        indexes = [
            models.Index(fields=["owner", "status", "-requested_at"], name="payment_request_of_owner"),
            models.Index(fields=["firm", "-requested_at"], name="payment_request_of_firm"),
            models.Index(fields=["due_at", "id"], name="payment_request_due", condition=Q(status="requested")),
            models.Index(fields=["owner", "public_at"], name="payment_request_public", condition=Q(status="requested")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["milestone"],
                name="payment_request_one_live",
                condition=Q(status__in=["requested", "remitted", "paid"]),
            ),
            models.CheckConstraint(name="payment_request_of_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="payment_request_paid_dated",
                condition=Q(status__in=["paid", "refunded"], paid_at__isnull=False)
                | (~Q(status__in=["paid", "refunded"]) & Q(paid_at=None)),
            ),
            models.CheckConstraint(
                name="payment_request_ended_dated",
                condition=~Q(status__in=["payment_returned", "payment_withdrawn"]) | Q(ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="payment_request_term_whole",
                condition=Q(due_at=None, public_at=None) | Q(due_at__isnull=False, public_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def subject(self) -> str:
        """What the public log calls it."""
        return f"payment/{self.code}"

    @property
    def contract(self) -> Contract:
        return self.milestone.contract

    @property
    def is_public_money(self) -> bool:
        return self.contract.project.funding == Project.Funding.PUBLIC

    @property
    def is_waiting(self) -> bool:
        return self.status == self.Status.REQUESTED

    @property
    def transfer_sent(self) -> Transfer | None:
        """The transfer that waits for the firm."""
        return next((each for each in self.transfers.all() if each.is_sent), None)

    @property
    def transfer_presumed(self) -> Transfer | None:
        """The transfer that counts as arrived because the firm was silent."""
        return next((each for each in self.transfers.all() if each.is_presumed), None)

    def days_overdue(self, now: datetime) -> int:
        """Days of the calendar since the term has ended."""
        return (now - self.due_at) // timedelta(days=1) if self.due_at is not None and self.due_at < now else 0
