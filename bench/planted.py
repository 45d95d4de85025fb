"""Do the red-hat rules find every planted tie, and no other? `python -m bench planted` prints the tables of docs/ties.md.

Every pair of firm and department of a city is asked in two ways: the rules over the whole graph, and the nightly scan's way, in
which the search over arrays finds the pairs and the rules are asked of those over what surrounds the firm.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from bench.planted_maker import City, Planted
from bench.planted_ties import CASES, CITIES, RH7, planted
from bench.screens import Count
from bench.serving import say
from oversight import rules
from oversight.arrays import CODE, CONFIDENCES, EVER, FORMS, NODE_KINDS, Edges, Nodes, World, days, findings
from oversight.graph import Graph
from oversight.rules import reviews
from oversight.rules.base import Finding, Terms, terms

SEEDS = int(os.environ.get("BENCH_SEEDS", "20"))
WAYS = RULES_ALONE, SCAN = ("the rules over the whole graph", "the search and the rules")
NOT_PLANTED = "(nothing was planted between the two)"

Tied = tuple[str, int, int, str]
"""A rule, a firm, a department (or a project), and the effect: found only where all four are right."""


@dataclass
class Found:
    """Counts by way and rule, and by case: pairs that were planted, and pairs of which what is said is not what is true."""

    counts: dict[tuple[str, str], Count] = field(default_factory=lambda: defaultdict(Count))
    pairs: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    wrong: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    asked: int = 0
    alone: int = 0
    """Pairs of all that are asked between which nothing was planted."""

    @property
    def exact(self) -> bool:
        """Whether everything that was planted is found, and nothing else."""
        return all(count.hits == count.true == count.reported for count in self.counts.values())


def measured() -> bool:
    """Print the tables, and whether every rule finds exactly what was planted."""
    found = [(city, over_seeds(city, range(SEEDS))) for city in CITIES]
    for city, own in found:
        _print(city, own)
    say("\n| rule | planted, or near to it | pairs | wrong |\n|---|---|---:|---:|")
    for each in CASES:
        pairs, wrong = (sum(getattr(own, what)[each.name] for _city, own in found) for what in ("pairs", "wrong"))
        say(f"| {each.rule} | {'near: ' if each.near else ''}{each.name} | {pairs:,} | {wrong} |")
    alone = sum(own.wrong[NOT_PLANTED] for _city, own in found)
    say(f"| all | {NOT_PLANTED} | {sum(own.alone for _city, own in found):,} | {alone} |")
    return all(own.exact for _city, own in found)


def _print(city: City, found: Found) -> None:
    say(f"\n{city.name}: {SEEDS} cities, {found.asked:,} pairs of firm and department\n")
    say("| rule | planted | rules alone: found | precision | recall | search and rules: found | precision | recall |")
    say("|---|---:|---:|---:|---:|---:|---:|---:|")
    for rule in (*rules.RULES, RH7):
        alone, scan = (found.counts.get((way, rule)) for way in WAYS)
        assert alone is not None
        say(f"| {rule} | {alone.true:,} | {_said(alone)} | {_said(scan) if scan else '– | – | –'} |")


def _said(count: Count) -> str:
    return f"{count.reported:,} | {count.precision:.2%} | {count.recall:.2%}"


def over_seeds(city: City, seeds: Iterable[int]) -> Found:
    """Ask of every pair of the cities of some seeds in both ways."""
    found = Found()
    for seed in seeds:
        made = planted(city, seed)
        known = terms(made.day, own=made.own, exempt=made.exempt)
        true = {(rule, firm, department, effect) for (rule, firm, department), effect in made.truth.items()}
        wrong: set[tuple[int, int]] = set()
        for way, said in ((RULES_ALONE, alone(made, known)), (SCAN, scanned(made, known))):
            _count(found, way, rules.RULES, said, true)
            wrong |= {(firm, department) for _rule, firm, department, _effect in said ^ true}
        found.asked += len(made.firms) * len(made.departments)
        for pair, names in made.case_of.items():
            for name in names:
                found.pairs[name] += 1
                found.wrong[name] += pair in wrong
        found.alone += len(made.firms) * len(made.departments) - len(made.case_of)
        found.wrong[NOT_PLANTED] += len(wrong - set(made.case_of))
        _reviews(found, made)
    return found


def _count(found: Found, way: str, of: Iterable[str], said: set[Tied], true: set[Tied]) -> None:
    for rule in of:
        mine, theirs = ({each for each in some if each[0] == rule} for some in (said, true))
        found.counts[way, rule].add(len(mine & theirs), len(mine), len(theirs))


def _told(found: Iterable[Finding]) -> set[Tied]:
    return {(each.rule, each.firm, each.department, each.effect) for each in found}


def alone(made: Planted, known: Terms) -> set[Tied]:
    """The rules of every pair, over the whole graph."""
    graph = Graph(made.nodes, made.edges, made.day)
    return _told(
        each
        for firm in made.firms
        for department in made.departments
        for each in rules.applying(graph, firm, department, known)
    )


def scanned(made: Planted, known: Terms) -> set[Tied]:
    """The nightly scan's way, from arrays as the database would give them."""
    firms, departments = ({node: node for node in nodes} for nodes in (made.firms, made.departments))
    return _told(findings(arrays(made), firms, departments, known))


def _reviews(found: Found, made: Planted) -> None:
    """RH7 of everybody who enters a round; the scan has no part in it."""
    said = {
        (RH7, firm, project, service)
        for firm, project, service in made.entered
        if reviews.rh7(firm=firm, project=project, service=service, works=made.works, day=made.day)
    }
    _count(found, RULES_ALONE, [RH7], said, {(RH7, *each) for each in made.reviews})
    for each, name in made.entered.items():
        found.pairs[name] += 1
        found.wrong[name] += ((RH7, *each) in said) != (each in made.reviews)


def arrays(made: Planted) -> World:
    """Nodes and relations as columns."""
    ids = np.array(sorted(made.nodes), np.int64)
    nodes, edges = [made.nodes[key] for key in ids.tolist()], made.edges
    sources = sorted({edge.source for edge in edges})

    def column(values: Iterable[object], kind: type = np.int32) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.array(list(values), kind)

    def ends(values: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.searchsorted(ids, list(values)).astype(np.int32)

    columns = Edges(
        id=np.array([edge.id for edge in edges], np.int64),
        kind=np.array([CODE[edge.kind] for edge in edges], np.int8),
        tail=ends(edge.tail for edge in edges),
        head=ends(edge.head for edge in edges),
        low=column(-1 if edge.low is None else edge.low for edge in edges),
        high=column(-1 if edge.high is None else edge.high for edge in edges),
        since=column(-EVER if edge.since is None else days(edge.since) for edge in edges),
        until=column(EVER if edge.until is None else days(edge.until) for edge in edges),
        source=column(sources.index(edge.source) for edge in edges),
        confidence=np.array([CONFIDENCES.index(edge.confidence) for edge in edges], np.int8),
        leader=np.array([edge.leader for edge in edges], np.bool_),
    )
    kinds = np.array([NODE_KINDS.index(node.kind) for node in nodes], np.int8)
    forms = np.array([FORMS.index(node.form) for node in nodes], np.int8)
    return World(Nodes(ids, kinds, forms), columns, dict(enumerate(sources)), made.day)
