"""Who may see what of a round: the one place that decides when something sealed is public."""

from __future__ import annotations

from enum import IntEnum

from bidding.models import Round
from protocol.methods import METHODS


class Disclosure(IntEnum):
    """How much of a round's entries is public."""

    NOTHING = 0
    """Before opening, and for good where a round ended unopened: not who, not what, not how many."""
    ENTRANTS = 1
    """Opened but not decided, or failed after opening: who entered, without amounts, envelopes and keys."""
    EVERYTHING = 2


def disclosure(round_: Round) -> Disclosure:
    """What may be known of a round's entries (PROTOCOL §2).

    A round that failed after opening keeps its amounts back until its successor has opened, so that nobody bids there
    knowing what the others had bid here. Whether it fails is not known before it is evaluated, so nothing more than the
    names is out until then; that is the moment between two steps of one worker.
    """
    if round_.opened_at is None:
        return Disclosure.NOTHING
    match round_.status:
        case Round.Status.OPENED:
            return Disclosure.NOTHING if METHODS[round_.method].blind else Disclosure.ENTRANTS
        case Round.Status.FAILED if round_.evaluated_at is not None:
            return Disclosure.EVERYTHING  # nobody is left of those who had won: everything was public already
        case Round.Status.FAILED:
            successor = round_.successor
            opened = successor is not None and successor.opened_at is not None
            return Disclosure.EVERYTHING if opened else Disclosure.ENTRANTS
        case Round.Status.VOID:
            # Void before a result is like failed without a successor; after it, everything was public already.
            return Disclosure.ENTRANTS if round_.evaluated_at is None else Disclosure.EVERYTHING
    return Disclosure.EVERYTHING if round_.is_disclosed else Disclosure.NOTHING
