"""Which rounds a demo city has: of every method in every state that lasts, and how far each goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from bidding.models import Round
from core import worktime
from core.clock import LOCAL

Status = Round.Status
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
METHODS_SHOWN = ("mean", "lowest_draw", "credit_draw", "proposal", "scored", "auction", "direct")
"""Besides `lowest` and `draw`, of which most rounds are."""
ALL_METHODS = ("lowest", "draw", *METHODS_SHOWN)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How far a round goes. `closes` is its deadline; `minutes` its notice under the demonstration's policy."""

    stage: Round.Status
    method: str
    closes: datetime
    minutes: int | None = None
    public_money: bool = False
    entrants: int = 5
    again: Plan | None = None
    suspends: bool = False
    all_too_dear: bool = False
    waits: bool = False
    showcase: str = ""


def plans(now: datetime, *, awarded: int) -> list[Plan]:
    """Rounds of every method in every state; `awarded` of the two commonest are over."""
    return [*_past(now, awarded=awarded), *_failed(now), *_present(now), *_before_announcement(now)]


def _past(now: datetime, *, awarded: int) -> list[Plan]:
    days = _working_days_before(now, count=awarded * 2 + 30)
    found = [
        Plan(stage=Status.CANDIDATE, method=method, closes=_afternoon(_last_deadline(now)), entrants=3 + number % 4)
        for number, method in enumerate(ALL_METHODS)
    ]
    for number in range(awarded):
        public = number % 3 == 0
        found.append(
            Plan(
                stage=Status.AWARDED,
                method="lowest" if public or number % 2 == 0 else "draw",
                closes=_afternoon(days[6 + number * 2]),
                public_money=public,
                entrants=3 + number % 6,
                suspends=number == 4,
            )
        )
    for number, method in enumerate(METHODS_SHOWN * 2):
        found.append(
            Plan(stage=Status.AWARDED, method=method, closes=_afternoon(days[7 + number * 2]), entrants=5 + number % 4)
        )
    cancelled = [
        Plan(stage=Status.CANCELLED, method=method, closes=_afternoon(days[20 + number]), entrants=2 * (number == 0))
        for number, method in enumerate(ALL_METHODS)
    ]
    return [*found, *cancelled]


def _failed(now: datetime) -> list[Plan]:
    days = _working_days_before(now, count=60)
    first = partial(Plan, stage=Status.FAILED, method="lowest", public_money=True)
    again = Plan(stage=Status.AWARDED, method="lowest", closes=_afternoon(days[12]), entrants=3)
    open_again = Plan(stage=Status.ANNOUNCED, method="lowest", closes=now + 4 * HOUR, minutes=5 * 60, entrants=1)
    twice = Plan(stage=Status.FAILED, method="lowest", closes=_afternoon(days[10]), entrants=1)
    return [
        first(closes=_afternoon(days[30]), entrants=2, again=again),
        first(closes=_afternoon(days[8]), entrants=1, again=open_again),
        first(closes=_afternoon(days[33]), entrants=0, again=twice),
        first(closes=_afternoon(days[5]), entrants=4, all_too_dear=True),
        *(
            Plan(stage=Status.FAILED, method=method, closes=_afternoon(days[7 + number]), entrants=0)
            for number, method in enumerate(ALL_METHODS[1:])
        ),
    ]


def _present(now: datetime) -> list[Plan]:
    """Rounds that are open or just past their deadline, under the demonstration's policy."""
    lengths = (30, 90, 180, 360, 720, 1_440, 2_880, 4_320, 7_200, 10_080, 14_400)
    showcases = [
        Plan(stage=Status.ANNOUNCED, method="lowest", closes=now + 20 * DAY, minutes=20 * 1_440 + 30, showcase="S025"),
        Plan(stage=Status.ANNOUNCED, method="draw", closes=now + 19 * DAY, minutes=19 * 1_440 + 45, showcase="S024"),
    ]
    return [
        *showcases,
        *(
            Plan(
                stage=Status.ANNOUNCED,
                method=ALL_METHODS[number % len(ALL_METHODS)],
                closes=now + length * MINUTE,
                minutes=length + 15 + number * 3,
                entrants=number % 5,
            )
            for number, length in enumerate(lengths)
        ),
        *_just_closed(now),
    ]


def _just_closed(now: datetime) -> list[Plan]:
    """Rounds that wait for their owner or for experts, and some in each state through which time alone takes a round."""
    waiting = partial(Plan, stage=Status.EVALUATED, waits=True)
    return [
        *(waiting(method=method, closes=now - 50 * MINUTE, minutes=200) for method in ("credit_draw", "proposal")),
        waiting(method="scored", closes=_afternoon(_last_deadline(now)), showcase="S025"),
        *(
            Plan(
                stage=stage,
                method=method,
                closes=now - (30 if stage == Status.EVALUATED else 1) * MINUTE,
                minutes=40,
                entrants=2,
            )
            for stage in (Status.CLOSED, Status.OPENED, Status.EVALUATED)
            for method in ALL_METHODS
        ),
    ]


def _before_announcement(now: datetime) -> list[Plan]:
    before = partial(Plan, minutes=60)
    plans = [
        before(stage=stage, method=method, closes=now + (60 - 12 * number) * MINUTE)
        for stage in (Status.DRAFT, Status.SUBMITTED, Status.RETURNED)
        for number, method in enumerate(ALL_METHODS)
    ]
    return [*plans, before(stage=Status.SUBMITTED, method="draw", closes=now + 24 * MINUTE, showcase="S026")]


def _working_days_before(now: datetime, *, count: int) -> list[date]:
    """The working days before today, the latest first."""
    found: list[date] = []
    day = now.astimezone(LOCAL).date()
    while len(found) < count:
        day -= DAY
        if worktime.is_working(day):
            found.append(day)
    return found


def _last_deadline(now: datetime) -> date:
    return _working_days_before(now, count=1)[0]


def _afternoon(day: date) -> datetime:
    return datetime.combine(day, time(16), tzinfo=LOCAL)
