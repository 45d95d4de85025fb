"""Where the bars of a timeline stand over a calendar: pure, exact, in parts of the whole width."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from core.workdays import DAY, LOCAL, Workdays, midnight, next_midnight
from ratings.measures import Against, Due
from ratings.timeline import Segment, Timeline

STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364)  # days between two dates of the axis
DATES = 6  # at most so many dates fit on a phone
ROOM_FOR_A_NUMBER = Fraction(1, 16)
ROOM_FOR_A_DATE = Fraction(13, 100)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the width, from 0 to 1."""

    start: Fraction
    end: Fraction

    @property
    def x(self) -> str:
        return percent(self.start)

    @property
    def width(self) -> str:
        return percent(self.end - self.start)

    @property
    def middle(self) -> str:
        return percent((self.start + self.end) / 2)


@dataclass(frozen=True, slots=True)
class Bar:
    """A segment in the picture, numbered as in the table; `roomy` where the number fits in."""

    number: int
    segment: Segment
    span: Span
    days: Fraction

    @property
    def roomy(self) -> bool:
        return self.span.end - self.span.start >= ROOM_FOR_A_NUMBER


@dataclass(frozen=True, slots=True)
class Tick:
    """A date of the axis."""

    day: date
    x: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture of whole days: bars, the stretches without work, dates, and the limit that runs."""

    bars: tuple[Bar, ...]
    off: tuple[Span, ...]
    ticks: tuple[Tick, ...]
    limit: str | None
    total: Fraction


@dataclass(frozen=True, slots=True)
class Meter:
    """Days used beside the days given."""

    against: Against
    given: str
    used: str


def layout(line: Timeline, workdays: Workdays, *, due: Due | None = None) -> Layout | None:
    """Bars over the days from the start of a line to its end, or to the limit that runs; None before it has a segment."""
    if line.start is None or line.end is None:
        return None
    last = max(line.end, due.limit) if due else line.end
    first, end = midnight(line.start.astimezone(LOCAL).date()), next_midnight(last - timedelta(microseconds=1))

    def place(at: datetime) -> Fraction:
        return Fraction((at - first) // timedelta(microseconds=1), (end - first) // timedelta(microseconds=1))

    bars = tuple(
        Bar(number, part, Span(place(part.start), place(part.end)), workdays.working_time(part.start, part.end))
        for number, part in enumerate(line.segments, 1)
    )
    off = tuple(Span(place(start), place(until)) for start, until in _off(first, end, workdays))
    ticks = tuple(Tick(at.date(), percent(place(at))) for at in _dates(first, end) if place(at) <= 1 - ROOM_FOR_A_DATE)
    total = sum((bar.days for bar in bars), Fraction(0))
    return Layout(bars, off, ticks, percent(place(due.limit)) if due else None, total)


def meter(against: Against) -> Meter:
    """The longer of promise and use fills the width."""
    whole = max(against.used, Fraction(against.given))
    return Meter(against, percent(against.given / whole), percent(against.used / whole))


def percent(part: Fraction) -> str:
    """A part of the width as SVG takes it, to a ten-thousandth of a percent."""
    units = round(part * 1_000_000)
    return f"{units // 10_000}.{units % 10_000:04d}%"


def _off(first: datetime, end: datetime, workdays: Workdays) -> list[tuple[datetime, datetime]]:
    """The stretches of days on which nobody works."""
    found: list[tuple[datetime, datetime]] = []
    at = first
    while at < end:
        if not workdays.works(at.date()):
            begun = found.pop()[0] if found and found[-1][1] == at else at
            found.append((begun, at + DAY))
        at += DAY
    return found


def _dates(first: datetime, end: datetime) -> list[datetime]:
    """A few dates, evenly apart."""
    length = (end - first).days
    step = next((step for step in STEPS if length <= step * DATES), length // DATES + 1)
    return [first + DAY * number for number in range(0, length, step)]
