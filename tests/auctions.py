"""Auctions for tests: lived through in time that stands, or running at this moment."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from bidding.domain import auction as domain
from bidding.domain import due
from bidding.models import Auction, Bidder, Offer, Round
from core import clock
from market.models import Firm
from tests import custody
from tests import market_place as market

TERMS = {
    "upper": "50000.00",
    "lower": "30000.00",
    "step": "500.00",
    "extend_within_s": "60",
    "extend_by_s": "120",
    "max_extensions": "3",
}
LEAD, LENGTH = 1, 10
"""Minutes from the opening to the start, and from there to the announced end."""


@dataclass(kw_only=True)
class Played:
    """An auction that a test plays: its place, its firms in the order of their entering, and a person of each."""

    where: market.Place
    round: Round
    firms: list[Firm]
    users: dict[int, User] = field(default_factory=dict)

    @property
    def auction(self) -> Auction:
        return Auction.objects.select_related("lot__round__policy", "leader").get(lot__round=self.round)

    def now(self) -> Round:
        return Round.objects.get(pk=self.round.pk)

    def pseudonym(self, who: int) -> str:
        return Bidder.objects.get(entry__firm=self.firms[who]).pseudonym

    def offer(self, who: int, amount: str) -> Offer:
        """A firm's offer at the moment of the clock."""
        firm = self.firms[who]
        if firm.pk not in self.users:
            self.users[firm.pk] = market.member_of(firm.organisation).user
        return domain.place_offer(
            lot_id=self.auction.lot_id, firm=firm, user=self.users[firm.pk], amount=Decimal(amount)
        )

    def at(self, seconds: float) -> AbstractContextManager[None]:
        """The clock stands so many seconds after the start."""
        return clock.travelling(self.auction.starts_at + timedelta(seconds=seconds))

    def offers_at(self, seconds: float, who: int, amount: str) -> Offer:
        with self.at(seconds):
            return self.offer(who, amount)

    def ends(self) -> Round:
        """Beat at the end, and what follows from it."""
        market.goes_on(self.round, at=self.auction.ends_at)
        return self.now()


def opened(
    *, firms: int = 3, terms: dict[str, str] | None = None, start: datetime | None = None, **place: Any
) -> Played:
    """A round by auction that has been opened, half an hour ago unless told otherwise; its auction starts a minute later."""
    where = market.place(auction_lead_minutes=LEAD, auction_minutes=LENGTH, **place)
    start = start or clock.now() - timedelta(minutes=30)
    with clock.travelling(start):
        round_ = market.announced(where, method="auction", parameters=TERMS | (terms or {}))
        entrants = [market.firm(where) for _number in range(firms)]
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        for each in entrants:
            market.enters(round_, each)
    assert round_.closes_at is not None
    market.goes_on(round_, at=round_.closes_at)
    return Played(where=where, round=Round.objects.get(pk=round_.pk), firms=entrants)


def running(*, firms: int = 3, seconds: float = 600, terms: dict[str, str] | None = None, **place: Any) -> Played:
    """An auction that began a moment ago and ends in so many seconds of real time."""
    played = opened(firms=firms, terms=terms, **place)
    move(played, seconds=seconds)
    return played


def move(played: Played, *, seconds: float, begun: float = 1.0) -> None:
    """Let the auction end in so many seconds from now, and have begun `begun` seconds ago."""
    now = domain.whole_ms(clock.now())
    end = now + timedelta(seconds=seconds)
    Auction.objects.filter(lot__round=played.round).update(
        starts_at=now - timedelta(seconds=begun), planned_end=end, ends_at=end
    )


def evaluates(at: datetime | None = None) -> int:
    """The beat of the chronograph."""
    return due.evaluate_due_rounds(at)
