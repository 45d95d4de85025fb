"""What everybody may read of rounds."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from accounts.models import Kind
from bidding import record as records
from bidding.arithmetic import worked_lots
from bidding.discussion import held_by_objections, objections_of, questions_of
from bidding.domain.auction_room import auctions_of
from bidding.domain.contesting import contestable
from bidding.domain.entries import my_entries
from bidding.domain.opening import progress
from bidding.domain.questions import addenda_since
from bidding.filters import HistoricalRoundFilter, RoundFilter
from bidding.models import HistoricalRound, Objection, Round
from bidding.proof import proof_of
from bidding.rules import Disclosure, disclosure
from bidding.stages import ball, rail
from bidding.stopped import shown_stops
from bidding.wording import method_sentence
from core import clock
from market.models import Firm
from protocol.methods import METHODS

PAGE = 30


@require_safe
def rounds(request: HttpRequest) -> HttpResponse:
    """The public list, and on its own tab the rounds of an older system."""
    if request.GET.get("historical"):
        return _historical(request)
    now = clock.now()
    chosen = RoundFilter(request.GET, queryset=Round.objects.public().for_list(), now=now)
    page = Paginator(chosen.qs, PAGE).get_page(request.GET.get("page"))
    held = held_by_objections(page.object_list)
    for each in page.object_list:
        each.shown_status, each.held = each.status_at(now), each.pk in held
    context = {"filter": chosen, "page": page, "now": now, "historical_count": HistoricalRound.objects.count()}
    return render(request, "bidding/rounds.html", context)


def _historical(request: HttpRequest) -> HttpResponse:
    chosen = HistoricalRoundFilter(request.GET, queryset=HistoricalRound.objects.all())
    page = Paginator(chosen.qs, PAGE).get_page(request.GET.get("page"))
    active = len([name for name in request.GET if name not in ("historical", "page")])
    return render(request, "bidding/historical_rounds.html", {"filter": chosen, "page": page, "active": active})


@require_safe
def history_round(request: HttpRequest, code: str) -> HttpResponse:
    """A round of an older system with every bid as that system recorded it."""
    round_ = get_object_or_404(HistoricalRound, code=code)
    bids = list(round_.bids.order_by("amount", "id"))
    return render(request, "bidding/history_round.html", {"round": round_, "bids": bids})


@require_safe
def round_page(request: HttpRequest, code: str) -> HttpResponse:
    round_ = public_round(code)
    return render(request, "bidding/round.html", {**what_is_asked(round_), **what_moves(request, round_)})


@require_safe
def live(request: HttpRequest, code: str) -> HttpResponse:
    """The part of a round's page that changes by itself, for the same reader and with the same checks as the page."""
    round_ = public_round(code)
    response = render(request, "bidding/round_live.html", what_moves(request, round_))
    etag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
    response["ETag"] = etag
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    patch_cache_control(response, private=True, no_cache=True)
    answer = get_conditional_response(request, etag=etag, response=response)
    assert isinstance(answer, HttpResponse)
    return answer


@require_safe
def record(request: HttpRequest, code: str) -> HttpResponse:
    """PROTOCOL §5, the same bytes for everybody."""
    response = JsonResponse(
        records.public_record(public_round(code)), json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    response["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, no_cache=True)
    return response


def public_round(code: str) -> Round:
    """A round that everybody may read, or 404 as if it did not exist."""
    rounds = (
        Round.objects.public()
        .for_list()
        .select_related("policy", "previous", "need__item", "need__project", "named__organisation")
    )
    return get_object_or_404(rounds, code=code)


def what_is_asked(round_: Round) -> dict[str, Any]:
    """The part of a round that stands still from its announcement on."""
    return {
        "asked": round_.need,
        "project": round_.need.project,
        "qualifications": list(round_.need.required_qualifications.select_related("kind")),
        "lots": list(round_.lots.order_by("number")),
    }


def what_moves(request: HttpRequest, round_: Round) -> dict[str, Any]:
    """The part that changes with the round, as this reader may see it at this moment."""
    now = clock.now()
    known = disclosure(round_)
    firm = acting_firm(request)
    takes = round_.takes_entries_at(now)
    own = my_entries(round_, firm) if firm is not None and takes else []
    reader = getattr(request, "membership", None)
    objections = objections_of(round_, reader=reader, now=now)
    stops = shown_stops(round_, known, reader=reader)
    held = objections["pending_objection"] or next((each.stop for each in stops if each.stop.is_pending), None)
    return {
        **questions_of(round_, reader=reader, now=now),
        **objections,
        **_recusal(round_, firm, now=now),
        "stops": stops,
        "is_regulator": reader is not None and reader.organisation.kind == Kind.REGULATOR,
        "round": round_,
        "policy": round_.policy,
        "now": now,
        "shown_status": round_.status_at(now),
        "sentence": method_sentence(round_.method),
        "ball": ball(round_, now=now, held=held),
        "rail": rail(round_, now=now, held=held),
        "takes_entries": takes,
        "opening": progress(round_),
        "everything": known == Disclosure.EVERYTHING,
        "opened": known > Disclosure.NOTHING,
        "is_marked": METHODS[round_.method].marked,
        "worked": worked_lots(round_, known),
        "auctions": auctions_of(round_, now=now),
        "successor": _announced_successor(round_),
        "proof": proof_of(round_, request=request),
        "visitor": not request.user.is_authenticated,
        "firm": firm,
        "own": own,
        "addenda_since": addenda_since(min(own, key=lambda entry: entry.received_at)) if own else [],
    }


def _recusal(round_: Round, firm: Firm | None, *, now: datetime) -> dict[str, Any]:
    """What a firm alone is told of its own recusal, and its objection to it."""
    reasons = contestable(round_, firm, at=now) if firm is not None else []
    if firm is None or not reasons:
        return {"recusal": reasons}
    own = Objection.objects.filter(round=round_, objector=firm.organisation_id, ground=Objection.Ground.RECUSAL)
    return {"recusal": reasons, "recusal_objection": own.order_by("-filed_at", "-id").first()}


def _announced_successor(round_: Round) -> Round | None:
    if round_.status not in (Round.Status.FAILED, Round.Status.VOID):
        return None
    successor = round_.successor
    return successor if successor is not None and successor.is_public else None


def acting_firm(request: HttpRequest) -> Firm | None:
    """The firm that this person acts for, if it is one."""
    organisation = getattr(request, "organisation", None)
    if organisation is None or organisation.kind != organisation.Kind.FIRM:
        return None
    return Firm.objects.select_related("organisation", "current").filter(organisation=organisation).first()
