"""A file of a proposal, by number and never by name, for whoever judges it: the owner that picks, the experts that mark."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import OWNER_KINDS
from accounts.rules import ActingRequest, SessionRequest, acting_as
from bidding.domain import files as domain
from bidding.domain.marking import proposals
from bidding.models import Lot, ProposalFile, Round, Seat
from bidding.views.marking import as_expert, seat_or_404
from core.downloads import harmless


@require_safe
@acting_as(*OWNER_KINDS)
@never_cache
def of_owner(request: ActingRequest, code: str, lot: str, number: int, file: int) -> HttpResponse:
    """All of them while the owner compares proposals, and the winner's once it has won: the others' stay their own."""
    own = Round.objects.of_owner(request.organisation)
    lots = Lot.objects.select_related("round", "winner__organisation").filter(round__in=own)
    found = lots.filter(round__code=code, number=lot).first()
    if found is None or found.round.method not in domain.TAKES_FILES or not _may_read(found, number):
        raise Http404
    return _pdf(request, found, number, file)


def _may_read(lot: Lot, number: int) -> bool:
    if lot.round.status == Round.Status.OPENED:
        return lot.round.choice_due_at is not None
    return lot.round.status in Round.DISCLOSED and number == domain.number_of_winner(lot)


@require_safe
@as_expert
@never_cache
def of_expert(request: SessionRequest, code: str, lot: str, number: int, file: int) -> HttpResponse:
    """While a drawn expert marks, and has accepted."""
    seat = seat_or_404(request, code, lot)
    if seat.lot.round.status != Round.Status.OPENED or seat.status not in (Seat.Status.ACCEPTED, Seat.Status.SUBMITTED):
        raise Http404
    return _pdf(request, seat.lot, number, file)


def _pdf(request: ActingRequest | SessionRequest, lot: Lot, number: int, file: int) -> HttpResponse:
    shown = proposals(lot)
    if not 1 <= number <= len(shown):
        raise Http404
    try:
        content = domain.read_file(lot.round, shown[number - 1], file)
    except ProposalFile.DoesNotExist as none:
        raise Http404 from none
    except domain.Unreadable as problem:
        context = {"round": lot.round, "number": number, "file": file, "problem": problem}
        return render(request, "bidding/proposal_file.html", context, status=409)
    response = HttpResponse(content, content_type=domain.PDF)
    response["Content-Disposition"] = f'inline; filename="{lot.round.code}-{number}-{file}.pdf"'
    harmless(response)
    return response
