"""Working days and the time that falls on them: pure arithmetic over a calendar that is handed in.

`core.worktime` hands in the table of holidays; the timeline, its tests and a sceptic any other. A working day is 24 hours of
its local date, so 1.25 means a day and a quarter. Everything is exact to the microsecond (DOMAIN "One clock").
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import accumulate
from math import ceil
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
SATURDAY = 5


class Workdays:
    """Which dates are worked on: Monday to Friday, but for `exceptions` (date → whether it is worked on; 节假日与调休).

    Counting days costs the same for a week and for ten years.
    """

    def __init__(self, exceptions: Mapping[date, bool] | None = None) -> None:
        self._works = {day: works for day, works in (exceptions or {}).items() if works != (day.weekday() < SATURDAY)}
        self._dates = sorted(self._works)
        self._more = [0, *accumulate(1 if self._works[day] else -1 for day in self._dates)]

    def works(self, day: date) -> bool:
        """Whether work is done on a local date."""
        return self._works.get(day, day.weekday() < SATURDAY)

    def between(self, first: date, end: date) -> int:
        """How many working days there are from `first` to the day before `end`."""
        more = self._more[bisect_left(self._dates, end)] - self._more[bisect_left(self._dates, first)]
        return _weekdays_before(end) - _weekdays_before(first) + more

    def working_time(self, start: datetime, end: datetime) -> Fraction:
        """The part of an interval that falls on working days, in days. It adds up: a–b and b–c make a–c. Negative never."""
        if end <= start:
            return Fraction(0)
        start, end = start.astimezone(LOCAL), end.astimezone(LOCAL)
        first, last = start.date(), end.date()
        whole = self.between(first, last) * DAY
        head, tail = (start - midnight(first)) * self.works(first), (end - midnight(last)) * self.works(last)
        return days(whole - head + tail)

    def limit_time(self, start: datetime, end: datetime) -> Fraction:
        """Working time in days as a limit set at `start` counts it: from the next working day on."""
        return self.working_time(next_midnight(start), end)

    def reached(self, start: datetime, amount: Fraction) -> datetime:
        """The first moment of a working day by which an amount of working time (in days) has passed since `start`."""
        day, left = start.astimezone(LOCAL).date(), amount
        if self.works(day):
            left += days(start - midnight(day))
        while left > 5:  # at least `left` days have to pass, so nothing is jumped over
            jump = int(left)
            left -= self.between(day, day + jump * DAY)
            day += jump * DAY
        while left > self.works(day) or not self.works(day):
            left -= self.works(day)
            day += DAY
        return midnight(day) + ceil(left * (DAY // MICROSECOND)) * MICROSECOND


def midnight(day: date) -> datetime:
    """0:00 of a local date."""
    return datetime.combine(day, time.min, tzinfo=LOCAL)


def next_midnight(at: datetime) -> datetime:
    """24:00 of the local date of a moment."""
    return midnight(at.astimezone(LOCAL).date() + DAY)


def days(length: timedelta) -> Fraction:
    """A length in days, exactly."""
    return Fraction(length // MICROSECOND, DAY // MICROSECOND)


def _weekdays_before(day: date) -> int:
    """How many Mondays to Fridays there are before a date (day 1 of the calendar was a Monday)."""
    weeks, rest = divmod(day.toordinal() - 1, 7)
    return weeks * SATURDAY + min(rest, SATURDAY)
