"""竞价·最优价: the amount nearest to a reference wins, which is the mean of all × a coefficient drawn (PROTOCOL §4)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from protocol.methods.base import RANKING, Bid, Method, Orders, Outcome, half_up, offered, usccs
from protocol.parameters import Parameters, coefficients, count

COEFFICIENT = "coefficient"
TRIM_OVER = 5
"""With more valid amounts than this one highest and one lowest are dropped, where a round announces no other number."""


class Mean(Method):
    """Smallest absolute distance to the reference first, then the lower amount, then the draw's order; dropped ones last."""

    code: ClassVar[str] = "mean"
    priced: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("upper", "lower", "coefficients", "trim_over")

    def draws(self, *, bids: Sequence[Bid], parameters: Parameters) -> dict[str, list[str]]:
        return {RANKING: self.labels(bids), COEFFICIENT: coefficients(parameters)}

    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        dropped = _dropped(valid, over=count(parameters, "trim_over") or TRIM_OVER)
        kept = [bid for bid in valid if bid not in dropped]
        reference = reference_of([offered(bid) for bid in kept], coefficient=orders[COEFFICIENT][0])

        def distance(bid: Bid) -> tuple[Decimal, Decimal]:
            return abs(offered(bid) - reference), offered(bid)

        last = [bid for bid in valid if bid in dropped]
        return Outcome(ranking=usccs([*sorted(kept, key=distance), *sorted(last, key=distance)]), reference=reference)


def reference_of(amounts: Sequence[Decimal], *, coefficient: str) -> Decimal:
    """The mean × the coefficient, exact until it is rounded half up to 0.01, once."""
    total = sum((Fraction(amount) for amount in amounts), Fraction(0))
    return half_up(total / len(amounts) * Fraction(coefficient))


def _dropped(valid: Sequence[Bid], *, over: int) -> list[Bid]:
    """One highest and one lowest of more than `over`; among equals the later in the draw's order. Somebody always stays."""
    if len(valid) <= max(over, 2):
        return []
    latest_first = list(reversed(valid))
    highest = max(latest_first, key=offered)
    lowest = min((bid for bid in latest_first if bid is not highest), key=offered)
    return [highest, lowest]


METHOD = Mean()
