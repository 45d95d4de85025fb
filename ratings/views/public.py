"""What everybody may read of a firm's evaluations and conduct, and the red and black lists."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from core import clock
from core.ratelimit import limited
from market.models import Firm
from ratings.domain import lists
from ratings.domain.finding import hundredths
from ratings.models import ConductPolicy, Deduction, Dimension, Evaluation, Side

PAGE = 20
SHOWN = 3
TABS = ("black", "red")


@require_safe
@limited("firm_evaluations", "240/m", methods=("GET",))
def firm(request: HttpRequest, uscc: str) -> HttpResponse:
    """All public evaluations of a firm, the latest first, with the plain means of the marks."""
    return render(request, "ratings/firm.html", _context(request, uscc, PAGE))


@require_safe
@limited("firm_evaluations", "240/m", methods=("GET",))
def firm_part(request: HttpRequest, uscc: str) -> HttpResponse:
    """The fragment that the firm's page loads: means, the latest few, and what costs it points."""
    response = render(request, "ratings/firm_part.html", _context(request, uscc, SHOWN))
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    patch_cache_control(response, no_cache=True)
    return response


@require_safe
@limited("lists", "240/m", methods=("GET",))
def red_and_black(request: HttpRequest) -> HttpResponse:
    """The red and black lists (红黑榜) with basis, from, until and the way back."""
    now = clock.now()
    tab = request.GET.get("tab") if request.GET.get("tab") in TABS else "black"
    context: dict[str, Any] = {"now": now, "tab": tab, "policy": ConductPolicy.in_force(now)}
    if tab == "red":
        context["page"] = Paginator(lists.red_list(now=now), PAGE).get_page(request.GET.get("page"))
    else:
        deductions, suspensions = lists.black_deductions(now=now), lists.black_suspensions(now=now)
        context["page"] = Paginator(deductions, PAGE).get_page(request.GET.get("page"))
        context["suspensions"] = Paginator(suspensions, PAGE).get_page(request.GET.get("suspended"))
    return render(request, "ratings/lists.html", context)


def _context(request: HttpRequest, uscc: str, most: int) -> dict[str, Any]:
    now = clock.now()
    found = get_object_or_404(Firm.objects.public().select_related("organisation"), organisation__uscc=uscc.upper())
    rows = Evaluation.objects.public(now=now).filter(firm=found).select_related("rater", "service", "reply", "need")
    page = Paginator(rows.order_by("-public_at", "-id"), most).get_page(request.GET.get("page"))
    return {
        "firm": found,
        "now": now,
        "page": page,
        "evaluations": [(each, each.public_reply_at(now)) for each in page.object_list],
        "means": means_of(found, now=now) if page.paginator.count else [],
        "deductions": Deduction.objects.standing(now=now).filter(firm=found).for_list().order_by("-decided_at", "-id"),
    }


def means_of(firm: Firm, *, now: datetime) -> list[dict[str, Any]]:
    """For every kind of rater its number of evaluations and the plain mean of each dimension, to two places, half up."""
    sums = {name: Sum(name) for name in Dimension.values}
    rows = (
        Evaluation.objects.public(now=now).filter(firm=firm).order_by().values("side").annotate(n=Count("pk"), **sums)
    )
    by_side: dict[str, dict[str, Any]] = {str(row["side"]): dict(row) for row in rows}
    return [
        {
            "label": side.label,
            "n": row["n"],
            "means": [(d.label, hundredths(Fraction(row[d.value], row["n"]))) for d in Dimension],
        }
        for side in Side
        if (row := by_side.get(side.value)) is not None
    ]
