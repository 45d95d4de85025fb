"""`lowest` and `draw` do what PROTOCOL §4 says, whatever comes in."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.methods import METHODS
from protocol.methods.base import Bid

AMOUNTS = st.one_of(st.none(), st.integers(1, 9_000_000).map(lambda cents: Decimal(cents) / 100))
LIMITS = {"upper": "60000.00", "lower": "20000.00"}


@st.composite
def lots(draw):
    names = draw(st.lists(st.text("ABCDE0123", min_size=1, max_size=4), unique=True, max_size=8))
    bids = [
        Bid(uscc=name, amount=draw(AMOUNTS), opened=draw(st.booleans()), eligible=draw(st.booleans())) for name in names
    ]
    return bids, draw(st.permutations(names))


def is_valid(bid):
    limits = Decimal(LIMITS["lower"]), Decimal(LIMITS["upper"])
    return bid.opened and bid.eligible and bid.amount is not None and limits[0] <= bid.amount <= limits[1]


@given(lots(), st.integers(1, 4))
def test_lowest(lot, minimum):
    bids, order = lot
    result = METHODS["lowest"].decide(bids=bids, order=order, parameters=LIMITS, minimum=minimum)
    valid = [bid for bid in bids if is_valid(bid)]
    assert set(result.invalid) == {bid.uscc for bid in bids} - {bid.uscc for bid in valid}
    if len(valid) < minimum:
        assert result.winner is None
        assert result.failed == "too_few"
        return
    expected = sorted(valid, key=lambda bid: (bid.amount, order.index(bid.uscc)))
    assert list(result.ranking) == [bid.uscc for bid in expected]
    assert (result.winner, result.amount) == (expected[0].uscc, expected[0].amount)


@given(lots(), st.integers(1, 4))
def test_draw(lot, minimum):
    bids, order = lot
    result = METHODS["draw"].decide(bids=bids, order=order, parameters={"price": "48000.00"}, minimum=minimum)
    able = {bid.uscc for bid in bids if bid.opened and bid.eligible}
    if len(able) < minimum:
        assert result.failed == "too_few"
        return
    assert list(result.ranking) == [name for name in order if name in able]
    assert result.winner == result.ranking[0]
    assert result.amount == Decimal("48000.00")


def bid(uscc, amount="30000.00", *, opened=True, eligible=True):
    return Bid(uscc=uscc, amount=Decimal(amount) if amount else None, opened=opened, eligible=eligible)


def test_a_bid_at_a_limit_is_valid():
    bids = [bid("A", "60000.00"), bid("B", "20000.00"), bid("C", "60000.01"), bid("D", "19999.99")]
    result = METHODS["lowest"].decide(bids=bids, order=["D", "C", "B", "A"], parameters=LIMITS, minimum=1)
    assert result.ranking == ("B", "A")
    assert result.invalid == {"C": "above_upper", "D": "below_lower"}


def test_a_tie_is_broken_by_the_draw():
    bids = [bid("A"), bid("B"), bid("C")]
    for order in (["C", "A", "B"], ["B", "C", "A"]):
        assert METHODS["lowest"].decide(bids=bids, order=order, parameters={}, minimum=1).ranking == tuple(order)


def test_the_first_reason_is_the_one_that_was_frozen_first():
    bids = [bid("A", None, opened=False, eligible=False), bid("B", None, opened=False), bid("C", None)]
    result = METHODS["lowest"].decide(bids=bids, order=["A", "B", "C"], parameters={}, minimum=1)
    assert result.invalid == {"A": "ineligible", "B": "unreadable", "C": "no_amount"}


def test_nobody_at_all_fails_even_without_a_minimum():
    assert METHODS["draw"].decide(bids=[], order=[], parameters={"price": "1.00"}, minimum=0).failed == "too_few"


@pytest.mark.parametrize("order", [["A"], ["A", "B", "C"], ["A", "A"]])
def test_an_order_of_other_firms_is_refused(order):
    with pytest.raises(ValueError, match="every entrant"):
        METHODS["lowest"].decide(bids=[bid("A"), bid("B")], order=order, parameters={}, minimum=1)


@pytest.mark.parametrize(
    ("method", "parameters", "problems"),
    [
        ("draw", {}, [("price", "required")]),
        ("draw", {"price": "0.00"}, [("price", "not_positive")]),
        ("draw", {"price": "48,000"}, [("price", "not_an_amount")]),
        ("draw", {"price": "48000.00", "upper": "1.00"}, [("upper", "unknown")]),
        ("lowest", {}, []),
        ("lowest", {"upper": "1.00", "lower": "2.00"}, [("upper", "below_lower")]),
    ],
)
def test_parameters(method, parameters, problems):
    found = METHODS[method].check_parameters(parameters)
    assert [(each.field, each.code) for each in found] == problems
