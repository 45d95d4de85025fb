"""Differences that a department makes between firms, for the regulator and the department itself."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Kind
from accounts.rules import ActingRequest, acting_as
from approvals.models import Department
from protocol.scores.exact import HUNDRED, fixed
from ratings.domain.differing import Named, differences_of, named
from ratings.models import DepartmentScore
from ratings.score_words import told

PAGE = 50
READERS = (Kind.DEPARTMENT, Kind.REGULATOR)


@require_safe
@acting_as(*READERS)
@never_cache
def departments(request: ActingRequest) -> HttpResponse:
    """Departments with enough to be compared, those of many cases first: all of them for the regulator, else one's own."""
    rows = DepartmentScore.objects.filter(month=None, item=None, department__in=_readable(request))
    rows = rows.select_related("department__organisation", "department__district", "policy").order_by("-n", "id")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "ratings/differences.html", {"page": page, "rows": [told(row) for row in page.object_list]})


@require_safe
@acting_as(*READERS)
@never_cache
def department(request: ActingRequest, code: str) -> HttpResponse:
    """What one differs by, item by item and firm by firm."""
    found = get_object_or_404(_readable(request).select_related("organisation"), code=code)
    page = Paginator(differences_of(found), PAGE).get_page(request.GET.get("page"))
    rows = [_shown(each) for each in named(list(page.object_list))]
    return render(request, "ratings/difference.html", {"department": found, "page": page, "rows": rows})


def _readable(request: ActingRequest) -> Any:
    rows = Department.objects.all()
    return rows if request.organisation.kind == Kind.REGULATOR else rows.filter(organisation=request.organisation)


def _shown(each: Named) -> dict[str, Any]:
    row = each.difference
    mean, rate = row.mean - row.others_mean, row.first_pass_rate - row.others_first_pass_rate
    return {
        "item": each.item,
        "firm": each.firm,
        "n": row.n,
        "others_n": row.others_n,
        "mean": fixed(row.mean, 4),
        "others_mean": fixed(row.others_mean, 4),
        "by": _signed(mean, 4),
        "within": f"{_signed(mean - row.half, 4)} – {_signed(mean + row.half, 4)}",
        "spans": abs(mean) <= row.half,
        "rate": f"{row.first_pass_rate}%",
        "others_rate": f"{row.others_first_pass_rate}%",
        "rate_within": f"{_signed(max(-HUNDRED, rate - row.rate_half), 0)} – {_signed(min(HUNDRED, rate + row.rate_half), 0)}",
        "rate_spans": abs(rate) <= row.rate_half,
    }


def _signed(value: int, places: int) -> str:
    written = fixed(abs(value), places) if places else str(abs(value))
    return f"+{written}" if value > 0 else f"−{written}" if value < 0 else written
