"""Sealed envelopes in the API (PROTOCOL §2, §7): sent, replaced and withdrawn by programs as by the firm's own page."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Kind
from bidding.domain import entries
from bidding.domain.traces import Origin
from bidding.models import Entry, Round
from core.ratelimit import by_address
from exchange.writing import WriteView, acting, given
from market.models import Firm
from protocol.canonical import timestamp

LONGEST = 8 * 1024
"""Octets of an envelope in base64 (PROTOCOL §2)."""
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Sending a request again with the same key changes nothing.",
)
described = partial(extend_schema, parameters=[IDEMPOTENCY])
"""The schema of a write that counts once."""


class EnvelopeSerializer(serializers.Serializer[Any]):
    """An envelope that is locked twice; only the firm knows what is in it."""

    lot = serializers.CharField(max_length=4, default="1")
    envelope = serializers.CharField(max_length=LONGEST, help_text="Base64 of the outer lock")
    token_sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z", help_text="SHA-256 of the token that the firm keeps")
    token = serializers.CharField(
        max_length=200,
        required=False,
        default="",
        allow_blank=True,
        help_text="The token of the envelope that this one replaces",
    )

    def validate_envelope(self, value: str) -> bytes:
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise serializers.ValidationError(_("信封须为 base64。")) from error


class TokenSerializer(serializers.Serializer[Any]):
    """The token that the firm kept."""

    token = serializers.CharField(max_length=200)


class ReceiptSerializer(serializers.Serializer[Any]):
    """What the firm keeps. The receipt is a signed note: proof against the platform if its entry is not in the log in time."""

    round = serializers.CharField()
    lot = serializers.CharField()
    received_at = serializers.CharField()
    sha256 = serializers.CharField(help_text="Of the envelope; empty after a withdrawal", allow_blank=True)
    replaced = serializers.BooleanField()
    receipt = serializers.CharField()


class FirmView(WriteView):
    """A write of a firm into a public round."""

    kinds = (Kind.FIRM,)

    def firm(self, request: Request) -> Firm:
        firms = Firm.objects.select_related("organisation", "current")
        return get_object_or_404(firms, organisation=acting(request).organisation)


class Envelopes(FirmView):
    @described(summary="Submit or replace an envelope", request=EnvelopeSerializer, responses={201: ReceiptSerializer})
    def post(self, request: Request, code: str) -> Response:
        """Accepted until `closes_at` by the database's clock. Replacing takes the token of what is replaced.

        Keyed hashes of the network address and of `User-Agent` with `Accept-Language` may be kept, to be compared within this
        round after its opening: what, why and for how long is said at `/about/#traces`.
        """
        said = given(request, EnvelopeSerializer)
        round_, firm = get_object_or_404(Round.objects.public(), code=code), self.firm(request)

        def submit() -> tuple[int, dict[str, Any]]:
            receipt = entries.submit_envelope(
                round_id=round_.pk,
                firm=firm,
                user=acting(request).user,
                sealed=said["envelope"],
                token_sha256=said["token_sha256"],
                token=said["token"],
                lot=said["lot"],
                origin=_origin(request),
            )
            return 201, _told(code, said["lot"], receipt)

        return self.once(request, submit)


class Withdrawal(FirmView):
    @described(summary="Withdraw an envelope", request=TokenSerializer, responses={200: ReceiptSerializer})
    def post(self, request: Request, code: str, lot: str) -> Response:
        """Until `closes_at`; the envelope is deleted. Without the token only the service centre withdraws."""
        said = given(request, TokenSerializer)
        round_, firm = get_object_or_404(Round.objects.public(), code=code), self.firm(request)
        get_object_or_404(Entry, lot__round=round_, lot__number=lot, firm=firm)

        def withdraw() -> tuple[int, dict[str, Any]]:
            receipt = entries.withdraw_entry(
                round_id=round_.pk, firm=firm, user=acting(request).user, token=said["token"], lot=lot
            )
            return 200, _told(code, lot, receipt)

        return self.once(request, withdraw)


def _origin(request: Request) -> Origin:
    """What the web server and the program itself say; nothing is asked of a browser beyond."""
    client = [request.headers.get(name, "") for name in ("User-Agent", "Accept-Language")]
    return Origin(address=by_address(request), client="\n".join(client))


def _told(code: str, lot: str, receipt: entries.Receipt) -> dict[str, Any]:
    return {
        "round": code,
        "lot": lot,
        "received_at": timestamp(receipt.at),
        "sha256": receipt.sha256,
        "replaced": receipt.replaced,
        "receipt": receipt.note,
    }
