"""Consortia at a firm's desk: proposed by the lead firm, confirmed or declined by the members, seen by nobody else."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from bidding.domain import consortia as domain
from bidding.domain.parties import reasons_to_stay_out
from bidding.forms.consortia import ConsortiumForm
from bidding.models import Consortium, ConsortiumParty, Round
from bidding.views.firm import firm_or_404, round_or_404
from core import clock
from core.errors import DomainError
from core.ratelimit import by_user, limited
from market.models import Firm

PAGE = 30


@require_safe
@acting_as(Kind.FIRM)
@never_cache
def consortia(request: ActingRequest) -> HttpResponse:
    """Every consortium that this firm leads or is asked to join, the latest first."""
    firm, now = firm_or_404(request), clock.now()
    page = Paginator(_own(request), PAGE).get_page(request.GET.get("page"))
    rows = [_row(each, firm, now) for each in page.object_list]
    return render(request, "bidding/consortia.html", {"firm": firm, "page": page, "rows": rows, "now": now})


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
@limited("consortia", "30/h", by=by_user)
def propose(request: ActingRequest, code: str) -> HttpResponse:
    """Form a consortium for a round; above the form whatever this firm has to do with already."""
    firm, round_, now = firm_or_404(request), round_or_404(code), clock.now()
    if round_.consortium_most is None:
        raise Http404
    form = ConsortiumForm(request.POST or None, round_=round_)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            lead, members = form.parts(firm)
            try:
                made = domain.propose(round_id=round_.pk, lead=lead, members=members, by=request.membership)
            except DomainError as refused:
                form.add_error(None, str(refused))
                status = 409
            else:
                messages.success(request, _("已提出联合体，等各成员确认。"))
                return redirect("bidding:consortium", key=made.key)
    context = {
        "firm": firm,
        "round": round_,
        "lot": round_.lots.order_by("number").first(),
        "now": now,
        "form": form,
        "rows": [_row(each, firm, now) for each in _own(request).filter(round=round_)],
        "may_lead": domain.may_lead(round_, firm, at=now),
        "takes_entries": round_.takes_entries_at(now),
    }
    return render(request, "bidding/consortium_propose.html", context, status=status)


@require_safe
@acting_as(Kind.FIRM)
@never_cache
def consortium(request: ActingRequest, key: str) -> HttpResponse:
    """Who does what in it and who has confirmed, with what this firm may do now."""
    return _shown(request, _own_or_404(request, key))


@require_POST
@acting_as(Kind.FIRM, roles=WRITERS)
@limited("consortia", "60/h", by=by_user)
def answer(request: ActingRequest, key: str) -> HttpResponse:
    """A member confirms or declines."""
    found = _own_or_404(request, key)
    if found.lead.organisation_id == request.organisation.pk:
        raise Http404
    confirms = "confirm" in request.POST
    if not confirms and "decline" not in request.POST:
        return _shown(request, found, status=422)
    try:
        domain.answer(key=key, confirms=confirms, by=request.membership)
    except DomainError as refused:
        return _shown(request, found, refused=refused, status=409)
    messages.success(request, _("已确认参加联合体。") if confirms else _("已谢绝参加联合体。"))
    return redirect("bidding:consortium", key=key)


@require_POST
@acting_as(Kind.FIRM, roles=WRITERS)
def dissolve(request: ActingRequest, key: str) -> HttpResponse:
    """The lead firm takes its proposal back."""
    found = _own_or_404(request, key)
    if found.lead.organisation_id != request.organisation.pk:
        raise Http404
    try:
        domain.dissolve(key=key, by=request.membership)
    except DomainError as refused:
        return _shown(request, found, refused=refused, status=409)
    messages.success(request, _("联合体已解散，各家可以另行报名。"))
    return redirect("bidding:consortium", key=key)


def _own(request: ActingRequest) -> Any:
    rows = Consortium.objects.of(request.organisation).select_related("lead__organisation")
    return rows.select_related("round__owner", "round__service").prefetch_related("parties__firm__organisation")


def _own_or_404(request: ActingRequest, key: str) -> Consortium:
    found: Consortium = get_object_or_404(_own(request), key=key)
    return found


def _row(consortium: Consortium, firm: Firm, now: Any) -> dict[str, Any]:
    """A consortium with what this firm has said, and what its round is doing."""
    round_: Round = consortium.round
    own = next(each for each in consortium.parties.all() if each.firm_id == firm.pk)
    takes = round_.takes_entries_at(now)
    return {
        "consortium": consortium,
        "round": round_,
        "own": own,
        "leads": consortium.lead_id == firm.pk,
        "waits": takes and consortium.ended_at is None and own.status == ConsortiumParty.Status.ASKED,
        "round_status": round_.status_at(now),
    }


def _shown(
    request: ActingRequest, found: Consortium, *, refused: DomainError | None = None, status: int = 200
) -> HttpResponse:
    firm, now = firm_or_404(request), clock.now()
    entered = domain.has_entered(found)
    takes = found.round.takes_entries_at(now)
    forming = takes and found.ended_at is None and not entered
    reasons = reasons_to_stay_out(firm=found.lead, round_=found.round, consortium=found, at=now) if forming else []
    context = {
        **_row(found, firm, now),
        "parties": sorted(found.parties.all(), key=lambda each: each.firm_id != found.lead_id),
        "lot": found.round.lots.order_by("number").first(),
        "firm": firm,
        "now": now,
        "entered": entered,
        "forming": forming,
        "reasons": [each for each in reasons if each.code != "members_unconfirmed"],
        "may_enter": forming and not reasons,
        "may_write": request.membership.role in WRITERS,
        "refused": refused,
    }
    return render(request, "bidding/consortium.html", context, status=status)
