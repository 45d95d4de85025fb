"""How long it takes from the announcement to the decision, and whose time that is. Public."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.ratelimit import limited
from ratings.filters import TimeForm
from ratings.models import TimeSpent
from ratings.spent_words import all_told, mean_of, sentence, told

PAGE = 50


@require_safe
@limited("scores", "240/m", methods=("GET",))
def time(request: HttpRequest) -> HttpResponse:
    """The services of a district, or the districts of a service, the slowest first, below all of them together."""
    form = TimeForm(request.GET or None)
    chosen = form.cleaned_data if form.is_valid() else {}
    service, district = chosen.get("service"), chosen.get("district")
    period = TimeSpent.Period(int(chosen.get("period", TimeSpent.Period.YEAR)))
    kept = TimeSpent.objects.filter(period=period).select_related("service", "district")
    whole = kept.filter(service=service, district=district).first()
    if service is None:
        parts = kept.filter(district=district, service__isnull=False)
    else:
        parts = kept.filter(service=service, district__isnull=False)
    page = Paginator(parts.order_by(F("median").desc(), "-n", "id"), PAGE).get_page(request.GET.get("page"))
    summed = told(whole, longest=mean_of(whole)) if whole else None
    context = {
        "form": form,
        "active": len([each for each in (service, district) if each]) + (period != TimeSpent.Period.YEAR),
        "service": service,
        "district": district,
        "period": period.label,
        "whole": summed,
        "sentence": sentence(summed) if summed else "",
        "rows": all_told(page.object_list),
        "page": page,
    }
    return render(request, "ratings/time.html", context)
