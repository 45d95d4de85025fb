"""Working time and limits on one clock, exact to the microsecond (DOMAIN "One clock").

A working day is 24 hours of its local date, so 1.25 means a day and a quarter. Monday to Friday are working days unless
the table of holidays says otherwise; a make-up day (调休上班) on a weekend is one too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from math import ceil

from core.clock import LOCAL
from core.models import Holiday

DAY = timedelta(days=1)
SATURDAY = 5


def is_working(day: date) -> bool:
    """Whether work is done on a local date."""
    return _calendar(day, day)(day)


def add_working_days(start: datetime, days: int) -> datetime:
    """The end of a limit of `days` working days that is set at `start`: 24:00 of the last of them, local time.

    The limit starts with the next working day; what is left of the day on which it was set does not count.
    Raises ValueError for a limit below one day.
    """
    if days < 1:
        raise ValueError("a limit has at least one working day")
    day, left = start.astimezone(LOCAL).date(), days
    while True:
        horizon = day + DAY * (2 * left + 14)
        works = _calendar(day, horizon)
        while day < horizon:
            day += DAY
            left -= works(day)
            if not left:
                return _midnight(day + DAY)


def working_time(start: datetime, end: datetime) -> Fraction:
    """The part of an interval that falls on working days, in days. It adds up: a–b and b–c make a–c. Negative never."""
    start, end = start.astimezone(LOCAL), end.astimezone(LOCAL)
    if end <= start:
        return Fraction(0)
    first, last = start.date(), end.date()
    works = _calendar(first, last)
    if first == last:
        return _days(end - start) * works(first)
    whole = sum(works(first + DAY * number) for number in range(1, (last - first).days))
    head, tail = _midnight(first + DAY) - start, end - _midnight(last)
    return _days(head) * works(first) + whole + _days(tail) * works(last)


def limit_time(start: datetime, end: datetime) -> Fraction:
    """Working time in days as a limit set at `start` counts it: from the next working day on."""
    return working_time(start_of_limit(start), end)


def moment_after(start: datetime, length: Fraction) -> datetime:
    """The first moment by which `length` working days have passed since `start`, as `working_time` counts them."""
    at, left = start.astimezone(LOCAL), length
    while True:
        day = at.date()
        horizon = day + DAY * (2 * int(left) + 14)
        works = _calendar(day, horizon)
        while day < horizon:
            end = _midnight(day + DAY)
            room = _days(end - at) * works(day)
            if left <= room and works(day):
                return at + timedelta(microseconds=ceil(left * (DAY // timedelta(microseconds=1))))
            left, at, day = left - room, end, day + DAY


def start_of_limit(set_at: datetime) -> datetime:
    """When a limit set at a moment begins to count: with the next day."""
    return _midnight(set_at.astimezone(LOCAL).date() + DAY)


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


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=LOCAL)


def _days(length: timedelta) -> Fraction:
    return Fraction(length // timedelta(microseconds=1), DAY // timedelta(microseconds=1))


def _calendar(first: date, last: date) -> Callable[[date], bool]:
    """Which days from `first` to `last` are worked on, by one query."""
    kinds = dict(Holiday.objects.filter(date__range=(first, last)).values_list("date", "kind"))

    def works(day: date) -> bool:
        kind = kinds.get(day)
        return day.weekday() < SATURDAY if kind is None else kind == Holiday.Kind.WORKDAY

    return works
