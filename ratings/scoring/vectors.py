"""The arithmetic of `protocol.scores.exact` and `.lines` over arrays: the same whole numbers, row by row. Pure.

Everything is int64. Where a row's numbers could leave it, that row is computed by the protocol's own function. A float gives a
first guess of a root, which whole numbers then settle.
"""

from __future__ import annotations

from datetime import datetime
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocol.scores.exact import HUNDRED, MICROSECONDS_OF_HUNDREDTH, TEN_THOUSAND, halved
from protocol.scores.lines import efficiency
from protocol.scores.policy import Policy
from ratings.scoring.columns import DAYS_OF_MONTH, NOTHING, day_number

Longs = NDArray[np.int64]
SAFE = 2**62


def half_up(numerator: Longs, denominator: Longs | int) -> Longs:
    """`exact.half_up`, for numerators below 2⁶² and denominators above 0."""
    doubled = 2 * denominator
    return np.asarray((2 * numerator + denominator) // doubled, np.int64)


def hundredths_of_days(microseconds: NDArray[Any]) -> Longs:
    """`exact.hundredths_of_days`."""
    return np.maximum(1, half_up(microseconds.astype(np.int64), MICROSECONDS_OF_HUNDREDTH))


def efficiencies(days: NDArray[Any], used: Longs, lowered: NDArray[Any], policy: Policy) -> Longs:
    """`lines.efficiency` of each row."""
    given = days.astype(np.int64) * HUNDRED
    capped = given * HUNDRED > policy.cap * used
    numerator = np.where(capped, policy.cap, given)
    denominator = np.where(capped, HUNDRED, used)
    found = np.empty(len(used), np.int64)
    divisor = gcd(policy.return_factor, HUNDRED)
    largest, widest = int(numerator.max(initial=1)), int(denominator.max(initial=1))
    for power in range(int(lowered.max(initial=0)) + 1):
        rows = lowered == power
        above = (policy.return_factor // divisor) ** power * TEN_THOUSAND
        below = (HUNDRED // divisor) ** power
        if max(largest * above, widest * below) < SAFE // 4:
            found[rows] = half_up(numerator[rows] * above, denominator[rows] * below)
        else:
            for place in np.flatnonzero(rows):
                found[place] = efficiency(int(days[place]), int(used[place]), power, policy)
    return np.maximum(1, found)


def relatives(e2: Longs, habit: Longs, policy: Policy) -> Longs:
    """`lines.relative` of each row."""
    return np.clip(half_up(e2 * TEN_THOUSAND, habit), 1, policy.cap_ratio)


def joints(e1: Longs, beside: Longs) -> Longs:
    """`lines.joint` of each row: a cube root, guessed as a float and settled by whole numbers."""
    cube = e1 * e1 * beside
    root = np.rint(np.cbrt(cube.astype(np.float64))).astype(np.int64)
    cube *= 8
    root -= (2 * root - 1) ** 3 > cube
    root += (2 * root + 1) ** 3 <= cube
    return root


def weights(ended: NDArray[Any], policy: Policy, *, as_of: datetime) -> Longs:
    """`lines.weight` of each row, from `day_number`s, by a table."""
    now_month, now_day = divmod(day_number(as_of), DAYS_OF_MONTH)
    months = now_month - ended // DAYS_OF_MONTH - (ended % DAYS_OF_MONTH > now_day)
    months = np.where(ended == NOTHING, 0, np.maximum(0, months))
    table = [halved(month, policy.half_life_months) for month in range(int(months.max(initial=0)) + 1)]
    return np.asarray(np.array(table, np.int64)[months], np.int64)
