"""综合评分: price, quality and record, each with its weight; the highest total wins (PROTOCOL §4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from protocol.methods.base import Bid, Method, Orders, Outcome, half_up, offered, usccs
from protocol.parameters import Parameters, weights

TRIMMED_FROM = 5
"""From so many marks on the highest and the lowest are dropped."""


@dataclass(frozen=True, kw_only=True)
class Points:
    """What a firm has for each part, to 0.01."""

    price: Decimal
    quality: Decimal
    record: Decimal

    @property
    def total(self) -> Decimal:
        return self.price + self.quality + self.record

    def as_text(self) -> dict[str, str]:
        return {name: f"{getattr(self, name):.2f}" for name in ("price", "quality", "record", "total")}


class Scored(Method):
    """Highest total first, then the lower amount, then the draw's order."""

    code: ClassVar[str] = "scored"
    priced: ClassVar[bool] = True
    blind: ClassVar[bool] = True
    proposals: ClassVar[bool] = True
    marked: ClassVar[bool] = True
    weighs_credit: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("upper", "lower", "weights")
    required: ClassVar[tuple[str, ...]] = ("weights",)

    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        lowest = min(offered(bid) for bid in valid)
        points = {bid.uscc: points_of(bid, lowest=lowest, weights=weights(parameters)) for bid in valid}
        ranked = sorted(valid, key=lambda bid: (-points[bid.uscc].total, offered(bid)))
        return Outcome(ranking=usccs(ranked), scores={uscc: each.as_text() for uscc, each in points.items()})


def points_of(bid: Bid, *, lowest: Decimal, weights: Mapping[str, Decimal]) -> Points:
    """A bid's points beside the lowest valid amount; each part is exact until it is rounded half up, once."""
    amount = Fraction(offered(bid))
    # The lowest has the whole weight, even where it is 0.00 and the quotient has no meaning.
    share = Fraction(1) if amount == lowest else Fraction(lowest) / amount
    quality, credit = trimmed_mean(bid.marks) / 100, Fraction(bid.credit or 0) / 100
    return Points(
        price=half_up(Fraction(weights["price"]) * share),
        quality=half_up(Fraction(weights["quality"]) * quality),
        record=half_up(Fraction(weights["record"]) * credit),
    )


def trimmed_mean(marks: Sequence[Decimal]) -> Fraction:
    """The mean of the marks without one highest and one lowest when there are 5 or more; without any mark 0."""
    kept = sorted(marks)[1:-1] if len(marks) >= TRIMMED_FROM else marks
    return sum((Fraction(mark) for mark in kept), Fraction(0)) / max(len(kept), 1)


METHOD = Scored()
