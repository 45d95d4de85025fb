"""The proof card of a round: what is on the public log, and where to check."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import segno
from django.http import HttpRequest
from django.urls import reverse

from bidding.models import Round
from ledger import domain as ledger

OFFERS = ("auction.offer",)
"""Entries of which a round may have thousands; they stand in the auction's room and in the record."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Log entries with their leaf hashes, the commitment to the draw, and the address of the record."""

    log: list[dict[str, Any]]
    commitment: str
    public_key: str
    record_url: str


def proof_of(round_: Round, *, request: HttpRequest) -> Proof:
    return Proof(
        log=ledger.published(round_.subject, without=OFFERS),
        commitment=round_.commitment,
        public_key=round_.platform_public,
        record_url=request.build_absolute_uri(reverse("bidding:record", args=[round_.code])),
    )


def qr_svg(address: str) -> bytes:
    """A QR code as a document of its own, black on white so that it can be read in dark mode and on paper."""
    image = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        image, kind="svg", scale=4, border=2, dark="#000", light="#fff", svgclass=None
    )
    return image.getvalue()
