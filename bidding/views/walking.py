"""Giving up what was won: the firm itself, or the service centre that records it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from bidding.domain import substitution
from bidding.domain.parties import all_of
from bidding.forms.checks import WalkAwayForm
from bidding.models import Award, Lot, Round, Substitution
from core.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, Kind.OPERATOR, roles=WRITERS)
@never_cache
def walk_away(request: ActingRequest, code: str, lot: str) -> HttpResponse:
    """What it costs, why, and the button that says so."""
    form = WalkAwayForm(request.POST if request.method == "POST" else None)
    valid = request.method == "POST" and form.is_valid()
    if valid and _has_walked_away(request, code, lot, form.cleaned_data["out"]):
        return _recorded(request, code)
    target = _won_lot_or_404(request, code, lot)
    assert target.winner is not None
    form.initial = {"out": target.winner.uscc}
    if valid:
        given = form.cleaned_data
        try:
            substitution.walk_away(
                round_id=target.round_id, lot=lot, reason=given["reason"], out=given["out"], by=request.membership
            )
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return _recorded(request, code)
    context = {
        "round": target.round,
        "lot": target,
        "form": form,
        "members": all_of(target, target.winner)[1:],
        "days": target.round.policy.walk_away_days if target.round.policy else 0,
        "is_operator": request.organisation.kind == Kind.OPERATOR,
    }
    return render(request, "bidding/walk_away.html", context, status=422 if form.errors else 200)


def _recorded(request: ActingRequest, code: str) -> HttpResponse:
    messages.success(request, _("已记录弃选，由后面的机构递补。"))
    return redirect("bidding:round", code=code)


def _has_walked_away(request: ActingRequest, code: str, number: str, out: str) -> bool:
    """Whether this is the second press of a button that has done its work."""
    gone = Substitution.objects.filter(lot__round__code=code, lot__number=number, out__organisation__uscc=out)
    if request.organisation.kind == Kind.FIRM:
        gone = gone.filter(out__organisation=request.organisation)
    return gone.exists()


def _won_lot_or_404(request: ActingRequest, code: str, number: str) -> Lot:
    """A lot whose winner may still walk away: to that firm, and to the service centre."""
    lots = Lot.objects.select_related("round__policy", "round__owner", "winner__organisation").filter(
        round__code=code, number=number, round__status__in=[Round.Status.CANDIDATE, Round.Status.AWARDED]
    )
    if request.organisation.kind == Kind.FIRM:
        lots = lots.filter(winner__organisation=request.organisation)
    signed = Award.objects.in_force().exclude(signed_at=None)
    found = lots.exclude(winner=None).exclude(awards__in=signed).first()
    if found is None:
        raise Http404
    return found
