"""竞价·最低价: the lowest valid amount wins (PROTOCOL §4)."""

from collections.abc import Sequence
from typing import ClassVar

from protocol.methods.base import Bid, Method, Orders, Outcome, offered, usccs
from protocol.parameters import Parameters


class Lowest(Method):
    """Ascending by amount; equal amounts stand in the draw's order."""

    code: ClassVar[str] = "lowest"
    priced: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("upper", "lower")

    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        return Outcome(ranking=usccs(sorted(valid, key=offered)))


METHOD = Lowest()
