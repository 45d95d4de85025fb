"""The quick way of writing canonical JSON gives the bytes of the library, for everything that it takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from protocol import canonical

SAFE = 2**53 - 1
leaves = st.none() | st.booleans() | st.integers(-SAFE, SAFE) | st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_plain_values_are_written_as_by_the_library(value):
    assert canonical.encode(value) == rfc8785.dumps(value)
    assert canonical.decode(canonical.encode(value)) == value


@pytest.mark.parametrize("value", [1.5, {"a": 0.1}, [1e21], {"é": 1, "a": 2, "\U0001f600": 3, "\ufb33": 4}])
def test_what_is_not_plain_goes_through_the_library(value):
    assert canonical.encode(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), {"a": 2**60}, "\ud800", {"\ud800": 1}, float("nan"), {1: 2}])
def test_what_canonical_json_cannot_hold_is_refused(value):
    with pytest.raises(canonical.NotCanonical):
        canonical.encode(value)


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31))


@given(st.builds(lambda moment, zone: moment.replace(tzinfo=zone), moments, zones))
def test_a_time_is_cut_to_milliseconds_and_read_again(moment):
    text = canonical.timestamp(moment)
    assert canonical.read_timestamp(text) == moment - timedelta(microseconds=moment.microsecond % 1000)
    assert text.endswith(f".{moment.microsecond // 1000:03d}Z") and len(text) == 24


def test_a_time_without_a_zone_is_refused():
    assert canonical.timestamp(datetime(2026, 11, 22, 8, tzinfo=UTC)) == "2026-11-22T08:00:00.000Z"
    with pytest.raises(ValueError, match="zone"):
        canonical.timestamp(datetime(2026, 11, 22, 8))
