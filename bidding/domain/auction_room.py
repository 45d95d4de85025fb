"""The public state of an auction: the same for everybody, read and rendered once for all who watch."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from bidding.models import Auction, Bidder, Offer, Pause, Round
from core import clock
from market.models import Firm
from protocol.auction import Auction as Terms
from protocol.auction import Standing
from protocol.canonical import timestamp

MOST = 1000
"""Offers in one answer; `n` says how far it goes, `count` how many there are."""


def auction_of(*, code: str, lot: str) -> Auction | None:
    """The auction of a lot of a public round."""
    found = Auction.objects.select_related("lot__round__policy", "leader")
    return found.filter(lot__round__code=code, lot__number=lot, lot__round__announced_at__isnull=False).first()


def auctions_of(round_: Round, *, now: datetime) -> list[Auction]:
    """The auctions of a round in the order of its lots, each with its `state` at `now`; none for other methods."""
    if round_.method != "auction":
        return []
    found = Auction.objects.filter(lot__round=round_).select_related("lot__round").order_by("lot__number")
    return _with_state(found, now=now)


def unfinished(*, now: datetime, limit: int) -> list[Auction]:
    """Auctions that have not been sealed, the first to end first, each with its `state` at `now`."""
    found = Auction.objects.filter(ended_at=None, lot__round__status=Round.Status.OPENED)
    return _with_state(found.select_related("lot__round").order_by("ends_at", "id")[:limit], now=now)


def _with_state(found: Iterable[Auction], *, now: datetime) -> list[Auction]:
    auctions = list(found)
    for each in auctions:
        each.state = each.state_at(now)  # type: ignore[attr-defined]
    return auctions


def terms_of(auction: Auction) -> Terms:
    return Terms.of(auction.lot.terms, starts_at=auction.starts_at, ends_at=auction.planned_end)


def public_state(auction: Auction, *, since: int = 0) -> dict[str, Any]:
    """Where an auction stands, with the offers after the `since`-th: what a watcher who has seen those lacks.

    Offers never change and their numbers have no gaps, so that whoever asks with its last `n` loses nothing.
    """
    now, terms = clock.now(), terms_of(auction)
    standing = Standing(ends_at=auction.ends_at, best=auction.best, extensions=auction.extensions)
    most = terms.highest_allowed(standing)
    state = auction.state_at(now) if auction.lot.round.status == Round.Status.OPENED else Auction.State.ENDED
    offers = list(
        Offer.objects.filter(auction=auction, n__gt=since, n__lte=auction.count).select_related("bidder")[:MOST]
    )
    pause = Pause.objects.filter(auction=auction, until=None).first() if auction.paused_at else None
    return {
        "since": since,
        "n": offers[-1].n if offers else min(since, auction.count),
        "count": auction.count,
        "offers": [_told(offer) for offer in offers],
        "state": state.value,
        "best": _amount(auction.best),
        "leader": auction.leader.pseudonym if auction.leader else None,
        "most": None if most is None or (terms.lower is not None and most < terms.lower) else _amount(most),
        "starts_at": timestamp(auction.starts_at),
        "ends_at": timestamp(auction.ends_at),
        "extensions": auction.extensions,
        "moved_at": timestamp(auction.moved_at) if auction.moved_at else None,
        "paused_at": timestamp(auction.paused_at) if auction.paused_at else None,
        "decided": auction.lot.round.status != Round.Status.OPENED,
        "reason": pause.reason if pause else "",
        "now": timestamp(now),
    }


def _told(offer: Offer) -> dict[str, Any]:
    return {
        "n": offer.n,
        "at": timestamp(offer.at),
        "pseudonym": offer.bidder.pseudonym,
        "amount": _amount(offer.amount),
        "ends_at": timestamp(offer.ends_at),
        "extended": offer.extended,
    }


def _amount(amount: Any) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def read_state(*, code: str, lot: str, since: int) -> dict[str, Any] | None:
    """The state as it is committed now: the row first, then the offers up to its count, which are there with it."""
    auction = auction_of(code=code, lot=lot)
    return None if auction is None else public_state(auction, since=since)


def glance(lot_ids: Collection[int]) -> dict[int, tuple[Any, ...]]:
    """What tells whether an auction has moved since the last look, of many in one query; time alone moves it too."""
    now = clock.now()
    found = Auction.objects.filter(lot__in=lot_ids).select_related("lot__round")
    return {
        each.lot_id: (each.count, each.moved_at, each.ends_at, each.state_at(now), each.lot.round.status)
        for each in found
    }


def rendered(state: dict[str, Any]) -> str:
    """One text for all watchers."""
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))


def own_standing(auction: Auction, firm: Firm) -> dict[str, Any] | None:
    """A firm's own pseudonym, last offer and rank among those who have offered; None where it takes no part."""
    bidder = Bidder.objects.filter(auction=auction, entry__firm=firm).first()
    if bidder is None:
        return None
    mine = bidder.offers.filter(auction=auction).order_by("-n").first()
    if mine is None:
        return {"pseudonym": bidder.pseudonym, "amount": None, "rank": None}
    # Every offer is below all before it: whoever offered later stands better.
    better = Offer.objects.filter(auction=auction, n__gt=mine.n).values("bidder").distinct().count()
    return {"pseudonym": bidder.pseudonym, "amount": mine.amount, "rank": better + 1}
