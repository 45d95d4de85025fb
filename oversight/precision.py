"""How often the leads of a rule have been right, with an interval: whole numbers, in thousandths. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

Z = Fraction(196, 100)
"""95 %, two-sided."""
_FINE = 10**12


@dataclass(frozen=True, slots=True)
class Precision:
    """Of so many leads that somebody has decided about so many were right. `low` and `high` are thousandths, rounded outwards."""

    confirmed: int
    decided: int
    low: int
    high: int

    @property
    def share(self) -> int | None:
        """Thousandths, half up; None where nothing is decided."""
        return (2000 * self.confirmed + self.decided) // (2 * self.decided) if self.decided else None


def precision(confirmed: int, decided: int) -> Precision:
    """The share of confirmed leads with Wilson's score interval (1927) at 95 %; all from 0 to 1000 where nothing is decided."""
    if not 0 <= confirmed <= decided:
        raise ValueError("more confirmed than decided")
    if decided == 0:
        return Precision(0, 0, 0, 1000)
    n, square = decided, Z * Z
    centre = confirmed + square / 2
    under = Fraction(confirmed * (n - confirmed), n) + square / 4
    # The root from above: the interval is never narrower than it should be.
    root = Fraction(isqrt(int(under * _FINE * _FINE)) + 1, _FINE)
    low = (centre - Z * root) / (n + square)
    high = (centre + Z * root) / (n + square)
    least = 0 if confirmed == 0 else max(0, int(low * 1000))
    most = 1000 if confirmed == n else min(1000, -int(-high * 1000 // 1))
    return Precision(confirmed, decided, least, most)
