"""RH9: a department is faster with one firm than with like firms, or passes its cases more often.

Like with like twice over. Within a department and a stratum (service, item, size, year) the firm's cases are compared
with those of all other firms, strata weighted as in Cochran ("Some methods for strengthening the common χ² tests",
Biometrics 10, 1954). And a good firm is quick everywhere: what it shows with other departments, drawn to nothing where
that is little (empirical Bayes; Efron and Morris, JASA 70, 1975), is taken off first. Over all pairs the
false-discovery rate is controlled by Benjamini and Hochberg (1995).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from oversight.screens.bids import Floats, Ints
from oversight.screens.chance import adjusted, normal_above
from oversight.screens.stratified import LEAST, RATE, Z95

DRAWN = 10
"""Cases by which the variance within a stratum is drawn to that of all."""


@dataclass(frozen=True, slots=True)
class Favour:
    """A department and a firm: by how much its cases fare better there than those of like firms and than its own
    elsewhere.

    `effect` with its 95 % interval is in the unit of the values (a difference of logarithms, or of shares); `here` is
    the difference before what the firm shows elsewhere is taken off.
    """

    group: int
    firm: int
    count: int
    others: int
    here: float
    elsewhere: float
    effect: float
    low: float
    high: float
    p: float
    q: float = 1.0

    @property
    def reported(self) -> bool:
        return self.q <= RATE and self.low > 0


@dataclass(frozen=True, eq=False)
class _Cells:
    """By department, stratum and firm: the difference to all others of the stratum there, its variance, and the
    counts.
    """

    group: Ints
    firm: Ints
    count: Ints
    others: Ints
    difference: Floats
    weight: Floats
    variance: Floats


def favoured(value: Floats, group: Ints, firm: Ints, stratum: Ints) -> list[Favour]:
    """Every pair with enough cases, the least probable first. `value` by case, the higher the better for the firm."""
    cells = _cells(np.asarray(value, float), group, firm, stratum)
    if cells is None:
        return []
    firms = int(firm.max()) + 1
    pair, place = np.unique(cells.group * firms + cells.firm, return_inverse=True)
    here, variance, count, others = _pooled(cells, place, len(pair))
    of_firm = pair % firms
    weight = np.bincount(of_firm, 1 / variance, firms)
    total = np.bincount(of_firm, here / variance, firms)
    between = _between(here, variance)
    found = []
    for at in np.flatnonzero(count >= LEAST).tolist():
        own = of_firm[at]
        rest = weight[own] - 1 / variance[at]
        known = rest > 1e-9
        mean = (total[own] - here[at] / variance[at]) / rest if known else 0.0
        drawn = between / (between + 1 / rest) if known else 0.0
        effect = float(here[at] - drawn * mean)
        error = sqrt(float(variance[at] + between * (1 - drawn)))
        found.append(
            Favour(
                group=int(pair[at] // firms),
                firm=int(own),
                count=int(count[at]),
                others=int(others[at]),
                here=float(here[at]),
                elsewhere=float(drawn * mean),
                effect=effect,
                low=effect - Z95 * error,
                high=effect + Z95 * error,
                p=normal_above(effect / error),
            )
        )
    return _rated(found, tested=len(pair))


def _rated(found: list[Favour], *, tested: int) -> list[Favour]:
    rates = adjusted(np.array([each.p for each in found]), among=tested)
    names = [name for name in Favour.__slots__ if name != "q"]
    rated = [
        Favour(**{name: getattr(each, name) for name in names}, q=float(q))
        for each, q in zip(found, rates, strict=True)
    ]
    return sorted(rated, key=lambda each: (each.p, each.group, each.firm))


def _cells(value: Floats, group: Ints, firm: Ints, stratum: Ints) -> _Cells | None:
    """The comparable cells: those where other firms have cases as well."""
    if not len(value):
        return None
    _keys, whole = np.unique(np.stack([group, stratum], axis=1), axis=0, return_inverse=True)
    whole = whole.ravel()
    keys, part = np.unique(np.stack([whole, firm], axis=1), axis=0, return_inverse=True)
    part = part.ravel()
    size, sums = np.bincount(whole), np.bincount(whole, value)
    squares = np.bincount(whole, (value - (sums / size)[whole]) ** 2)
    usual = squares.sum() / max(1, (size - 1).sum())
    spread = (squares + DRAWN * usual) / (size - 1 + DRAWN)
    own, mine = np.bincount(part), np.bincount(part, value)
    of = keys[:, 0]
    others = size[of] - own
    good = others > 0
    department = np.zeros(len(size), np.int64)
    department[whole] = group
    own, mine, others, of, who = own[good], mine[good], others[good], of[good], keys[good, 1]
    if not len(own) or usual == 0:
        return None
    return _Cells(
        group=department[of], firm=who, count=own, others=others, difference=mine / own - (sums[of] - mine) / others,
        weight=own * others / (own + others), variance=spread[of] * (1 / own + 1 / others),
    )  # fmt: skip


def _pooled(cells: _Cells, place: Ints, pairs: int) -> tuple[Floats, Floats, Ints, Ints]:
    """By pair, over its strata: difference, variance, cases and others' cases."""
    weight = np.bincount(place, cells.weight, pairs)
    difference = np.bincount(place, cells.weight * cells.difference, pairs) / weight
    variance = np.bincount(place, cells.weight**2 * cells.variance, pairs) / weight**2
    count = np.bincount(place, cells.count, pairs).astype(np.int64)
    return difference, variance, count, np.bincount(place, cells.others, pairs).astype(np.int64)


def _between(here: Floats, variance: Floats) -> float:
    """How much firms differ beyond luck (DerSimonian and Laird 1986)."""
    if len(here) < 2:
        return 0.0
    weight = 1 / variance
    mean = (weight * here).sum() / weight.sum()
    excess = (weight * (here - mean) ** 2).sum() - (len(here) - 1)
    return max(0.0, float(excess / (weight.sum() - (weight**2).sum() / weight.sum())))
