"""Trials of other rules, on the desks of the service centre and the regulator."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import WRITERS
from accounts.rules import ActingRequest, acting_as
from core import clock
from core.errors import DomainError
from core.ratelimit import by_user, limited
from protocol import canonical
from protocol.scores.exact import fixed
from ratings.domain import trials as domain
from ratings.domain.access import OVERSEERS
from ratings.forms.trials import TrialForm
from ratings.models import PolicyTrial, ScorePolicy

PAGE = 30
SHOWN = 50
TABS = ("firms", "departments")


@require_safe
@acting_as(*OVERSEERS)
@never_cache
def trials(request: ActingRequest) -> HttpResponse:
    """What was tried, the latest first, and versions that have not begun, to be tried."""
    rows = PolicyTrial.objects.select_related("beside", "asked_by").order_by("-id")
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "drafts": ScorePolicy.objects.filter(valid_from__gt=timezone.localdate(clock.now())).order_by("valid_from"),
        "may_write": request.membership.role in WRITERS,
    }
    return render(request, "ratings/trials.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OVERSEERS, roles=WRITERS)
@never_cache
@limited("trials", "20/h", by=by_user)
def new(request: ActingRequest) -> HttpResponse:
    """Ask for a trial, beginning from the rules in force or from a version that has not begun."""
    now = clock.now()
    begun = ScorePolicy.objects.filter(version=request.GET.get("version", "")).first() or ScorePolicy.in_force(now)
    form = TrialForm(request.POST or None, instance=begun)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                trial = domain.ask(numbers=form.numbers, by=request.membership)
            except DomainError as refused:
                form.add_error(None, str(refused))
                status = 409
            else:
                messages.success(request, _("已提出试算，算好以后显示在这里。"))
                return redirect("ratings:trial", trial.pk)
    return render(request, "ratings/trial_new.html", {"form": form, "begun": begun}, status=status)


@require_safe
@acting_as(*OVERSEERS)
@never_cache
def trial(request: ActingRequest, pk: int) -> HttpResponse:
    """What came of one: who would rise and fall."""
    found = get_object_or_404(PolicyTrial.objects.select_related("beside", "asked_by"), pk=pk)
    tab = request.GET.get("tab") if request.GET.get("tab") in TABS else TABS[0]
    context: dict[str, Any] = {"trial": found, "tab": tab}
    if found.result is not None:
        result = found.result
        page = Paginator(result[tab]["rows"], SHOWN).get_page(request.GET.get("page"))
        context |= {
            "as_of": canonical.read_timestamp(result["as_of"]),
            "lines": result["lines"],
            "counts": result[tab],
            "grades": sorted((pair[0], pair[1], n) for pair, n in result["grades"].items() if pair[0] != pair[1]),
            "page": page,
            "rows": [_told(row) for row in page.object_list],
        }
    return render(request, "ratings/trial.html", context)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Numbers as people read them."""
    before, after = row["score"]
    moved = fixed(after - before, 2)
    return {
        **row,
        "before": fixed(before, 2),
        "after": fixed(after, 2),
        "moved": f"+{moved}" if after > before else moved.replace("-", "−"),
        "within": [f"{fixed(low, 2)} – {fixed(high, 2)}" for low, high in zip(row["low"], row["high"], strict=True)],
    }
