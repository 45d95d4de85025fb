"""信用择优: the best by credit, a weighted draw among them, and the owner picks from its short list (PROTOCOL §4)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from protocol.methods.base import Bid, Method, Orders, Outcome, half_up, usccs
from protocol.parameters import Parameters, count

NOTHING = Decimal(0)


class CreditDraw(Method):
    """The best `long_list` by credit score stay in (末尾淘汰); the first `short_list` of them in the draw may be picked.

    Every frozen entrant has tickets by its score, and stands where its best ticket does; the others follow by credit. When
    a winner walks away, a new draw decides among the rest of those who stayed in; after them the ranking does.
    """

    code: ClassVar[str] = "credit_draw"
    priced: ClassVar[bool] = False
    picked: ClassVar[bool] = True
    weighs_credit: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("price", "long_list", "short_list")
    required: ClassVar[tuple[str, ...]] = ("price", "long_list", "short_list")

    def labels(self, bids: Sequence[Bid]) -> list[str]:
        """Tickets `<USCC>#<k>`, by firm ascending, each firm's in their order."""
        firms = sorted(bids, key=lambda bid: bid.uscc)
        return [f"{bid.uscc}#{k}" for bid in firms for k in range(1, tickets(bid.credit) + 1)]

    def firms(self, order: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(ticket.rpartition("#")[0] for ticket in order))

    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        by_credit = sorted(valid, key=lambda bid: -(bid.credit or NOTHING))
        long_list = count(parameters, "long_list") or 1
        best = set(usccs(by_credit[:long_list]))
        staying = [bid for bid in valid if bid.uscc in best]
        return Outcome(
            ranking=usccs([*staying, *by_credit[long_list:]]),
            short_list=usccs(staying[: count(parameters, "short_list") or 1]),
            redrawn=usccs(staying),
        )


def tickets(credit: Decimal | None) -> int:
    """max(1, round-half-up(score / 10)); a firm without a score has one ticket."""
    return max(1, int(half_up(Fraction(credit or NOTHING) / 10, places=0)))


METHOD = CreditDraw()
