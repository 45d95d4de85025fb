"""多轮竞价: an open descending auction; the lowest last offer wins (PROTOCOL §4). The offers are protocol.auction's."""

from collections.abc import Sequence
from typing import ClassVar

from protocol.methods.base import Bid, Method, Orders, Outcome, amount_outside, offered, usccs
from protocol.parameters import Parameters


class Auction(Method):
    """Ascending by each firm's last accepted offer. No two are equal, since each is below all before it: nothing is drawn.

    The envelope of an entrant carries no amount; who has made no offer is not valid. Bidders are known by pseudonyms until it is
    decided.
    """

    code: ClassVar[str] = "auction"
    priced: ClassVar[bool] = False
    blind: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = (
        "upper", "lower", "step", "extend_within_s", "extend_by_s", "max_extensions"
    )  # fmt: skip
    required: ClassVar[tuple[str, ...]] = ("step", "extend_within_s", "extend_by_s")

    def draws(self, *, bids: Sequence[Bid], parameters: Parameters) -> dict[str, list[str]]:
        return {}

    def reason_against(self, bid: Bid, *, parameters: Parameters) -> str | None:
        return super().reason_against(bid, parameters=parameters) or amount_outside(bid.amount, parameters=parameters)

    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        ranked = sorted(valid, key=offered)
        if len({bid.amount for bid in ranked}) != len(ranked):
            raise ValueError("two offers of an auction are equal")
        return Outcome(ranking=usccs(ranked))


METHOD = Auction()
