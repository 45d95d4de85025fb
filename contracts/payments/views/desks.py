"""Lists: what a firm may ask for and has asked, what an owner has to pay, what is overdue, for the regulator and everybody."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind, Organisation
from accounts.rules import ActingRequest, acting_as
from contracts.models import Milestone
from contracts.payments.domain import requests as domain
from contracts.payments.forms import AskForm, PayeeForm
from contracts.payments.models import PaymentRequest, Transfer
from core import clock
from core.errors import DomainError
from market.models import Firm, Project

PAGE = 30


@require_safe
@acting_as(Kind.FIRM)
@never_cache
def firm_desk(request: ActingRequest) -> HttpResponse:
    """What may be asked for now, and what was."""
    firm = Firm.objects.filter(organisation=request.organisation).select_related("payee").first()
    mine = PaymentRequest.objects.readable_by(request.organisation).for_list()
    context = {
        "now": clock.now(),
        "payee": getattr(firm, "payee", None),
        "alipay_off": not settings.ALIPAY_ENABLED,
        "milestones": domain.milestones_to_request(request.organisation)[:PAGE],
        "page": Paginator(mine, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "payments/firm_desk.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
def payee(request: ActingRequest) -> HttpResponse:
    """The number under which Alipay pays the firm."""
    firm = get_object_or_404(Firm.objects.select_related("payee"), organisation=request.organisation)
    known = getattr(firm, "payee", None)
    form = PayeeForm(
        request.POST if request.method == "POST" else None, initial={"merchant_id": known.merchant_id if known else ""}
    )
    if request.method == "POST" and form.is_valid():
        domain.set_payee(firm=firm, merchant_id=form.cleaned_data["merchant_id"], by=request.membership)
        messages.success(request, _("已保存，之后的付款结算到这个商户号。"))
        return redirect("payments:firm_desk")
    context = {"form": form, "payee": known}
    return render(request, "payments/payee.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
def ask(request: ActingRequest, contract: str, number: int) -> HttpResponse:
    """Ask to be paid for a milestone."""
    mine = Milestone.objects.filter(contract__firm__organisation=request.organisation)
    milestone = get_object_or_404(mine.select_related("contract__owner"), contract__code=contract, number=number)
    live = milestone.payment_requests.filter(status__in=PaymentRequest.LIVE).first()
    if live is not None:
        return redirect("payments:request", code=live.code)
    form = AskForm(request.POST, request.FILES) if request.method == "POST" else AskForm()
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = domain.request_payment(milestone_id=milestone.pk, by=request.membership, **given)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
            status = 409
        else:
            messages.success(request, _("付款申请 %(code)s 已交给业主。") % {"code": made.code})
            return redirect("payments:request", code=made.code)
    context = {
        "form": form,
        "milestone": milestone,
        "is_private": milestone.contract.project.funding != Project.Funding.PUBLIC,
    }
    context["payee"] = getattr(milestone.contract.firm, "payee", None)
    return render(request, "payments/ask.html", context, status=status)


@require_safe
@acting_as(*OWNER_KINDS)
@never_cache
def owner_desk(request: ActingRequest) -> HttpResponse:
    """What waits to be paid, the most urgent first, then everything."""
    mine = PaymentRequest.objects.readable_by(request.organisation).for_list()
    context = {
        "now": clock.now(),
        "waiting": mine.waiting().order_by("due_at", "id")[:PAGE],
        "waiting_count": mine.waiting().count(),
        "page": Paginator(mine.exclude(status=PaymentRequest.Status.REQUESTED), PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "payments/owner_desk.html", context)


@require_safe
@acting_as(Kind.REGULATOR)
@never_cache
def regulator_desk(request: ActingRequest) -> HttpResponse:
    """Overdue payments, the longest first, and by owner; and transfers that count as arrived though nobody confirmed them."""
    now = clock.now()
    overdue = PaymentRequest.objects.overdue(now=now)
    by_owner = (
        overdue.order_by().values("owner").annotate(n=Count("id"), sum=Sum("amount")).order_by("-sum", "owner")[:10]
    )
    names = Organisation.objects.in_bulk([row["owner"] for row in by_owner])
    context = {
        "now": now,
        "page": Paginator(overdue.for_list(), PAGE).get_page(request.GET.get("page")),
        "total": overdue.aggregate(n=Count("id"), sum=Sum("amount")),
        "presumed": Transfer.objects.presumed().for_list()[:PAGE],
        "presumed_count": Transfer.objects.presumed().count(),
        "owners": [(names[row["owner"]], row["n"], row["sum"]) for row in by_owner],
    }
    return render(request, "payments/regulator_desk.html", context)


@require_safe
def owner_public(request: HttpRequest, code: str) -> HttpResponse:
    """What an owner has left unpaid for longer than the term for public notice, for everybody to read."""
    field = "code" if code.startswith("Z") else "uscc"
    owner = get_object_or_404(Organisation.objects.filter(kind__in=OWNER_KINDS), **{field: code})
    now = clock.now()
    asked = PaymentRequest.objects.filter(owner=owner)
    if not asked.exists():
        raise Http404
    late = asked.on_public_notice(now=now).for_list()
    context = {
        "owner": owner,
        "now": now,
        "page": Paginator(late, PAGE).get_page(request.GET.get("page")),
        "total": late.order_by().aggregate(n=Count("id"), sum=Sum("amount")),
        "paid": asked.filter(status=PaymentRequest.Status.PAID).count(),
    }
    return render(request, "payments/owner_public.html", context)
