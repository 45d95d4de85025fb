"""The room of an auction: the same for firms, the service centre and everybody; what is a firm's own is a fragment of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as, needs_second_factor
from bidding.domain import auction as domain
from bidding.domain import auction_room as rooms
from bidding.forms.checks import ReasonForm
from bidding.models import Auction, Bidder, Offer
from bidding.rules import Disclosure, disclosure
from bidding.views.firm import firm_or_404
from bidding.views.public import acting_firm
from bidding.wording import method_sentence
from core import clock
from core.errors import DomainError

SHOWN = 100
"""The newest offers stand in the page; `?all=1` shows the whole list at once."""


@require_safe
def room(request: HttpRequest, code: str, lot: str) -> HttpResponse:
    """Standing best, step, time left, extensions and all offers, by pseudonyms until the result."""
    return _shown(request, auction_or_404(code, lot))


@require_safe
def state(request: HttpRequest, code: str, lot: str) -> HttpResponse:
    """What a watcher lacks who has seen the offers up to `since`: for whoever was away, or whose sockets are blocked."""
    since = request.GET.get("since", "0")
    if not (since.isascii() and since.isdigit() and len(since) < 10):
        return JsonResponse({"detail": "since"}, status=400)
    response = JsonResponse(rooms.public_state(auction_or_404(code, lot), since=int(since)))
    patch_cache_control(response, no_store=True)
    return response


@require_safe
@acting_as(Kind.FIRM)
@never_cache
def mine(request: ActingRequest, code: str, lot: str) -> HttpResponse:
    """A firm's own pseudonym, last offer and rank: told to itself alone."""
    own = rooms.own_standing(auction_or_404(code, lot), firm_or_404(request))
    if own is None:
        raise Http404
    return render(request, "bidding/parts/auction_mine.html", {"own": own})


@require_POST
@acting_as(Kind.OPERATOR, roles=WRITERS)
def pause(request: ActingRequest, code: str, lot: str) -> HttpResponse:
    """Stop a running auction, with a reason that everybody reads."""
    return _moved(request, auction_or_404(code, lot), domain.pause_auction, step="pause")


@require_POST
@acting_as(Kind.OPERATOR, roles=WRITERS)
def resume(request: ActingRequest, code: str, lot: str) -> HttpResponse:
    """Let a paused auction go on."""
    return _moved(request, auction_or_404(code, lot), domain.resume_auction, step="resume")


def _moved(request: ActingRequest, auction: Auction, move: Callable[..., object], *, step: str) -> HttpResponse:
    form = _form(step, request.POST)
    given = {f"{step}_form": form}
    if not form.is_valid():
        return _shown(request, auction, status=422, **given)
    try:
        move(lot_id=auction.lot_id, reason=form.cleaned_data["reason"], by=request.membership)
    except DomainError as refused:
        return _shown(request, auction, refused=refused, status=409, **given)
    return redirect("bidding:auction", auction.lot.round.code, auction.lot.number)


def _form(step: str, given: Any = None) -> ReasonForm:
    """Both forms stand in the page, one of them shown: each has ids of its own."""
    return ReasonForm(given, auto_id=f"{step}_%s")


def auction_or_404(code: str, lot: str) -> Auction:
    found = rooms.auction_of(code=code, lot=lot)
    if found is None:
        raise Http404
    return found


def _shown(request: HttpRequest, auction: Auction, *, status: int = 200, **extra: Any) -> HttpResponse:
    now, firm, round_ = clock.now(), acting_firm(request), auction.lot.round
    told = rooms.public_state(auction, since=auction.count)
    offers = Offer.objects.filter(auction=auction, n__lte=auction.count).select_related("bidder").order_by("-n")
    shown = list(offers if request.GET.get("all") else offers[:SHOWN])
    names = _names(auction) if disclosure(round_) == Disclosure.EVERYTHING else {}
    for offer in shown:
        offer.firm = names.get(offer.bidder_id)  # type: ignore[attr-defined]
    context = {
        "round": round_,
        "auction": auction,
        "state": told,
        "now": now,
        "sentence": method_sentence(round_.method),
        "terms": rooms.terms_of(auction),
        "states": Auction.State,
        "label": Auction.State(told["state"]).label,
        "target": auction.starts_at if told["state"] == Auction.State.SCHEDULED else auction.ends_at,
        "pauses": list(auction.pauses.all()),
        "offers": shown,
        "older": auction.count - len(shown),
        "named": bool(names),
        "firm": firm,
        "own": rooms.own_standing(auction, firm) if firm else None,
        "may_offer": firm is not None and _writes(request),
        "may_pause": _may_pause(request),
        "pause_form": _form("pause"),
        "resume_form": _form("resume"),
        **extra,
    }
    return render(request, "bidding/auction.html", context, status=status)


def _names(auction: Auction) -> dict[int, Any]:
    bidders = (
        Bidder.objects.filter(auction=auction).select_related("entry__firm__organisation").defer("entry__envelope")
    )
    return {each.pk: each.entry.firm for each in bidders}


def _writes(request: Any) -> bool:
    return request.membership is not None and bool(request.membership.has_role(WRITERS))


def _may_pause(request: Any) -> bool:
    organisation = request.organisation
    operates = organisation is not None and organisation.kind == Kind.OPERATOR and _writes(request)
    return operates and not needs_second_factor(request)
