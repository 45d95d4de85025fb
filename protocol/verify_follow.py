"""Who follows a winner that walked away, computed again (PROTOCOL §3, §4): from the ranking, or from a new draw."""

from collections.abc import Iterator, Sequence

from protocol import draw
from protocol.check import Check
from protocol.methods.base import RANKING, Bid, Method, Result
from protocol.record import Lot, Record


def checks(record: Record, lot: Lot, *, method: Method, result: Result, bids: Sequence[Bid]) -> Iterator[Check]:
    """One check for each substitution: that it is the firm in force that leaves, and the right one that follows."""
    in_force, out = result.winner, set[str]()
    for number, gone in enumerate(lot.substitutions, start=1):
        name = f"lot {lot.number} substitution {number}"
        yield Check(what=f"{name} is of the firm in force", holds=gone.out == in_force and gone.out not in out)
        out.add(gone.out)
        if not gone.settled:
            yield Check(what=f"{name} follows", holds=None, detail="the next code has not come yet")
            return
        left = [bid for bid in bids if bid.uscc not in out]
        again = bool(set(result.redrawn) - out)
        drawn = [each for each in lot.draws if each.purpose == RANKING and each.iteration == gone.iteration]
        order = draw.out_of_lot(drawn[0].order, lot=lot.number, lots=len(record.lots)) if again and drawn else []
        if again:
            labels = draw.in_lot(method.labels(left), lot=lot.number, lots=len(record.lots))
            whole = len(drawn) == 1 and sorted(drawn[0].labels) == sorted(labels)
            yield Check(what=f"{name} draws among all who are left", holds=whole or gone.successor is None)
        yield Check(what=f"{name} follows", holds=_follows(method, result, out, {RANKING: order}) == gone.successor)
        in_force = gone.successor


def _follows(method: Method, result: Result, out: set[str], orders: dict[str, list[str]]) -> str | None:
    try:
        return method.follow(result, out=out, orders=orders)
    except ValueError:
        return None
