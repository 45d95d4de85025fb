"""Figures as the columns of a kept score."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict

from protocol.scores.exact import half_up
from protocol.scores.figures import Figures, Measured, Score, share

Alone = Collection[tuple[int, Measured]]
"""E₁ (or E₂) of lines or cases, each with its weight and how it went."""


class Kept(TypedDict):
    """The columns of `ratings.models.scores.Scored` that follow from lines."""

    n: int
    weight: int
    score: int
    low: int
    high: int
    ranked: bool
    efficiency: int
    first_pass: int | None
    median: int | None
    p90: int | None
    overdue: int


def kept(figures: Figures, alone: Alone) -> Kept:
    """The figures of a firm for a service, or a department for an item."""
    return columns(figures, sum(each.weight * own for own, each in alone))


def columns(figures: Figures, alone: int) -> Kept:
    """The same where Σ w·E₁ (10⁻⁸) is known."""
    low, high = figures.score.interval
    return Kept(
        n=figures.n,
        weight=figures.score.weight,
        score=figures.score.score,
        low=low,
        high=high,
        ranked=figures.score.ranked,
        efficiency=mean_alone(alone, figures.score.weight),
        first_pass=figures.first_pass_rate,
        median=figures.median_days,
        p90=figures.p90_days,
        overdue=figures.overdue,
    )


def kept_overall(score: Score, alone: Alone) -> Kept:
    """The score over all services or items, from all lines or cases."""
    ended = [each for _own, each in alone if each.ended is not None]
    return overall_columns(
        score,
        n=len(alone),
        alone=sum(each.weight * own for own, each in alone),
        ended=len(ended),
        first_pass=sum(each.first_pass for each in ended),
        overdue=sum(each.overdue for _own, each in alone),
    )


def overall_columns(score: Score, *, n: int, alone: int, ended: int, first_pass: int, overdue: int) -> Kept:
    """The same from sums. Days are of different services and have no median together."""
    low, high = score.interval
    return Kept(
        n=n,
        weight=score.weight,
        score=score.score,
        low=low,
        high=high,
        ranked=score.ranked,
        efficiency=mean_alone(alone, score.weight),
        first_pass=share(first_pass, ended),
        median=None,
        p90=None,
        overdue=share(overdue, n) or 0,
    )


def mean_alone(alone: int, weight: int) -> int:
    """The weighted mean in ten-thousandths; 0 where nothing has any weight left."""
    return half_up(alone, weight) if weight else 0
