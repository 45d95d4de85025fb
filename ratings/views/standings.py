"""A firm's own credit standing: the fragment that its desk's first page loads."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Kind
from accounts.rules import ActingRequest, acting_as
from core import clock
from market.models import Firm
from ratings.domain.standings import standings_at
from ratings.standing_words import in_sum, told


@require_safe
@acting_as(Kind.FIRM)
@never_cache
def part(request: ActingRequest) -> HttpResponse:
    """Standing, grade and what to do in grade D; nothing at all before the firm was admitted."""
    firm, now = Firm.objects.public().filter(organisation=request.organisation).first(), clock.now()
    if firm is None:
        return HttpResponse()
    found = standings_at([firm], now)[firm.pk]
    context = {
        "firm": firm,
        "told": told(found.standing, found.policy),
        "count": len(found.deductions),
        "way_back": in_sum(found) if found.is_kept_out else "",
    }
    return render(request, "ratings/standing_part.html", context)
