"""The bench of the red-hat rules: they find exactly what was planted, what breaks is noticed, the page tells of every case."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bench import planted as bench
from bench import planted_maker, planted_owners, planted_people, planted_ties
from bench.planted import RULES_ALONE, SCAN, WAYS, over_seeds
from bench.planted_maker import City
from bench.planted_ties import CASES, CITIES, RH7, planted
from oversight import arrays, rules
from oversight.graph import Edge, Graph
from oversight.rules import people, reviews
from oversight.rules.base import FLAGGED, KEPT_OUT

PAGE = Path(bench.__file__).resolve().parents[1] / "docs" / "ties.md"
SMALL = City(name="a small city", copies=1, crowd=12)
SEED = 1000
"""The page's cities are from 0 on."""


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
def test_everything_that_is_planted_is_found_and_nothing_else(city):
    found = over_seeds(replace(city, crowd=20, copies=1), range(SEED, SEED + 2))
    assert found.exact, {name: count for name, count in found.wrong.items() if count}
    assert all(found.counts[way, rule].true for way in WAYS for rule in rules.RULES)
    assert found.counts[RULES_ALONE, RH7].true


def test_a_city_comes_again_and_another_seed_is_another_city():
    one, again, other = (planted(SMALL, seed) for seed in (1, 1, 2))
    assert (one.truth, one.edges, one.exempt) == (again.truth, again.edges, again.exempt)
    assert one.truth != other.truth


def test_every_case_is_planted_and_what_is_near_makes_nothing_true():
    made = planted(SMALL, SEED)
    planted_ones = {name for names in made.case_of.values() for name in names} | set(made.entered.values())
    assert planted_ones == {case.name for case in CASES}
    near = {case.name for case in CASES if case.near}
    assert {case.rule for case in CASES if case.near} >= {"RH1", "RH2", "RH3", "RH4", "RH5", "RH7"}
    untied = [pair for pair, names in made.case_of.items() if set(names) <= near]
    tied = {(firm, department) for _rule, firm, department in made.truth}
    assert len([pair for pair in untied if pair not in tied]) >= len(near) / 2
    assert set(made.truth.values()) == {KEPT_OUT, FLAGGED, "excepted"}


def test_what_is_true_is_written_down_without_asking_a_rule():
    for module in (planted_maker, planted_owners, planted_people, planted_ties):
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        taken = {
            f"{node.module}.{name.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("oversight")
            for name in node.names
        }
        things = {"Exempt", "Parameter", "KEPT_OUT", "FLAGGED", "EXCEPTED"}
        allowed = {f"oversight.rules.base.{name}" for name in things} | {"oversight.rules.reviews.Work"}
        assert {each for each in taken if not each.startswith("oversight.graph.")} <= allowed
        assert not any(isinstance(node, ast.Import) and "oversight" in ast.unparse(node) for node in ast.walk(tree))


def changed(rule: str, how: Callable[..., object]) -> Callable[..., None]:
    """A rule whose findings are changed, or dropped."""

    def breaks(monkeypatch):
        right = rules.RULES[rule]
        monkeypatch.setitem(rules.RULES, rule, lambda *given: [new for each in right(*given) if (new := how(each))])

    return breaks


def whole_days(monkeypatch, *, first=0, last=0):
    def holds_on(self, day):
        begun = self.since is None or self.since <= day + timedelta(days=first)
        return begun and (self.until is None or day <= self.until + timedelta(days=last))

    monkeypatch.setattr(Edge, "holds_on", holds_on)


def any_kin(monkeypatch):
    """Whoever is kin of kin counts as kin."""
    right = Graph.into

    def into(self, head, *kinds):
        links = right(self, head, *kinds)
        return links + [far for link in links for far in right(self, link.tail, "kin")] if kinds == ("kin",) else links

    monkeypatch.setattr(Graph, "into", into)


def any_project(monkeypatch):
    right = reviews.rh7
    monkeypatch.setattr(
        reviews, "rh7", lambda *, project, works, **given: right(
            project=0, works=[replace(work, project=0) for work in works], **given
        ),
    )  # fmt: skip


def years(monkeypatch, days):
    right = people.years_after
    monkeypatch.setattr(people, "years_after", lambda day, count: right(day, count) + timedelta(days=days))


BROKEN = {
    "only three layers": ("RH1", changed("RH1", lambda each: each if len(each.path) <= 3 else None)),
    "regulation is a tie": ("RH1", lambda patch: patch.setattr(Graph, "is_association", lambda self, node: True)),
    "associations do not count": (
        "RH1",
        lambda patch: patch.setattr(Graph, "is_association", lambda self, node: False),
    ),
    "exceptions are forgotten": ("RH1", lambda patch: patch.setattr(rules, "EXCEPTED", KEPT_OUT)),
    "a small share keeps out": ("RH2", changed("RH2", lambda each: replace(each, effect=KEPT_OUT))),
    "the last day is over": ("RH1", lambda patch: whole_days(patch, last=-1)),
    "yesterday's roles count": ("RH3", lambda patch: whole_days(patch, last=1)),
    "tomorrow's roles count": ("RH3", lambda patch: whole_days(patch, first=1)),
    "a day more to wait": ("RH4", lambda patch: years(patch, 1)),
    "a day less to wait": ("RH4", lambda patch: years(patch, -1)),
    "inferred kin keep out": ("RH5", changed("RH5", lambda each: replace(each, effect=KEPT_OUT))),
    "kin of kin": ("RH5", any_kin),
    "nobody's address": ("RH6", changed("RH6", lambda each: None)),
    "any project": (RH7, any_project),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_noticed(name, monkeypatch):
    rule, breaks = BROKEN[name]
    breaks(monkeypatch)
    count = over_seeds(SMALL, [SEED]).counts[RULES_ALONE, rule]
    assert not count.hits == count.reported == count.true


@pytest.mark.parametrize("way", arrays.RULES)
def test_a_search_that_misses_a_way_is_noticed(way, monkeypatch):
    missed = arrays.RULES[way]
    monkeypatch.setitem(arrays.RULES, way, ())
    found = over_seeds(SMALL, [SEED])
    for rule in missed:
        assert found.counts[SCAN, rule].recall == 0
        assert found.counts[RULES_ALONE, rule].recall == 1


def test_taking_namesakes_for_one_person_is_noticed(monkeypatch):
    def merged(city, seed):
        made = planted(city, seed)
        first: dict[str, int] = {}
        one = {node: first.setdefault(name, node) for node, name in made.names.items()}
        made.edges = [
            replace(edge, tail=one.get(edge.tail, edge.tail), head=one.get(edge.head, edge.head)) for edge in made.edges
        ]
        return made

    monkeypatch.setattr(bench, "planted", merged)
    counts = over_seeds(SMALL, [SEED]).counts
    assert all(counts[way, rule].precision < 1 for way in WAYS for rule in ("RH3", "RH4", "RH5"))


def test_the_page_tells_of_every_city_and_case():
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"**{city.name}**" in page for city in CITIES)
    for case in CASES:
        assert f"| {case.rule} | {'near: ' if case.near else ''}{case.name} |" in page
