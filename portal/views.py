"""The home page, search, and the way to the desk of whoever one acts for."""

from __future__ import annotations

import re
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Kind
from accounts.rules import ActingRequest, SessionRequest, acting_as, signed_in
from approvals.views.department import department_of
from bidding.models import Award, Expert, Round, TracePolicy
from core import clock
from core.ratelimit import limited
from market.domain.search import LONGEST_QUERY, matching
from market.models import Firm, Service

DESKS: dict[str, str] = {
    Kind.OWNER: "bidding:owner_desk",
    Kind.PERSON: "bidding:owner_desk",
    Kind.OPERATOR: "bidding:operator_desk",
    Kind.REGULATOR: "bidding:regulator_desk",
    Kind.DEPARTMENT: "approvals:cases",
}
SHOWN = 6
CODE = re.compile(r"\AR[0-9]{12,17}\Z")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, what closes soon, and the latest results."""
    now = clock.now()
    counted = Round.objects.public().aggregate(
        awarded=Count("pk", filter=Q(status__in=[Round.Status.AWARDED, Round.Status.CONTRACTED])),
        taking=Count("pk", filter=Q(status=Round.Status.ANNOUNCED, closes_at__gt=now)),
    )
    context = {
        "now": now,
        "open_count": counted["taking"],
        "awarded_count": counted["awarded"],
        "firm_count": Firm.objects.listed().count(),
        "service_count": Service.objects.count(),
        "closing": Round.objects.open_at(now).for_list().order_by("closes_at", "id")[:SHOWN],
        "latest": Award.objects.in_force()
        .exclude(lot__round__status=Round.Status.VOID)
        .select_related("lot__round", "firm__organisation")
        .order_by("-issued_at", "-id")[:SHOWN],
    }
    return render(request, "portal/home.html", context)


@require_safe
@limited("search", "60/m", methods=("GET",))
def search(request: HttpRequest) -> HttpResponse:
    """A few of each kind of thing that has the words; a round's code leads straight to it."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY].replace("\x00", "")
    if CODE.match(query.upper()) and Round.objects.public().filter(code=query.upper()).exists():
        return redirect("bidding:round", code=query.upper())
    found = {}
    if query:
        found = {
            "rounds": matching(Round.objects.public().for_list(), query)[:SHOWN],
            "firms": matching(Firm.objects.public().select_related("organisation"), query)[:SHOWN],
            "services": matching(Service.objects.all(), query)[:SHOWN],
        }
    return render(request, "portal/search.html", {"query": query, **found})


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """How anybody can recompute a result."""
    code = request.GET.get("code", "").strip().upper()[:20]
    problem = ""
    if code:
        if CODE.match(code) and Round.objects.public().filter(code=code).exists():
            return redirect("bidding:verify", code=code)
        problem = _("没有这个编号的公开比选。编号像 R202611220001。")
    return render(request, "portal/check.html", {"code": code, "problem": problem}, status=422 if problem else 200)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/about.html", {"traces": TracePolicy.in_force(clock.now())})


@require_safe
@signed_in
@never_cache
def desk(request: SessionRequest) -> HttpResponse:
    """To the desk of the organisation that one acts for."""
    organisation = request.organisation
    if organisation is None:
        is_expert = Expert.objects.filter(user=request.user).exists()
        return redirect("bidding:expert_desk" if is_expert else "accounts:account")
    if organisation.kind == Kind.FIRM:
        listed = Firm.objects.filter(organisation=organisation, current__isnull=False).exists()
        return redirect("bidding:firm_desk" if listed else "market:admission")
    if organisation.kind in DESKS:
        return redirect(DESKS[organisation.kind])
    return render(request, "portal/no_organisation.html")


@require_safe
@acting_as(Kind.DEPARTMENT)
@never_cache
def department_desk(request: ActingRequest) -> HttpResponse:
    """Public rounds whose result this department approves; nothing of them before opening."""
    now = clock.now()
    department = department_of(request.organisation)
    rounds = Round.objects.public().decided_by(department).for_list().select_related("need__item")
    page = Paginator(rounds.order_by("-announced_at", "-id"), 30).get_page(request.GET.get("page"))
    each: Any
    for each in page.object_list:
        each.shown_status = each.status_at(now)
    return render(request, "portal/department_desk.html", {"page": page, "now": now, "department": department})
