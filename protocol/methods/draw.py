"""随机选取: the owner fixes the price, the first in the draw wins (PROTOCOL §4)."""

from collections.abc import Sequence
from typing import ClassVar

from protocol.methods.base import Bid, Method, Orders, Outcome, usccs
from protocol.parameters import Parameters


class RandomDraw(Method):
    """The draw's order, skipping who is not valid, is the ranking; every entrant works for the same price."""

    code: ClassVar[str] = "draw"
    priced: ClassVar[bool] = False
    parameters: ClassVar[tuple[str, ...]] = ("price",)
    required: ClassVar[tuple[str, ...]] = ("price",)

    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        return Outcome(ranking=usccs(valid), redrawn=usccs(valid))


METHOD = RandomDraw()
