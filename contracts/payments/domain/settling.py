"""Handing what was paid to the firm, once its milestone is accepted (确认结算)."""

from __future__ import annotations

from django.db import transaction

from contracts.payments import gateway
from contracts.payments.domain.access import held, log
from contracts.payments.models import Payment
from core import clock


def settle_payment(*, payment_id: int) -> Payment:
    """Have Alipay settle a payment with the firm, less what was refunded; unchanged where it is not time, or done.

    The request number and the amount are written down before Alipay is asked, and repeated until it has said yes. Raises
    GatewayError where that stays open.
    """
    payment = _begin(payment_id)
    if not payment.is_settling:
        return payment
    assert payment.trade_no is not None
    assert payment.settle_no is not None
    assert payment.settle_amount is not None
    problem = ""
    try:
        gateway.settle(trade_no=payment.trade_no, request_no=payment.settle_no, amount=payment.settle_amount)
    except gateway.Refused as refused:
        problem = refused.sub_code or "refused"
    return _write(payment_id, problem)


def _begin(payment_id: int) -> Payment:
    with transaction.atomic():
        held(Payment.objects.values_list("request_id", flat=True).get(pk=payment_id))
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        ready = Payment.objects.to_settle().filter(pk=payment_id).exists()
        if ready and payment.settle_no is None and not payment.refunds.pending().exists():
            payment.settle_no, payment.settle_amount = (
                f"{payment.order_number}_S{clock.now():%H%M%S%f}",
                payment.refundable,
            )
            payment.save()
    return payment


def _write(payment_id: int, problem: str) -> Payment:
    """A refusal gives the payment free again, for a refund or another attempt; what Alipay said stays to be seen."""
    with transaction.atomic():
        request = held(Payment.objects.values_list("request_id", flat=True).get(pk=payment_id))
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if not payment.is_settling:
            return payment
        payment.problem = problem[:80]
        if problem:
            payment.settle_no = payment.settle_amount = None
        else:
            payment.settled_at = clock.now()
            log(
                "settled",
                request,
                at=payment.settled_at,
                amount=f"{payment.settle_amount:.2f}",
                order=payment.order_number,
            )
        payment.save()
    return payment
