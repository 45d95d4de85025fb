"""The public directory of firms and the page of each."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from core import clock
from core.ratelimit import limited
from market.domain import directory
from market.filters import FirmFilter
from market.models import Admission, Suspension

PAGE = 30
FRESH = 60
"""Seconds that a rendered list is kept; a change of a firm replaces it at once, the end of a suspension within them."""
PARAMETERS = ("q", "service", "kind", "status", "page")


@require_safe
@limited("firms", "240/m", methods=("GET",))
def firms(request: HttpRequest) -> HttpResponse:
    """The list with its filters. What it shows depends on the query alone, so it is rendered once for everybody."""
    asked = {name: request.GET.get(name, "")[:60] for name in PARAMETERS if request.GET.get(name)}
    key = f"firms:{directory.version()}:{get_language()}:{urlencode(sorted(asked.items()))}"
    rendered = None if "q" in asked else cache.get(key)
    if rendered is None:
        rendered = render_to_string("market/parts/firm_list.html", listing(request, asked), request=request)
        if "q" not in asked:
            cache.set(key, rendered, timeout=FRESH)
    return render(request, "market/firms.html", {"listing": mark_safe(rendered)})  # noqa: S308 - rendered above


def listing(request: HttpRequest, asked: dict[str, str]) -> dict[str, Any]:
    """A page of the directory and its filters. Nothing in it may depend on the reader."""
    now = clock.now()
    chosen = FirmFilter(request.GET, queryset=directory.public_firms(now=now))
    page = Paginator(chosen.qs, PAGE).get_page(asked.get("page"))
    return {"filter": chosen, "page": page, "active": len([name for name in asked if name != "page"])}


@require_safe
def firm(request: HttpRequest, uscc: str) -> HttpResponse:
    """What everybody may read of a firm: the material in force, its versions, suspensions."""
    now = clock.now()
    found = get_object_or_404(directory.public_firms(now=now), organisation__uscc=uscc.upper())
    current = found.current
    assert (
        current is not None
    )  # a public firm has been listed, and a listed firm has material (firm_listed_has_material)
    today = now.astimezone(clock.LOCAL).date()
    context = {
        "firm": found,
        "current": current,
        "offerings": current.offerings.select_related("service"),
        "qualifications": [(each, each.is_valid_on(today)) for each in current.qualifications.select_related("kind")],
        "practitioners": current.practitioners.count(),
        "declarations": current.declarations.select_related("counterpart"),
        "versions": found.admissions.filter(status=Admission.Status.ACCEPTED).order_by("-number"),
        "suspensions": Suspension.objects.filter(firm=found).select_related("ordered_by__organisation"),
        "now": now,
    }
    return render(request, "market/firm.html", context)


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Applications on public notice (入驻公示)."""
    now = clock.now()
    rows = Admission.objects.on_notice().select_related("firm__organisation").order_by("notice_until", "id")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "market/notices.html", {"page": page, "now": now})
