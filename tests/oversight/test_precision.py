"""Wilson's interval in whole numbers, beside the formula in floats."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight.precision import precision


def wilson(confirmed: int, n: int) -> tuple[float, float]:
    z, p = 1.96, confirmed / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return centre - half, centre + half


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_is_wilsons_interval_rounded_outwards(counts):
    confirmed, n = counts
    found, (low, high) = precision(confirmed, n), wilson(confirmed, n)
    assert -1.001 <= found.low - max(0.0, low) * 1000 <= 0.001
    assert -0.001 <= found.high - min(1.0, high) * 1000 <= 1.001
    assert found.low <= found.share <= found.high


@pytest.mark.parametrize(
    ("confirmed", "n", "low", "share", "high"),
    [(8, 10, 490, 800, 944), (0, 10, 0, 0, 278), (10, 10, 722, 1000, 1000), (1, 3, 61, 333, 793)],
)
def test_known_values(confirmed, n, low, share, high):
    """8 of 10: 0.4902 to 0.9433 (Brown, Cai and DasGupta 2001, interval of Wilson)."""
    found = precision(confirmed, n)
    assert (found.low, found.share, found.high) == (low, share, high)


def test_nothing_decided_says_nothing():
    assert (precision(0, 0).share, precision(0, 0).low, precision(0, 0).high) == (None, 0, 1000)
    with pytest.raises(ValueError, match="more confirmed"):
        precision(2, 1)
