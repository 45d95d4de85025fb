"""The page on which a visitor's browser computes a round again, from the public files only (PROTOCOL §5)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from bidding.domain.reasons import reason_text
from bidding.rules import Disclosure, disclosure
from bidding.verifying import STEPS, TABLES
from bidding.views.public import public_round
from bidding.wording import METHOD_NAMES
from protocol.methods.base import REASONS


@require_safe
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """The frame: what will be done and why, in words; the script fills in the numbers."""
    round_ = public_round(code)
    record_url = reverse("bidding:record", args=[code])
    context = {
        "round": round_,
        "ended": round_.ended_at is not None,
        "opened": round_.opened_at is not None,
        "everything": disclosure(round_) == Disclosure.EVERYTHING,
        "record_url": record_url,
        "record_address": request.build_absolute_uri(record_url),
        "methods": METHOD_NAMES.items(),
        "steps": STEPS,
        "tables": TABLES,
        "reasons": [(reason, reason_text(reason)) for reason in REASONS],
    }
    return render(request, "bidding/verify.html", context)
