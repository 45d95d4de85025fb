"""直接选取: the owner names a firm within the policy's limit and states the ground (PROTOCOL §4)."""

from collections.abc import Sequence
from typing import ClassVar

from protocol.methods.base import Bid, Method, Orders, Outcome, usccs
from protocol.parameters import Parameters


class Direct(Method):
    """Nothing is drawn: whoever is valid may be named, at the price that the owner gives, by ascending USCC otherwise."""

    code: ClassVar[str] = "direct"
    priced: ClassVar[bool] = False
    picked: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("price", "ground")
    required: ClassVar[tuple[str, ...]] = ("price", "ground")

    def draws(self, *, bids: Sequence[Bid], parameters: Parameters) -> dict[str, list[str]]:
        return {}

    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        return Outcome(ranking=usccs(valid), short_list=usccs(valid))


METHOD = Direct()
