"""The methods against lots decided by hand; and implementations as they are met in the wild, which do not pass."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

from protocol.methods import METHODS
from protocol.methods.base import Method, Outcome, usccs
from protocol.methods.credit_draw import CreditDraw
from protocol.methods.lowest import Lowest
from protocol.methods.lowest_draw import LowestDraw
from protocol.methods.mean import Mean
from protocol.methods.scored import Scored
from tests.protocol.tables import TABLES


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.method}: {table.what}")
def test_a_table_worked_out_by_hand(table):
    table.check(METHODS[table.method])


def test_every_method_has_a_table():
    assert {table.method for table in TABLES} == set(METHODS)
    assert len(METHODS) == 9


class Highest(Lowest):
    """Sorted the wrong way round."""

    def rank(self, valid, *, orders, parameters):
        return Outcome(ranking=usccs(sorted(valid, key=lambda bid: -bid.amount)))


class OneOfEach(Lowest):
    """Keyed by amount, so that a tie swallows firms."""

    def rank(self, valid, *, orders, parameters):
        by_amount = {bid.amount: bid for bid in valid}
        return Outcome(ranking=tuple(by_amount[amount].uscc for amount in sorted(by_amount)))


class ByCode(Lowest):
    """Ties by USCC instead of the draw: whoever registered early wins them all."""

    def rank(self, valid, *, orders, parameters):
        return Outcome(ranking=usccs(sorted(valid, key=lambda bid: (bid.amount, bid.uscc))))


class AsText(Lowest):
    """Amounts compared as text."""

    def rank(self, valid, *, orders, parameters):
        return Outcome(ranking=usccs(sorted(valid, key=lambda bid: str(bid.amount))))


class Exclusive(Lowest):
    """Limits exclusive."""

    def reason_against(self, bid, *, parameters):
        at_a_limit = f"{bid.amount:.2f}" in parameters.values()
        return "above_upper" if at_a_limit else super().reason_against(bid, parameters=parameters)


class OwnMean(Mean):
    """`mean` written once more, in the naive way, with the places where it goes wrong to be filled in."""

    def kept(self, valid, over):
        if len(valid) <= over:
            return valid
        ascending = sorted(valid, key=lambda bid: bid.amount)
        lowest = max((bid for bid in valid if bid.amount == ascending[0].amount), key=valid.index)
        highest = max((bid for bid in valid if bid.amount == ascending[-1].amount), key=valid.index)
        return [bid for bid in valid if bid not in (lowest, highest)]

    def reference(self, amounts, coefficient):
        exact = sum(amounts) * Decimal(coefficient) / len(amounts)
        return (exact + Decimal("0.005")).quantize(Decimal("0.01"), rounding="ROUND_DOWN")

    def distance(self, amount, reference):
        return abs(amount - reference)

    def rank(self, valid, *, orders, parameters):
        kept = self.kept(valid, int(parameters.get("trim_over", 5)))
        reference = self.reference([bid.amount for bid in kept], orders["coefficient"][0])

        def key(bid):
            return bid not in kept, self.distance(bid.amount, reference), bid.amount

        return Outcome(ranking=usccs(sorted(valid, key=key)), reference=reference)


class Signed(OwnMean):
    """Signed instead of absolute distance."""

    def distance(self, amount, reference):
        return amount - reference


class Binary(OwnMean):
    """Rounded in binary floating point."""

    def reference(self, amounts, coefficient):
        return Decimal(str(round(float(sum(amounts)) / len(amounts) * float(coefficient), 2)))


class ToEven(OwnMean):
    """Rounded half to even, the default of most languages."""

    def reference(self, amounts, coefficient):
        exact = sum(amounts) * Decimal(coefficient) / len(amounts)
        return exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


class RoundedTwice(OwnMean):
    """The mean rounded to cents before it is multiplied."""

    def reference(self, amounts, coefficient):
        return super().reference([super().reference(amounts, "1.00")], coefficient)


class Untrimmed(OwnMean):
    """Nobody is dropped."""

    def kept(self, valid, over):
        return valid


class TrimmedAtFive(OwnMean):
    """Trimmed with five already."""

    def kept(self, valid, over):
        return super().kept(valid, over - 1)


class EarlierDropped(OwnMean):
    """Among equals the earlier in the draw's order is dropped."""

    def kept(self, valid, over):
        kept = super().kept(valid[::-1], over)
        return [bid for bid in valid if bid in kept]


class AllExtremesDropped(OwnMean):
    """Every amount that is the highest or the lowest is dropped, not one of each."""

    def kept(self, valid, over):
        if len(valid) <= over:
            return valid
        amounts = [bid.amount for bid in valid]
        return [bid for bid in valid if min(amounts) < bid.amount < max(amounts)]


class ExactlyK(LowestDraw):
    """Exactly k enter; the tie with the k-th is cut off."""

    def rank(self, valid, *, orders, parameters):
        ascending = sorted(valid, key=lambda bid: bid.amount)
        entering, others = ascending[: int(parameters["k"])], ascending[int(parameters["k"]) :]
        ranked = sorted(entering, key=valid.index)
        return Outcome(ranking=usccs([*ranked, *others]), redrawn=usccs(ranked))


class LastTicket(CreditDraw):
    """A firm stands where its worst ticket does."""

    def firms(self, order):
        return super().firms(order[::-1])[::-1]


class FirstTicket(CreditDraw):
    """Only the ticket number 1 counts, so that the weights have no effect."""

    def firms(self, order):
        return super().firms([ticket for ticket in order if ticket.endswith("#1")])


class Everybody(CreditDraw):
    """Nobody is left out by credit."""

    def rank(self, valid, *, orders, parameters):
        return super().rank(valid, orders=orders, parameters={**parameters, "long_list": "99"})


class NeverTrimmed(Scored):
    """All marks count, however many there are."""

    def rank(self, valid, *, orders, parameters):
        apart = [replace(bid, marks=(mean(bid.marks),) if bid.marks else ()) for bid in valid]
        return super().rank(apart, orders=orders, parameters=parameters)


def mean(marks):
    return sum(marks) / len(marks)


def tables_of(method):
    return [table for table in TABLES if table.method == method.code]


def test_the_naive_mean_is_right_until_something_in_it_is_wrong():
    for table in tables_of(Mean):
        table.check(OwnMean())


WRONG: list[type[Method]] = [
    Highest, OneOfEach, ByCode, AsText, Exclusive, Signed, Binary, ToEven, RoundedTwice, Untrimmed, TrimmedAtFive,
    EarlierDropped, AllExtremesDropped, ExactlyK, LastTicket, FirstTicket, Everybody, NeverTrimmed,
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_wrong_implementation_does_not_pass(wrong):
    found = []
    for table in tables_of(wrong):
        try:
            table.check(wrong())
        except AssertionError:
            found.append(table)
    assert found
