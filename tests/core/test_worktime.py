"""Working and limit time (DOMAIN "Clocks"): it adds up, whatever the days are."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import worktime
from core.clock import LOCAL
from core.holidays import load_holidays
from core.models import Holiday

pytestmark = pytest.mark.django_db
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20)).map(lambda at: at.replace(tzinfo=LOCAL))
LIMITS = st.integers(1, 25)


@pytest.fixture(autouse=True)
def _holidays(db):
    load_holidays()


def midnight(day):
    return datetime.combine(day, time(0), tzinfo=LOCAL)


@shared
@given(MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up(one, two, three):
    a, b, c = sorted([one, two, three])
    assert worktime.working_time(a, b) + worktime.working_time(b, c) == worktime.working_time(a, c)
    assert worktime.working_time(b, a) == 0 or a == b


@shared
@given(MOMENTS, LIMITS, LIMITS)
def test_limits_add_up(start, first, second):
    once = worktime.add_working_days(start, first + second)
    # A limit ends with a day; the next one counts from the day after, so it is set within the day that ends.
    assert (
        worktime.add_working_days(worktime.add_working_days(start, first) - timedelta(microseconds=1), second) == once
    )


@shared
@given(MOMENTS, LIMITS)
def test_a_limit_of_n_days_holds_n_working_days(start, days):
    end = worktime.add_working_days(start, days)
    assert worktime.limit_time(start, end) == days
    assert worktime.is_working((end - timedelta(days=1)).astimezone(LOCAL).date())
    assert end.astimezone(LOCAL).time() == time(0)


@shared
@given(MOMENTS)
def test_the_hour_at_which_a_limit_is_set_does_not_matter(start):
    day = start.date()
    assert worktime.add_working_days(start, 5) == worktime.add_working_days(midnight(day), 5)


def test_the_national_day_of_2026():
    """Off from 1 to 7 October; 20 September and 10 October are made up for."""
    assert not any(worktime.is_working(date(2026, 10, day)) for day in range(1, 8))
    assert worktime.is_working(date(2026, 9, 20)) and worktime.is_working(date(2026, 10, 10))
    friday = datetime(2026, 9, 30, 15, tzinfo=LOCAL)
    assert worktime.add_working_days(friday, 1) == midnight(date(2026, 10, 9))
    assert worktime.working_time(friday, midnight(date(2026, 10, 8))) == Fraction(9, 24)


def test_an_edited_holiday_counts_and_stays():
    day = date(2026, 11, 25)
    assert worktime.is_working(day)
    Holiday.objects.create(date=day, kind=Holiday.Kind.HOLIDAY, name="台风停工", source="市政府通知")
    assert not worktime.is_working(day)
    assert load_holidays() == 0
    assert Holiday.objects.get(date=day).name == "台风停工"


@pytest.mark.parametrize("days", [0, -1])
def test_a_limit_below_a_day_is_refused(days):
    with pytest.raises(ValueError, match="day"):
        worktime.add_working_days(midnight(date(2026, 1, 5)), days)
