"""A score of many: lines of a firm for a service, or cases of a department for an item (DOMAIN "The joint score")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from protocol.scores.exact import (
    HUNDRED,
    ONE,
    TEN_THOUSAND,
    half_up,
    median,
    month_of,
    percentile_90,
    square_root,
)
from protocol.scores.policy import Policy

FULL = 100 * HUNDRED
"""A score of 100, in hundredths."""
THOUSAND = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One line or case: its J (or E₂) and weight in ten-thousandths, its days in hundredths, and how it went."""

    value: int
    weight: int
    days: int
    first_pass: bool
    overdue: bool
    ended: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """What is usual: the mean of who is compared, each once, and the pooled standard deviation, in ten-thousandths."""

    mean: int
    spread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The lines that ended in a month: how many, and their mean J, unweighted."""

    month: str
    n: int
    mean: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A score with its 90 % interval, in hundredths of a point. weight: Σ w in ten-thousandths; half: before the cut to 0–100."""

    weight: int
    score: int
    half: int
    ranked: bool

    @property
    def interval(self) -> tuple[int, int]:
        return max(0, self.score - self.half), min(FULL, self.score + self.half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A score and what stands beside it. Rates and days are of what has ended, None where nothing has; n and overdue of all."""

    n: int
    norm: Norm
    score: Score
    first_pass_rate: int | None
    median_days: int | None
    p90_days: int | None
    overdue: int
    trend: tuple[Month, ...]


def norm(groups: Iterable[Sequence[Measured]], policy: Policy) -> Norm:
    """The norm of some groups, one for each firm (or department).

    mean: of the groups' weighted means, each rounded first; 1 where fewer than 3 have any weight. spread: of the values
    around their own group's unweighted, rounded mean, with n − 1 for each group.
    """
    means, squares, free = [], 0, 0
    for group in groups:
        n, total = len(group), sum(each.value for each in group)
        total_weight = sum(each.weight for each in group)
        if total_weight:
            means.append(half_up(sum(each.weight * each.value for each in group), total_weight))
        squares += around_mean(n, total, sum(each.value**2 for each in group))
        free += n - 1 if n else 0
    return Norm(mean=mean_of(means, policy), spread=spread_of(squares, free, policy))


def mean_of(means: Sequence[int], policy: Policy) -> int:
    """The mean of the groups' means."""
    return half_up(sum(means), len(means)) if len(means) >= policy.firms_for_mean else ONE


def around_mean(n: int, total: int, squares: int) -> int:
    """Σ (value − mean)² of a group from its count, sum and sum of squares; the mean is rounded."""
    mean = half_up(total, n) if n else 0
    return squares - 2 * mean * total + n * mean * mean


def spread_of(squares: int, free: int, policy: Policy) -> int:
    """The standard deviation from squares around means and degrees of freedom; the policy's while there are too few."""
    return square_root(squares, free) if free >= max(1, policy.spread_from) else policy.spread_unknown


def points(weight: int, weighted: int, mean: int, policy: Policy) -> int:
    """min(100, 75 × (Σ w·J + m·mean) / (Σ w + m)) in hundredths; weight is Σ w in 10⁻⁴, weighted Σ w·J in 10⁻⁸."""
    above, below = weighted + policy.prior * mean, weight + policy.prior
    return min(FULL, half_up(policy.par * HUNDRED * above, below * TEN_THOUSAND))


def half_width(weight: int, squares: int, spread: int, policy: Policy) -> int:
    """1.645 × 75 × s · √(Σ w²) / (Σ w + m) in hundredths; squares is Σ w² in 10⁻⁸."""
    factor = policy.interval_factor * policy.par * HUNDRED * spread
    return square_root(factor * factor * squares, (THOUSAND * TEN_THOUSAND * (weight + policy.prior)) ** 2)


def figures(measured: Sequence[Measured], norm: Norm, policy: Policy) -> Figures:
    """The figures of one firm for one service, or of one department for one item. The order of what is measured is nothing."""
    total = sum(each.weight for each in measured)
    weighted = sum(each.weight * each.value for each in measured)
    ended = [each for each in measured if each.ended is not None]
    days = sorted(each.days for each in ended)
    return Figures(
        n=len(measured),
        norm=norm,
        score=Score(
            weight=total,
            score=points(total, weighted, norm.mean, policy),
            half=half_width(total, sum(each.weight**2 for each in measured), norm.spread, policy),
            ranked=total >= policy.least_ranked,
        ),
        first_pass_rate=share(sum(each.first_pass for each in ended), len(ended)),
        median_days=median(days) if days else None,
        p90_days=percentile_90(days) if days else None,
        overdue=share(sum(each.overdue for each in measured), len(measured)) or 0,
        trend=trend(ended),
    )


def share(part: int, n: int) -> int | None:
    """A share in hundredths; None of nothing."""
    return half_up(HUNDRED * part, n) if n else None


def trend(measured: Iterable[Measured]) -> tuple[Month, ...]:
    """By the month in which they ended, the earliest first."""
    months: dict[str, list[int]] = defaultdict(list)
    for each in measured:
        if each.ended is not None:
            months[month_of(each.ended)].append(each.value)
    return tuple(
        Month(month=month, n=len(values), mean=half_up(sum(values), len(values)))
        for month, values in sorted(months.items())
    )


def overall(parts: Iterable[Score], policy: Policy) -> Score | None:
    """Over services (or items), weighted by Σ w; the half-widths add like those of independent scores. None without weight."""
    scores = list(parts)
    total = sum(each.weight for each in scores)
    if not total:
        return None
    return Score(
        weight=total,
        score=half_up(sum(each.weight * each.score for each in scores), total),
        half=square_root(sum((each.weight * each.half) ** 2 for each in scores), total * total),
        ranked=total >= policy.least_ranked,
    )
