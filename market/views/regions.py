"""Regional assessments, for everybody to read."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from core import clock
from core.downloads import hand_out
from market.filters import RegionalFilter
from market.models import RegionalAssessment


@require_safe
def regions(request: HttpRequest) -> HttpResponse:
    """What projects inside a region use instead of commissioning it, by region, with its basis and until when it holds."""
    chosen = RegionalFilter(request.GET, queryset=RegionalAssessment.objects.for_list())
    page = Paginator(chosen.qs, 50).get_page(request.GET.get("page"))
    today = clock.now().astimezone(clock.LOCAL).date()
    rows = [(each, each.is_valid_at(today)) for each in page]
    active = any(value for name, value in request.GET.items() if name in chosen.form.fields)
    return render(request, "market/regions.html", {"filter": chosen, "page": page, "rows": rows, "active": active})


@require_safe
def file(request: HttpRequest, code: str) -> FileResponse:
    """The result itself."""
    found = get_object_or_404(RegionalAssessment, code=code)
    return hand_out(found.file)
