"""What every selection method shares: who is valid, when a lot fails, how a result is written down (PROTOCOL §4)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from protocol.envelope import AMOUNT

TOO_FEW = "too_few"
INELIGIBLE = "ineligible"
UNREADABLE = "unreadable"
NO_AMOUNT = "no_amount"
ABOVE_UPPER = "above_upper"
BELOW_LOWER = "below_lower"
REASONS = (INELIGIBLE, UNREADABLE, NO_AMOUNT, ABOVE_UPPER, BELOW_LOWER)
"""Why a bid is not valid, in the order in which it is asked."""


@dataclass(frozen=True, kw_only=True)
class Bid:
    """One frozen entrant of a lot: whether its envelope opened into a plaintext, and whether it was eligible."""

    uscc: str
    amount: Decimal | None
    opened: bool
    eligible: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a method makes of the valid bids: all of them, best first, with the amount at which the first one wins."""

    ranking: tuple[str, ...]
    amount: Decimal | None
    reference: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a lot was decided. `ranking` holds the valid entrants, best first; `failed` is a code, without a winner."""

    winner: str | None
    amount: Decimal | None
    ranking: tuple[str, ...]
    invalid: dict[str, str] = field(default_factory=dict)
    failed: str | None = None
    reference: Decimal | None = None

    def as_record(self) -> dict[str, Any]:
        """The `result` of PROTOCOL §5. `reason` is what an owner states where an owner chooses."""
        return {
            "winner": self.winner,
            "amount": amount_text(self.amount),
            "reference": amount_text(self.reference),
            "ranking": list(self.ranking),
            "failed": self.failed,
            "reason": None,
        }


@dataclass(frozen=True, kw_only=True)
class ParameterProblem:
    """What is wrong with one parameter: `required`, `unknown`, `not_an_amount`, `not_positive` or `below_lower`."""

    field: str
    code: str


class Method(ABC):
    """A selection method (选取方式).

    A file of its own gives it `code`, whether bids carry amounts (`priced`), the names of its `parameters`, those of them
    that are `required`, and `rank`; one with parameters of another kind than amounts extends `check_parameter`.
    """

    code: ClassVar[str]
    priced: ClassVar[bool]
    parameters: ClassVar[tuple[str, ...]]
    required: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def rank(self, valid: Sequence[Bid], *, parameters: Mapping[str, str]) -> Outcome:
        """Rank valid bids, at least one, given in the draw's order: a stable sort breaks every tie by the draw."""

    def check_parameters(self, parameters: Mapping[str, str]) -> list[ParameterProblem]:
        """Everything that is wrong with a round's parameters, in their order; an empty text counts as absent."""
        given = {name: value for name, value in parameters.items() if value != ""}
        problems = [ParameterProblem(field=name, code="required") for name in self.required if name not in given]
        for name, value in given.items():
            code = self.check_parameter(name, value) if name in self.parameters else "unknown"
            if code:
                problems.append(ParameterProblem(field=name, code=code))
        if not problems and "upper" in given and "lower" in given and Decimal(given["upper"]) < Decimal(given["lower"]):
            problems.append(ParameterProblem(field="upper", code="below_lower"))
        return problems

    def check_parameter(self, name: str, value: str) -> str | None:
        """What is wrong with one known parameter, as a code; amounts are decimal strings such as "48000.00"."""
        if not isinstance(value, str) or not AMOUNT.fullmatch(value):
            return "not_an_amount"
        return None if Decimal(value) > 0 else "not_positive"

    def decide(
        self, *, bids: Sequence[Bid], order: Sequence[str], parameters: Mapping[str, str], minimum: int
    ) -> Result:
        """Decide one lot.

        `order` is the draw's, over all entrants. With fewer valid entrants than `minimum`, or none, the lot fails with
        the code `too_few`. Raises ValueError where order and bids do not hold the same firms, each once.
        """
        entered = {bid.uscc: bid for bid in bids}
        if len(entered) != len(bids) or sorted(order) != sorted(entered):
            raise ValueError("the draw's order must hold every entrant once, and nobody else")
        invalid = {bid.uscc: reason for bid in bids if (reason := self.reason_against(bid, parameters=parameters))}
        valid = [entered[uscc] for uscc in order if uscc not in invalid]
        if len(valid) < max(minimum, 1):
            return Result(winner=None, amount=None, ranking=(), invalid=invalid, failed=TOO_FEW)
        outcome = self.rank(valid, parameters=parameters)
        return Result(
            winner=outcome.ranking[0],
            amount=outcome.amount,
            ranking=outcome.ranking,
            invalid=invalid,
            reference=outcome.reference,
        )

    def reason_against(self, bid: Bid, *, parameters: Mapping[str, str]) -> str | None:
        """Why a bid is not valid, as a code of REASONS; eligibility was frozen before anything was opened, so it is first."""
        if not bid.eligible:
            return INELIGIBLE
        if not bid.opened:
            return UNREADABLE
        return amount_outside(bid.amount, parameters=parameters) if self.priced else None


def amount_outside(amount: Decimal | None, *, parameters: Mapping[str, str]) -> str | None:
    """How an amount departs from the limits, both inclusive."""
    if amount is None:
        return NO_AMOUNT
    upper, lower = limit(parameters, "upper"), limit(parameters, "lower")
    if upper is not None and amount > upper:
        return ABOVE_UPPER
    if lower is not None and amount < lower:
        return BELOW_LOWER
    return None


def limit(parameters: Mapping[str, str], name: str) -> Decimal | None:
    """An amount among the parameters; absent is None."""
    value = parameters.get(name)
    return Decimal(value) if value else None


def amount_text(amount: Decimal | None) -> str | None:
    """An amount as it is printed: two places, no separators."""
    return None if amount is None else f"{amount:.2f}"
