"""Whole numbers that stand for decimals: one rounding (half-up), roots, printing and reading. No float decides anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from functools import cache
from math import isqrt

HUNDRED = 100
TEN_THOUSAND = 10_000
ONE = TEN_THOUSAND
"""1.0000, the efficiency of who needs exactly the days that were given."""
MICROSECONDS_OF_HUNDREDTH = 864_000_000
"""A hundredth of a working day, which has 24 hours."""
CHINA = timezone(timedelta(hours=8))
"""The civil time of China, without summer time since 1991."""

_NUMBER = {places: re.compile(rf"(0|[1-9][0-9]{{0,11}})\.([0-9]{{{places}}})") for places in (2, 4)}


def half_up(numerator: int, denominator: int) -> int:
    """A ratio that is not negative, rounded to the next whole number, a half upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


def square_root(numerator: int, denominator: int = 1) -> int:
    """The square root of a ratio, rounded half-up: the largest r with (2r − 1)² ≤ 4 · ratio."""
    return (isqrt(4 * numerator // denominator) + 1) // 2


def cube_root(number: int) -> int:
    """The cube root of a whole number below 2⁵³, rounded half-up: the largest r with (2r − 1)³ ≤ 8 · number.

    The first guess is a float; the comparisons that settle it are whole numbers.
    """
    root = int(float(number) ** (1 / 3))
    while (2 * root - 1) ** 3 > 8 * number:
        root -= 1
    while (2 * root + 1) ** 3 <= 8 * number:
        root += 1
    return root


@cache
def halved(months: int, half_life: int) -> int:
    """2^(−months / half_life) in ten-thousandths, rounded half-up: the largest w with (2w − 1)^h · 2^months ≤ (2 · 10⁴)^h."""
    limit: int = (2 * TEN_THOUSAND) ** half_life
    low, high = 0, TEN_THOUSAND
    while low < high:
        middle = (low + high + 1) // 2
        if (2 * middle - 1) ** half_life << months <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def months_between(start: datetime, end: datetime) -> int:
    """Whole months from one date in China to another; never negative. A month is complete on the same day of a later month.

    A month that has no such day (31 January to February) is complete on the first day after it.
    """
    first, last = start.astimezone(CHINA), end.astimezone(CHINA)
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return max(0, months)


def later(day: date, months: int) -> date:
    """The same day, months later; the last day of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    end = date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)
    return date(year, month + 1, min(day.day, end.day))


def month_of(moment: datetime) -> str:
    """The month in China of a moment, as `2026-11`."""
    return f"{moment.astimezone(CHINA):%Y-%m}"


def hundredths_of_days(microseconds: int) -> int:
    """Working time as hundredths of a working day, at least one (DOMAIN: "each at least 0.01")."""
    return max(1, half_up(microseconds, MICROSECONDS_OF_HUNDREDTH))


def median(ordered: Sequence[int]) -> int:
    """The middle of sorted values, or half-up the mean of the middle two."""
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else half_up(ordered[middle - 1] + ordered[middle], 2)


def percentile_90(ordered: Sequence[int]) -> int:
    """The smallest of sorted values that at least nine tenths of them do not exceed."""
    return ordered[-(-9 * len(ordered) // 10) - 1]


def fixed(value: int, places: int) -> str:
    """Hundredths (2) or ten-thousandths (4) as a decimal: 1250 → `12.50`."""
    whole, part = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{places}d}"


def read_fixed(text: object, places: int) -> int:
    """What `fixed` wrote of a value that is not negative. Raises ValueError for any other form."""
    found = _NUMBER[places].fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"not a number with {places} decimals: {text!r}")
    return int(found[1] + found[2])
