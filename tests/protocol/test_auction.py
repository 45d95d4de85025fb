"""The offers of an auction: which are taken, when it ends, and that a record of them can be played again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.auction import REFUSALS, Accepted, Auction, Offer, Paused, Refused, Resumed, replay
from protocol.methods import METHODS
from tests.protocol.tables import bid

START = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
PARAMETERS = {"upper": "1000.00", "lower": "500.00", "step": "10.00", "extend_within_s": "60", "extend_by_s": "120"}


def at(seconds):
    """So many seconds after the start; the auction is announced for 600."""
    return START + timedelta(seconds=seconds)


def auction(**changes):
    return Auction.of(PARAMETERS | changes, starts_at=at(0), ends_at=at(600))


def offer(seconds, amount, *, uscc="A", ends=None):
    return Offer(at=at(seconds), uscc=uscc, amount=Decimal(amount), ends_at=None if ends is None else at(ends))


@pytest.mark.parametrize(
    ("seconds", "amount", "code"),
    [
        (-1, "900.00", "not_started"),
        (0, "900.00", None),
        (599, "900.00", None),
        (600, "900.00", "ended"),
        (1, "1000.00", None),
        (1, "1000.01", "above_upper"),
        (1, "500.00", None),
        (1, "499.99", "below_lower"),
        (1, "0.00", "not_an_amount"),
        (1, "-1.00", "not_an_amount"),
        (1, "900", "not_an_amount"),
        (1, "900.001", "not_an_amount"),
        (1, "NaN", "not_an_amount"),
    ],
)
def test_the_first_offer(seconds, amount, code):
    terms = auction()
    taken = terms.accept(terms.opening(), offer=Decimal(amount), at=at(seconds))
    assert getattr(taken, "code", None) == code
    assert isinstance(taken, Refused if code else Accepted)
    assert code is None or code in REFUSALS


@pytest.mark.parametrize(
    ("amount", "code"),
    [("890.00", None), ("890.01", "step_too_small"), ("900.00", "step_too_small"), ("1000.01", "step_too_small")],
)
def test_an_offer_is_below_the_best_by_at_least_the_step(amount, code):
    terms = auction()
    first = terms.accept(terms.opening(), offer=Decimal("900.00"), at=at(1))
    assert terms.highest_allowed(first.standing) == Decimal("890.00")
    assert getattr(terms.accept(first.standing, offer=Decimal(amount), at=at(1)), "code", None) == code


def test_without_limits_any_first_offer_is_taken():
    terms = auction(upper="", lower="")
    assert terms.highest_allowed(terms.opening()) is None
    assert isinstance(terms.accept(terms.opening(), offer=Decimal("999999999999.99"), at=at(1)), Accepted)


@pytest.mark.parametrize(("seconds", "ends"), [(1, 600), (539.999, 600), (540, 660), (599.999, 719.999)])
def test_an_offer_in_the_last_seconds_moves_the_end(seconds, ends):
    terms = auction()
    taken = terms.accept(terms.opening(), offer=Decimal("900.00"), at=at(seconds))
    assert taken.ends_at == at(ends)
    assert taken.standing.extensions == (ends > 600)


def test_the_end_never_comes_nearer():
    terms = auction(extend_within_s="300", extend_by_s="60")
    early = terms.accept(terms.opening(), offer=Decimal("900.00"), at=at(301))
    assert early.ends_at == at(600) and early.standing.extensions == 0
    late = terms.accept(early.standing, offer=Decimal("800.00"), at=at(541))
    assert late.ends_at == at(601) and late.standing.extensions == 1


def test_extensions_end_where_the_policy_sets_a_limit_and_offers_are_taken_all_the_same():
    terms = auction(max_extensions="2")
    played = replay(
        terms, [offer(599, "900.00", ends=719), offer(718, "800.00", ends=838), offer(837, "700.00", ends=838)]
    )
    assert played.problems == [] and played.standing.extensions == 2
    assert replay(terms, [offer(599, "900.00"), offer(718, "800.00"), offer(838, "700.00")]).problems == [(2, "ended")]
    many = [offer(599 + 119 * number, f"{900 - 10 * number}.00") for number in range(40)]
    assert replay(auction(), many).standing.extensions == 40


def test_a_pause_moves_the_end_by_its_length_and_is_no_extension():
    terms = auction(max_extensions="1")
    steps = [
        offer(10, "900.00", ends=600),
        Paused(at=at(20)),
        Resumed(at=at(120)),
        offer(650, "880.00", uscc="B", ends=770),
    ]
    played = replay(terms, steps)
    assert played.problems == []
    assert (played.standing.ends_at, played.standing.extensions) == (at(770), 1)
    assert played.amounts == {"A": Decimal("900.00"), "B": Decimal("880.00")}
    during = replay(terms, [*steps[:2], offer(30, "890.00"), *steps[2:]])
    assert during.problems == [(2, "paused")] and during.standing == played.standing


@pytest.mark.parametrize(
    "steps",
    [
        [Resumed(at=at(1))],
        [Paused(at=at(-1))],
        [Paused(at=at(600))],
        [Paused(at=at(1)), Paused(at=at(2))],
    ],
)
def test_a_pause_that_could_not_have_been_is_told(steps):
    played = replay(auction(), steps)
    assert played.problems == [(len(steps) - 1, "no_such_pause")]


def test_what_was_never_accepted_shows():
    honest = [offer(10, "900.00", ends=600), offer(20, "880.00", uscc="B", ends=600), offer(590, "800.00", ends=710)]
    assert replay(auction(), honest).problems == []
    assert replay(auction(), honest).amounts == {"A": Decimal("800.00"), "B": Decimal("880.00")}
    assert replay(auction(), [honest[0], replace(honest[1], amount=Decimal("891.00")), honest[2]]).problems == [
        (1, "step_too_small")
    ]
    assert replay(auction(), [honest[1], honest[0]]).problems == [(1, "out_of_order")]
    assert replay(auction(), [*honest[:2], replace(honest[2], ends_at=at(600))]).problems == [(2, "another_end")]
    assert replay(auction(), [*honest, offer(700, "795.00")]).problems == [(3, "step_too_small")]


STEPS = st.lists(st.tuples(st.integers(0, 90), st.integers(400, 1100), st.sampled_from("ABC")), max_size=25)


@given(STEPS)
def test_what_the_auction_accepted_can_be_played_again(steps):
    """Whatever comes: standing offers only fall, the end only moves on, and the record of what was taken holds."""
    terms, now, taken = auction(), START, []
    standing = terms.opening()
    for wait, amount, uscc in steps:
        now += timedelta(seconds=wait)
        answer = terms.accept(standing, offer=Decimal(amount).quantize(Decimal("0.01")), at=now)
        if isinstance(answer, Refused):
            continue
        assert standing.best is None or answer.standing.best <= standing.best - terms.step
        assert answer.ends_at >= standing.ends_at and now < standing.ends_at
        standing = answer.standing
        taken.append(Offer(at=now, uscc=uscc, amount=standing.best, ends_at=standing.ends_at))
    played = replay(terms, taken)
    assert (played.problems, played.standing) == ([], standing)
    bids = [bid(uscc, str(amount)) for uscc, amount in played.amounts.items()]
    result = METHODS["auction"].decide(bids=bids, orders={}, parameters=PARAMETERS, minimum=1)
    assert not taken or result.winner == taken[-1].uscc
