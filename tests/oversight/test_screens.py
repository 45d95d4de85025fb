"""The collusion screens: each finds what it is for, and not what is near it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.cartels_world import HONEST, PLANTED, city
from oversight.screens import meeting, missing, rings, shared, splitting, stepped, variance
from oversight.screens.chance import (
    adjusted,
    at_least,
    auc,
    binomial_at_most,
    discoveries,
    poisson_at_least,
    score,
    spearman,
    sum_of_bernoullis,
    together,
)
from oversight.screens.combined import screened
from oversight.screens.splitting import Part
from tests.oversight.bidding_arrays import of_prices, of_rounds

# chance


def test_tails_are_those_of_the_distributions():
    assert poisson_at_least(np.array([0, 1, 3]), 2.0) == pytest.approx([1, 1 - np.exp(-2), 1 - 5 * np.exp(-2)])
    assert binomial_at_most(np.array([0, 1, 4]), np.array([4, 4, 4])) == pytest.approx([1 / 16, 5 / 16, 1])
    assert at_least(sum_of_bernoullis(np.array([0.5, 0.25])), 1) == pytest.approx(1 - 0.5 * 0.75)


def test_a_probability_becomes_a_score_by_powers_of_ten():
    assert score([1.0, 0.1, 0.01, 1e-4, 1e-9, np.nan]) == pytest.approx([0, 0, 1 / 3, 1, 1, 0])


def test_one_small_probability_among_many_large_ones_stays_small():
    assert together([1e-6, 1.0, 1.0, 1.0, 1.0]) == pytest.approx(5e-6, rel=0.01)
    assert together([0.4, 0.5, 0.6]) == pytest.approx(0.5, abs=0.02)


def test_false_discoveries_are_controlled_as_benjamini_and_hochberg_have_it():
    p = np.array([0.001, 0.012, 0.014, 0.2, 0.9])
    assert discoveries(p, rate=0.05).tolist() == [True, True, True, False, False]
    assert adjusted(p)[2] == pytest.approx(0.014 * 5 / 3)
    assert not discoveries(p, rate=0.05, among=1000).any()


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.lists(st.booleans(), min_size=30, max_size=30))
def test_auc_turns_round_with_the_scores(values, labels):
    scores, known = np.array(values), np.array(labels[: len(values)])
    if known.any() and not known.all():
        assert auc(scores, known) == pytest.approx(1 - auc(-scores, known))


def test_rank_correlation_of_what_does_not_vary_is_nothing():
    assert spearman(np.ones(4), np.arange(4.0)) == 0
    assert spearman(np.array([1.0, 2, 3]), np.array([2.0, 4, 9])) == pytest.approx(1)


# CL1


def test_evenly_stepped_and_equal_prices_are_found_and_uneven_ones_not():
    even = [100_000.01, 102_000.01, 104_000.01, 106_000.01]
    equal = [100_000.13, 104_310.77, 104_310.77, 109_456.02]
    uneven = [100_000.13, 101_310.77, 105_310.71, 109_456.02]
    found = stepped.scores(of_prices(even, equal, uneven))
    assert found[0] == 1 and found[1] == 1 and found[2] == 0


def test_equal_prices_on_a_coarse_grid_say_little():
    fine = stepped.probabilities(of_prices([100_000.13, 104_310.77, 104_310.77, 109_456.02]))
    coarse = stepped.probabilities(of_prices([100_000, 105_000, 105_000, 110_000]))
    assert coarse[0] > 100 * fine[0]


def test_one_price_is_not_asked():
    assert np.isnan(stepped.probabilities(of_prices([100.0]))[0]) and stepped.scores(of_prices([100.0]))[0] == 0


# CL2


def test_little_variation_with_a_large_gap_is_conspicuous():
    covered, honest, wide = [100.0, 103, 103.2, 103.5], [100.0, 101, 102, 103], [100.0, 130, 132, 134]
    seen = variance.spread(of_prices(covered, honest, wide))
    assert seen.conspicuous.tolist() == [True, False, False]
    assert seen.scores.argmax() == 0
    assert seen.rdnor[1] == pytest.approx(1)


def test_two_prices_have_no_relative_distance():
    assert np.isnan(variance.spread(of_prices([100.0, 103.0])).rd[0])


def test_losing_bids_that_are_all_equal_do_not_break_it():
    assert variance.spread(of_prices([100.0, 103, 103, 103])).scores[0] > 0.5


# CL3


FINE = np.full(20, 1e-5)
"""Prices that are rounded to a hundred-thousandth."""


def test_missing_close_bids_are_found_and_crowded_ones_not():
    clear = missing.test(np.full(20, 0.007), FINE)
    crowded = missing.test(np.linspace(0, 0.01, 20), FINE)
    assert clear.p[0] < 0.001 and clear.close[0] == 0
    assert crowded.p[0] > 0.3


def test_equal_bids_count_as_close():
    assert missing.test(np.zeros(20), FINE).p[0] == 1


def test_gaps_that_rounding_makes_impossible_are_not_missing():
    assert missing.test(np.full(20, 0.007), np.full(20, 0.007)).p[0] == 1


def test_a_firm_answers_for_the_rounds_in_which_it_is_one_of_the_two_lowest():
    rounds = [{0: 100.0, 1: 100.7, 2: 120.0} for _round in range(12)]
    seen = missing.by_firm(of_rounds(*rounds))
    assert seen.p[0] == seen.p[1] < 0.01 and seen.p[2] == 1


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_independent_bids_are_rarely_missing(seed):
    chance = np.random.default_rng(seed)
    prices = np.sort(1000 * np.exp(chance.normal(0, 0.05, (200, 5))), axis=1)
    assert missing.test((prices[:, 1] - prices[:, 0]) / prices[:, 0], np.zeros(200)).p[0] > 1e-4


# CL4


def test_firms_that_alone_share_a_mark_score_high_and_tenants_of_one_tower_do_not():
    firm = np.array([1, 2, *range(10, 22), 1, 3])
    kind = ["device"] * 2 + ["address"] * 12 + ["phone", "contact"]
    seen = shared.shared(firm, kind, np.array([7, 7, *[9] * 12, 5, 5]))
    pairs = dict(zip(zip(seen.low.tolist(), seen.high.tolist(), strict=True), seen.score.tolist(), strict=True))
    assert pairs[1, 2] == pytest.approx(0.9)
    assert pairs[10, 21] < 0.05
    assert (1, 3) not in pairs  # the same number, but of another kind


def test_several_marks_add_up_and_too_common_ones_say_nothing():
    firm = np.array([1, 2, 1, 2, *range(40)])
    seen = shared.shared(firm, ["phone"] * 2 + ["contact"] * 2 + ["network"] * 40, np.array([3, 3, 4, 4, *[8] * 40]))
    assert seen.score.tolist() == pytest.approx([1 - 0.2 * 0.2]) and seen.counts == [{"contact": 1, "phone": 1}]


def test_a_mark_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="hat"):
        shared.shared(np.array([1]), ["hat"], np.array([1]))


# CL5


def test_two_firms_that_bid_on_everything_are_expected_to_meet():
    rounds = [{0: 1.0, 1: 2.0, 2 + number % 20: 3.0} for number in range(60)]
    found = meeting.pairs(of_rounds(*rounds))
    assert found.p[(found.low == 0) & (found.high == 1)][0] > 0.01


def test_firms_that_bid_together_alone_are_tied():
    chance = np.random.default_rng(5)
    rounds = [{0: 1.0, 1: 2.0, 2: 3.0} if number % 8 == 0 else _others(chance) for number in range(80)]
    bids = of_rounds(*rounds)
    candidates = meeting.candidates(bids, meeting.pairs(bids))
    assert any(group.tolist() == [0, 1, 2] for group in candidates)


def _others(chance):
    return {int(firm): 1.0 for firm in chance.choice(np.arange(3, 30), 4, replace=False)}


def test_turns_are_told_from_chance():
    chance = np.random.default_rng(3)
    taking = [{firm: 1.0 if firm == number % 4 else 2.0 for firm in range(4)} for number in range(24)]
    drawn = [{firm: 1 + float(chance.random()) for firm in range(4)} for _number in range(24)]
    asked = [
        next(
            each
            for each in rings.asked(rings.Measures(of_rounds(*rounds)), np.arange(4)).asked
            if each.question == "turns"
        )
        for rounds in (taking, drawn)
    ]
    assert asked[0].p < 1e-6 and asked[1].p > 0.05
    assert asked[0].counts["next_in_turn"] == asked[0].counts["rounds"]


def test_a_group_that_hardly_meets_is_asked_nothing():
    ring = rings.asked(rings.Measures(of_rounds({0: 1.0, 1: 2.0, 2: 3.0})), np.arange(3))
    assert ring.asked == () and ring.p == 1 and ring.score == 0


@pytest.mark.parametrize("world", PLANTED[:3], ids=lambda world: world.name)
def test_planted_cartels_are_found(world):
    made = city(world, 2001)
    found = [set(group.members.tolist()) for group in screened(made.bids).groups if group.score >= 0.5]
    for members in made.cartels:
        likeness = max(
            (len(set(members.tolist()) & each) / len(set(members.tolist()) | each) for each in found), default=0
        )
        assert likeness >= 0.5


def test_scores_do_not_follow_activity_where_nobody_has_agreed():
    made = city(HONEST[3], 2001)
    seen = screened(made.bids)
    assert abs(spearman(seen.bidders, made.bids.activity.astype(float))) < 0.3


def test_the_same_bids_give_the_same_scores_whatever_the_order_of_their_lines():
    made = city(PLANTED[0], 2002)
    again = city(PLANTED[0], 2002)
    one, other = screened(made.bids), screened(again.bids)
    assert (one.rounds == other.rounds).all()
    assert [group.members.tolist() for group in one.groups] == [group.members.tolist() for group in other.groups]


@given(st.lists(st.dictionaries(st.integers(0, 6), st.floats(1, 1e6), max_size=5), max_size=25))
@settings(max_examples=60, deadline=None)
def test_scores_lie_between_0_and_1_for_any_bids(rounds):
    seen = screened(of_rounds(*rounds))
    for scores in (seen.rounds, seen.bidders, *seen.parts.values()):
        assert ((scores >= 0) & (scores <= 1)).all()


# CL6


def test_a_need_split_under_a_limit_is_found_and_one_below_it_not():
    limit = 100_000_00
    parts = [
        Part(1, 7, 3, 2026, 60_000_00, limit),
        Part(2, 7, 3, 2026, 40_000_00, limit),  # together exactly at the limit
        Part(3, 7, 4, 2026, 60_000_00, limit),
        Part(4, 7, 4, 2026, 39_999_99, limit),  # one fen below it
        Part(5, 8, 3, 2026, 99_000_00, limit),
        Part(6, 9, 3, 2025, 60_000_00, limit),
        Part(7, 9, 3, 2026, 60_000_00, limit),  # in another year
    ]
    (split,) = splitting.splits(parts)
    assert split.needs == (1, 2) and split.total == limit and split.score == 0.5


def test_parts_just_under_the_limit_weigh_more():
    split = splitting.splits([Part(n, 7, 3, 2026, 99_000_00, 100_000_00) for n in range(3)])[0]
    assert split.score == 1


@given(st.lists(st.integers(1, 150), min_size=1, max_size=12))
def test_what_is_split_reaches_its_limit_and_no_part_does(amounts):
    for split in splitting.splits([Part(n, 1, 1, 2026, amount, 100) for n, amount in enumerate(amounts)]):
        own = [amounts[need] for need in split.needs]
        assert sum(own) == split.total >= 100 and max(own) < 100
        assert all(one < other for one, other in pairwise(split.needs))
