"""竞价+随机: the lowest valid amounts enter, the draw decides among them (PROTOCOL §4)."""

from collections.abc import Sequence
from typing import ClassVar

from protocol.methods.base import Bid, Method, Orders, Outcome, offered, usccs
from protocol.parameters import Parameters, count


class LowestDraw(Method):
    """The k lowest and all that tie with the k-th, in the draw's order; the others behind them, ascending by amount.

    When a winner walks away, a new draw decides among the rest of those who entered; after them the ranking does.
    """

    code: ClassVar[str] = "lowest_draw"
    priced: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("upper", "lower", "k")
    required: ClassVar[tuple[str, ...]] = ("k",)

    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        ascending = sorted(valid, key=offered)
        k = count(parameters, "k") or 1
        last = offered(ascending[min(k, len(ascending)) - 1])
        entering = [bid for bid in valid if offered(bid) <= last]
        others = [bid for bid in ascending if offered(bid) > last]
        return Outcome(ranking=usccs([*entering, *others]), redrawn=usccs(entering))


METHOD = LowestDraw()
