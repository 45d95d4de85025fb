"""The beginning and the end of a round's auctions: who takes part under which pseudonym, and that nothing more is taken."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db import transaction

from bidding.domain import live
from bidding.domain.auction import whole_ms
from bidding.models import Auction, Bidder, Entry, Lot, Offer, Round
from ledger import domain as ledger
from protocol import canonical
from protocol.canonical import timestamp

LEAST, MOST = 100, 1000
"""Pseudonyms are numbers of three digits, of more where there are very many firms; so they do not count them."""


def schedule(round_: Round, entries: Sequence[Entry], *, at: datetime) -> None:
    """Fix time and pseudonyms of the auction of every lot of a round that has just been opened.

    Only who was eligible at closing and whose envelope opened takes part. A lot with fewer of them than the minimum has no
    auction: it fails at once. The map of pseudonyms is in the log, blinded, before the start (PROTOCOL §4).
    """
    policy = round_.policy
    assert policy is not None
    starts_at = whole_ms(at) + timedelta(minutes=policy.auction_lead_minutes)
    ends_at = starts_at + timedelta(minutes=policy.auction_minutes)
    for lot in round_.lots.order_by("number"):
        entered = [entry for entry in entries if entry.lot_id == lot.pk and entry.opened and entry.eligible]
        if len(entered) < max(round_.minimum or 1, 1):
            continue
        names = _pseudonyms(len(entered))
        told = {name: entry.firm.uscc for name, entry in zip(names, entered, strict=True)}
        digest = ledger.blinded(canonical.encode(told).decode(), subject=round_.subject)
        auction = Auction.objects.create(
            lot=lot, starts_at=starts_at, planned_end=ends_at, ends_at=ends_at, map_digest=digest
        )
        Bidder.objects.bulk_create(
            Bidder(auction=auction, entry=entry, pseudonym=name) for name, entry in zip(names, entered, strict=True)
        )
        data = {"ends_at": timestamp(ends_at), "lot": lot.number, "map": digest, "starts_at": timestamp(starts_at)}
        ledger.append("auction.scheduled", round_.subject, data, at=at)


def _pseudonyms(count: int) -> list[str]:
    most = MOST
    while most - LEAST < 4 * count:
        most *= 10
    return [str(number) for number in secrets.SystemRandom().sample(range(LEAST, most), count)]


def seal(round_: Round, *, at: datetime) -> bool:
    """End the auctions of a locked round for good; whether all of them have come to their end.

    It waits for an offer that is being taken, and so sees the end that this offer leaves.
    """
    auctions = list(
        Auction.objects.select_for_update().filter(lot__round=round_, ended_at=None).order_by("lot__number")
    )
    if any(auction.state_at(at) != Auction.State.ENDED for auction in auctions):
        return False
    for auction in auctions:
        auction.ended_at = at
        auction.save(update_fields=["ended_at"])
        transaction.on_commit(partial(live.auction_moved, auction.lot_id))
    return True


def last_offers(lot: Lot) -> dict[str, Decimal]:
    """The last accepted offer of every firm that has made one, by USCC."""
    last = Offer.objects.filter(auction__lot=lot).order_by("bidder", "-n").distinct("bidder")
    told = last.values_list("bidder__entry__firm__organisation__uscc", "amount")
    return {str(uscc): amount for uscc, amount in told}
