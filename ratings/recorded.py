"""The recorded events of a line as two columns (事件列): what happened, as numbers, and when. Pure.

Lines to which the same things happened in the same order have the same first column, whatever the days were: their *shape*. All
that `ratings.timeline` decides follows from it, so it is decided once for each shape (`ratings.plans`), and only the arithmetic
of days is done for every line (`ratings.columns`).

A number holds one event, in bits from the lowest: whether it is of the same moment as the one before, quality,
could_have_been_first, part, then kind (5 bits), by (2), fault (2), outcome (2), charged_to (3), ref (20) and case (20), these
two counted from 1 in the order in which a line first names them. What the numbers mean is in the database: they never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ratings.events import ANOTHER, Event

KINDS = {
    "announced": 1, "round_failed": 2, "awarded": 3, "sealed": 4, "contract_sealed": 5, "suspended": 6, "resumed": 7,
    "input_asked": 8, "input_provided": 9, "blocked": 10, "unblocked": 11, "submitted": 12, "returned": 13, "accepted": 14,
    "case_received": 15, "correction_asked": 16, "case_resubmitted": 17, "case_accepted": 18, "special_started": 19,
    "review_revision_asked": 20, "special_ended": 21, "case_suspended": 22, "case_resumed": 23, "case_not_accepted": 24,
    "case_withdrawn": 25, "case_decided": 26, "line_ended": 27,
}  # fmt: skip
# What a word is not in these is of no consequence: it stands for the first, "other" for whom nobody knows.
SIDES = ("", "firm", "owner")
FAULTS = ("", "deliverable", ANOTHER)
OUTCOMES = ("", "refused")
PARTIES = ("", "platform", "firm", "owner", "department", "statutory", "line", "other")
MOST_NAMES = (1 << 20) - 1
"""Questions, suspensions and the like of one line, and cases of one line."""
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)

_KIND_OF = {number: kind for kind, number in KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The events of a line in their order: their numbers, their moments, and the codes of the cases that they name."""

    codes: tuple[int, ...]
    times: tuple[datetime, ...]
    cases: tuple[str, ...]


def recorded(events: Sequence[Event]) -> Recorded:
    """Events in their order (`ratings.events.standing`) as columns."""
    refs, cases = _Names(), _Names()
    codes: list[int] = []
    before: datetime | None = None
    for event in events:
        codes.append(_number(event, event.at == before, refs.place(event.ref), cases.place(event.case)))
        before = event.at
    return Recorded(codes=tuple(codes), times=tuple(event.at for event in events), cases=tuple(cases.known))


def events_of(kept: Recorded) -> list[Event]:
    """The events that were recorded, with `id` and `ref` their places: whatever the timeline says of them, it says of these."""
    found = zip(symbolic(kept.codes), kept.times, strict=True)
    return [replace(event, at=at, case=kept.cases[int(event.case) - 1] if event.case else "") for event, at in found]


def symbolic(codes: Iterable[int]) -> list[Event]:
    """The events of a shape at symbolic moments: whole seconds from FIRST, one later for each later moment. `id` is the place."""
    found: list[Event] = []
    at = FIRST
    for place, code in enumerate(codes):
        at += timedelta(0) if code & 1 else SECOND
        found.append(_event(code >> 1, place, at))
    return found


class _Names:
    """Names in the order of their first use, from 1; the empty name is 0."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def place(self, name: str) -> int:
        if not name:
            return 0
        place = self.known.setdefault(name, len(self.known) + 1)
        if place > MOST_NAMES:
            raise ValueError("a line has at most a million references")
        return place


def _number(event: Event, same_moment: bool, ref: int, case: int) -> int:
    party = event.charged_to if event.charged_to in PARTIES else PARTIES[-1]
    fields = (
        (case, 20),
        (ref, 20),
        (PARTIES.index(party), 3),
        (_place(event.outcome, OUTCOMES), 2),
        (_place(event.fault, FAULTS), 2),
        (_place(event.by, SIDES), 2),
        (KINDS[event.kind], 5),
        (event.part, 1),
        (event.could_have_been_first, 1),
        (event.quality, 1),
        (same_moment, 1),
    )
    number = 0
    for value, bits in fields:
        number = number << bits | int(value)
    return number


def _place(word: str, words: Sequence[str]) -> int:
    return words.index(word) if word in words else 0


def _event(number: int, place: int, at: datetime) -> Event:
    """One event from its number without the lowest bit."""

    def take(bits: int) -> int:
        nonlocal number
        value = number & ((1 << bits) - 1)
        number >>= bits
        return value

    quality, first, part = (bool(take(1)) for _flag in range(3))
    kind, by, fault, outcome, party = (
        _KIND_OF[take(5)],
        SIDES[take(2)],
        FAULTS[take(2)],
        OUTCOMES[take(2)],
        PARTIES[take(3)],
    )
    ref, case = take(20), take(20)
    return Event(
        id=str(place), kind=kind, at=at, order=place, ref=str(ref or ""), case=str(case or ""), by=by,
        charged_to=party, fault=fault, outcome=outcome, quality=quality, could_have_been_first=first, part=part,
    )  # fmt: skip
