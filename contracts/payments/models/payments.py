"""Orders at Alipay with their refunds, and transfers from bank to bank."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Milestone
from contracts.payments.models.requests import PaymentRequest
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle
from core.money import MoneyField

PATIENCE = timedelta(minutes=2)
"""How long after its last moment an order may still turn out to be paid: a buyer who had just confirmed."""


class PaymentQuerySet(models.QuerySet["Payment"]):
    def to_ask_about(self, *, now: datetime, every: timedelta) -> Self:
        """Open orders about which Alipay was not asked lately, the longest ago first."""
        return self.filter(status=Payment.Status.OPEN, asked_at__lt=now - every).order_by("asked_at", "id")

    def to_settle(self) -> Self:
        """What was paid for a milestone that is accepted by now, and is still with Alipay."""
        return self.filter(
            status=Payment.Status.PAID,
            settled_at=None,
            amount__gt=F("refunded"),
            request__milestone__status=Milestone.Status.ACCEPTED,
        ).order_by("id")

    def paid(self) -> Self:
        return self.filter(paid_at__isnull=False)


class Payment(models.Model):
    """One order at Alipay for a request (付款订单): opened, paid or closed, settled on acceptance, refunded in part or whole.

    The row is there before Alipay hears of it, so that nothing that Alipay knows is unknown here.
    """

    class Status(models.TextChoices):
        OPEN = "pay_open", _("待支付")
        PAID = "paid", _("已付款")
        CLOSED = "pay_closed", _("已关闭")
        SURPLUS = "surplus", _("多付，正在退回")
        REFUNDED = "refunded", _("已全额退款")

    class Channel(models.TextChoices):
        PAGE = "page", _("支付宝收银台")
        CODE = "code", _("付款二维码")

    lifecycle = Lifecycle(
        {
            Status.OPEN: {Status.PAID, Status.CLOSED, Status.SURPLUS},
            # Somebody had the cashier open while the order was given up.
            Status.CLOSED: {Status.PAID, Status.SURPLUS},
            Status.PAID: {Status.REFUNDED},
            Status.SURPLUS: {Status.REFUNDED},
        }
    )
    HOLDS_MONEY = (Status.PAID, Status.SURPLUS)

    request = models.ForeignKey(PaymentRequest, models.PROTECT, related_name="payments")
    number = models.PositiveSmallIntegerField()
    order_number = models.CharField(_("订单号"), max_length=40, unique=True)
    channel = models.CharField(_("方式"), max_length=4, choices=Channel)
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.OPEN)
    amount = MoneyField(_("金额（元）"))
    merchant_id = models.CharField(_("支付宝二级商户号"), max_length=16)
    qr_code = models.CharField(max_length=500, blank=True)

    opened_at = models.DateTimeField(_("下单时间"))
    opened_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(_("有效期至"))
    asked_at = models.DateTimeField(_("最近查询时间"))
    trade_no = models.CharField(_("支付宝交易号"), max_length=64, null=True, blank=True, unique=True)
    # By Alipay's clock, as its bill has it; when we heard of it is in the log.
    paid_at = models.DateTimeField(_("付款时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("关闭时间"), null=True, blank=True)
    refunded = MoneyField(_("已退金额（元）"), default=Decimal(0))

    # The request number is there before Alipay is asked; with the date it is done.
    settle_no = models.CharField(max_length=64, null=True, blank=True, unique=True)
    settle_amount = MoneyField(_("结算金额（元）"), null=True, blank=True)
    settled_at = models.DateTimeField(_("结算时间"), null=True, blank=True)
    problem = models.CharField(_("支付宝的答复"), max_length=80, blank=True)
    bill_row = models.OneToOneField("payments.BillRow", models.SET_NULL, null=True, blank=True, related_name="payment")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["request_id", "number"]
        verbose_name = _("付款订单")
        indexes = [
            models.Index(fields=["asked_at", "id"], name="payment_to_ask_about", condition=Q(status="pay_open")),
            models.Index(fields=["id"], name="payment_to_settle", condition=Q(status="paid", settled_at=None)),
            models.Index(
                fields=["paid_at"], name="payment_not_billed", condition=Q(bill_row=None, paid_at__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="payment_number"),
            models.UniqueConstraint(fields=["request"], name="payment_one_open", condition=Q(status="pay_open")),
            models.UniqueConstraint(fields=["request"], name="payment_one_paid", condition=Q(status="paid")),
            models.CheckConstraint(name="payment_of_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="payment_paid_whole",
                condition=Q(status__in=["pay_open", "pay_closed"], paid_at=None)
                | (Q(status__in=["paid", "surplus", "refunded"], paid_at__isnull=False, trade_no__isnull=False)),
            ),
            models.CheckConstraint(
                name="payment_closed_dated", condition=~Q(status="pay_closed") | Q(closed_at__isnull=False)
            ),
            models.CheckConstraint(
                name="payment_refunded_within", condition=Q(refunded__gte=0, refunded__lte=F("amount"))
            ),
            models.CheckConstraint(
                name="payment_refunded_whole",
                condition=~Q(status="refunded") | Q(refunded=F("amount")),
            ),
            models.CheckConstraint(
                name="payment_settled_whole",
                condition=Q(settle_no=None, settle_amount=None, settled_at=None)
                | Q(settle_no__isnull=False, settle_amount__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.order_number

    @property
    def refundable(self) -> Decimal:
        left: Decimal = self.amount - self.refunded
        return left

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def is_settling(self) -> bool:
        """Whether Alipay was asked to settle, and has not said that it did."""
        return self.settle_no is not None and self.settled_at is None

    def is_payable(self, now: datetime) -> bool:
        return self.is_open and now < self.expires_at

    def is_stale(self, now: datetime) -> bool:
        return now > self.expires_at + PATIENCE


class RefundQuerySet(models.QuerySet["Refund"]):
    def pending(self) -> Self:
        return self.filter(status=Refund.Status.PENDING).order_by("id")

    def done(self) -> Self:
        return self.filter(status=Refund.Status.DONE)


class Refund(models.Model):
    """A part or all of a payment given back (退款). Its request number makes Alipay do it once, however often it is asked."""

    class Status(models.TextChoices):
        PENDING = "refund_pending", _("正在退款")
        DONE = "refund_done", _("已退款")
        FAILED = "refund_failed", _("支付宝未退款")

    lifecycle = Lifecycle({Status.PENDING: {Status.DONE, Status.FAILED}})

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    number = models.PositiveSmallIntegerField()
    request_no = models.CharField(_("退款请求号"), max_length=60, unique=True)
    amount = MoneyField(_("退款金额（元）"))
    reason = EncryptedTextField(_("退款原因"))
    status = models.CharField(_("状态"), max_length=14, choices=Status, default=Status.PENDING)
    asked_at = models.DateTimeField(_("申请退款时间"))
    # Nobody where the system gives back what was paid twice.
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(_("退款时间"), null=True, blank=True)
    problem = models.CharField(_("支付宝的答复"), max_length=80, blank=True)
    bill_row = models.OneToOneField("payments.BillRow", models.SET_NULL, null=True, blank=True, related_name="refund")

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ["payment_id", "number"]
        verbose_name = _("退款")
        indexes = [
            models.Index(fields=["id"], name="refund_pending", condition=Q(status="refund_pending")),
            models.Index(
                fields=["done_at"], name="refund_not_billed", condition=Q(bill_row=None, status="refund_done")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["payment", "number"], name="refund_number"),
            models.UniqueConstraint(
                fields=["payment"], name="refund_one_pending", condition=Q(status="refund_pending")
            ),
            models.CheckConstraint(name="refund_of_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="refund_done_dated",
                condition=Q(status="refund_done", done_at__isnull=False) | (~Q(status="refund_done") & Q(done_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.request_no


class TransferQuerySet(models.QuerySet["Transfer"]):
    def unanswered_at(self, now: datetime) -> Self:
        """Those about which the firm has been silent for the whole term."""
        return self.filter(status=Transfer.Status.SENT, confirm_by__lte=now).order_by("id")

    def presumed(self) -> Self:
        """What counts as arrived though nobody confirmed it, the latest first."""
        return self.filter(status=Transfer.Status.PRESUMED).order_by("-presumed_at", "-id")

    def for_list(self) -> Self:
        return self.select_related(
            "request__owner", "request__firm__organisation", "request__milestone__contract__project"
        )


class Transfer(models.Model):
    """A transfer from bank to bank that the owner says it has made (转账), with proof, and what the firm says of it.

    Silence until `confirm_by` counts as arrival; until `object_until` the firm may still say that nothing has come
    (docs/decisions: silence about a transfer).
    """

    class Status(models.TextChoices):
        SENT = "transfer_sent", _("待机构确认")
        PRESUMED = "transfer_presumed", _("机构逾期未确认，视为到账")
        CONFIRMED = "transfer_confirmed", _("机构已确认到账")
        DENIED = "transfer_denied", _("机构称未到账")

    lifecycle = Lifecycle(
        {
            Status.SENT: {Status.CONFIRMED, Status.DENIED, Status.PRESUMED},
            Status.PRESUMED: {Status.CONFIRMED, Status.DENIED},
        }
    )

    request = models.ForeignKey(PaymentRequest, models.PROTECT, related_name="transfers")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(_("状态"), max_length=18, choices=Status, default=Status.SENT)
    amount = MoneyField(_("金额（元）"))
    paid_on = models.DateField(_("转账日期"))
    proof = models.FileField(_("转账凭证"), upload_to="transfers/")
    sha256 = models.CharField(max_length=64, editable=False)
    sent_at = models.DateTimeField(_("提交时间"))
    sent_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    confirm_by = models.DateTimeField(_("确认期限"))
    presumed_at = models.DateTimeField(_("视为到账时间"), null=True, blank=True)
    object_until = models.DateTimeField(_("异议期限"), null=True, blank=True)
    answered_at = models.DateTimeField(_("确认时间"), null=True, blank=True)
    answered_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    reason = EncryptedTextField(_("未到账说明"), blank=True, default="")

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["request_id", "number"]
        verbose_name = _("转账")
        indexes = [
            models.Index(fields=["confirm_by", "id"], name="transfer_to_confirm", condition=Q(status="transfer_sent")),
            models.Index(
                fields=["-presumed_at", "-id"], name="transfer_presumed_list", condition=Q(status="transfer_presumed")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="transfer_number"),
            models.UniqueConstraint(
                fields=["request"],
                name="transfer_one_counts",
                condition=Q(status__in=["transfer_sent", "transfer_presumed", "transfer_confirmed"]),
            ),
            models.CheckConstraint(
                name="transfer_presumed_whole",
                condition=Q(presumed_at=None, object_until=None) & ~Q(status="transfer_presumed")
                | Q(presumed_at__isnull=False, object_until__isnull=False) & ~Q(status="transfer_sent"),
            ),
            models.CheckConstraint(
                name="transfer_answered_whole",
                condition=Q(status__in=["transfer_sent", "transfer_presumed"], answered_at=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}/{self.number}"

    @property
    def is_sent(self) -> bool:
        return self.status == self.Status.SENT

    @property
    def is_presumed(self) -> bool:
        return self.status == self.Status.PRESUMED

    def takes_objection_at(self, now: datetime) -> bool:
        """Whether the firm may still say that what counted as arrived has not."""
        return self.is_presumed and self.object_until is not None and now < self.object_until

    def takes_answer_at(self, now: datetime) -> bool:
        return self.is_sent or self.takes_objection_at(now)
