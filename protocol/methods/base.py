"""What every selection method shares: who is valid, when a lot fails, how a result is written down (PROTOCOL §4)."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from protocol.parameters import Parameters, amount, problem_of, problems_between

TOO_FEW = "too_few"
INELIGIBLE = "ineligible"
UNREADABLE = "unreadable"
NO_AMOUNT = "no_amount"
ABOVE_UPPER = "above_upper"
BELOW_LOWER = "below_lower"
REASONS = (INELIGIBLE, UNREADABLE, NO_AMOUNT, ABOVE_UPPER, BELOW_LOWER)
"""Why a bid is not valid, in the order in which it is asked."""
RANKING = "ranking"
"""The purpose of the draw that puts the firms in order; a method may draw for others beside it."""

Orders = Mapping[str, Sequence[str]]
"""Labels in the order of the draw, by purpose, without the prefix of the lot."""


@dataclass(frozen=True, kw_only=True)
class Bid:
    """One frozen entrant of a lot: whether its envelope opened into a plaintext, and whether it was eligible.

    `credit` is the credit score at closing, 0 to 100, and None counts as 0; `marks` are the experts', 0 to 100 each. In an
    auction `amount` is the last offer that was accepted.
    """

    uscc: str
    amount: Decimal | None
    opened: bool
    eligible: bool
    credit: Decimal | None = None
    marks: tuple[Decimal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Whom the owner picks and why; `reasons` says it firm by firm where the method asks for that."""

    uscc: str
    reason: str
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a method makes of the valid bids: all of them, best first.

    `short_list` is whom the owner may pick, `redrawn` among whom a new draw decides when the winner walks away.
    """

    ranking: tuple[str, ...]
    reference: Decimal | None = None
    scores: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    short_list: tuple[str, ...] = ()
    redrawn: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a lot was decided. `ranking` holds the valid entrants, best first; `failed` is a code, without a winner.

    `pending` says that the owner has still to pick from `short_list`; there is no winner until then.
    """

    winner: str | None
    amount: Decimal | None
    ranking: tuple[str, ...]
    invalid: Mapping[str, str] = field(default_factory=dict)
    failed: str | None = None
    reference: Decimal | None = None
    pending: bool = False
    short_list: tuple[str, ...] = ()
    redrawn: tuple[str, ...] = ()
    scores: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    choice: Choice | None = None

    def as_record(self) -> dict[str, Any]:
        """The `result` of PROTOCOL §5. Where an owner chose there is a `reason`, by `proposal` also `reasons` firm by firm."""
        reasons = dict(self.choice.reasons) if self.choice else {}
        return {
            "winner": self.winner,
            "amount": amount_text(self.amount),
            "reference": amount_text(self.reference),
            "ranking": list(self.ranking),
            "failed": self.failed,
            "reason": self.choice.reason if self.choice else None,
            **({"reasons": reasons} if reasons else {}),
        }


@dataclass(frozen=True, kw_only=True)
class ParameterProblem:
    """What is wrong with one parameter: `required`, `unknown`, or a code of protocol.parameters."""

    field: str
    code: str


class Method(ABC):
    """A selection method (选取方式).

    A file of its own gives it `code`, whether envelopes carry amounts (`priced`), whether the owner picks (`picked`),
    whether names and keys stay back until it is decided (`blind`), whether experts mark (`marked`), whether firms send
    files (`proposals`), whether credit scores count (`weighs_credit`), the names of its `parameters`, those of them that are
    `required`, and `rank`. Parameters have passed `check_parameters`.
    """

    code: ClassVar[str]
    priced: ClassVar[bool]
    picked: ClassVar[bool] = False
    blind: ClassVar[bool] = False
    marked: ClassVar[bool] = False
    weighs_credit: ClassVar[bool] = False
    proposals: ClassVar[bool] = False
    parameters: ClassVar[tuple[str, ...]]
    required: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        """Rank valid bids, at least one, given in the draw's order: a stable sort breaks every tie by the draw."""

    def check_parameters(self, parameters: Parameters) -> list[ParameterProblem]:
        """Everything that is wrong with a round's parameters, in their order; an empty text counts as absent."""
        given = {name: value for name, value in parameters.items() if value != ""}
        problems = [(name, "required") for name in self.required if name not in given]
        for name, value in given.items():
            code = problem_of(name, value) if name in self.parameters else "unknown"
            if code:
                problems.append((name, code))
        return [ParameterProblem(field=name, code=code) for name, code in problems or problems_between(given)]

    def labels(self, bids: Sequence[Bid]) -> list[str]:
        """The labels by which firms are put in order: their USCCs, ascending. A new draw takes those of who is left."""
        return sorted(bid.uscc for bid in bids)

    def firms(self, order: Sequence[str]) -> list[str]:
        """The firms in the order in which their labels were drawn."""
        return list(order)

    def draws(self, *, bids: Sequence[Bid], parameters: Parameters) -> dict[str, list[str]]:
        """What iteration 1 must draw for all frozen entrants of a lot: labels by purpose, without the prefix of the lot."""
        return {RANKING: self.labels(bids)}

    def decide(
        self, *, bids: Sequence[Bid], orders: Orders, parameters: Parameters, minimum: int, choice: Choice | None = None
    ) -> Result:
        """Decide one lot, where the owner picks: as far as it goes without `choice`.

        `orders` has the draw's order for every purpose of `draws`. With fewer valid entrants than `minimum`, or none, the
        lot fails with the code `too_few`. Raises ValueError for an order that does not hold every label once and no
        other, and for a choice that is not the owner's to make or lacks a reason.
        """
        entered = {bid.uscc: bid for bid in bids}
        if len(entered) != len(bids):
            raise ValueError("an entrant stands twice")
        order = self._order(bids, orders=orders, parameters=parameters)
        invalid = {bid.uscc: reason for bid in bids if (reason := self.reason_against(bid, parameters=parameters))}
        valid = [entered[uscc] for uscc in order if uscc not in invalid]
        if len(valid) < max(minimum, 1):
            return Result(winner=None, amount=None, ranking=(), invalid=invalid, failed=TOO_FEW)
        outcome = self.rank(valid, orders=orders, parameters=parameters)
        pending = self.picked and choice is None
        ranking = outcome.ranking if choice is None else self._with_first(choice, outcome)
        winner = None if pending else ranking[0]
        return Result(
            winner=winner,
            amount=None if winner is None else self.amount_of(entered[winner], parameters=parameters),
            ranking=ranking,
            invalid=invalid,
            reference=outcome.reference,
            pending=pending,
            short_list=outcome.short_list,
            redrawn=outcome.redrawn,
            scores=outcome.scores,
            choice=choice,
        )

    def _order(self, bids: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> list[str]:
        wanted = self.draws(bids=bids, parameters=parameters)
        for purpose, labels in wanted.items():
            if sorted(orders.get(purpose, ())) != sorted(labels):
                raise ValueError(f"the draw's order for {purpose} must hold every label once, and no other")
        return self.firms(orders[RANKING]) if RANKING in wanted else sorted(bid.uscc for bid in bids)

    def _with_first(self, choice: Choice, outcome: Outcome) -> tuple[str, ...]:
        if not self.picked:
            raise ValueError("by this method nobody picks")
        if choice.uscc not in outcome.short_list:
            raise ValueError(f"{choice.uscc} is not among those of whom the owner may pick")
        self.demand_reasons(choice, outcome)
        return (choice.uscc, *(uscc for uscc in outcome.ranking if uscc != choice.uscc))

    def demand_reasons(self, choice: Choice, outcome: Outcome) -> None:
        """Raise ValueError for a choice that does not say why."""
        if not choice.reason.strip():
            raise ValueError("the owner's choice needs a reason")

    def reason_against(self, bid: Bid, *, parameters: Parameters) -> str | None:
        """Why a bid is not valid, as a code of REASONS; eligibility was frozen before anything was opened, so it is first."""
        if not bid.eligible:
            return INELIGIBLE
        if not bid.opened:
            return UNREADABLE
        return amount_outside(bid.amount, parameters=parameters) if self.priced else None

    def amount_of(self, bid: Bid, *, parameters: Parameters) -> Decimal | None:
        """For what a firm works if it wins: its own amount, or the owner's where the owner fixes the price."""
        return amount(parameters, "price") if "price" in self.parameters else bid.amount

    def follow(self, result: Result, *, out: Collection[str], orders: Orders) -> str | None:
        """Who follows when the winner has walked away; `out` are all who have, None says that nobody is left.

        The next in the ranking; but while some of `result.redrawn` are left, the first of them in `orders`, which has the
        order of a new draw over the labels of who is left. Raises ValueError where that order lacks one of them.
        """
        if result.pending:
            raise ValueError("nobody has been picked yet")
        left = [uscc for uscc in result.ranking if uscc not in out]
        group = set(left) & set(result.redrawn)
        if not group:
            return left[0] if left else None
        drawn = [uscc for uscc in self.firms(orders.get(RANKING, ())) if uscc in group]
        if sorted(drawn) != sorted(group):
            raise ValueError("the order of the new draw must hold everybody who is left")
        return drawn[0]


def amount_outside(value: Decimal | None, *, parameters: Parameters) -> str | None:
    """How an amount departs from the limits, both inclusive."""
    if value is None:
        return NO_AMOUNT
    upper, lower = amount(parameters, "upper"), amount(parameters, "lower")
    if upper is not None and value > upper:
        return ABOVE_UPPER
    if lower is not None and value < lower:
        return BELOW_LOWER
    return None


def offered(bid: Bid) -> Decimal:
    """The amount of a valid bid by a method that asks for one."""
    assert bid.amount is not None, "a bid without an amount is not valid"
    return bid.amount


def usccs(bids: Sequence[Bid]) -> tuple[str, ...]:
    return tuple(bid.uscc for bid in bids)


def half_up(value: Fraction, *, places: int = 2) -> Decimal:
    """A number that is not negative, rounded half up: the one rounding there is, and an exact one."""
    whole = (2 * value * 10**places + 1) // 2
    return Decimal(whole).scaleb(-places)


def amount_text(value: Decimal | None) -> str | None:
    """An amount as it is printed: two places, no separators."""
    return None if value is None else f"{value:.2f}"
