"""Cases of departments from a seed: some departments give a firm work beyond its share, are quick with it, or choose
directly.

Firms differ in activity, speed and quality, departments in size and pace, services and years in everything; whom a
department favours is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oversight.screens.bids import Bools, Floats, Ints

BUSY = 20
"""Cases of a pair whose department is quick with its firm."""


@dataclass(frozen=True, kw_only=True)
class Town:
    """How cases are. given: by how much a favoured firm's odds of a case rise; hurried: by how much the logarithm of
    its time falls; passed: by how much its log-odds of passing rise; direct: the log-odds of direct choice of owners
    who overdo it.
    """

    name: str
    cases: int = 8_000
    departments: int = 14
    firms: int = 90
    services: int = 8
    owners: int = 60
    given: float = 8.0
    hurried: float = 0.6
    passed: float = 2.5
    direct: float = 2.0
    pairs: int = 12
    skill: float = 0.15


TOWNS = (
    Town(name="a city"),
    Town(name="half the cases", cases=4_000),
    Town(name="firms differ much in skill", skill=0.35),
    Town(name="nobody is favoured", given=1.0, hurried=0.0, passed=0.0, direct=0.0, pairs=0),
)


@dataclass(frozen=True, eq=False)
class Cases:
    """By case: what the screens see; and whom departments favour, each pair as department × firms + firm; owners who
    overdo it.
    """

    department: Ints
    firm: Ints
    stratum: Ints
    owner: Ints
    kind: Ints
    days: Floats
    passed: Bools
    direct: Bools
    given: set[tuple[int, int]]
    hurried: set[tuple[int, int]]
    overdone: set[int]


def cases(town: Town, seed: int) -> Cases:
    """The cases of a seed."""
    chance = np.random.default_rng([seed, 52])
    count = town.cases
    department = chance.choice(town.departments, count, p=_shares(chance, town.departments, 0.4))
    service = chance.choice(town.services, count, p=_shares(chance, town.services, 0.4))
    size, year = chance.integers(0, 2, count), chance.integers(0, 3, count)
    drive = np.exp(chance.normal(0, 1.0, town.firms))
    offers = chance.random((town.firms, town.services)) < 0.35
    offers[np.arange(town.firms), chance.integers(0, town.services, town.firms)] = True
    given = _pairs(chance, town, drive)
    firm = _chosen(chance, town, department, service, drive, offers, given)
    hurried = _busy(chance, town, department, firm)
    skill, pace = chance.normal(0, town.skill, town.firms), chance.normal(0, 0.3, (town.departments, town.services))
    quick = np.array([(d, f) in hurried for d, f in zip(department.tolist(), firm.tolist(), strict=True)], bool)
    days = 10 * np.exp(
        pace[department, service] + 0.2 * size - skill[firm] - town.hurried * quick + chance.normal(0, 0.4, count)
    )
    odds = 1.0 + pace[department, service] + 2 * skill[firm] + town.passed * quick
    owner = chance.integers(0, town.owners, count)
    overdone = set(chance.choice(town.owners, min(town.pairs, 6), replace=False).tolist())
    more = np.isin(owner, list(overdone))
    usual = chance.normal(-2.0, 0.5, town.services)[service] + town.direct * more
    return Cases(
        department=department, firm=firm, stratum=(service * 2 + size) * 3 + year, owner=owner, kind=service, days=days,
        passed=chance.random(count) < 1 / (1 + np.exp(-odds)), direct=chance.random(count) < 1 / (1 + np.exp(-usual)),
        given=given, hurried=hurried, overdone=overdone,
    )  # fmt: skip


def _shares(chance: np.random.Generator, count: int, spread: float) -> Floats:
    weight = np.exp(chance.normal(0, spread, count))
    shares: Floats = weight / weight.sum()
    return shares


def _pairs(chance: np.random.Generator, town: Town, drive: Floats) -> set[tuple[int, int]]:
    """Favoured firms are in business: of the more active half."""
    active = np.flatnonzero(drive >= np.median(drive))
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < town.pairs:
        pairs.add((int(chance.integers(0, town.departments)), int(chance.choice(active))))
    return pairs


def _busy(chance: np.random.Generator, town: Town, department: Ints, firm: Ints) -> set[tuple[int, int]]:
    """Pairs with enough cases that favour could be seen at all: nobody can tell it from three."""
    pairs, count = np.unique(np.stack([department, firm], axis=1), axis=0, return_counts=True)
    often = pairs[count >= BUSY]
    chosen = chance.choice(len(often), min(town.pairs, len(often)), replace=False)
    return {(int(d), int(f)) for d, f in often[chosen].tolist()}


def _chosen(
    chance: np.random.Generator, town: Town, department: Ints, service: Ints, drive: Floats, offers: Bools,
    given: set[tuple[int, int]],
) -> Ints:  # fmt: skip
    """Who does each case, by activity among those that offer the service."""
    firm = np.zeros(len(department), np.int64)
    for d in range(town.departments):
        favoured = np.ones(town.firms)
        favoured[[f for own, f in given if own == d]] = town.given
        for s in range(town.services):
            where = np.flatnonzero((department == d) & (service == s))
            weight = drive * offers[:, s] * favoured
            firm[where] = chance.choice(town.firms, len(where), p=weight / weight.sum())
    return firm
