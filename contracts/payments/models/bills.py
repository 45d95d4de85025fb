"""Alipay's daily bills as they were read, and what did not fit."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.money import MoneyField


class BillDay(models.Model):
    """A day whose bill was read (对账日); `rows` is 0 where Alipay says that there is none."""

    day = models.DateField(_("日期"), unique=True)
    read_at = models.DateTimeField(_("读取时间"))
    sha256 = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField(_("笔数"), default=0)

    class Meta:
        ordering = ["-day"]
        verbose_name = _("对账日")

    def __str__(self) -> str:
        return self.day.isoformat()


class BillRowQuerySet(models.QuerySet["BillRow"]):
    def unmatched(self) -> Self:
        """What the bill has and our books do not, or not so; the oldest first."""
        return self.exclude(finding="").order_by("day__day", "number")


class BillRow(models.Model):
    """One row of a bill (账单明细): a payment or a refund. An empty finding says that it fits what our books have."""

    class Finding(models.TextChoices):
        NEW = "new", _("尚未核对")
        UNKNOWN = "unknown", _("平台没有这笔订单")
        UNPAID = "unpaid", _("平台记录为未付款或未退款")
        AMOUNT = "amount", _("金额不一致")

    day = models.ForeignKey(BillDay, models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField()
    trade_no = models.CharField(_("支付宝交易号"), max_length=64)
    order_number = models.CharField(_("订单号"), max_length=64)
    is_refund = models.BooleanField(_("退款"))
    request_no = models.CharField(_("退款请求号"), max_length=64, blank=True)
    amount = MoneyField(_("金额（元）"))
    at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    finding = models.CharField(_("结果"), max_length=8, choices=Finding, default=Finding.NEW, blank=True)

    objects = BillRowQuerySet.as_manager()

    class Meta:
        ordering = ["day_id", "number"]
        verbose_name = _("账单明细")
        indexes = [models.Index(fields=["day", "number"], name="bill_row_unmatched", condition=~Q(finding=""))]
        constraints = [
            models.UniqueConstraint(fields=["trade_no", "is_refund", "request_no"], name="bill_row_once"),
            models.CheckConstraint(
                name="bill_row_kind", condition=Q(is_refund=True) | Q(is_refund=False, request_no="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_number} {self.request_no}".strip()


class Irregularity(models.Model):
    """A notification that Alipay signed and that does not fit (异常通知): kept for people to look into, never acted on."""

    class Finding(models.TextChoices):
        UNKNOWN = "unknown", _("平台没有这笔订单")
        AMOUNT = "amount", _("金额不一致")
        SELLER = "seller", _("收款方不一致")
        APP = "app", _("应用不一致")
        TRADE = "trade", _("交易号不一致")

    notify_id = models.CharField(max_length=128, unique=True)
    order_number = models.CharField(_("订单号"), max_length=64)
    trade_no = models.CharField(_("支付宝交易号"), max_length=64)
    amount = MoneyField(_("金额（元）"), validators=[])
    finding = models.CharField(_("不符之处"), max_length=8, choices=Finding)
    at = models.DateTimeField(_("收到时间"))

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("异常通知")

    def __str__(self) -> str:
        return f"{self.order_number} {self.finding}"
