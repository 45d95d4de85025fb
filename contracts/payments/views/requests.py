"""One request: everything about it, and each step that a party may take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from contracts.payments import gateway
from contracts.payments.addresses import reached, site_of
from contracts.payments.domain import paying, refunds, requests, transfers
from contracts.payments.domain.access import pays_by_transfer
from contracts.payments.forms import ArrivedForm, RefundForm, ReturnForm, TransferForm
from contracts.payments.models import Payment, PaymentRequest, Refund, Transfer
from contracts.payments.stages import ball_of, history_of, stages_of
from core import clock
from core.downloads import hand_out
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited

READERS = (Kind.FIRM, *OWNER_KINDS, Kind.REGULATOR)
PARTIES = (Kind.FIRM, *OWNER_KINDS)
Status = PaymentRequest.Status
Forms = dict[str, forms.Form]


@require_safe
@acting_as(*READERS)
@never_cache
def request_page(request: ActingRequest, code: str) -> HttpResponse:
    """The request with its history, and what this reader may do next."""
    return _shown(request, found_or_404(request, code))


@require_safe
@acting_as(*READERS)
@never_cache
def invoice(request: ActingRequest, code: str) -> FileResponse:
    """The invoice, for the parties and the regulator."""
    return hand_out(found_or_404(request, code).invoice)


@require_safe
@acting_as(*READERS)
@never_cache
def proof(request: ActingRequest, code: str, number: int) -> FileResponse:
    """The proof of a transfer, for the parties and the regulator."""
    transfer = get_object_or_404(Transfer, request=found_or_404(request, code), number=number)
    return hand_out(transfer.proof)


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
@limited("pay", "60/h", by=by_user)
def pay(request: ActingRequest, code: str) -> HttpResponse:
    """Open an order, or come back to the one that is open."""
    found = found_or_404(request, code)
    channel = request.POST.get("channel", Payment.Channel.PAGE)
    if channel not in Payment.Channel.values:
        raise Http404
    return _step(
        request,
        found,
        lambda: paying.open_payment(request_id=found.pk, channel=channel, by=request.membership),
        anchor="#order",
    )


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def cancel(request: ActingRequest, code: str) -> HttpResponse:
    """Give up the open order."""
    found = found_or_404(request, code)
    payment = found.payments.filter(status=Payment.Status.OPEN).first()
    if payment is None:
        return redirect("payments:request", code=code)
    return _step(
        request,
        found,
        lambda: paying.cancel_payment(payment_id=payment.pk, by=request.membership),
        done=_("已向支付宝核对这笔订单。"),
    )


@require_safe
@acting_as(*OWNER_KINDS)
@never_cache
def returned(request: ActingRequest, code: str) -> HttpResponse:
    """Where the cashier leads back to: whatever the browser says, Alipay is asked."""
    found = found_or_404(request, code)
    payment = found.payments.filter(status=Payment.Status.OPEN).first()
    if payment is not None:
        try:
            payment = paying.follow(payment_id=payment.pk)
        except DomainError as open_still:
            messages.warning(request, str(open_still))
            return redirect("payments:request", code=code)
        if payment.is_open:
            messages.info(request, _("支付宝还没有收到这笔付款。"))
            return redirect("payments:request", code=code)
    found.refresh_from_db(fields=["status"])
    if found.status == Status.PAID:
        messages.success(request, _("付款成功。"))
    return redirect("payments:request", code=code)


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def send_back(request: ActingRequest, code: str) -> HttpResponse:
    """The owner returns the request, with the reason."""
    found, form = found_or_404(request, code), ReturnForm(request.POST)
    return _step(
        request,
        found,
        lambda: requests.return_request(request_id=found.pk, by=request.membership, **form.cleaned_data),
        form=("return", form),
        done=_("已退回机构。"),
    )


@require_POST
@acting_as(Kind.FIRM, roles=WRITERS)
def withdraw(request: ActingRequest, code: str) -> HttpResponse:
    """The firm takes its request back."""
    found = found_or_404(request, code)
    return _step(
        request,
        found,
        lambda: requests.withdraw_request(request_id=found.pk, by=request.membership),
        done=_("付款申请已撤回。"),
    )


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def transfer(request: ActingRequest, code: str) -> HttpResponse:
    """The owner has transferred the money."""
    found, form = found_or_404(request, code), TransferForm(request.POST, request.FILES)
    return _step(
        request,
        found,
        lambda: transfers.send_transfer(request_id=found.pk, by=request.membership, **form.cleaned_data),
        form=("transfer", form),
        done=_("凭证已提交，等机构确认到账。"),
    )


@require_POST
@acting_as(Kind.FIRM, roles=WRITERS)
def arrived(request: ActingRequest, code: str) -> HttpResponse:
    """Whether the transfer has come."""
    found, form = found_or_404(request, code), ArrivedForm(request.POST)
    sent = found.transfers.order_by("-number").first()
    if sent is None:
        raise Http404
    return _step(
        request,
        found,
        lambda: transfers.answer_transfer(
            transfer_id=sent.pk,
            arrived=form.cleaned_data["arrived"] == "yes",
            reason=form.cleaned_data["reason"],
            by=request.membership,
        ),
        form=("arrived", form),
        done=_("已告知业主。"),
    )


@require_POST
@acting_as(*PARTIES, roles=WRITERS)
@limited("refund", "30/h", by=by_user)
def refund(request: ActingRequest, code: str) -> HttpResponse:
    """Give back part or all."""
    found, form = found_or_404(request, code), RefundForm(request.POST)
    paid = found.payments.filter(status=Payment.Status.PAID).first()
    if paid is None:
        raise Http404
    return _step(
        request,
        found,
        lambda: _refund(request, paid, form.cleaned_data),
        form=("refund", form),
    )


def _refund(request: ActingRequest, paid: Payment, given: dict[str, Any]) -> None:
    """Written down first; where Alipay does not answer at once, beat asks again."""
    asked = refunds.ask_refund(payment_id=paid.pk, by=request.membership, **given)
    try:
        done = refunds.carry_out(refund_id=asked.pk)
    except gateway.GatewayError:
        messages.warning(request, _("退款已提交，支付宝还没有答复，系统会继续核对。"))
        return
    if done.status == Refund.Status.DONE:
        messages.success(request, _("已退款。"))
    else:
        messages.error(request, str(gateway.IN_WORDS.get(done.problem) or _("支付宝没有退款，请稍后再试。")))


def _step(
    request: ActingRequest,
    found: PaymentRequest,
    take: Callable[[], object],
    *,
    form: tuple[str, forms.Form] | None = None,
    done: str = "",
    anchor: str = "",
) -> HttpResponse:
    """Check the form, take the step, and tell what came of it."""
    shown = dict([form]) if form else {}
    if form and not form[1].is_valid():
        return _shown(request, found, given=shown, status=422)
    try:
        take()
    except NotAllowed as refused:
        raise Http404 from refused
    except DomainError as refused:
        again = found_or_404(request, found.code)
        if form:
            form[1].add_error(refused.code if refused.code in form[1].fields else None, str(refused))
        return _shown(request, again, given=shown, refused=None if form else str(refused), status=409)
    if done:
        messages.success(request, done)
    response = redirect("payments:request", code=found.code)
    response["Location"] += anchor
    return response


def _shown(
    request: ActingRequest,
    found: PaymentRequest,
    *,
    given: Forms | None = None,
    refused: str | None = None,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    payments = list(found.payments.order_by("number"))
    back = list(Refund.objects.filter(payment__request=found).select_related("payment").order_by("asked_at"))
    sent = list(found.transfers.order_by("number"))
    paid = next((each for each in payments if each.status != Payment.Status.SURPLUS and each.paid_at), None)
    context: dict[str, Any] = {
        "found": found,
        "contract": found.contract,
        "milestone": found.milestone,
        "now": now,
        "paid": paid,
        "refunds": back,
        "transfers": sent,
        "surplus": [each for each in payments if each.status == Payment.Status.SURPLUS],
        "stages": stages_of(found, paid),
        "ball": ball_of(found, paid),
        "history": history_of(found, payments, back, sent),
        "days_overdue": found.days_overdue(now) if found.is_waiting else 0,
        "by_transfer": pays_by_transfer(found),
        "alipay_off": not settings.ALIPAY_ENABLED and not found.is_public_money,
        "payee": getattr(found.firm, "payee", None),
        "refused": refused,
        **_steps(request, found, paid, given or {}),
        **_order(request, payments, now),
    }
    return render(request, "payments/request.html", context, status=status)


def _steps(request: ActingRequest, found: PaymentRequest, paid: Payment | None, given: Forms) -> dict[str, Any]:
    """The forms of the steps that this reader may take; a form that was refused stays as it was filled in."""
    if request.membership.role not in WRITERS:
        return {}
    is_owner = request.organisation.pk == found.owner_id
    is_firm = request.organisation.pk == found.firm.organisation_id
    steps: dict[str, Any] = {}
    if is_owner and found.is_waiting:
        steps["return_form"] = given.get("return") or ReturnForm()
        if pays_by_transfer(found):
            steps["transfer_form"] = given.get("transfer") or TransferForm()
        else:
            steps["can_pay"] = True
    if is_firm:
        steps["can_withdraw"] = found.is_waiting
        if any(each.takes_answer_at(clock.now()) for each in found.transfers.all()):
            steps["arrived_form"] = given.get("arrived") or ArrivedForm()
    takes_back = is_owner and paid is not None and refunds.may_take_back(found, paid)
    if paid is not None and paid.status == Payment.Status.PAID and not paid.is_settling and (is_firm or takes_back):
        steps["refund_form"] = given.get("refund") or RefundForm()
    return steps


def _order(request: ActingRequest, payments: list[Payment], now: datetime) -> dict[str, Any]:
    """The open order, with the way to pay it for who may."""
    order = next((each for each in payments if each.is_open), None)
    if order is None:
        return {}
    shown: dict[str, Any] = {"order": order, "is_payable": order.is_payable(now)}
    may_pay = request.organisation.pk == order.request.owner_id and request.membership.role in WRITERS
    if not may_pay or not order.is_payable(now) or not settings.ALIPAY_ENABLED:
        return shown
    if order.channel == Payment.Channel.PAGE:
        shown["pay_url"] = reached(gateway.pay_url(paying.order_of(order, site=site_of(request))), request)
    elif order.qr_code:
        shown["qr"] = segno.make(reached(order.qr_code, request), error="m").svg_data_uri(scale=5, border=2)
    return shown


def found_or_404(request: ActingRequest, code: str) -> PaymentRequest:
    """A request that this organisation may read."""
    return get_object_or_404(PaymentRequest.objects.readable_by(request.organisation).for_list(), code=code)
