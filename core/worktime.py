"""Working time and limits on one clock, by the table of holidays (DOMAIN "One clock").

Monday to Friday are working days unless the table says otherwise; a make-up day (调休上班) on a weekend is one too. The
arithmetic is `core.workdays`; here is the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from math import ceil

from core.clock import LOCAL
from core.models import Holiday
from core.workdays import DAY, Workdays, midnight, next_midnight


def is_working(day: date) -> bool:
    """Whether work is done on a local date."""
    return calendar(day, day).works(day)


def add_working_days(start: datetime, days: int) -> datetime:
    """The end of a limit of `days` working days that is set at `start`: 24:00 of the last of them, local time.

    The limit starts with the next working day; what is left of the day on which it was set does not count.
    Raises ValueError for a limit below one day.
    """
    if days < 1:
        raise ValueError("a limit has at least one working day")
    return moment_after(start_of_limit(start), Fraction(days))


def working_time(start: datetime, end: datetime) -> Fraction:
    """The part of an interval that falls on working days, in days. It adds up: a–b and b–c make a–c. Negative never."""
    return _calendar_of(start, end).working_time(start, end)


def limit_time(start: datetime, end: datetime) -> Fraction:
    """Working time in days as a limit set at `start` counts it: from the next working day on."""
    return _calendar_of(start, end).limit_time(start, end)


def moment_after(start: datetime, length: Fraction) -> datetime:
    """The first moment by which `length` working days have passed since `start`, as `working_time` counts them."""
    first = last = start.astimezone(LOCAL).date()
    while True:
        last += DAY * (2 * ceil(length) + 14)
        end = calendar(first, last).reached(start, length)
        if end <= midnight(last + DAY):
            return end


def start_of_limit(set_at: datetime) -> datetime:
    """When a limit set at a moment begins to count: with the next day."""
    return next_midnight(set_at)


def end_of_limit(
    set_at: datetime, length: Fraction, pauses: Sequence[tuple[datetime, datetime | None]]
) -> datetime | None:
    """When a limit of `length` working days ends whose clock stands still in `pauses`, given in order and apart.

    None while it stands still: an open pause has no end.
    """
    at, left = start_of_limit(set_at), length
    for begun, over in pauses:
        passed = working_time(at, begun)
        if passed >= left:
            break
        if over is None:
            return None
        left, at = left - passed, max(at, over)
    return moment_after(at, left)


def calendar(first: date, last: date) -> Workdays:
    """Which days from `first` to `last` are worked on, by one query."""
    kinds = Holiday.objects.filter(date__range=(first, last)).values_list("date", "kind")
    return Workdays({day: kind == Holiday.Kind.WORKDAY for day, kind in kinds})


def _calendar_of(start: datetime, end: datetime) -> Workdays:
    return calendar(start.astimezone(LOCAL).date(), end.astimezone(LOCAL).date())
