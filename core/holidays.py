"""Filling the table of holidays from the State Council's yearly notices, as the library chinese_calendar has them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from chinese_calendar import constants
from django.db import transaction
from django.db.models import QuerySet

from core import changes
from core.models import Holiday

FIRST_YEAR = 2017
SOURCE = "国务院办公厅关于%d年部分节假日安排的通知"


def load_holidays() -> int:
    """Add the days off and the make-up working days that the table lacks; tell how many.

    A row that is there is never altered, so what an operator has edited stays.
    """
    days = [_row(day, Holiday.Kind.WORKDAY, name) for day, name in constants.workdays.items()]
    days += [_row(day, Holiday.Kind.HOLIDAY, name) for day, name in constants.holidays.items()]
    known = set(Holiday.objects.values_list("date", flat=True))
    fresh = [row for row in days if row.date.year >= FIRST_YEAR and row.date not in known]
    with transaction.atomic():
        Holiday.objects.bulk_create(fresh, ignore_conflicts=True)
        _tell(row.date for row in fresh)
    return len(fresh)


def save_holiday(holiday: Holiday) -> None:
    """Keep a new or edited row. Time that falls on its date is counted anew, and on the date that it had before."""
    with transaction.atomic():
        before = Holiday.objects.filter(pk=holiday.pk).values_list("date", flat=True)
        dates = {holiday.date, *before}
        holiday.save()
        _tell(dates)


def forget_holidays(holidays: QuerySet[Holiday]) -> None:
    """Take rows away: the rule "Monday to Friday" holds again on their dates."""
    with transaction.atomic():
        dates = list(holidays.values_list("date", flat=True))
        holidays.delete()
        _tell(dates)


def _tell(dates: Iterable[date]) -> None:
    for day in sorted(dates):
        changes.recorded(f"holiday/{day:%Y-%m-%d}")


def _row(day: date, kind: Holiday.Kind, name: str) -> Holiday:
    return Holiday(date=day, kind=kind, name=constants.Holiday(name).chinese, source=SOURCE % day.year)
