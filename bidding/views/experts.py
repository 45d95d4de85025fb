"""The registry of experts on the service centre's desk: a list, one more, and each with fields and employers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from bidding.domain import experts as domain
from bidding.filters import ExpertFilter
from bidding.forms.experts import EmployerForm, ExpertForm, FieldsForm
from bidding.models import Expert, Round
from core import clock
from core.errors import DomainError

PAGE = 30


@require_safe
@acting_as(Kind.OPERATOR, roles=WRITERS)
@never_cache
def experts(request: ActingRequest) -> HttpResponse:
    """Everybody in the registry; persons are named here and nowhere else."""
    today = clock.now().astimezone(clock.LOCAL).date()
    rows = Expert.objects.select_related("user").prefetch_related("fields", "employers").order_by("-code")
    chosen = ExpertFilter(request.GET, queryset=rows, today=today)
    page = Paginator(chosen.qs, PAGE).get_page(request.GET.get("page"))
    each: Any
    for each in page.object_list:
        each.is_active = each.is_active_on(today)
        each.present = [employer for employer in each.employers.all() if employer.until is None]
    active = len([name for name in request.GET if name != "page"])
    return render(request, "bidding/experts.html", {"filter": chosen, "page": page, "active": active})


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.OPERATOR, roles=WRITERS)
@never_cache
def add(request: ActingRequest) -> HttpResponse:
    """Enter a person in the registry; a new account's first password is told here once."""
    form = ExpertForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            given = form.cleaned_data
            made = domain.register_expert(by=request.membership, fields=given.pop("services"), **given)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            if made.password:
                told = _(
                    "已新开账户 %(username)s，初始密码：%(password)s。只显示这一次，请当面交给本人，由本人登录后更改。"
                )
                messages.success(request, told % {"username": made.expert.user.username, "password": made.password})
            else:
                messages.success(request, _("已列入专家名册。"))
            return redirect("bidding:expert", code=made.expert.code)
    return render(request, "bidding/expert_add.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.OPERATOR, roles=WRITERS)
@never_cache
def expert(request: ActingRequest, code: str) -> HttpResponse:
    """One expert: what may be judged, where the person works and has worked, and taking out of the registry."""
    found = get_object_or_404(Expert.objects.select_related("user"), code=code)
    step = request.POST.get("step", "")
    shown = {
        "fields": FieldsForm(
            request.POST if step == "fields" else None,
            initial={"services": [each.code for each in found.fields.all()]},
        ),
        "employer": EmployerForm(request.POST if step == "employer" else None),
    }
    if request.method == "POST":
        form = shown.get(step)
        if form is None or form.is_valid():
            try:
                done = _take(request, found, step, form)
            except DomainError as refused:
                if form is None:
                    messages.error(request, str(refused))
                    return redirect("bidding:expert", code=code)
                form.add_error(refused.code if refused.code in form.fields else None, str(refused))
            else:
                messages.success(request, done)
                return redirect("bidding:expert", code=code)
    today = clock.now().astimezone(clock.LOCAL).date()
    past = found.seats.exclude(lot__round__status=Round.Status.OPENED)  # who marks now is nobody's to know
    context = {
        "expert": found,
        "is_active": found.is_active_on(today),
        "employers": list(found.employers.select_related("organisation")),
        "conflicts": list(found.conflicts.filter(withdrawn_at=None)),
        "seats": list(past.select_related("lot__round").order_by("-drawn_at")[:PAGE]),
        "fields_form": shown["fields"],
        "employer_form": shown["employer"],
        "today": today,
    }
    return render(request, "bidding/expert.html", context, status=422 if request.method == "POST" else 200)


def _take(request: ActingRequest, found: Expert, step: str, form: forms.Form | None) -> str:
    """Take one step and give what to say of it."""
    by = request.membership
    given = form.cleaned_data if form is not None else {}
    steps: dict[str, Callable[[], tuple[object, str]]] = {
        "fields": lambda: (
            domain.set_fields(expert_id=found.pk, fields=given["services"], by=by),
            _("可评审的服务已更改；已截止的比选不受影响。"),
        ),
        "employer": lambda: (domain.add_employer(expert_id=found.pk, by=by, **given), _("工作单位已登记。")),
        "left": lambda: (
            domain.end_employer(employer_id=_number(request), expert_id=found.pk, until=_until(request), by=by),
            _("已登记离开日期。"),
        ),
        "end": lambda: (domain.end_expert(expert_id=found.pk, by=by), _("已出册。")),
    }
    if step not in steps:
        raise DomainError
    return steps[step]()[1]


def _number(request: ActingRequest) -> int:
    written = request.POST.get("employer", "")
    if not written.isascii() or not written.isdigit() or len(written) > 18:
        raise DomainError
    return int(written)


def _until(request: ActingRequest) -> Any:
    try:
        until = forms.DateField().clean(request.POST.get("until"))
    except forms.ValidationError as wrong:
        raise DomainError(_("请填写离开的日期。")) from wrong
    return until
