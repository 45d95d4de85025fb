"""Who may see what of a round: the one place that decides when something sealed is public."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from bidding.models import Round


class Disclosure(IntEnum):
    """How much of a round's entries is public."""

    NOTHING = 0
    """Before opening, and for good where a round ended unopened: not who, not what, not how many."""
    ENTRANTS = 1
    """Failed after opening: who entered and what was wrong, without amounts, envelopes and keys."""
    EVERYTHING = 2


def disclosure(round_: Round) -> Disclosure:
    """What may be known of a round's entries (PROTOCOL §2).

    A round that failed after opening keeps its amounts back until its successor has opened, so that nobody bids there
    knowing what the others had bid here. The successor is read through the relation: select it with the round.
    """
    if round_.opened_at is None:
        return Disclosure.NOTHING
    if round_.is_disclosed or round_.status == Round.Status.VOID:
        return Disclosure.EVERYTHING
    if round_.status == Round.Status.FAILED:
        successor = successor_of(round_)
        opened = successor is not None and successor.opened_at is not None
        return Disclosure.EVERYTHING if opened else Disclosure.ENTRANTS
    return Disclosure.NOTHING


def successor_of(round_: Round) -> Round | None:
    """The round that announced this one again, announced or not yet."""
    successor: Round | None = getattr(round_, "successor", None)
    return successor


def status_at(round_: Round, now: datetime) -> Round.Status:
    """The status as it has to be read at `now`: past its deadline a round is closed, whatever the worker has moved since."""
    status = Round.Status(round_.status)
    if status == Round.Status.ANNOUNCED and not round_.takes_entries_at(now):
        return Round.Status.CLOSED
    return status
