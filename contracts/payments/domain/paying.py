"""Orders at Alipay: opened, paid, closed. What Alipay says of one is taken in at one place, whoever brings it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from contracts.payments import gateway
from contracts.payments.domain.access import demand_owner, held, log, pays_by_transfer
from contracts.payments.models import Irregularity, Payment, PaymentRequest, Refund
from core import clock
from core.errors import Conflict, DomainError, WrongState

logger = logging.getLogger(__name__)

Status = Payment.Status
Finding = Irregularity.Finding
LIFE = timedelta(minutes=30)
"""How long a buyer may take; Alipay refuses to be paid afterwards (time_expire)."""
NOT_IN_A_SUBJECT = str.maketrans("/=&", "   ")


class Mismatch(DomainError):
    """What came does not fit the order; `finding` says in what."""

    code = "mismatch"

    def __init__(self, finding: str) -> None:
        self.finding = finding
        super().__init__(_("支付宝的记录与订单不一致，已提交人工核对。"))


def open_payment(*, request_id: int, channel: str, by: Membership) -> Payment:
    """An order for a request, for its owner: the one that is open if there is one, so that two tabs pay the same order.

    Raises Conflict where the open one goes another way, DomainError where the firm has no number to be paid under.
    """
    _end_stale(request_id, by)
    with transaction.atomic():
        request = held(request_id)
        demand_owner(request, by)
        now = clock.now()
        if not request.is_waiting:
            raise WrongState(_("这个申请现在不能付款。"))
        if pays_by_transfer(request):
            raise WrongState(_("这笔款项由银行转账支付。"))
        payment = request.payments.filter(status=Status.OPEN).first()
        if payment is None:
            payment = _new(request, channel, now, by)
        elif payment.channel != channel or not payment.is_payable(now):
            raise Conflict(_("有一笔付款订单还开着，先取消它或等它过期。"))
    if payment.channel == Payment.Channel.CODE and not payment.qr_code:
        payment = _with_code(payment)
    return payment


def _new(request: PaymentRequest, channel: str, now: datetime, by: Membership) -> Payment:
    payee = getattr(request.firm, "payee", None)
    if payee is None:
        raise DomainError(_("机构还没有填写支付宝二级商户号，不能在线付款。请联系机构。"), code="payee")
    number = request.payments.count() + 1
    return Payment.objects.create(
        request=request,
        number=number,
        order_number=f"{request.code}_{number}",
        channel=Payment.Channel(channel),
        amount=request.amount,
        merchant_id=payee.merchant_id,
        opened_at=now,
        opened_by=by.user,
        expires_at=now + LIFE,
        asked_at=now,
    )


def _end_stale(request_id: int, by: Membership) -> None:
    """Ask about an order that is past its time, so that it is no longer in the way of the next."""
    stale = Payment.objects.filter(request_id=request_id, request__owner=by.organisation, status=Status.OPEN).first()
    if stale is not None and not stale.is_payable(clock.now()):
        follow(payment_id=stale.pk)


def _with_code(payment: Payment) -> Payment:
    """The same order number gives the same order, however often it is asked for."""
    qr_code = gateway.precreate(order_of(payment))
    Payment.objects.filter(pk=payment.pk, status=Status.OPEN).update(qr_code=qr_code)
    payment.qr_code = qr_code
    return payment


def order_of(payment: Payment, *, site: str = "") -> gateway.Order:
    """A payment as Alipay is told of it; `site` is where the cashier leads back to, SITE_URL unless another is given."""
    request = payment.request
    title = f"{request.contract.title} {request.milestone.name}".translate(NOT_IN_A_SUBJECT)
    return gateway.Order(
        number=payment.order_number,
        amount=payment.amount,
        subject=title[:120],
        merchant_id=payment.merchant_id,
        expires_at=payment.expires_at,
        return_url=f"{site or settings.SITE_URL}{reverse('payments:returned', args=[request.code])}",
    )


def cancel_payment(*, payment_id: int, by: Membership) -> Payment:
    """Give up an open order; if it turns out to be paid, it is paid. Unchanged where it is closed or paid already."""
    payment = Payment.objects.select_related("request").get(pk=payment_id)
    with transaction.atomic():
        demand_owner(held(payment.request_id), by)
    if not payment.is_open:
        return payment
    return _close(payment)


def follow(*, payment_id: int) -> Payment:
    """Ask Alipay about an open order and take in the answer; close it where its time is over."""
    payment = Payment.objects.get(pk=payment_id)
    Payment.objects.filter(pk=payment_id).update(asked_at=clock.now())
    try:
        trade = gateway.query(payment.order_number)
    except gateway.NoSuchTrade:
        return _closed(payment) if payment.is_stale(clock.now()) else payment
    payment = take_trade(payment_id=payment_id, trade=trade)
    return _close(payment) if payment.is_open and payment.is_stale(clock.now()) else payment


def _close(payment: Payment) -> Payment:
    """Close at Alipay first: what it has closed nobody can pay."""
    try:
        gateway.close(payment.order_number)
    except gateway.NoSuchTrade:
        pass  # nobody has opened its cashier; who does later pays an order that is closed here, and is paid back
    except gateway.Refused:
        return take_trade(payment_id=payment.pk, trade=gateway.query(payment.order_number))
    return _closed(payment)


def _closed(payment: Payment) -> Payment:
    with transaction.atomic():
        held(payment.request_id)
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.is_open:
            Payment.lifecycle.move(payment, Status.CLOSED)
            payment.closed_at = clock.now()
            payment.save()
    return payment


def take_trade(*, payment_id: int, trade: gateway.Trade) -> Payment:
    """Take in what Alipay says of an order: paid, closed, or nothing new. Twice, late and out of order changes nothing.

    What is paid for a request that is paid already, or no longer stands, is given back. Raises Mismatch where order, amount or
    trade do not fit.
    """
    with transaction.atomic():
        request = held(Payment.objects.values_list("request_id", flat=True).get(pk=payment_id))
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        payment.request = request
        _demand_fitting(payment, trade)
        if trade.is_paid and payment.status in (Status.OPEN, Status.CLOSED):
            _paid(request, payment, trade, clock.now())
        elif trade.is_closed and payment.is_open:
            Payment.lifecycle.move(payment, Status.CLOSED)
            payment.closed_at = clock.now()
            payment.save()
    return payment


def _demand_fitting(payment: Payment, trade: gateway.Trade) -> None:
    if trade.order_number != payment.order_number:
        raise Mismatch(Finding.UNKNOWN)
    if trade.amount != payment.amount:
        raise Mismatch(Finding.AMOUNT)
    if payment.trade_no is not None and payment.trade_no != trade.trade_no:
        raise Mismatch(Finding.TRADE)


def _paid(request: PaymentRequest, payment: Payment, trade: gateway.Trade, now: datetime) -> None:
    counts = request.is_waiting
    Payment.lifecycle.move(payment, Status.PAID if counts else Status.SURPLUS)
    payment.trade_no, payment.paid_at = trade.trade_no, trade.paid_at or now
    payment.save()
    if counts:
        PaymentRequest.lifecycle.move(request, PaymentRequest.Status.PAID)
        request.paid_at = payment.paid_at
        request.save()
        log("paid", request, at=now, amount=f"{payment.amount:.2f}", order=payment.order_number, by="alipay")
        return
    Refund.objects.create(
        payment=payment,
        number=1,
        request_no=f"{payment.order_number}_R1",
        amount=payment.amount,
        reason=_("重复付款，自动退回"),
        asked_at=now,
    )
    log("surplus", request, at=now, amount=f"{payment.amount:.2f}", order=payment.order_number)


def take_notification(notification: gateway.Notification) -> Payment:
    """Take in a notification whose signature fits. Raises Mismatch, after having kept it for people to look into."""
    payment = Payment.objects.filter(order_number=notification.order_number).first()
    try:
        if notification.app_id != settings.ALIPAY_APP_ID:
            raise Mismatch(Finding.APP)
        if notification.seller_id != settings.ALIPAY_SELLER_ID:
            raise Mismatch(Finding.SELLER)
        if payment is None:
            raise Mismatch(Finding.UNKNOWN)
        return take_trade(payment_id=payment.pk, trade=notification)
    except Mismatch as wrong:
        Irregularity.objects.get_or_create(
            notify_id=notification.notify_id[:128],
            defaults={
                "order_number": notification.order_number[:64],
                "trade_no": notification.trade_no[:64],
                "amount": notification.amount,
                "finding": wrong.finding,
                "at": clock.now(),
            },
        )
        raise
