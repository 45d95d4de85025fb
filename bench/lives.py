"""Lives of lines: what happened to them, with failed rounds, waits, suspensions, returns, corrections and refilings."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ratings.columns import KINDS, PARTIES, Ints
from ratings.events import Event
from ratings.life import Kind, Party
from ratings.recorded import FIRST, recorded

HOUR = 3_600_000_000
SPAN = 365 * 8 * 24 * HOUR
SINCE = 18 * 365 * 24 * HOUR
"""Lines begin within eight years from the end of 2017 (in microseconds since 2000)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One life: the numbers of its events, which of them are of the moment before, cases, and whose the time after each is.

    `after`: kind and party after an event as numbers of the rows, 0 where nothing runs: what somebody who writes SQL by hand
    says of each event. It holds since here nothing runs beside something else.
    """

    codes: Ints
    together: Ints
    cases: int
    after: Ints


Step = tuple[Event, tuple[Kind, Party] | None]
SERVICE, EXAMINED = (Kind.SERVICE, Party.FIRM), (Kind.EXAMINATION, Party.DEPARTMENT)
FAULTS = (("deliverable", Party.FIRM), ("other", Party.OWNER))


class _Writer:
    """Writes one life down."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.steps: list[Step] = []
        self.at = FIRST

    def says(self, probability: float) -> bool:
        return self.chance.random() < probability

    def event(self, kind: str, after: tuple[Kind, Party] | None, *, together: bool = False, **more: str | bool) -> None:
        self.at += timedelta(0) if together else timedelta(hours=1)
        number = len(self.steps)
        event = Event(id=f"e{number:03}", kind=kind, at=self.at, order=number, **more)  # type: ignore[arg-type]
        self.steps.append((event, after))

    def selection(self) -> None:
        chosen = (Kind.SELECTION, Party.PLATFORM)
        self.event("announced", chosen)
        while self.says(0.15):
            self.event("round_failed", chosen)
            self.event("announced", chosen)
        self.event("awarded", (Kind.CONTRACTING, Party.FIRM))
        self.event("sealed", (Kind.CONTRACTING, Party.OWNER), by="firm")
        self.event("sealed", (Kind.CONTRACTING, Party.OWNER), by="owner")
        self.event("contract_sealed", SERVICE, together=True)

    def service(self) -> None:
        while self.says(0.35):
            number = str(len(self.steps))
            if self.says(0.5):
                self.event("input_asked", (Kind.WAITING_INPUT, Party.OWNER), ref=number)
                self.event("input_provided", SERVICE, ref=number)
            elif self.says(0.5):
                self.event("blocked", (Kind.WAITING_LINE, Party.LINE), ref=number)
                self.event("unblocked", SERVICE, ref=number)
            else:
                party = self.chance.choice([Party.OWNER, Party.FIRM, Party.DEPARTMENT])
                self.event("suspended", (Kind.SUSPENSION, party), ref=number, charged_to=party)
                self.event("resumed", SERVICE, ref=number)
        self.event("submitted", (Kind.REVIEW, Party.OWNER))
        while self.says(0.3):
            self.event("returned", (Kind.REVISION, Party.FIRM), quality=self.says(0.7))
            self.event("submitted", (Kind.REVIEW, Party.OWNER))
        self.event("accepted", (Kind.FILING, Party.OWNER))

    def case(self, code: str) -> bool:
        """A case of the line; whether it was decided for good."""
        checked = (Kind.CHECK, Party.DEPARTMENT)
        self.event("case_received", checked, case=code)
        while self.says(0.4):
            fault, party = self.chance.choice(FAULTS)
            self.event(
                "correction_asked",
                (Kind.CORRECTION, party),
                case=code,
                fault=fault,
                could_have_been_first=self.says(0.3),
            )
            self.event("case_resubmitted", checked, case=code)
        if self.says(0.06):
            fault, party = self.chance.choice(FAULTS)
            self.event("case_not_accepted", (Kind.REFILING, party), case=code, fault=fault)
            return False
        self.event("case_accepted", EXAMINED, case=code)
        while self.says(0.2):
            self.event("special_started", (Kind.SPECIAL, Party.STATUTORY), case=code)
            self.event("special_ended", EXAMINED, case=code)
        if self.says(0.08):
            self.event("case_suspended", (Kind.SUSPENSION, Party.OWNER), case=code, charged_to="owner")
            self.event("case_resumed", EXAMINED, case=code)
        self.event("case_decided", None, case=code, outcome="refused" if self.says(0.04) else "granted")
        return True


def draw(count: int, seed: int = 5) -> list[Life]:
    """Lives, of which many are the same; every sixth still runs."""
    chance = random.Random(seed)
    return [_life(chance) for _number in range(count)]


def _life(chance: random.Random) -> Life:
    writer = _Writer(chance)
    writer.selection()
    writer.service()
    number = 1
    while not writer.case(f"K{number}"):
        number += 1
    steps = writer.steps
    if writer.says(1 / 6):
        steps = steps[: chance.randrange(1, len(steps))]
    kept = recorded([event for event, _after in steps])
    after = [(KINDS[told[0]], PARTIES[told[1]]) if told else (0, 0) for _event, told in steps]
    codes = np.array(kept.codes, dtype=np.int64)
    return Life(codes=codes, together=codes & 1, cases=len(kept.cases), after=np.array(after, dtype=np.int64))
