"""Opening: both keys are there, and every envelope is opened with all the others (PROTOCOL §2)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from django.core.cache import cache
from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg import Cursor

from bidding.domain import auction_times, files, live, stops
from bidding.domain.frozen import entries_of, first_code, locked, private_keys, write_back
from bidding.domain.rounds import end_round
from bidding.models import Round
from ledger import domain as ledger
from protocol import envelope
from protocol.methods import METHODS

Status = Round.Status
AUCTION = "auction"
TOLD_EVERY = 1.0
"""Seconds between two words to the watchers of how far it is."""
TOLD_FOR = 60
"""Seconds for which such a word counts."""


Sealed = tuple[int, str, str, bytes | None]
"""Of an entry: primary key, lot, USCC and envelope."""


class Opened(NamedTuple):
    """What is found in an entry's envelope; one that does not open holds nothing."""

    pk: int
    opened: bool
    amount: Decimal | None = None
    days: int | None = None
    nonce: str = ""


def open_round(*, round_id: int, now: datetime) -> Round:
    """Open every envelope of a closed round, once the custodian has released its key; ours is given away with it.

    Unchanged while it is stopped. One that does not open, or does not hold a plaintext of PROTOCOL §2, is set aside and never
    stops the others. A round whose announcement the custodian had not witnessed before the deadline ends here, unopened: nobody
    could tell from its record that its terms stood before its envelopes.
    """
    with transaction.atomic():
        round_ = locked(round_id)
        if round_.status != Status.CLOSED or not round_.custodian_private or stops.is_stopped(round_):
            return round_
        announced = ledger.cosigned_with(round_.subject, "round.announced")
        if announced is None or announced.cosigned_at is None:  # the key overtook the cosignature, which is sent again
            return round_
        assert round_.closes_at is not None
        if announced.cosigned_at >= round_.closes_at:
            reason = _("见证方没有在截止前见证公告，比选的条件无从证明，未开启即作废。")
            end_round(round_, Status.VOID, reason=reason, failure="not_witnessed", at=now)
            return round_
        found = [_open(each, round_) for each in _telling(round_, _sealed(round_))]
        write_back(found, "opened", "amount", "days", "nonce")
        if round_.method in files.TAKES_FILES:
            files.forget_unnamed(round_, entries_of(round_))
        Round.lifecycle.move(round_, Status.OPENED)
        round_.opened_at = now
        round_.save()
        keys = None if METHODS[round_.method].blind else private_keys(round_)
        ledger.append("round.opened", round_.subject, {"code": first_code(round_), "keys": keys}, at=now)
        if round_.method == AUCTION:
            auction_times.schedule(round_, list(entries_of(round_)), at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def _sealed(round_: Round) -> list[Sealed]:
    """What opening needs of each entry, without the objects around it, which would take longer than the opening.

    Envelopes come as bytes and not, as Django asks for them, in hex: half the time of reading them. The round is held, and
    nobody changes an entry of a closed one without holding it.
    """
    rows = entries_of(round_).order_by().values_list("pk", "lot__number", "firm__organisation__uscc", "envelope")
    with Cursor(connection.connection) as cursor:
        cursor.execute(*rows.query.sql_with_params(), binary=True)
        return cursor.fetchall()


def _open(sealed: Sealed, round_: Round) -> Opened:
    pk, lot, uscc, locked_twice = sealed
    keys = {"platform": round_.platform_private, "custodian": round_.custodian_private}
    try:
        read = envelope.open_both(locked_twice or b"", **keys, round=round_.code, lot=lot, uscc=uscc)
    except (envelope.CannotOpen, envelope.InvalidPlaintext):
        return Opened(pk=pk, opened=False)
    return Opened(pk=pk, opened=True, amount=read.amount, days=read.days, nonce=read.nonce)


def _telling(round_: Round, entries: Sequence[Sealed]) -> Iterator[Sealed]:
    """Give the entries one by one, and tell whoever watches how many are open; a small round is open before that."""
    last = time.monotonic()
    for number, entry in enumerate(entries):
        yield entry
        if time.monotonic() - last >= TOLD_EVERY:
            last = time.monotonic()
            cache.set(_key(round_), (number + 1, len(entries)), TOLD_FOR)
            live.changed(round_)


def progress(round_: Round) -> tuple[int, int] | None:
    """How many envelopes of a round that is being opened are open, and of how many; None while that takes no time."""
    if round_.status != Status.CLOSED or not round_.custodian_private:
        return None
    told: tuple[int, int] | None = cache.get(_key(round_))
    return told


def _key(round_: Round) -> str:
    return f"opening:{round_.pk}"
