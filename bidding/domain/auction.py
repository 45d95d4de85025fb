"""Offers in an auction, and its pauses: one transaction each, under the lock of the auction's row, by the database's clock.

Nothing above the auction is locked here, so that the hot path is one row. Evaluating its round seals the auction under its lock
(`auction_times.seal`), which waits for whoever is at it; the order of locks is round, then auction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership, User
from bidding.domain import live
from bidding.domain.access import demand_operator, firms_in
from bidding.domain.reasons import demand_reason, reason_text
from bidding.models import Auction, Bidder, Lot, Offer, Pause, Round
from core import clock
from core.errors import DomainError, NotAllowed, WrongState
from ledger import domain as ledger
from market.models import Firm
from protocol.auction import ENDED, STEP_TOO_SMALL, Accepted, Refused, Standing
from protocol.auction import Auction as Terms
from protocol.canonical import timestamp
from protocol.methods.base import ABOVE_UPPER
from protocol.parameters import of_lot

# The clock is read once the row is held: a volatile function in the outer query runs on the rows that the lock lets by.
_HOLD = """
SELECT clock_timestamp(), held.*
FROM (SELECT auction.id, auction.starts_at, auction.planned_end, auction.ends_at, auction.best, auction.count,
             auction.extensions, auction.moved_at, auction.paused_at, auction.ended_at,
             lot.number, lot.upper, lot.lower, round.code, round.status, round.parameters::text AS parameters,
             own.id AS bidder, own.pseudonym
      FROM bidding_auction auction
      JOIN bidding_lot lot ON lot.id = auction.lot_id
      JOIN bidding_round round ON round.id = lot.round_id
      LEFT JOIN (SELECT bidder.id, bidder.auction_id, bidder.pseudonym
                 FROM bidding_bidder bidder JOIN bidding_entry entry ON entry.id = bidder.entry_id
                 WHERE entry.firm_id = %s) own ON own.auction_id = auction.id
      WHERE auction.lot_id = %s
      FOR UPDATE OF auction) AS held
"""
_PLACE = """
WITH placed AS (
  INSERT INTO bidding_offer (auction_id, n, bidder_id, user_id, amount, at, ends_at, extended)
  VALUES (%(auction)s, %(n)s, %(bidder)s, %(user)s, %(amount)s, %(at)s, %(ends_at)s, %(extended)s)
  RETURNING id)
UPDATE bidding_auction
SET count = %(n)s, best = %(amount)s, leader_id = %(bidder)s, moved_at = %(at)s, ends_at = %(ends_at)s,
    extensions = %(extensions)s
WHERE id = %(auction)s
RETURNING (SELECT id FROM placed)
"""


class OfferRefused(DomainError):
    """An offer that was not taken, with a code of protocol.auction; nothing has changed."""


class NotEntered(NotAllowed):
    """Only who has entered, and was eligible at closing, takes part."""

    code = "not_entered"
    default_message = gettext_lazy("贵机构没有报名，或截止时不符合参加条件，不能在这里出价。")


@dataclass(frozen=True, kw_only=True)
class Held:
    """An auction whose row this transaction holds, the moment after the lock, and the firm's bidder where it has one."""

    id: int
    at: datetime
    terms: Terms
    standing: Standing
    count: int
    sealed: bool
    lot: str
    round: str
    bidder: int | None
    pseudonym: str

    @property
    def subject(self) -> str:
        return f"round/{self.round}"


def place_offer(*, lot_id: int, firm: Firm, user: User, amount: Decimal) -> Offer:
    """Take a firm's offer, if the rules of the auction let it be (PROTOCOL §4), by the clock read after the lock.

    Raises OfferRefused with the code, NotEntered for a firm that takes no part, Auction.DoesNotExist without an auction.
    """
    # Without a savepoint of its own: a refusal is raised when nothing is left to undo.
    with transaction.atomic(savepoint=False):
        held = _hold(lot_id, firm)
        taken = None if held.bidder is None else _decide(held, amount)
        if isinstance(taken, Accepted):
            offer = _place(held, taken.standing, amount, user)
            transaction.on_commit(partial(live.auction_moved, lot_id))
            return offer
    if taken is None:
        raise NotEntered
    raise _refused(taken.code, held)


def _hold(lot_id: int, firm: Firm | None) -> Held:
    """Lock the auction of a lot and read the clock; whoever waited for the lock is judged by the moment after it.

    No step is earlier than the one before it, even if the database's clock were set back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [firm.pk if firm else None, lot_id])
        row = cursor.fetchone()
        if row is None:
            raise Auction.DoesNotExist
        told: dict[str, Any] = dict(zip([column.name for column in cursor.description or ()], row, strict=True))
    at = whole_ms(clock.standing() or told["clock_timestamp"])
    return Held(
        id=told["id"],
        at=max(at, told["moved_at"] or at),
        terms=Terms.of(_parameters(told), starts_at=told["starts_at"], ends_at=told["planned_end"]),
        standing=Standing(
            ends_at=told["ends_at"], best=told["best"], extensions=told["extensions"], paused_at=told["paused_at"]
        ),
        count=told["count"],
        sealed=told["ended_at"] is not None or told["status"] != Round.Status.OPENED,
        lot=told["number"],
        round=told["code"],
        bidder=told["bidder"],
        pseudonym=told["pseudonym"] or "",
    )


def _parameters(told: dict[str, Any]) -> dict[str, Any]:
    """Those by which the lot is decided."""
    limits = {name: None if told[name] is None else f"{told[name]:.2f}" for name in ("upper", "lower")}
    return of_lot(json.loads(told["parameters"]), limits)


def whole_ms(moment: datetime) -> datetime:
    """A moment as the log has it: milliseconds, cut and not rounded."""
    return moment - timedelta(microseconds=moment.microsecond % 1000)


def _decide(held: Held, amount: Decimal) -> Accepted | Refused:
    if held.sealed:
        return Refused(code=ENDED)
    return held.terms.accept(held.standing, offer=amount, at=held.at)


def _place(held: Held, standing: Standing, amount: Decimal, user: User) -> Offer:
    """Write an accepted offer, what the auction has come to, and the log's entry."""
    offer = Offer(
        auction_id=held.id,
        n=held.count + 1,
        bidder=Bidder(pk=held.bidder, pseudonym=held.pseudonym),
        user=user,
        amount=amount,
        at=held.at,
        ends_at=standing.ends_at,
        extended=standing.extensions > held.standing.extensions,
    )
    data = {
        "amount": f"{amount:.2f}",
        "at": timestamp(held.at),
        "ends_at": timestamp(standing.ends_at),
        "lot": held.lot,
        "n": offer.n,
        "pseudonym": held.pseudonym,
    }
    ledger.append("auction.offer", held.subject, data, at=held.at)
    written = {
        "auction": held.id,
        "n": offer.n,
        "bidder": held.bidder,
        "user": user.pk,
        "amount": amount,
        "at": held.at,
        "ends_at": standing.ends_at,
        "extended": offer.extended,
        "extensions": standing.extensions,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, written)
        (offer.pk,) = cursor.fetchone()
    offer._state.adding = False
    return offer


def _refused(code: str, held: Held) -> OfferRefused:
    """The refusal in words, with what would be taken now."""
    most = held.terms.highest_allowed(held.standing)
    said = reason_text(code)
    if code in (ABOVE_UPPER, STEP_TOO_SMALL) and most is not None:
        said = _("%(reason)s，现在最高可以出 %(most)s。") % {"reason": said, "most": f"¥ {most:,.2f}"}
    elif held.terms.lower is not None and most is not None and most < held.terms.lower:
        said = _("%(reason)s，已经没有再降的余地。") % {"reason": said}
    else:
        said = _("%(reason)s。") % {"reason": said}
    return OfferRefused(said, code=code)


def pause_auction(*, lot_id: int, reason: str, by: Membership) -> Pause:
    """Stop a running auction, with a reason that everybody may read; time stands still until it goes on.

    Gives the pause that is open if there is one. Raises NotAllowed, and WrongState where the auction does not run.
    """
    demand_operator(by, firms=firms_in(Lot.objects.select_related("round__named").get(pk=lot_id).round))
    written = demand_reason(reason)
    with transaction.atomic():
        held = _hold(lot_id, None)
        if held.standing.paused_at is not None and not held.sealed:
            return Pause.objects.get(auction_id=held.id, until=None)
        _demand(not held.sealed)
        try:
            held.terms.pause(held.standing, at=held.at)
        except ValueError as error:
            raise WrongState(_("只有正在进行的竞价可以暂停。")) from error
        pause = Pause.objects.create(auction_id=held.id, at=held.at, reason=written)
        Auction.objects.filter(pk=held.id).update(paused_at=held.at, moved_at=held.at)
        data = {
            "at": timestamp(held.at), "lot": held.lot, "reason": ledger.blinded(written, subject=held.subject)
        }  # fmt: skip
        ledger.append("auction.paused", held.subject, data, at=held.at)
        transaction.on_commit(partial(live.auction_moved, lot_id))
    return pause


def resume_auction(*, lot_id: int, reason: str, by: Membership) -> Pause:
    """Let a paused auction go on; its end moves by the length of the pause. Raises NotAllowed, WrongState without a pause."""
    demand_operator(by, firms=firms_in(Lot.objects.select_related("round__named").get(pk=lot_id).round))
    written = demand_reason(reason)
    with transaction.atomic():
        held = _hold(lot_id, None)
        pause = Pause.objects.filter(auction_id=held.id, until=None).first()
        _demand(not held.sealed and pause is not None)
        assert pause is not None
        standing = held.terms.resume(held.standing, at=held.at)
        pause.until, pause.resume_reason = held.at, written
        pause.save(update_fields=["until", "resume_reason"])
        Auction.objects.filter(pk=held.id).update(paused_at=None, ends_at=standing.ends_at, moved_at=held.at)
        data = {
            "at": timestamp(held.at),
            "ends_at": timestamp(standing.ends_at),
            "lot": held.lot,
            "reason": ledger.blinded(written, subject=held.subject),
        }
        ledger.append("auction.resumed", held.subject, data, at=held.at)
        transaction.on_commit(partial(live.auction_moved, lot_id))
    return pause


def _demand(holds: bool) -> None:
    if not holds:
        raise WrongState
