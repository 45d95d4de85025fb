"""How amounts, moments and days are written everywhere (LOOK "Type")."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django import template
from django.utils.translation import get_language

from core.clock import LOCAL
from core.money import yuan

register = template.Library()

MIDNIGHT = time(0)
WEEKDAYS = {
    "zh": ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}


def _weekday(day: date) -> str:
    return WEEKDAYS["en" if (get_language() or "").startswith("en") else "zh"][day.weekday()]


@register.filter
def money(amount: Decimal | int | str | None) -> str:
    """`¥ 48,000.00`; a dash where there is none."""
    return "–" if amount is None or amount == "" else f"¥ {yuan(amount):,.2f}"


@register.filter
def plain(amount: Decimal | None) -> str:
    """An amount as PROTOCOL writes it, such as 48000.00; nothing for none."""
    return "" if amount is None else f"{amount:.2f}"


@register.filter
def moment(at: datetime | None) -> str:
    """`2026-11-22 周日 16:00` in local time; a dash where there is none.

    The very midnight at which a limit of days ends is 24:00 of the last of them, as people say it.
    """
    if at is None:
        return "–"
    local = at.astimezone(LOCAL)
    if local.time() == MIDNIGHT:
        local -= timedelta(days=1)
        return f"{local:%Y-%m-%d} {_weekday(local)} 24:00"
    return f"{local:%Y-%m-%d} {_weekday(local)} {local:%H:%M}"


@register.filter
def exact(at: datetime | None) -> str:
    """`2026-11-22 16:00:05.123`: local time to the millisecond, for receipts."""
    return "–" if at is None else f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M:%S.%f}"[:-3]


@register.filter
def day(on: date | datetime | None) -> str:
    """`2026-11-22`, of a moment in local time; a dash where there is none."""
    if on is None:
        return "–"
    return f"{on.astimezone(LOCAL) if isinstance(on, datetime) else on:%Y-%m-%d}"


@register.filter
def translated(thing: object, field: str = "name") -> str:
    """A name kept in both languages (`name`, `name_en`), in the reader's; Chinese where there is no English."""
    english = getattr(thing, f"{field}_en", "") if (get_language() or "").startswith("en") else ""
    return str(english or getattr(thing, field, ""))
