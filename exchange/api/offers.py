"""Offers of an auction in the API (PROTOCOL §4, §7): sent by programs as by the firm's own page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from bidding.domain import auction
from bidding.models import Lot, Offer
from exchange.api.envelopes import FirmView, described
from exchange.writing import acting, given
from market.models import Firm
from protocol.canonical import timestamp
from protocol.envelope import AMOUNT


class NewOfferSerializer(serializers.Serializer[Any]):
    """An offer: it binds, and cannot be taken back."""

    amount = serializers.RegexField(
        rf"\A{AMOUNT.pattern}\Z",
        help_text="Yuan with two places, such as 48000.00",
        error_messages={"invalid": _("出价须为大于零、两位小数的金额，例如 48000.00。")},
    )


class OfferSerializer(serializers.Serializer[Any]):
    """An accepted offer as everybody sees it."""

    n = serializers.IntegerField(help_text="Its number in the auction, from 1 without gaps")
    at = serializers.CharField(help_text="When it was taken, by the server's clock")
    pseudonym = serializers.CharField()
    amount = serializers.CharField()
    ends_at = serializers.CharField(help_text="The end of the auction after it")
    extended = serializers.BooleanField(help_text="Whether it has moved the end")


class Offers(FirmView):
    @described(summary="Make an offer in an auction", request=NewOfferSerializer, responses={201: OfferSerializer})
    def post(self, request: Request, code: str, lot: str) -> Response:
        """Taken while the auction runs, at most the standing best less the step. A refusal's type ends in its code."""
        amount = Decimal(given(request, NewOfferSerializer)["amount"])
        lots = Lot.objects.filter(auction__isnull=False, round__announced_at__isnull=False).only("pk")
        target = get_object_or_404(lots, round__code=code, number=lot)
        firm = get_object_or_404(Firm.objects.only("pk"), organisation=acting(request).organisation_id)
        user = request.user
        assert isinstance(user, User)

        def place() -> tuple[int, dict[str, Any]]:
            offer = auction.place_offer(lot_id=target.pk, firm=firm, user=user, amount=amount)
            return 201, _told(offer)

        return self.once(request, place)


def _told(offer: Offer) -> dict[str, Any]:
    return {
        "n": offer.n,
        "at": timestamp(offer.at),
        "pseudonym": offer.bidder.pseudonym,
        "amount": f"{offer.amount:.2f}",
        "ends_at": timestamp(offer.ends_at),
        "extended": offer.extended,
    }
