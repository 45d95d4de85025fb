"""RH8 to RH10 and Cardinal's indicators over arrays: like is compared with like, and not applicable is not clean."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest

from bench.favours_world import TOWNS, cases
from bench.screens import RULES
from oversight.screens import cardinal
from oversight.screens.favour import favoured
from oversight.screens.stratified import above
from tests.oversight.bidding_arrays import of_prices, of_rounds


def _columns(*cells):
    """Group, mark and stratum of cases, from cells of group, mark, stratum and count."""
    rows = [(group, mark, stratum) for group, mark, stratum, count in cells for _case in range(count)]
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def test_the_probability_is_that_of_fishers_test_where_there_is_one_stratum():
    group, mark, stratum = _columns((0, 0, 0, 5), (0, 1, 0, 2), (1, 0, 0, 1), (1, 1, 0, 8))
    found = next(each for each in above(group, mark, stratum) if (each.group, each.mark) == (0, 0))
    exact = sum(comb(6, x) * comb(10, 7 - x) for x in (5, 6)) / comb(16, 7)
    assert found.p == pytest.approx(exact)
    assert found.odds == pytest.approx(5 * 8 / 2) and found.low < found.odds < found.high
    assert found.count == 5 and found.expected == pytest.approx(7 * 6 / 16, abs=0.01)


def test_what_a_stratum_explains_is_nothing():
    """A department whose cases are nearly all of one service has the firms of that service, and so has everybody."""
    cells = [
        (0, 0, 0, 36),
        (0, 1, 0, 4),
        (1, 0, 0, 9),
        (1, 1, 0, 1),
        (0, 0, 1, 1),
        (0, 1, 1, 9),
        (1, 0, 1, 4),
        (1, 1, 1, 36),
    ]
    group, mark, stratum = _columns(*cells)
    raw = above(group, mark, np.zeros(len(group), int))
    fair = above(group, mark, stratum)
    assert raw[0].p < 1e-5 and not any(each.reported for each in fair)


def test_a_small_difference_among_many_cases_is_not_far_above():
    group, mark, stratum = _columns((0, 0, 0, 3000), (0, 1, 0, 2000), (1, 0, 0, 2000), (1, 1, 0, 3000))
    found = next(each for each in above(group, mark, stratum) if (each.group, each.mark) == (0, 0))
    assert found.q < 1e-6
    assert found.odds == pytest.approx(2.25) and found.reported
    less = _columns((0, 0, 0, 2700), (0, 1, 0, 2300), (1, 0, 0, 2300), (1, 1, 0, 2700))
    assert not any(each.reported for each in above(*less))


def test_nothing_to_compare_is_no_finding():
    nothing = np.zeros(0, int)
    assert above(nothing, nothing, nothing) == []
    assert above(*_columns((0, 0, 0, 9))) == []
    assert favoured(np.zeros(0), nothing, nothing, nothing) == []
    assert favoured(np.ones(5), *_columns((0, 0, 0, 5))) == []


def test_a_firm_that_is_quick_everywhere_is_not_favoured_by_one_department():
    chance = np.random.default_rng(1)
    rows = [(d, f) for d, f, _case in product(range(6), range(8), range(12))]
    department, firm = (np.array(column) for column in zip(*rows, strict=True))
    noise = chance.normal(0, 0.3, len(rows))
    stratum = np.zeros(len(rows), int)
    everywhere = favoured(noise + 0.6 * (firm == 3), department, firm, stratum)
    assert not any(each.reported for each in everywhere)
    one = favoured(noise + 0.6 * ((firm == 3) & (department == 2)), department, firm, stratum)
    assert [(each.group, each.firm) for each in one if each.reported] == [(2, 3)]
    assert one[0].low < 0.6 < one[0].high and one[0].count == 12


def test_planted_favours_are_found_within_the_false_discovery_rate():
    made = cases(TOWNS[0], 2001)
    for rule, ask in RULES.items():
        reported, true = ask(made)
        assert len(reported & true) >= 0.8 * len(true), rule
        assert len(reported - true) <= 0.2 * len(reported), rule


def test_nobody_is_reported_where_nobody_is_favoured():
    made = cases(TOWNS[-1], 2001)
    assert sum(len(ask(made)[0]) for ask in RULES.values()) <= 1


# Cardinal


def _facts(count, *, competitive=True, priced=True, joint=False):
    return cardinal.Facts(
        competitive=np.full(count, competitive), priced=np.full(count, priced), joint=np.full(count, joint)
    )


def _by_code(bids, facts):
    return {each.code: each for each in cardinal.indicators(bids, facts)}


def test_a_single_bid_is_flagged_in_a_competitive_round_alone():
    bids = of_prices([100.0], [100.0, 105.0])
    assert _by_code(bids, _facts(2))["R018"].flagged.tolist() == [True, False]
    assert _by_code(bids, _facts(2, competitive=False))["R018"].told == {
        "flagged": 0, "not_flagged": 0, "not_applicable": 2,
    }  # fmt: skip


def test_identical_prices_are_flagged_unless_the_owner_sets_the_price():
    bids = of_rounds({0: 100.0, 1: 100.0}, {0: 100.0, 1: 101.0})
    assert _by_code(bids, _facts(2))["R028"].flagged.tolist() == [True, False]
    assert _by_code(bids, _facts(2, priced=False))["R028"].told["not_applicable"] == 2


def test_close_and_heavily_discounted_bids_are_outliers_of_all_differences():
    """Cardinal's own example: quartiles of 5 % and 7 % give fences of 2 % and 10 %."""
    gaps = [5, 5, 5, 6, 7, 7, 7, 1, 15]
    bids = of_prices(*([100.0, 100.0 + gap] for gap in gaps))
    found = _by_code(bids, _facts(len(gaps)))
    assert found["R024"].fence == pytest.approx(0.02) and found["R058"].fence == pytest.approx(0.10)
    assert np.flatnonzero(found["R024"].flagged).tolist() == [7]
    assert np.flatnonzero(found["R058"].flagged).tolist() == [8]
    assert found["R058"].value[8] == pytest.approx(0.15)


def test_what_the_definitions_exclude_is_not_applicable():
    bids = of_prices(*([100.0, 105.0 + number] for number in range(6)))
    assert _by_code(bids, _facts(6, joint=True))["R024"].told == {"flagged": 0, "not_flagged": 0, "not_applicable": 6}
    few = of_prices([100.0, 105.0])
    assert _by_code(few, _facts(1))["R058"].told["not_applicable"] == 1


def test_where_nearly_all_win_without_a_difference_nothing_is_a_discount():
    bids = of_prices(*([100.0, 100.0] for _round in range(6)), [100.0, 130.0])
    found = _by_code(bids, _facts(7))["R058"]
    assert not found.flagged.any() and found.told["not_applicable"] == 7
