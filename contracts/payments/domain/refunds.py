"""What was paid and goes back, in part or whole: written down first, then asked of Alipay with the same key until it is done."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from contracts.models import Milestone
from contracts.payments import gateway
from contracts.payments.domain.access import demand_firm, demand_owner, held, log
from contracts.payments.models import Payment, PaymentRequest, Refund
from core import clock
from core.errors import Conflict, DomainError, WrongState
from core.money import yuan

Status = Refund.Status
REASON_LENGTH = 200


def ask_refund(*, payment_id: int, amount: Decimal, reason: str, by: Membership) -> Refund:
    """Write down that the firm gives back so much; `carry_out` does it. The owner may take back what a cancelled milestone holds.

    Raises Conflict while another refund or the settlement is under way, DomainError for more than is left.
    """
    with transaction.atomic():
        request = held(Payment.objects.values_list("request_id", flat=True).get(pk=payment_id))
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if may_take_back(request, payment) and by.organisation_id == request.owner_id:
            demand_owner(request, by)
        else:
            demand_firm(request, by)
        if payment.status != Payment.Status.PAID:
            raise WrongState(_("这笔付款现在不能退款。"))
        if payment.refunds.pending().exists():
            raise Conflict(_("上一笔退款还没有完成，请稍后再退。"))
        if payment.is_settling:
            raise Conflict(_("这笔款项正在结算，请稍后再退。"))
        if not 0 < amount <= payment.refundable:
            most = f"{payment.refundable:,.2f}"
            raise DomainError(_("退款金额须大于 0，最多 ¥ %(most)s。") % {"most": most}, code="amount")
        said = reason.strip()
        if not 0 < len(said) <= REASON_LENGTH:
            raise DomainError(_("请写明退款原因，最多 %(most)d 个字。") % {"most": REASON_LENGTH}, code="reason")
        number = payment.refunds.count() + 1
        return Refund.objects.create(
            payment=payment,
            number=number,
            request_no=f"{payment.order_number}_R{number}",
            amount=yuan(amount),
            reason=said,
            asked_at=clock.now(),
            asked_by=by.user,
        )


def may_take_back(request: PaymentRequest, payment: Payment) -> bool:
    """Whether the owner alone may take back what it has paid: for a milestone that will never be, while Alipay still has it."""
    return request.milestone.status == Milestone.Status.CANCELLED and payment.settle_no is None


def carry_out(*, refund_id: int) -> Refund:
    """Have Alipay refund what was written down; unchanged where it has. Raises GatewayError where that stays open."""
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status != Status.PENDING:
        return refund
    payment, problem = refund.payment, ""
    try:
        gateway.refund(
            order_number=payment.order_number,
            request_no=refund.request_no,
            amount=refund.amount,
            reason=refund.reason[:80],
            settle_no=payment.settle_no or "" if payment.settled_at else "",
        )
    except gateway.Refused as refused:
        if not gateway.is_refunded(order_number=payment.order_number, request_no=refund.request_no):
            problem = refused.sub_code or "refused"
    return _write(refund_id, problem)


def _write(refund_id: int, problem: str) -> Refund:
    """What Alipay said. A surplus that it does not give back stays pending, to be asked again and seen by people."""
    with transaction.atomic():
        payment_id, request_id = Refund.objects.values_list("payment", "payment__request").get(pk=refund_id)
        request = held(request_id)
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        refund = Refund.objects.select_for_update().get(pk=refund_id)
        if refund.status != Status.PENDING:
            return refund
        now = clock.now()
        refund.problem = problem[:80]
        if problem:
            if payment.status != Payment.Status.SURPLUS:
                Refund.lifecycle.move(refund, Status.FAILED)
            refund.save()
            return refund
        Refund.lifecycle.move(refund, Status.DONE)
        refund.done_at = now
        refund.save()
        _give_back(request, payment, refund.amount)
        log("refunded", request, at=now, amount=f"{refund.amount:.2f}", order=payment.order_number)
    return refund


def _give_back(request: PaymentRequest, payment: Payment, amount: Decimal) -> None:
    payment.refunded += amount
    if payment.refunded == payment.amount:
        was_surplus = payment.status == Payment.Status.SURPLUS
        Payment.lifecycle.move(payment, Payment.Status.REFUNDED)
        if not was_surplus:
            PaymentRequest.lifecycle.move(request, PaymentRequest.Status.REFUNDED)
            request.save()
    payment.save()
