"""随机选取: the owner fixes the price, the first in the draw wins (PROTOCOL §4)."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from protocol.methods.base import Bid, Method, Outcome, limit


class RandomDraw(Method):
    """The draw's order, skipping who is not valid, is the ranking; every entrant works for the same price."""

    code: ClassVar[str] = "draw"
    priced: ClassVar[bool] = False
    parameters: ClassVar[tuple[str, ...]] = ("price",)
    required: ClassVar[tuple[str, ...]] = ("price",)

    def rank(self, valid: Sequence[Bid], *, parameters: Mapping[str, str]) -> Outcome:
        return Outcome(ranking=tuple(bid.uscc for bid in valid), amount=limit(parameters, "price"))


METHOD = RandomDraw()
