"""Districts beside each other and the city. Public."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.ratelimit import limited
from ratings.models import DistrictScore, TimeSpent
from ratings.score_words import told
from ratings.spent_words import days


@require_safe
@limited("scores", "240/m", methods=("GET",))
def districts(request: HttpRequest) -> HttpResponse:
    """The time of firms and that of departments: the city first, then its some ten districts by evidence."""
    times = {
        row.district_id: {"median": days(row.median), "p90": days(row.p90)}
        for row in TimeSpent.objects.filter(period=TimeSpent.Period.YEAR, service=None)
    }
    firms = [{**each, **times.get(each["row"].district_id, {})} for each in _rows(DistrictScore.Of.FIRMS)]
    return render(
        request, "ratings/districts.html", {"firms": firms, "departments": _rows(DistrictScore.Of.DEPARTMENTS)}
    )


def _rows(of: str) -> list[dict[str, Any]]:
    rows = DistrictScore.objects.filter(month=None, of=of).select_related("district", "policy")
    found = [told(row) for row in rows.order_by("-ranked", "-low", "-score", "id")]
    return sorted(found, key=lambda each: each["row"].district_id is not None)
