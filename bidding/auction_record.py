"""What the public record tells of auctions (PROTOCOL §5): offers, times, pauses, and with the result who was who."""

from __future__ import annotations

from typing import Any

from bidding.models import Auction, Bidder, Lot, Offer, Pause, Round
from ledger import domain as ledger
from protocol.canonical import timestamp


class Auctions:
    """The auctions of a round, read in four queries whatever their number; none for other methods.

    `named` says that the result is public: only then the record says whose pseudonym is whose.
    """

    def __init__(self, round_: Round) -> None:
        found = Auction.objects.filter(lot__round=round_) if round_.method == "auction" else Auction.objects.none()
        self._auctions = {each.lot_id: each for each in found}
        pks = [each.pk for each in self._auctions.values()]
        bidders = Bidder.objects.filter(auction__in=pks).select_related("entry__firm__organisation")
        self._bidders = {each.pk: each for each in (bidders.defer("entry__envelope") if pks else ())}
        self._offers = list(Offer.objects.filter(auction__in=pks).order_by("auction_id", "n")) if pks else []
        self._pauses = list(Pause.objects.filter(auction__in=pks).order_by("at", "id")) if pks else []

    def offers(self, lot: Lot, *, named: bool) -> list[dict[str, Any]]:
        """The `offers` of a lot in the order in which they came."""
        auction = self._auctions.get(lot.pk)
        return [
            {
                "n": offer.n,
                "at": timestamp(offer.at),
                "uscc": self._uscc(offer.bidder_id) if named else None,
                "pseudonym": self._bidders[offer.bidder_id].pseudonym,
                "amount": f"{offer.amount:.2f}",
                "ends_at": timestamp(offer.ends_at),
            }
            for offer in self._offers
            if auction is not None and offer.auction_id == auction.pk
        ]

    def of(self, lot: Lot, *, named: bool) -> dict[str, Any]:
        """The member `auction` of a lot that has one: what is needed to play its offers again."""
        auction = self._auctions.get(lot.pk)
        if auction is None:
            return {}
        told = {
            "starts_at": timestamp(auction.starts_at),
            "ends_at": timestamp(auction.planned_end),
            "pauses": [
                {"at": timestamp(each.at), "until": timestamp(each.until) if each.until else None}
                for each in self._pauses
                if each.auction_id == auction.pk
            ],
            "map": {"sha256": auction.map_digest, "blind": None, "pseudonyms": None},
        }
        if named:
            names = {
                each.pseudonym: self._uscc(pk) for pk, each in self._bidders.items() if each.auction_id == auction.pk
            }
            told["map"] = {
                "sha256": auction.map_digest,
                "blind": ledger.unblinded(auction.map_digest),
                "pseudonyms": dict(sorted(names.items())),
            }
        return {"auction": told}

    def _uscc(self, bidder_id: int) -> str:
        return str(self._bidders[bidder_id].entry.firm.uscc)
