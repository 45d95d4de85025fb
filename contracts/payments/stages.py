"""How far a request has come, told for the eye: its stages, who has the ball, and what has happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contracts.models import Milestone
from contracts.payments.models import Payment, PaymentRequest, Refund, Transfer
from core.templatetags.mx import money

Status = PaymentRequest.Status
Stage = dict[str, Any]
ENDS = (Status.RETURNED, Status.WITHDRAWN)


def stages_of(request: PaymentRequest, payment: Payment | None) -> list[Stage]:
    """The rail: asked, paid, accepted, and for Alipay settled. `payment` is the one that was paid."""
    milestone = request.milestone
    accepted = milestone.accepted_at if milestone.status == Milestone.Status.ACCEPTED else None
    steps: list[tuple[str, datetime | None, datetime | None]] = [
        (_("申请付款"), request.requested_at, None),
        (_("业主付款"), request.paid_at, request.due_at),
        (_("验收"), accepted, milestone.due_at),
    ]
    if payment is not None:
        steps.append((_("结算给机构"), payment.settled_at, None))
    if request.status in ENDS:
        steps = [steps[0], (str(request.get_status_display()), request.ended_at, None)]
    return list(_with_states(steps, stopped=request.status in (*ENDS, Status.REFUNDED)))


def _with_states(steps: list[tuple[str, datetime | None, datetime | None]], *, stopped: bool) -> Iterator[Stage]:
    """Steps may be done in another order than they stand: the first that is not done has the ball."""
    has_ball = False
    for place, (name, done, planned) in enumerate(steps):
        is_last_of_stopped = stopped and place == len(steps) - 1
        state = "never" if is_last_of_stopped else "past" if done else "next"
        if state == "next" and not has_ball and not stopped:
            state, has_ball = "now", True
        yield {"name": name, "state": state, "at": done or planned, "planned": done is None and planned is not None}


def ball_of(request: PaymentRequest, payment: Payment | None) -> str:
    """Who has to act, in words."""
    match request.status:
        case Status.REQUESTED:
            return _("等业主付款")
        case Status.REMITTED:
            return _("等机构确认到账，逾期不答复视为到账")
        case Status.PAID if request.milestone.status != Milestone.Status.ACCEPTED:
            return _("款项在支付宝，验收后结算给机构")
        case Status.PAID if payment is not None and payment.settled_at is None:
            return _("等支付宝结算")
    return ""


def history_of(
    request: PaymentRequest, payments: list[Payment], refunds: list[Refund], transfers: list[Transfer]
) -> list[dict[str, Any]]:
    """What has happened, the newest first."""
    owner, firm = request.owner.public_name, request.firm.organisation.public_name
    events: list[tuple[datetime | None, str, str, str]] = [(request.requested_at, _("提出付款申请"), firm, "")]
    for payment in payments:
        events += [
            (
                payment.opened_at,
                _("下单：%(channel)s") % {"channel": payment.get_channel_display()},
                owner,
                payment.order_number,
            ),
            (payment.paid_at, _("付款 %(amount)s") % {"amount": money(payment.amount)}, owner, ""),
            (payment.closed_at, _("订单关闭"), "", payment.order_number),
            (payment.settled_at, _("支付宝结算给机构 %(amount)s") % {"amount": money(payment.settle_amount)}, "", ""),
        ]
    for refund in refunds:
        told = _("退款 %(amount)s") % {"amount": money(refund.amount)}
        events.append((refund.done_at or refund.asked_at, told, str(refund.get_status_display()), refund.reason))
    for transfer in transfers:
        events.append((transfer.sent_at, _("提交转账凭证"), owner, transfer.paid_on.isoformat()))
        events.append((transfer.presumed_at, str(Transfer.Status.PRESUMED.label), "", ""))
        if transfer.answered_at:
            events.append((transfer.answered_at, str(transfer.get_status_display()), firm, transfer.reason))
    events.append((request.ended_at, str(request.get_status_display()), "", request.reason))
    known = [{"at": at, "text": text, "who": who, "note": note} for at, text, who, note in events if at is not None]
    return sorted(known, key=lambda event: event["at"], reverse=True)
