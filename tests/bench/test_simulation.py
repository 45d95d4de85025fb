"""The simulation measures agreement rightly, and the same city comes again from the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import simulation
from bench.simulation import WORLDS, World, tau_b


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ([1, 2, 3], [10, 20, 30], 1.0),
        ([1, 2, 3], [3, 2, 1], -1.0),
        ([1, 2, 3, 4], [1, 2, 4, 3], 4 / 6),  # five pairs agree, one does not
        ([1, 1, 2], [1, 2, 3], 2 / 6**0.5),  # one pair is tied on one side
    ],
)
def test_tau_b(one, two, expected):
    assert tau_b(np.array(one, float), np.array(two, float)) == pytest.approx(expected)


def test_a_city_comes_again_and_another_seed_is_another_city():
    world = World(name="small", firms=8, lines=(2, 4))
    assert simulation.taus(world, 1) == simulation.taus(world, 1) != simulation.taus(world, 2)


def test_the_truth_falls_with_days_and_rises_with_skill():
    city = simulation.built(World(name="small", firms=12), np.random.default_rng(1))
    true = simulation.truth(city, np.random.default_rng(2))
    better = simulation.built(World(name="small", firms=12), np.random.default_rng(1))
    better.speed[0] += 1
    again = simulation.truth(better, np.random.default_rng(2))
    assert again[0] > true[0] and np.array_equal(again[1:], true[1:])


def test_where_quality_moves_approvals_the_score_finds_more_than_stars_and_first_submissions():
    world = next(world for world in WORLDS if world.moves > 0.3)
    found = np.array([simulation.taus(world, seed) for seed in range(4)]).mean(axis=0)
    assert (found[:, 0] > found[:, 2]).all() and (found[:, 0] > found[:, 3]).all()


def test_the_page_tells_of_every_world():
    page = (Path(simulation.__file__).resolve().parents[1] / "docs" / "scores.md").read_text(encoding="utf-8")
    for world in WORLDS:
        assert page.count(f"| {world.name} |") == len(simulation.TRUTHS), world.name
