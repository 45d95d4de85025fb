"""The catalogue of services."""

from __future__ import annotations

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from core import clock
from market.domain.combining import bundles_of
from market.filters import ServiceFilter
from market.models import Firm, Service, ServiceVersion


def with_today(now: object) -> QuerySet[Service]:
    """Services with the necessity of the version in force and the number of listed firms that offer them."""
    today = now.astimezone(clock.LOCAL).date()  # type: ignore[attr-defined]
    version = ServiceVersion.objects.valid_at(today).filter(service=OuterRef("pk")).order_by("-number")
    listed = Q(offerings__admission__current_of__status=Firm.Status.LISTED)
    return Service.objects.annotate(
        necessity_now=Subquery(version.values("necessity")[:1]),
        days_now=Subquery(version.values("standard_days")[:1]),
        firms=Count("offerings", filter=listed, distinct=True),
    ).order_by("code")


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """All services: there are 34, on one page."""
    chosen = ServiceFilter(request.GET, queryset=with_today(clock.now()))
    rows = [(each, ServiceVersion.Necessity(each.necessity_now) if each.necessity_now else None) for each in chosen.qs]
    return render(request, "market/services.html", {"filter": chosen, "rows": rows, "active": len(request.GET)})


@require_safe
def service(request: HttpRequest, code: str) -> HttpResponse:
    """One service with every version, its basis and dates, and who offers it."""
    now = clock.now()
    found = get_object_or_404(with_today(now), code=code)
    today = now.astimezone(clock.LOCAL).date()
    versions = found.versions.prefetch_related("items", "qualification_kinds").order_by("-number")
    context = {
        "service": found,
        "version": found.version_at(today),
        "versions": [(each, each.is_valid_at(today)) for each in versions],
        "successor": found.successor,
        "bundles": bundles_of(found, today),
    }
    return render(request, "market/service.html", context)
