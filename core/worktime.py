"""Working time and limits on one clock, by the table of holidays (DOMAIN "One clock").

Monday to Friday are working days unless the table says otherwise; a make-up day (调休上班) on a weekend is one too. The
arithmetic is `core.workdays`; here is the table.
"""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

from core.clock import LOCAL
from core.models import Holiday
from core.workdays import DAY, Workdays, midnight


def is_working(day: date) -> bool:
    """Whether work is done on a local date."""
    return calendar(day, day).works(day)


def add_working_days(start: datetime, days: int) -> datetime:
    """The end of a limit of `days` working days that is set at `start`: 24:00 of the last of them, local time.

    The limit starts with the next working day; what is left of the day on which it was set does not count.
    Raises ValueError for a limit below one day.
    """
    first = last = start.astimezone(LOCAL).date()
    while True:
        last += DAY * (2 * days + 14)
        end = calendar(first, last).add(start, days)
        if end <= midnight(last + DAY):
            return end


def working_time(start: datetime, end: datetime) -> Fraction:
    """The part of an interval that falls on working days, in days. It adds up: a–b and b–c make a–c. Negative never."""
    return _calendar_of(start, end).working_time(start, end)


def limit_time(start: datetime, end: datetime) -> Fraction:
    """Working time in days as a limit set at `start` counts it: from the next working day on."""
    return _calendar_of(start, end).limit_time(start, end)


def calendar(first: date, last: date) -> Workdays:
    """Which days from `first` to `last` are worked on, by one query."""
    kinds = Holiday.objects.filter(date__range=(first, last)).values_list("date", "kind")
    return Workdays({day: kind == Holiday.Kind.WORKDAY for day, kind in kinds})


def _calendar_of(start: datetime, end: datetime) -> Workdays:
    return calendar(start.astimezone(LOCAL).date(), end.astimezone(LOCAL).date())
