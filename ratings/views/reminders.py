"""What an organisation is reminded of: a page of its desk, and the fragment that its desk's first page loads."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import OWNER_KINDS, Kind
from accounts.rules import ActingRequest, acting_as
from core import clock
from ratings.models import Reminder

REMINDED = (*OWNER_KINDS, Kind.FIRM, Kind.DEPARTMENT)
PAGE = 30
SHOWN = 5
"""So many are on the first page of a desk."""


@require_safe
@acting_as(*REMINDED)
@never_cache
def reminders(request: ActingRequest) -> HttpResponse:
    """Everything of which this organisation is reminded, what is due first on top."""
    return render(request, "ratings/reminders.html", _context(request, PAGE))


@require_safe
@acting_as(*REMINDED)
@never_cache
def reminders_part(request: ActingRequest) -> HttpResponse:
    """The first few; nothing at all where there are none."""
    return render(request, "ratings/reminders_part.html", _context(request, SHOWN))


def _context(request: ActingRequest, most: int) -> dict[str, Any]:
    rows = (
        Reminder.objects.of(request.organisation)
        .select_related("need__service", "need__item", "need__department", "need__project")
        .prefetch_related("need__further")
    )
    return {"page": Paginator(rows, most).get_page(request.GET.get("page")), "now": clock.now()}
