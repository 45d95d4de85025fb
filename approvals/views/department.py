"""The department's desk: what is late first, then its cases; and cases that were handed in on paper."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import WRITERS, Kind, Organisation, Role
from accounts.rules import ActingRequest, acting_as
from approvals.domain import cases as domain
from approvals.domain import joint
from approvals.domain.queries import board_of
from approvals.filters import CaseFilter
from approvals.forms.register import RegisterForm
from approvals.models import Application, Case, CaseEvent, Department, EarlyEvent
from core import clock
from core.errors import DomainError
from core.ratelimit import by_user, limited

PAGE = 30
PRESSING = 8
DESKS = (Kind.DEPARTMENT, Kind.REGULATOR)


@require_safe
@acting_as(*DESKS)
@never_cache
def cases(request: ActingRequest) -> HttpResponse:
    """A department's cases; for a regulator those of all departments, by department."""
    now, is_regulator = clock.now(), request.organisation.kind == Kind.REGULATOR
    own = Case.objects.readable_by(request.organisation)
    applications = Application.objects.readable_by(request.organisation).joint()
    found = CaseFilter(request.GET, queryset=own.for_list())
    rows: Any = found.qs if found.form.is_valid() else own.none()
    active = sum(bool(value) for name, value in request.GET.items() if name in found.filters)
    page = Paginator(rows.order_by("-created_at", "-id"), PAGE).get_page(request.GET.get("page"))
    waiting = CaseEvent.objects.filter(waiting=True, case__in=own.running()).count()
    context = {
        "now": now,
        "board": board_of(own, now=now),
        "joint": joint.board_of(applications, now=now),
        "joint_pressing": joint.with_days_left(
            applications.late(now=now).for_list().order_by("joint_due_at", "id")[:PRESSING], now=now
        ),
        "pressing": own.late(now=now).for_list().order_by("due_at", "id")[:PRESSING],
        "filter": found,
        "active": active,
        "page": page,
        "waiting": waiting,
        **_early(request.organisation),
        "is_regulator": is_regulator,
        "may_connect": not is_regulator and request.membership.role == Role.ADMIN,
        "may_write": not is_regulator and request.membership.role in WRITERS,
    }
    return render(request, "approvals/cases.html", context, status=200 if found.form.is_valid() else 422)


def _early(organisation: Organisation) -> dict[str, int]:
    """How many events came before their case and wait, and how many were given up."""
    counted: dict[str, int] = EarlyEvent.objects.readable_by(organisation).aggregate(
        early=Count("pk", filter=Q(status=EarlyEvent.Status.WAITING)),
        given_up=Count("pk", filter=~Q(status=EarlyEvent.Status.WAITING)),
    )
    return counted


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.DEPARTMENT, roles=WRITERS)
@never_cache
@limited("register_case", "60/m", by=by_user)
def register(request: ActingRequest) -> HttpResponse:
    """Write down a case that came on paper."""
    department = department_of(request.organisation)
    form = RegisterForm(request.POST or None, department=department)
    if request.method == "POST" and form.is_valid():
        try:
            case = domain.register_case(by=request.membership, department=department, **form.cleaned_data)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            messages.success(request, _("已收件，办件编号 %(code)s。") % {"code": case.code})
            return redirect("approvals:case", code=case.code)
    return render(request, "approvals/register.html", {"form": form}, status=422 if form.errors else 200)


def department_of(organisation: Organisation) -> Department:
    """The department that an organisation is. Raises Http404 where it is none."""
    department = Department.objects.filter(organisation=organisation).select_related("district").first()
    if department is None:
        raise Http404
    return department
