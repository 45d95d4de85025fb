"""What everybody may read of a regulator's decisions: published ones, in neutral words, without natural persons."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from core import clock
from core.ratelimit import limited
from market.models import Firm
from oversight.models import Inquiry

PAGE = 20


@require_safe
@limited("decisions", "240/m", methods=("GET",))
def decisions(request: HttpRequest) -> HttpResponse:
    """All published decisions, the latest first; one that was revoked stays, and says so."""
    now = clock.now()
    rows = Inquiry.objects.published().for_list().order_by("-published_at", "-id")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": [(each, each.is_in_force_at(now)) for each in page.object_list]}
    return render(request, "oversight/decisions.html", context)


@require_safe
@limited("decisions", "240/m", methods=("GET",))
def decision(request: HttpRequest, code: str) -> HttpResponse:
    """One published decision."""
    found = get_object_or_404(Inquiry.objects.published().for_list(), code=code)
    evidence = found.frozen.order_by("-number").first()
    context = {"found": found, "in_force": found.is_in_force_at(clock.now()), "evidence": evidence}
    return render(request, "oversight/decision.html", context)


@require_safe
@limited("decisions", "240/m", methods=("GET",))
def firm_part(request: HttpRequest, uscc: str) -> HttpResponse:
    """The fragment that a firm's page loads: nothing where nothing was published."""
    firm = get_object_or_404(Firm.objects.public(), organisation__uscc=uscc.upper())
    now = clock.now()
    rows = Inquiry.objects.published().filter(firm=firm).for_list().order_by("-published_at", "-id")[:PAGE]
    response = render(
        request, "oversight/firm_part.html", {"rows": [(each, each.is_in_force_at(now)) for each in rows]}
    )
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    patch_cache_control(response, no_cache=True)
    return response
