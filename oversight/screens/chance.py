"""How surprising a count is: tails of distributions, the false-discovery rate, and how a probability becomes a
score.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import atan, erfc, pi, sqrt, tan
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TERMS = 400
LEAST = 1e-300
LARGEST = 0.95
"""Bounded tails answer 1 where there is nothing to ask; one such answer would outweigh all others in a combination."""


def score(p: Any) -> Floats:
    """A probability as a score: 0 from 0.1 upwards, a third for each power of ten below it, 1 from 0.0001 downwards."""
    found: Floats = np.clip((-np.log10(np.maximum(np.nan_to_num(np.asarray(p, float), nan=1.0), LEAST)) - 1) / 3, 0, 1)
    return found


def log_factorials(most: int) -> Floats:
    """log(k!) for k from 0 to `most`."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def poisson_at_least(count: Any, mean: Any) -> Floats:
    """P(X ≥ count) of Poisson variables, element by element; exact to about twelve digits of the tail."""
    count, mean = np.broadcast_arrays(np.asarray(count, np.int64), np.maximum(np.asarray(mean, float), 1e-12))
    table = log_factorials(int(count.max(initial=0)))
    term = np.exp(np.maximum(-mean + count * np.log(mean) - table[np.maximum(count, 0)], -690))
    total = term.copy()
    for step in range(1, TERMS):
        term = term * mean / (count + step)
        total += term
        if not (term > 1e-12 * total).any():
            break
    return np.where(count <= 0, 1.0, np.minimum(total, 1.0))


def binomial_at_most(count: Any, trials: Any, chance: float = 0.5) -> Floats:
    """P(X ≤ count) of binomial variables, element by element."""
    count, trials = np.broadcast_arrays(np.asarray(count, np.int64), np.asarray(trials, np.int64))
    table = log_factorials(int(trials.max(initial=0)))
    most = int(count.max(initial=-1)) + 1
    k = np.arange(most).reshape(-1, *[1] * count.ndim)
    within = (k <= count) & (k <= trials)
    rest = np.where(within, trials - k, 0)
    log = table[np.where(within, trials, 0)] - table[np.where(within, k, 0)] - table[rest]
    total: Floats = np.where(within, np.exp(log + k * np.log(chance) + rest * np.log1p(-chance)), 0).sum(axis=0)
    tail: Floats = np.minimum(total, 1.0)
    return tail


def sum_of_bernoullis(chances: Floats) -> Floats:
    """The distribution of how many of independent events happen (Poisson-binomial)."""
    found = np.ones(1)
    for chance in chances.tolist():
        found = np.convolve(found, [1 - chance, chance])
    return found


def at_least(distribution: Floats, count: int) -> float:
    """P(X ≥ count) of a distribution over 0, 1, 2 …"""
    return float(min(1.0, distribution[max(0, count) :].sum()))


def together(p: Sequence[float]) -> float:
    """One probability of several that may depend on each other: the Cauchy combination of Liu and Xie (2020)."""
    small = min(p)
    if small < 1e-12:  # there the tangent is 1 / (π p), and the combination the harmonic mean
        return min(1.0, len(p) / sum(1 / max(each, LEAST) for each in p))
    mean = sum(tan((0.5 - min(each, LARGEST)) * pi) for each in p) / len(p)
    return 0.5 - atan(mean) / pi


def normal_above(z: float) -> float:
    """P(Z ≥ z) of the standard normal distribution."""
    return 0.5 * erfc(z / sqrt(2))


def ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing the mean of theirs."""
    _values, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def spearman(one: Floats, two: Floats) -> float:
    """Spearman's rank correlation; 0 where one side does not vary."""
    first, second = ranks(np.asarray(one, float)), ranks(np.asarray(two, float))
    if len(first) < 2 or first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def auc(scores: Floats, labels: NDArray[np.bool_]) -> float:
    """The area under the ROC curve: how often what is labelled scores above what is not, ties counting half."""
    yes, no = int(labels.sum()), int((~labels).sum())
    if not yes or not no:
        return float("nan")
    return float((ranks(scores)[labels].sum() - yes * (yes + 1) / 2) / (yes * no))


def discoveries(p: Floats, *, rate: float, among: int | None = None) -> NDArray[np.bool_]:
    """Benjamini and Hochberg (1995): which of these to report so that at most `rate` of the reported are false on
    average.

    `among` counts what was tested, where only the smallest probabilities are given.
    """
    tested = max(len(p), among or 0)
    order = np.argsort(p, kind="stable")
    good = np.flatnonzero(p[order] <= rate * np.arange(1, len(p) + 1) / max(1, tested))
    found = np.zeros(len(p), bool)
    if len(good):
        found[order[: good[-1] + 1]] = True
    return found


def adjusted(p: Floats, *, among: int | None = None) -> Floats:
    """The smallest false-discovery rate at which each would be reported."""
    tested = max(len(p), among or 0)
    order = np.argsort(p, kind="stable")
    value = p[order] * tested / np.arange(1, len(p) + 1)
    found = np.empty(len(p))
    found[order] = np.minimum(1.0, np.minimum.accumulate(value[::-1])[::-1])
    return found
