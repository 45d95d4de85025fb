"""What PROTOCOL §4 promises of every method, whatever comes in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.methods import METHODS
from protocol.methods.base import Bid, Choice
from tests.protocol.tables import bid

LIMITS = {"upper": "60000.00", "lower": "20000.00"}
PARAMETERS = {
    "draw": {"price": "48000.00"},
    "lowest": LIMITS,
    "mean": {**LIMITS, "trim_over": "3"},
    "lowest_draw": {**LIMITS, "k": "2"},
    "credit_draw": {"price": "48000.00", "long_list": "4", "short_list": "2"},
    "scored": {**LIMITS, "weights": {"price": "60", "quality": "30", "record": "10"}},
    "proposal": LIMITS,
    "auction": {**LIMITS, "step": "0.01", "extend_within_s": "60", "extend_by_s": "60"},
    "direct": {"price": "48000.00", "ground": "应急抢险"},
}
PICKED = ("credit_draw", "proposal", "direct")
CODES = st.sampled_from(sorted(METHODS))
EDGES = [Decimal(each) for each in ("19999.99", "20000.00", "30000.00", "60000.00", "60000.01")]
# Few different amounts and scores, so that there are ties, and some beyond the limits.
SOME_AMOUNTS = st.one_of(
    st.sampled_from(EDGES), st.integers(1_990_000, 6_010_000).map(lambda cents: Decimal(cents) / 100)
)
AMOUNTS = st.one_of(st.none(), SOME_AMOUNTS)
SCORES = st.integers(0, 100).map(Decimal)


@st.composite
def lots(draw, codes=CODES):
    """A method, bids, and an order for each of its draws."""
    code = draw(codes)
    names = draw(st.lists(st.text("ABCDE0123", min_size=1, max_size=4), unique=True, max_size=9))
    bids = [
        Bid(
            uscc=name,
            amount=draw(AMOUNTS),
            opened=draw(st.integers(0, 9)) > 0,
            eligible=draw(st.integers(0, 9)) > 0,
            credit=draw(st.one_of(st.none(), SCORES)),
            marks=tuple(draw(st.lists(SCORES, max_size=6))),
        )
        for name in names
    ]
    if code == "auction":  # no two offers are equal
        offers = draw(st.lists(SOME_AMOUNTS, unique=True, min_size=len(bids), max_size=len(bids)))
        bids = [replace(each, amount=each.amount and offer) for each, offer in zip(bids, offers, strict=True)]
    wanted = METHODS[code].draws(bids=bids, parameters=PARAMETERS[code])
    return code, bids, {purpose: draw(st.permutations(labels)) for purpose, labels in wanted.items()}


def decide(code, bids, orders, *, minimum=1, **terms):
    return METHODS[code].decide(bids=bids, orders=orders, parameters=PARAMETERS[code], minimum=minimum, **terms)


def is_valid(code, bid):
    if not (bid.opened and bid.eligible):
        return False
    if code in ("draw", "credit_draw", "direct"):
        return True
    return bid.amount is not None and Decimal("20000.00") <= bid.amount <= Decimal("60000.00")


@given(lots(), st.integers(1, 4))
def test_the_valid_are_ranked_each_once_and_too_few_of_them_fail(lot, minimum):
    code, bids, orders = lot
    result = decide(code, bids, orders, minimum=minimum)
    valid = {each.uscc for each in bids if is_valid(code, each)}
    assert set(result.invalid) == {each.uscc for each in bids} - valid
    if len(valid) < minimum:
        assert (result.winner, result.ranking, result.failed, result.pending) == (None, (), "too_few", False)
        return
    assert result.failed is None
    assert sorted(result.ranking) == sorted(valid)
    assert result.pending == (code in PICKED)
    assert result.winner == (None if result.pending else result.ranking[0])
    assert set(result.short_list) <= valid and bool(result.short_list) == result.pending
    assert set(result.redrawn) <= valid


@given(lots(), st.randoms(use_true_random=False))
def test_the_order_of_input_changes_nothing(lot, random):
    code, bids, orders = lot
    shuffled = random.sample(bids, len(bids))
    assert decide(code, shuffled, orders) == decide(code, bids, orders)
    method = METHODS[code]
    assert method.draws(bids=shuffled, parameters=PARAMETERS[code]) == method.draws(
        bids=bids, parameters=PARAMETERS[code]
    )


@given(lots(), st.data())
def test_given_the_draws_order_an_invalid_entry_changes_nothing(lot, data):
    code, bids, orders = lot
    alone = decide(code, bids, orders)
    more = bid("X", data.draw(st.sampled_from(["25000.00", "60000.01"])), eligible=False, credit="31.00", marks=["9"])
    (labels,) = [METHODS[code].labels([more])] if orders else [[]]
    ranking = list(orders.get("ranking", ()))
    for label in labels:
        ranking.insert(data.draw(st.integers(0, len(ranking))), label)
    together = decide(code, [more, *bids], {**orders, "ranking": ranking})
    assert together == replace(alone, invalid={**alone.invalid, "X": "ineligible"})


@given(lots(st.sampled_from(["lowest", "lowest_draw", "scored", "auction"])), st.data())
def test_a_worse_price_never_helps_its_firm(lot, data):
    code, bids, orders = lot
    before = decide(code, bids, orders).ranking
    assume(before)
    who = data.draw(st.sampled_from(before))
    more = Decimal(data.draw(st.integers(1, 2_000_000))) / 100
    raised = [replace(each, amount=each.amount + more) if each.uscc == who else each for each in bids]
    offers = [each.amount for each in raised if each.amount]
    assume(code != "auction" or len(set(offers)) == len(offers))
    after = decide(code, raised, orders).ranking
    assert who not in after or after.index(who) >= before.index(who)


@given(lots(st.sampled_from(["lowest", "lowest_draw", "mean", "scored"])))
def test_equal_firms_stand_in_the_draws_order(lot):
    code, bids, orders = lot
    alike = [replace(bids[0], uscc=each.uscc) for each in bids]
    ranking = decide(code, alike, orders).ranking
    if code != "mean":
        assert not ranking or list(ranking) == orders["ranking"]
    elif len(ranking) > 3:  # the last two are those that were dropped: the highest and the lowest of equals
        assert list(ranking) == orders["ranking"]


@given(lots(st.sampled_from(PICKED)), st.data())
def test_the_picked_is_first_and_the_others_keep_their_order(lot, data):
    code, bids, orders = lot
    pending = decide(code, bids, orders)
    assume(pending.short_list)
    who = data.draw(st.sampled_from(pending.short_list))
    choice = Choice(uscc=who, reason="方案更合适", reasons=dict.fromkeys(pending.short_list, "已比较"))
    final = decide(code, bids, orders, choice=choice)
    assert not final.pending and final.winner == final.ranking[0] == who
    assert list(final.ranking[1:]) == [uscc for uscc in pending.ranking if uscc != who]
    own = next(each.amount for each in bids if each.uscc == who)
    assert final.amount == (own if code == "proposal" else Decimal("48000.00"))
    assert final.as_record()["reason"] == "方案更合适"


WHO = {"ranking": ["A", "B", "C"]}
TICKETS = {"ranking": ["A#1", "B#1", "C#1"]}
THREE = [bid("A", "30000.00"), bid("B", "30000.00"), bid("C", "30000.00")]
ALL = dict.fromkeys("ABC", "已比较")


@pytest.mark.parametrize(
    ("code", "orders", "choice", "why"),
    [
        ("credit_draw", TICKETS, Choice(uscc="C", reason="合适"), "not among"),
        ("credit_draw", TICKETS, Choice(uscc="A", reason="  "), "needs a reason"),
        ("proposal", WHO, Choice(uscc="D", reason="合适", reasons=ALL), "not among"),
        ("proposal", WHO, Choice(uscc="A", reason="合适", reasons={"A": "好", "B": "贵"}), "every firm: C"),
        ("proposal", WHO, Choice(uscc="A", reason="合适", reasons={**ALL, "B": " "}), "every firm: B"),
        ("proposal", WHO, Choice(uscc="A", reason="合适", reasons={**ALL, "D": "贵"}), "not to be picked from"),
        ("proposal", WHO, Choice(uscc="A", reason="", reasons=ALL), "needs a reason"),
        ("direct", {}, Choice(uscc="D", reason="合适"), "not among"),
        ("direct", {}, Choice(uscc="A", reason=""), "needs a reason"),
        ("lowest", WHO, Choice(uscc="A", reason="合适"), "nobody picks"),
    ],
)
def test_a_choice_that_is_not_the_owners_to_make_is_refused(code, orders, choice, why):
    with pytest.raises(ValueError, match=why):
        decide(code, THREE, orders, choice=choice)


@pytest.mark.parametrize(
    ("code", "orders"),
    [
        ("lowest", {}),
        ("lowest", {"ranking": ["A", "B"]}),
        ("lowest", {"ranking": ["A", "B", "C", "D"]}),
        ("lowest", {"ranking": ["A", "A", "B"]}),
        ("mean", WHO),
        ("mean", {**WHO, "coefficient": ["0.95"]}),
        ("credit_draw", WHO),
        ("credit_draw", {"ranking": ["A#1", "B#1", "C#2"]}),
    ],
)
def test_an_order_of_other_labels_is_refused(code, orders):
    with pytest.raises(ValueError, match="every label"):
        decide(code, THREE, orders)


def test_what_nobody_could_decide_is_refused():
    with pytest.raises(ValueError, match="stands twice"):
        decide("direct", [bid("A"), bid("A")], {})
    with pytest.raises(ValueError, match="equal"):
        decide("auction", THREE, {})


def test_what_is_drawn():
    bids = [bid("B", credit="25.00"), bid("A", credit="4.99", eligible=False)]
    drawn = {code: METHODS[code].draws(bids=bids, parameters=PARAMETERS[code]) for code in METHODS}
    for code in ("draw", "lowest", "lowest_draw", "scored", "proposal"):
        assert drawn[code] == {"ranking": ["A", "B"]}
    assert drawn["mean"] == {"ranking": ["A", "B"], "coefficient": ["0.95", "0.96", "0.97", "0.98"]}
    assert drawn["credit_draw"] == {"ranking": ["A#1", "B#1", "B#2", "B#3"]}  # 2.5 is rounded up
    assert drawn["auction"] == drawn["direct"] == {}
    announced = METHODS["mean"].draws(bids=[], parameters={"coefficients": ["1.00", "0.875"]})
    assert announced == {"ranking": [], "coefficient": ["1.00", "0.875"]}


def test_tickets_are_named_as_they_are_counted():
    assert METHODS["credit_draw"].labels([bid("A", credit="100.00")])[-2:] == ["A#9", "A#10"]


def test_the_first_reason_is_the_one_that_was_frozen_first():
    bids = [bid("A", opened=False, eligible=False), bid("B", opened=False), bid("C")]
    result = decide("lowest", bids, WHO)
    assert result.invalid == {"A": "ineligible", "B": "unreadable", "C": "no_amount"}


@pytest.mark.parametrize("code", sorted(METHODS))
def test_nobody_at_all_fails_even_without_a_minimum(code):
    orders = METHODS[code].draws(bids=[], parameters=PARAMETERS[code])
    assert decide(code, [], orders, minimum=0).failed == "too_few"


@given(lots(), st.data())
def test_when_the_winner_walks_away_the_next_follows_until_nobody_is_left(lot, data):
    code, bids, orders = lot
    method, result = METHODS[code], decide(code, bids, orders)
    assume(result.ranking)
    if result.pending:
        with pytest.raises(ValueError, match="nobody has been picked"):
            method.follow(result, out=[], orders={})
        reasons = dict.fromkeys(result.short_list, "已比较")
        result = decide(code, bids, orders, choice=Choice(uscc=result.short_list[-1], reason="好", reasons=reasons))
    out = [result.winner]
    while True:
        left = [each for each in bids if each.uscc not in out]
        again = data.draw(st.permutations(method.labels(left)))
        follower = method.follow(result, out=out, orders={"ranking": again})
        ranked = [uscc for uscc in result.ranking if uscc not in out]
        group = [uscc for uscc in method.firms(again) if uscc in ranked and uscc in result.redrawn]
        assert follower == next(iter([*group, *ranked]), None)
        if follower is None:
            break
        out.append(follower)
    assert sorted(out) == sorted(result.ranking)


def test_among_whom_a_new_draw_decides():
    four = [bid(name, f"{amount}.00") for name, amount in zip("ABCD", (30000, 31000, 32000, 33000), strict=True)]
    orders = {"ranking": ["D", "B", "A", "C"], "coefficient": ["0.95", "0.96", "0.97", "0.98"]}
    result = decide("lowest_draw", four, orders)
    follow = METHODS["lowest_draw"].follow
    assert result.ranking == ("B", "A", "C", "D")
    assert follow(result, out=["B"], orders={"ranking": ["D", "C", "A"]}) == "A"  # alone of the two that entered
    assert follow(result, out=["B", "A"], orders={"ranking": ["D", "C"]}) == "C"  # then by the ranking, not by the draw
    with pytest.raises(ValueError, match="everybody who is left"):
        follow(result, out=["B"], orders={"ranking": ["D", "C"]})
    for code in ("lowest", "mean", "scored", "proposal"):
        assert decide(code, four, orders).redrawn == ()
    assert decide("draw", four, orders).redrawn == ("D", "B", "A", "C")
