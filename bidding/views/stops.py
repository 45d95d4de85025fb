"""Recusals in rounds: a firm objects to being kept out, a regulator decides what becomes of a round that stands still."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from bidding.domain import contesting, stop_decisions
from bidding.domain.stops import reasons_of
from bidding.forms.stops import ContestForm, StopForm
from bidding.models import Objection, Stop
from bidding.views.firm import firm_or_404, round_or_404
from core import clock
from core.errors import DomainError
from core.ratelimit import by_user, limited


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
@limited("objections", "20/h", by=by_user)
def contest(request: ActingRequest, code: str) -> HttpResponse:
    """Why this firm is kept out of a round, and saying that it is wrong."""
    firm, round_, now = firm_or_404(request), round_or_404(code), clock.now()
    reasons = contesting.contestable(round_, firm, at=now)
    mine = Objection.objects.filter(round=round_, objector=firm.organisation, ground=Objection.Ground.RECUSAL)
    form = ContestForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        "firm": firm,
        "round": round_,
        "now": now,
        "reasons": reasons,
        "mine": mine,
        "form": form,
    }
    if request.method != "POST" or not form.is_valid():
        return render(request, "bidding/contest.html", context, status=422 if form.errors else 200)
    given = form.cleaned_data
    try:
        made = contesting.contest(
            round_id=round_.pk, text=given["text"], files=given["evidence"], by=request.membership
        )
    except DomainError as refused:
        form.add_error(None, str(refused))
        return render(request, "bidding/contest.html", context, status=409)
    messages.success(request, _("异议 %(code)s 已送达监管部门。") % {"code": made.code})
    return redirect("bidding:objection", code=made.code)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.REGULATOR)
@never_cache
def stop(request: ActingRequest, pk: int) -> HttpResponse:
    """A round that stands still: who has to step aside by what path, what the firm says, and the decision."""
    found = get_object_or_404(Stop.objects.for_list(), pk=pk)
    may = found.is_pending and request.membership.role in WRITERS
    form = StopForm(request.POST or None)
    if request.method == "POST":
        if request.membership.role not in WRITERS:
            raise Http404
        return _decide(request, found, form)
    return _shown(request, found, form if may else None)


def _decide(request: ActingRequest, found: Stop, form: StopForm) -> HttpResponse:
    if not form.is_valid():
        return _shown(request, found, form, status=422)
    if "confirm" not in request.POST:
        return _shown(request, found, form, review="change" not in request.POST)
    given = form.cleaned_data
    try:
        stop_decisions.decide_stop(
            stop_id=found.pk, outcome=given["outcome"], text=given["text"], by=request.membership
        )
    except DomainError as refused:
        form.add_error(None, str(refused) or _("已经作出决定。"))
        return _shown(request, get_object_or_404(Stop.objects.for_list(), pk=found.pk), form, status=409)
    messages.success(request, _("决定已记录，各方可以看到。"))
    return redirect("bidding:stop", pk=found.pk)


def _shown(
    request: ActingRequest, found: Stop, form: StopForm | None, *, review: bool = False, status: int = 200
) -> HttpResponse:
    said = Objection.objects.filter(
        round=found.round_id, objector=found.firm.organisation_id, ground=Objection.Ground.RECUSAL
    )
    context = {
        "stop": found,
        "round": found.round,
        "reasons": list(dict.fromkeys(reasons_of(found.reasons))),
        "objections": list(said.select_related("round", "objector")),
        "form": form,
        "refused": form.non_field_errors() if form is not None and not found.is_pending else None,
        "review": review,
        "voids": review and form is not None and form.cleaned_data.get("outcome") == Stop.Outcome.VOIDED,
        "now": clock.now(),
    }
    return render(request, "bidding/stop.html", context, status=status)
