"""The regulator's desk: complaints to decide, and what to look at. Of entries it sees what everybody sees, after opening."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Kind
from accounts.rules import ActingRequest, acting_as
from bidding.domain.reasons import reason_text
from bidding.models import Entry, Objection, Round, Stop
from core import clock
from market.models import Suspension

PAGE = 30
WAITING = 50
TABS = ("ended", "kept_out", "suspensions", "objections")


@require_safe
@acting_as(Kind.REGULATOR)
@never_cache
def desk(request: ActingRequest) -> HttpResponse:
    """Complaints that wait, oldest first; rounds by state; failed and cancelled ones, firms kept out, suspensions, objections."""
    now = clock.now()
    tab = request.GET.get("tab") if request.GET.get("tab") in TABS else "ended"
    rows = {"ended": _ended, "kept_out": _kept_out, "suspensions": _suspensions, "objections": _objections}[str(tab)]
    page = Paginator(rows(), PAGE).get_page(request.GET.get("page"))
    complaints = Objection.objects.to_decide().for_list()
    context: dict[str, Any] = {"now": now, "tab": tab, "page": page, "states": _states()}
    context |= {"complaints": complaints[:WAITING], "complaints_count": complaints.count()}
    stopped = Stop.objects.pending().for_list().order_by("stopped_at", "id")
    context |= {"stops": stopped[:WAITING], "stops_count": stopped.count()}
    if tab == "kept_out":
        context["rows"] = [
            {"entry": each, "round": each.lot.round, "text": reason_text(each.reason, each.reason_detail)}
            for each in page.object_list
        ]
    return render(request, "bidding/regulator_desk.html", context)


def _states() -> list[dict[str, object]]:
    counted = dict(Round.objects.public().order_by().values_list("status").annotate(n=Count("id")))
    return [
        {"status": status, "label": status.label, "count": counted[status.value]}
        for status in Round.Status
        if status in counted
    ]


def _ended() -> QuerySet[Any]:
    ended = [Round.Status.FAILED, Round.Status.CANCELLED, Round.Status.VOID]
    return Round.objects.public().filter(status__in=ended).for_list().order_by("-ended_at", "-id")


def _kept_out() -> QuerySet[Any]:
    """Ineligible at the deadline, in rounds whose result is public."""
    kept = Entry.objects.live().disclosed().filter(eligible=False).defer("envelope")
    return kept.select_related("firm__organisation", "lot__round__department__organisation").order_by(
        "-lot__round__opened_at", "id"
    )


def _suspensions() -> QuerySet[Any]:
    return Suspension.objects.select_related("firm__organisation", "ordered_by__organisation").order_by("-since", "-id")


def _objections() -> QuerySet[Any]:
    return Objection.objects.for_list().order_by("-filed_at", "-id")
