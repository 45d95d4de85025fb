"""The bench of the screens counts rightly, and its page tells of every world."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench import screens
from bench.cartels_world import HONEST, PLANTED, World, city
from bench.favours_world import TOWNS
from bench.screens import Count

PAGE = Path(screens.__file__).resolve().parents[1] / "docs" / "screens.md"


def test_precision_recall_and_f1():
    count = Count()
    count.add(hits=3, reported=4, true=6)
    assert (count.precision, count.recall, count.f1) == (0.75, 0.5, 0.6)
    assert np.isnan(Count().precision) and np.isnan(Count().f1)


def test_a_city_comes_again_and_another_seed_is_another_city():
    one, again, other = (city(PLANTED[0], seed).bids.amount for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_members_of_a_cartel_take_turns_in_its_own_rounds():
    made = city(PLANTED[0], 1)
    members = set(made.cartels[0].tolist())
    own = [place for place in np.flatnonzero(made.of_round == 0) if set(made.bids.firms_of(place).tolist()) <= members]
    won = np.bincount(made.bids.winner[own], minlength=made.bids.firms)[made.cartels[0]]
    assert won.sum() == len(own) > 10  # where nobody else bids
    assert won.min() > 0


def test_an_honest_city_has_no_cartel_and_firms_of_very_different_activity():
    made = city(HONEST[0], 1)
    assert not made.rigged.any() and made.cartels == []
    assert made.bids.activity.max() > 20 * made.bids.activity[made.bids.activity > 0].min()


def test_what_is_reported_is_matched_to_what_was_planted_once():
    world = World(name="small", cartels=PLANTED[2].cartels, firms=60, rounds=400)
    found = screens.over_seeds(world, range(screens.TUNED, screens.TUNED + 1))
    assert found.groups.true == 2 and found.groups.hits <= min(found.groups.reported, 2)
    assert sum(count.hits for count in found.kinds.values()) == found.groups.hits


def test_the_page_tells_of_every_world():
    page = PAGE.read_text(encoding="utf-8")
    for world in (*HONEST, *PLANTED):
        assert page.count(f"| {world.name} |") >= 1, world.name
    for town in TOWNS:
        assert page.count(f"| {town.name} |") == len(screens.RULES), town.name
