"""A score month by month: where the line and the band of its intervals are drawn, and what they show in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from protocol.scores.figures import FULL
from ratings.layout import percent
from ratings.models.scores import Scored
from ratings.score_words import told

MONTHS = 36
"""As many as are drawn."""
LEFT, WIDTH = Fraction(9, 100), Fraction(86, 100)
"""Of the picture's width: beside them stand the labels of the scale."""
TOP, HEIGHT = 12, 160
"""Of its height, in pixels."""
ACROSS = 10_000
"""Units of the line's own width."""
DATES = 6

Row = TypeVar("Row", bound=Scored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A month in the picture and in the table. x in per cent, y in pixels; `dated` where its name fits below."""

    month: date
    told: dict[str, Any]
    x: str
    y: str
    low: str
    high: str
    dated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Months in their order, the line and the band in units of their own, and the lines of the scale."""

    points: tuple[Point, ...]
    line: str
    band: str
    scale: tuple[tuple[int, str], ...]
    sentence: str


def months_of(rows: QuerySet[Row]) -> list[Row]:
    """The kept rows of the latest months; where the rules changed within a month, the later one of both."""
    latest: dict[date, Row] = {}
    for row in rows.filter(month__isnull=False).select_related("policy").order_by("-month", "-as_of")[: 2 * MONTHS]:
        if row.month is not None:
            latest.setdefault(row.month, row)
    return sorted(latest.values(), key=_month)[-MONTHS:]


def trend(rows: Sequence[Scored]) -> Trend:
    """The picture of months in their order; without any of them it has nothing but a sentence."""
    first, last = (_number(rows[place]) if rows else 0 for place in (0, -1))
    at = [Fraction(_number(row) - first, last - first) if last > first else Fraction(1, 2) for row in rows]
    every = -(-len(rows) // DATES)
    points = tuple(
        Point(
            month=_month(row), told=told(row), x=percent(LEFT + WIDTH * x), y=_pixels(row.score), low=_pixels(row.low),
            high=_pixels(row.high), dated=(len(rows) - 1 - place) % every == 0,
        )
        for place, (row, x) in enumerate(zip(rows, at, strict=True))
    )  # fmt: skip
    across = [round(ACROSS * x) for x in at]
    upper = [f"{x},{FULL - row.high}" for x, row in zip(across, rows, strict=True)]
    lower = [f"{x},{FULL - row.low}" for x, row in zip(across, rows, strict=True)]
    marks = sorted({0, 50, 100, *(row.policy.par for row in rows[-1:])})
    return Trend(
        points=points,
        line=" ".join(f"{x},{FULL - row.score}" for x, row in zip(across, rows, strict=True)),
        band=" ".join([*upper, *reversed(lower)]),
        scale=tuple((mark, _pixels(100 * mark)) for mark in marks),
        sentence=_sentence([each.told for each in points], rows),
    )


def _sentence(months: Sequence[dict[str, Any]], rows: Sequence[Scored]) -> str:
    if not rows:
        return _("还没有按月的得分：每月最后一次计算以后才有。")
    last = months[-1]
    given = {
        "last": f"{_month(rows[-1]):%Y-%m}", "score": last["score"], "low": last["low"], "high": last["high"],
    }  # fmt: skip
    if len(rows) == 1:
        return _("%(last)s 得分 %(score)s，区间 %(low)s 到 %(high)s。只有一个月，还看不出变化。") % given
    given |= {"first": f"{_month(rows[0]):%Y-%m}", "before": months[0]["score"]}
    apart = rows[0].high < rows[-1].low or rows[-1].high < rows[0].low
    said = _("从 %(first)s 到 %(last)s，得分由 %(before)s 变为 %(score)s。") % given
    if apart:
        return said + _("首尾两个月的区间不重叠：差别大于偶然会有的。")
    return said + _("首尾两个月的区间重叠：还不能说有变化。")


def _month(row: Scored) -> date:
    assert row.month is not None
    return row.month


def _number(row: Scored) -> int:
    return _month(row).year * 12 + _month(row).month


def _pixels(hundredths: int) -> str:
    """How far down a score is drawn."""
    tenths = round(10 * (TOP + HEIGHT * (1 - Fraction(hundredths, FULL))))
    return f"{tenths // 10}.{tenths % 10}"
