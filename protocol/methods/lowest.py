"""竞价·最低价: the lowest valid amount wins (PROTOCOL §4)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from protocol.methods.base import Bid, Method, Outcome


class Lowest(Method):
    """Ascending by amount; equal amounts stand in the draw's order."""

    code: ClassVar[str] = "lowest"
    priced: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("upper", "lower")

    def rank(self, valid: Sequence[Bid], *, parameters: Mapping[str, str]) -> Outcome:
        ranked = sorted(valid, key=_amount)
        return Outcome(ranking=tuple(bid.uscc for bid in ranked), amount=ranked[0].amount)


def _amount(bid: Bid) -> Decimal:
    assert bid.amount is not None, "a bid without an amount is not valid"
    return bid.amount


METHOD = Lowest()
