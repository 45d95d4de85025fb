"""Documents of a round that can be printed: its notice (公告) and its award notice (中选通知书)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from bidding.domain.parties import parties_of
from bidding.models import Award, Question
from bidding.proof import proof_of, qr_svg
from bidding.rules import Disclosure, disclosure
from bidding.views.public import public_round, what_is_asked
from bidding.wording import method_sentence


@require_safe
def notice(request: HttpRequest, code: str) -> HttpResponse:
    """The announcement as it was published, to print."""
    round_ = public_round(code)
    context = {
        **what_is_asked(round_),
        "round": round_,
        "policy": round_.policy,
        "addenda": list(Question.objects.addenda().filter(round=round_)),
        "sentence": method_sentence(round_.method),
        "proof": proof_of(round_, request=request),
        "address": request.build_absolute_uri(reverse("bidding:round", args=[code])),
    }
    return render(request, "bidding/notice.html", context)


@require_safe
def award(request: HttpRequest, code: str) -> HttpResponse:
    """The award notice of every lot, to print; there is none before the award."""
    round_ = public_round(code)
    if disclosure(round_) != Disclosure.EVERYTHING:
        raise Http404
    awards = list(
        Award.objects.in_force()
        .filter(lot__round=round_)
        .select_related("lot", "firm__organisation")
        .order_by("lot__number")
    )
    if not awards:
        raise Http404
    context = {
        **what_is_asked(round_),
        "round": round_,
        "awards": [(each, parties_of(each.lot, each.firm)) for each in awards],
        "proof": proof_of(round_, request=request),
        "address": request.build_absolute_uri(reverse("bidding:round", args=[code])),
    }
    return render(request, "bidding/award.html", context)


@require_safe
def qr(request: HttpRequest, code: str) -> HttpResponse:
    """The QR code to the public record."""
    round_ = public_round(code)
    image = qr_svg(request.build_absolute_uri(reverse("bidding:record", args=[round_.code])))
    response = HttpResponse(image, content_type="image/svg+xml")
    patch_cache_control(response, public=True, max_age=3600)
    return response
