"""RH8 and RH10: shares compared like with like, in strata of service, item, size and year.

RH8: a firm's share of a department's cases far above its share of like cases elsewhere. RH10: an owner's or
department's share of direct choice above what is usual for like rounds. Both are a 2 × 2 table in every stratum. The
odds ratio is that of Mantel and Haenszel ("Statistical aspects of the analysis of data from retrospective studies",
JNCI 22, 1959), its interval that of Robins, Breslow and Greenland (Biometrics 42, 1986). The probability is exact:
given the margins of every stratum the count is a sum of hypergeometric variables. Over all pairs the false-discovery
rate is controlled by Benjamini and Hochberg (JRSS B 57, 1995); the pairs that are not looked at count as tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, sqrt

import numpy as np

from oversight.screens.bids import Floats, Ints
from oversight.screens.chance import adjusted, at_least, log_factorials

RATE = 0.1
"""False-discovery rate among what is reported."""
LEAST = 3
"""Cases of a pair without which it is not looked at."""
FAR = 2.0
"""The odds ratio's 95 % interval must lie above this: with enough cases the smallest difference is significant."""
Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Above:
    """A group (department, owner) and a mark (firm, direct choice) that go together more often than among like cases.

    `count` of `of_group` cases of the group in the strata that it shares with others, `expected` by the share
    elsewhere; the odds ratio with its 95 % interval; `p`, and `q`: the smallest false-discovery rate at which it is
    reported.
    """

    group: int
    mark: int
    count: int
    expected: float
    of_group: int
    of_mark: int
    others: int
    odds: float
    low: float
    high: float
    p: float
    q: float = 1.0

    @property
    def reported(self) -> bool:
        """Whether it is far above at the usual false-discovery rate."""
        return self.q <= RATE and self.low >= FAR


def above(group: Ints, mark: Ints, stratum: Ints, *, wanted: set[int] | None = None) -> list[Above]:
    """Every pair with enough cases, the least probable first; columns by case. `wanted` looks at some marks alone."""
    if not len(group):
        return []
    tables = _Tables(group, mark, stratum)
    pairs = np.unique(np.stack([group, mark], axis=1), axis=0, return_counts=True)
    found = [
        tables.ask(int(own), int(other))
        for (own, other), count in zip(pairs[0].tolist(), pairs[1].tolist(), strict=True)
        if count >= LEAST and (wanted is None or other in wanted)
    ]
    marks = len(np.unique(mark)) if wanted is None else len(wanted)
    asked = [each for each in found if each is not None]
    rates = adjusted(np.array([each.p for each in asked]), among=len(np.unique(group)) * marks)
    with_rates = [_with(each, float(q)) for each, q in zip(asked, rates, strict=True)]
    return sorted(with_rates, key=lambda each: (each.p, each.group, each.mark))


def _with(each: Above, q: float) -> Above:
    values = {name: getattr(each, name) for name in Above.__slots__ if name != "q"}
    return Above(**values, q=q)


class _Tables:
    """The margins of all strata."""

    def __init__(self, group: Ints, mark: Ints, stratum: Ints) -> None:
        strata = np.unique(stratum, return_inverse=True)[1]
        self.count = int(strata.max()) + 1
        self.whole = np.bincount(strata, minlength=self.count)
        self.of_group, self.of_mark, self.of_both = (
            {key: np.bincount(strata[where], minlength=self.count) for key, where in _places(columns)}
            for columns in ((group,), (mark,), (group, mark))
        )
        self.logs = log_factorials(int(self.whole.max()))

    def ask(self, group: int, mark: int) -> Above | None:
        """The tables of a pair; None where no stratum has anything to compare."""
        both, own, other = self.of_both[group, mark], self.of_group[(group,)], self.of_mark[(mark,)]
        at = np.flatnonzero((own > 0) & (other > 0) & (own < self.whole) & (other < self.whole))
        if not len(at):
            return None
        a, d1, f1, n = both[at], own[at], other[at], self.whole[at]
        expected = float((d1 * f1 / n).sum())
        p = at_least(self._exact(d1, f1, n), int(a.sum())) if a.sum() > expected else 1.0
        odds, low, high = _odds(
            a.astype(float), (d1 - a).astype(float), (f1 - a).astype(float), (n - d1 - f1 + a).astype(float)
        )
        return Above(
            group=group, mark=mark, count=int(a.sum()), expected=round(expected, 2),
            of_group=int(d1.sum()), of_mark=int(f1.sum()), others=int((n - d1).sum()), odds=odds, low=low, high=high, p=p,
        )  # fmt: skip

    def _exact(self, own: Ints, other: Ints, whole: Ints) -> Floats:
        """The distribution of the pair's count, given the margins of its strata."""
        found, logs = np.ones(1), self.logs
        for d, f, n in zip(own.tolist(), other.tolist(), whole.tolist(), strict=True):
            x = np.arange(min(d, f) + 1)
            possible = x >= d + f - n
            rest = np.where(possible, n - d - f + x, 0)
            log = (
                logs[d]
                - logs[x]
                - logs[d - x]
                + logs[n - d]
                - logs[f - x]
                - logs[rest]
                - logs[n]
                + logs[f]
                + logs[n - f]
            )
            found = np.convolve(found, np.where(possible, np.exp(log), 0))
        return found


def _places(columns: tuple[Ints, ...]) -> list[tuple[tuple[int, ...], Ints]]:
    """Where each combination of values stands."""
    keys, place = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    order = np.argsort(place.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(place.ravel(), minlength=len(keys)))
    return [(tuple(key), where) for key, where in zip(keys.tolist(), np.split(order, ends[:-1]), strict=True)]


def _odds(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[float, float, float]:
    """The odds ratio of Mantel and Haenszel with the interval of Robins, Breslow and Greenland."""
    if not (b * c).sum():
        a, b, c, d = a + 0.5, b + 0.5, c + 0.5, d + 0.5
    n = a + b + c + d
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    if not r.sum():
        return 0.0, 0.0, inf
    odds = float(r.sum() / s.sum())
    variance = (p * r).sum() / (2 * r.sum() ** 2) + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
    variance += (q * s).sum() / (2 * s.sum() ** 2)
    width = exp(min(700.0, Z95 * sqrt(float(variance))))
    return odds, odds / width, odds * width
