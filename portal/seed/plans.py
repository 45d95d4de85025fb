"""Which rounds a demo city has: every method in every state, and the stories that are worth showing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from bidding.models import Objection, Round
from core import worktime
from core.clock import LOCAL
from protocol.methods import METHODS

Status = Round.Status
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PLAIN = ("lowest", "draw")
"""The methods of most rounds in a city."""
SHOWN = tuple(code for code in METHODS if code not in PLAIN)
WAITING = ("credit_draw", "proposal", "scored")
"""Methods in which somebody decides after the opening, the owner or the experts."""
SLOW = (*WAITING, "auction")
"""Methods in which more than seconds pass between the deadline and the result."""
LOTS = ("北区地块", "南区地块", "中央公园地块")
SURVEYS = ("S024", "S025", "S026")
ASSESSMENTS = ("S005", "S006", "S010")
"""Services that one firm does together."""
TOGETHER = "together"
"""The fate of a contract of several services: all delivered, and decided."""
UNSEALED = ("draft", "proposed", "asked", "agreed", "half")
SEALED = ("returned", "plain", "silent", "input", "running", "suspended", "terminated", "abandoned")
"""What becomes of a contract: how far it gets without all seals, or what happens after them."""
MOST_CONTRACTS = 13
PAYS = ("settled", "waiting", "part", "settled", "back")
CASES = ("granted", "corrected", "accepted", "refiled", "received", "granted", "withdrawn")
PLAYED = (
    ("S025", "company 0", "a", 62, "returned", "part", "corrected", ""),
    ("S024", "company 0", "a", 12, "asking", "settled", "", ""),
    ("S026", "company 0", "b", 24, "submitted", "settled", "", ""),
    ("S025", "company 0", "c", 27, "plain", "waiting", "accepted", ""),
    ("S024", "company 0", "c", 9, "half", "", "", ""),
    ("S025", "company 0", "b", 56, "plain", "overdue", "granted", ""),
    ("S025", "institution 0", "b", 60, "returned", "confirmed", "granted", ""),
    ("S024", "institution 0", "a", 31, "plain", "unconfirmed", "accepted", ""),
    ("S026", "institution 0", "c", 33, "plain", "denied", "correction", ""),
    ("S026", "institution 0", "a", 14, "running", "confirmed", "", ""),
    ("S026", "person 0", "c", 52, "silent", "settled", "granted", ""),
    ("S025", "person 0", "b", 9, "agreed", "", "", ""),
    ("S024", "company 2", "c", 112, "plain", "noticed", "granted", ""),
    ("S025", "company 3", "a", 50, "plain", "back", "refiled", ""),
    ("S005", "company 0", "", 45, "returned", "settled", "corrected", "330212"),
    ("S005", "company 2", "", 33, "plain", "waiting", "special", "330212"),
    ("S005", "company 3", "", 29, "plain", "settled", "received", "330212"),
    ("S005", "company 4", "", 31, "input", "settled", "correction", "330212"),
    ("S005", "company 5", "", 60, "plain", "settled", "refused", "330212"),
    ("S005", "institution 2", "", 34, "plain", "confirmed", "accepted", "330212"),
)
"""Service, owner, winner, working days since the deadline, and what becomes of contract, payment and case; where."""
SEALED_PRICES = tuple(code for code, method in METHODS.items() if method.priced and code != "auction")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How far a round goes. `closes` is its deadline; `minutes` its notice under the demonstration's policy.

    `objects`: what becomes of an entrant's objection to the candidate. `waits`: nobody has decided after the opening yet.
    `lots`: their titles, where there are several. `joins`: two of the entrants are a consortium. `together`: the codes of the
    services that one firm is to do. `contract`: what becomes of the contracts of its awards (portal.seed.contracts), `pays` of
    what is asked for then (portal.seed.payments), `case` of the approval case after it (portal.seed.cases). `owner`, `winner`,
    `service`, `district`: where they are not left to chance; a winner is one of those whom a demonstration plays, by its letter.
    """

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
    asks: bool = False
    objects: Objection.Status | None = None
    walks_away: bool = False
    lots: tuple[str, ...] = ()
    joins: bool = False
    together: tuple[str, ...] = ()
    showcase: str = ""
    contract: str = ""
    pays: str = ""
    case: str = ""
    owner: str = ""
    winner: str = ""
    service: str = ""
    district: str = ""


def plans(now: datetime, *, awarded: int) -> list[Plan]:
    """Rounds of all methods in every state; `awarded` of the plain ones are over."""
    return [
        *_awarded(now, awarded=awarded),
        *_played(now),
        *_on_notice(now),
        *_ended(now),
        *_failed_with_public_money(now),
        *_open(now),
        *_just_closed(now),
        *_before_announcement(now),
    ]


def _awarded(now: datetime, *, awarded: int) -> list[Plan]:
    days = _working_days_before(now, count=awarded * 2 + 45)
    plain = [
        Plan(
            stage=Status.AWARDED,
            method="lowest" if number % 3 == 0 or number % 2 == 0 else "draw",
            closes=_afternoon(days[6 + number * 2]),
            public_money=number % 3 == 0,
            entrants=3 + number % 6,
            suspends=number == 4,
            walks_away=number in {1, 2},
            contract=_fate(number),
            pays=("confirmed", "unconfirmed", "waiting", "denied")[number % 4] if number % 3 == 0 else PAYS[number % 5],
            case=CASES[number % len(CASES)],
        )
        for number in range(awarded)
    ]
    others = [
        Plan(
            stage=Status.AWARDED,
            method=method,
            closes=_afternoon(days[7 + number * 2]),
            entrants=5 + number % 4,
            walks_away=method == "auction" and number < len(SHOWN),
            objects=Objection.Status.REJECTED if method == "mean" else None,
            contract=UNSEALED[number % len(UNSEALED)] if number < len(SHOWN) else SEALED[number % len(SEALED)],
        )
        for number, method in enumerate(SHOWN * 2)
    ]
    several = [
        Plan(
            stage=Status.AWARDED, method="lowest", closes=_afternoon(days[9]), entrants=4, lots=LOTS, contract="agreed"
        ),
        Plan(
            stage=Status.AWARDED,
            method="draw",
            closes=_afternoon(days[11]),
            entrants=4,
            lots=LOTS[:2],
            contract="draft",
        ),
        Plan(
            stage=Status.AWARDED, method="lowest", closes=_afternoon(days[13]), entrants=4, joins=True, contract="half"
        ),
        Plan(
            stage=Status.AWARDED,
            method="lowest",
            closes=_afternoon(days[44]),
            entrants=4,
            together=SURVEYS,
            contract=TOGETHER,
        ),
    ]
    return plain + others + several


def _played(now: datetime) -> list[Plan]:
    """Whole lives of those whom a demonstration plays: each of them has something to do, and something to look back on."""
    days = _working_days_before(now, count=130)
    return [
        Plan(
            stage=Status.AWARDED,
            method="lowest",
            closes=_afternoon(days[ago]),
            public_money=owner.startswith("institution"),
            entrants=3,
            owner=owner,
            winner=winner,
            service=service,
            contract=contract,
            pays=pays,
            case=case,
            district=district,
        )
        for service, owner, winner, ago, contract, pays, case, district in PLAYED
    ]


def _fate(number: int) -> str:
    """Of the plain rounds the latest wait for their seals; of the others a few are enough to show what may happen."""
    if number < len(UNSEALED):
        return UNSEALED[number]
    return SEALED[number % len(SEALED)] if number < MOST_CONTRACTS else "draft"


def _on_notice(now: datetime) -> list[Plan]:
    """Candidates since yesterday: of every method one, and one each with an objection, a complaint, and a second candidate."""
    closes = _afternoon(_working_days_before(now, count=1)[0])
    candidate = partial(Plan, stage=Status.CANDIDATE, closes=closes)
    return [
        *(candidate(method=method, entrants=4 + number % 3) for number, method in enumerate(METHODS)),
        candidate(method="lowest", objects=Objection.Status.FILED),
        candidate(method="mean", objects=Objection.Status.ESCALATED),
        candidate(method="lowest", walks_away=True),
    ]


def _ended(now: datetime) -> list[Plan]:
    """Failed, cancelled, and void because an objection was right."""
    days = _working_days_before(now, count=60)
    return [
        *(
            plan
            for number, method in enumerate(METHODS)
            for plan in (
                Plan(
                    stage=Status.FAILED,
                    method=method,
                    closes=_afternoon(days[7 + number]),
                    # Nobody comes, or all bids are above the limit.
                    entrants=4 if method in SEALED_PRICES else 0,
                    all_too_dear=True,
                ),
                Plan(stage=Status.CANCELLED, method=method, closes=_afternoon(days[20 + number]), entrants=number % 4),
                Plan(
                    stage=Status.VOID,
                    method=method,
                    closes=_afternoon(days[30 + number]),
                    objects=Objection.Status.UPHELD,
                ),
            )
        )
    ]


def _failed_with_public_money(now: datetime) -> list[Plan]:
    """Too few entrants: announced again with success, again open, failed twice, and all over the limit."""
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
    ]


def _open(now: datetime) -> list[Plan]:
    """Rounds that take entries, under the demonstration's policy."""
    lengths = (30, 90, 180, 360, 720, 1_440, 2_880, 4_320, 7_200, 10_080, 14_400)
    announced = partial(Plan, stage=Status.ANNOUNCED)
    return [
        announced(method="lowest", closes=now + 20 * DAY, minutes=20 * 1_440 + 30, showcase="S025", asks=True),
        announced(method="draw", closes=now + 19 * DAY, minutes=19 * 1_440 + 45, showcase="S024"),
        *(
            announced(
                method=PLAIN[number % 2],
                closes=now + length * MINUTE,
                minutes=length + 15 + number * 3,
                entrants=number % 5,
                asks=number == 3,
            )
            for number, length in enumerate(lengths)
        ),
        announced(method="lowest", closes=now + 2 * DAY, minutes=3_000, entrants=3, lots=LOTS[:2]),
        announced(method="draw", closes=now + 3 * DAY, minutes=4_400, entrants=4, joins=True),
        announced(method="mean", closes=now + 5 * DAY, minutes=7_300, entrants=3, together=ASSESSMENTS),
        *(
            announced(method=method, closes=now + (length + 5) * MINUTE, minutes=length + 65, entrants=3)
            for length, method in zip(lengths, reversed(SHOWN), strict=False)
        ),
    ]


def _just_closed(now: datetime) -> list[Plan]:
    """Rounds that go on as soon as the service runs, and those that wait for their owners or experts."""
    stages = (Status.CLOSED, Status.OPENED, Status.EVALUATED)
    return [
        *(
            Plan(
                stage=stage,
                method=method,
                closes=now - (90 * MINUTE if stage == Status.EVALUATED and method in SLOW else MINUTE),
                minutes=200,
            )
            for stage in stages
            for method in METHODS
        ),
        *(
            Plan(stage=Status.OPENED, method=method, closes=now - 10 * MINUTE, minutes=200, waits=True)
            for method in WAITING
        ),
    ]


def _before_announcement(now: datetime) -> list[Plan]:
    """Drafts, what waits for the service centre, and what it gave back; one of them for a demonstration's own round."""
    mine = Plan(stage=Status.SUBMITTED, method="draw", closes=now + 20 * MINUTE, minutes=60, showcase="S026")
    return [
        mine,
        *(
            Plan(stage=stage, method=method, closes=now + (60 - 5 * number) * MINUTE, minutes=60)
            for stage in (Status.DRAFT, Status.SUBMITTED, Status.RETURNED)
            for number, method in enumerate(METHODS)
        ),
    ]


def _working_days_before(now: datetime, *, count: int) -> list[date]:
    """The working days before today, the latest first."""
    found: list[date] = []
    day = now.astimezone(LOCAL).date()
    while len(found) < count:
        day -= DAY
        if worktime.is_working(day):
            found.append(day)
    return found


def _afternoon(day: date) -> datetime:
    return datetime.combine(day, time(16), tzinfo=LOCAL)
