"""Events that a department's systems sent before what they need came: what waits, and what was given up."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Kind
from accounts.rules import ActingRequest, acting_as
from approvals.domain.early import SHOWN
from approvals.models import EarlyEvent
from core import clock

PAGE = 50


@require_safe
@acting_as(Kind.DEPARTMENT, Kind.REGULATOR)
@never_cache
def early(request: ActingRequest) -> HttpResponse:
    """The latest first; what was applied is not here any more but in its case."""
    own = EarlyEvent.objects.readable_by(request.organisation)
    rows = own.select_related("client", "department__organisation").order_by("-received_at", "-id")
    context = {
        "now": clock.now(),
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "is_regulator": request.organisation.kind == Kind.REGULATOR,
        "days": SHOWN.days,
    }
    return render(request, "approvals/early.html", context)
