"""Where Alipay's notifications arrive, and where people look after what does not fit its bills."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from contracts.payments import bill, gateway
from contracts.payments.domain import paying, reconciling
from contracts.payments.forms import BillForm
from contracts.payments.models import BillDay, BillRow, Irregularity, Refund
from core import clock
from core.errors import DomainError

logger = logging.getLogger(__name__)

PAGE = 50
LATEST = 20


@csrf_exempt
@require_POST
def notify(request: HttpRequest) -> HttpResponse:
    """A notification: `success` once it is taken in or changes nothing, `failure` where it is to be sent again or is none.

    Alipay has no session here: its signature over the whole form is what lets it in.
    """
    try:
        paying.take_notification(gateway.read_notification(request.POST.dict()))
    except gateway.Forged:
        logger.warning("a notification without a signature that fits")
        return _answer("failure")
    except DomainError as wrong:
        logger.warning("a notification that does not fit: %s", wrong.code)
        return _answer("failure")
    return _answer("success")


def _answer(word: str) -> HttpResponse:
    return HttpResponse(word, content_type="text/plain")


@require_safe
@acting_as(Kind.OPERATOR, Kind.REGULATOR)
@never_cache
def reconciliation(request: ActingRequest) -> HttpResponse:
    """What does not fit, on both sides, and the days that were read."""
    return _shown(request, BillForm())


@require_POST
@acting_as(Kind.OPERATOR, roles=WRITERS)
def read_bill(request: ActingRequest) -> HttpResponse:
    """Read the bill of a day now."""
    form = BillForm(request.POST)
    if not form.is_valid():
        return _shown(request, form, status=422)
    day = form.cleaned_data["day"]
    if day > timezone.localdate(clock.now()):
        form.add_error("day", _("这一天还没有到。"))
        return _shown(request, form, status=422)
    try:
        read = reconciling.reconcile(day=day)
    except DomainError as refused:
        form.add_error(None, str(refused))
        return _shown(request, form, status=409)
    except bill.Unreadable:
        form.add_error(None, _("支付宝的账单读不懂，没有对账。请联系服务商。"))
        return _shown(request, form, status=409)
    messages.success(request, _("%(day)s 的账单有 %(n)d 笔，已核对。") % {"day": read.day.isoformat(), "n": read.rows})
    return redirect("payments:reconciliation")


def _shown(request: ActingRequest, form: BillForm, *, status: int = 200) -> HttpResponse:
    unmatched = BillRow.objects.unmatched().select_related("day")
    context = {
        "form": form,
        "alipay_off": not settings.ALIPAY_ENABLED,
        "may_read": settings.ALIPAY_ENABLED
        and request.organisation.kind == Kind.OPERATOR
        and request.membership.role in WRITERS,
        "page": Paginator(unmatched, PAGE).get_page(request.GET.get("page")),
        "payments": reconciling.payments_not_billed()[:PAGE],
        "payments_count": reconciling.payments_not_billed().count(),
        "refunds": reconciling.refunds_not_billed()[:PAGE],
        "refunds_count": reconciling.refunds_not_billed().count(),
        "refused": Refund.objects.exclude(problem="").select_related("payment__request").order_by("-asked_at")[:LATEST],
        "irregular": Irregularity.objects.all()[:LATEST],
        "irregular_count": Irregularity.objects.count(),
        "days": BillDay.objects.all()[:LATEST],
    }
    return render(request, "payments/reconciliation.html", context, status=status)
