"""The life of a line as events drive it, and who has the ball at each moment: pure.

Nothing here refuses an event. One that says that something later happened says that what comes before it happened too (a
submitted deliverable without a sealed contract); one that cannot be (a second seal, an event of a case that was closed) changes
nothing. What was opened and never closed ends with the act that could not be without its end: questions and
blocks with the submission, a suspended contract with the acceptance, corrections, special procedures and suspensions
of a case with the case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from ratings.events import ANOTHER, CASE, Event


class Kind(StrEnum):
    """What the time of a segment is (时段), as the table of DOMAIN "One clock"."""

    SELECTION = "selection"
    CONTRACTING = "contracting"
    SERVICE = "service"
    WAITING_INPUT = "waiting_input"
    WAITING_LINE = "waiting_line"
    REVIEW = "review"
    REVISION = "revision"
    FILING = "filing"
    CHECK = "check"
    CORRECTION = "correction"
    EXAMINATION = "examination"
    SPECIAL = "special"
    SUSPENSION = "suspension"
    REFILING = "refiling"


class Party(StrEnum):
    """Whom a moment is charged to."""

    PLATFORM = "platform"
    FIRM = "firm"
    OWNER = "owner"
    DEPARTMENT = "department"
    STATUTORY = "statutory"
    LINE = "line"


PARTIES = frozenset(Party)


@dataclass(frozen=True, slots=True)
class Ball:
    """Who has the ball and why; see `Segment`."""

    kind: Kind
    party: Party
    set_at: datetime
    cause: str
    ref: str = ""
    award: str = ""
    case: str = ""


class Stage(IntEnum):
    """How far the firm's side of a line is."""

    SELECTION = 1
    CONTRACTING = 2
    SERVICE = 3
    REVIEW = 4
    ACCEPTED = 5


class Standing(IntEnum):
    """How the department's side stands."""

    NONE = 0
    RECEIVED = 1
    EXAMINING = 2
    CLOSED = 3


OPENS = {
    "input_asked": "input", "blocked": "line", "suspended": "suspension", "case_suspended": "case_suspension",
    "special_started": "special", "correction_asked": "correction", "returned": "revision",
    "review_revision_asked": "expert_revision",
}  # fmt: skip
CLOSES = {
    "input_provided": ("input",), "unblocked": ("line",), "resumed": ("suspension",), "case_resumed": ("case_suspension",),
    "special_ended": ("special",), "case_resubmitted": ("correction", "expert_revision"),
    "submitted": ("input", "line", "revision", "expert_revision"),
    "accepted": ("input", "revision", "suspension"),
    "case_accepted": ("correction",),
}  # fmt: skip
ALL_OF_THEM = {"submitted", "accepted", "case_accepted"}  # these close whatever the reference
OF_THE_CASE = ("correction", "special", "case_suspension", "expert_revision")
OF_THE_CONTRACT = ("input", "suspension", "revision", "expert_revision")
CASE_KINDS = {Kind.CHECK, Kind.EXAMINATION, Kind.CORRECTION, Kind.SPECIAL}


class Life:
    """What is known of a line after the events taken so far."""

    def __init__(self, *, with_case: bool = True) -> None:
        self.with_case = with_case
        self.stage = Stage.SELECTION
        self.stage_since: Event | None = None
        self.chooser = Party.PLATFORM
        self.award = ""
        self.seals: set[str] = set()
        self.standing = Standing.NONE
        self.case_since: Event | None = None
        self.case = ""
        self.open: dict[str, dict[str, Event]] = {}
        self.ended_at: datetime | None = None
        self.outcome = ""
        self.refused_at: datetime | None = None

    def take(self, event: Event) -> bool:
        """Go on by one event; says whether it changed anything."""
        if event.part:
            return event.kind == "returned"
        if event.kind in CASE and not self._of_this_case(event):
            return False
        if act := ACTS.get(event.kind):
            act(self, event)
        self._close(event)
        if group := OPENS.get(event.kind):
            self.open.setdefault(group, {}).setdefault(event.ref, event)
        if self.stage_since is None and event.kind not in CASE:
            self.stage_since = event
        return True

    # who has the ball

    def ball(self) -> Ball:
        """Who has the ball now: the table, and over it what DOMAIN puts before it."""
        ball = self._table()
        if ball.kind == Kind.SERVICE and (since := self._first("input")):
            ball = self._ball(Kind.WAITING_INPUT, Party.OWNER, since)
        elif ball.kind in {Kind.SERVICE, Kind.FILING} and (since := self._first("line")):
            ball = self._ball(Kind.WAITING_LINE, Party.LINE, since)
        if since := self._first("revision", "expert_revision"):
            ball = self._ball(Kind.REVISION, Party.FIRM, since)
        if since := self._first("correction"):
            ball = self._ball(Kind.CORRECTION, _at_fault(since), since)
        if since := self._first("special"):
            ball = self._ball(Kind.SPECIAL, Party.STATUTORY, since)
        if since := self._first("suspension", "case_suspension"):
            ball = self._ball(Kind.SUSPENSION, named(since.charged_to, ball.party), since)
        return ball

    def _table(self) -> Ball:
        stage = self.stage_since
        assert stage is not None
        if self.stage == Stage.SELECTION:
            return self._ball(Kind.SELECTION, self.chooser, stage)
        if self.stage == Stage.CONTRACTING:
            return self._ball(Kind.CONTRACTING, Party.OWNER if "firm" in self.seals else Party.FIRM, stage)
        if self.stage == Stage.SERVICE:
            return self._ball(Kind.SERVICE, Party.FIRM, stage)
        if self.stage == Stage.REVIEW:
            return self._ball(Kind.REVIEW, Party.OWNER, stage)
        if self.case_since is None:
            return self._ball(Kind.FILING, Party.OWNER, stage)
        if self.standing == Standing.CLOSED:
            return self._ball(Kind.REFILING, _at_fault(self.case_since), self.case_since)
        since = max(stage, self.case_since, key=lambda event: event.place)
        return self._ball(
            Kind.CHECK if self.standing == Standing.RECEIVED else Kind.EXAMINATION, Party.DEPARTMENT, since
        )

    def _ball(self, kind: Kind, party: Party, since: Event) -> Ball:
        case = self.case if kind in CASE_KINDS or since.kind == "case_suspended" else ""
        return Ball(kind, party, since.at, since.id, since.ref, self.award, case)

    def _first(self, *groups: str) -> Event | None:
        """What began first among what is open: it keeps the ball until it ends."""
        return min(
            (event for group in groups for event in self.open.get(group, {}).values()),
            key=lambda event: event.place,
            default=None,
        )

    # what events do

    def _reach(self, stage: Stage, event: Event) -> None:
        if self.stage < stage:
            self.stage, self.stage_since = stage, event

    def _close(self, event: Event) -> None:
        for group in CLOSES.get(event.kind, ()):
            if event.ref and event.kind not in ALL_OF_THEM:
                self.open.get(group, {}).pop(event.ref, None)
            else:
                self.open.pop(group, None)

    def _clear(self, *groups: str) -> None:
        for group in groups:
            self.open.pop(group, None)

    def _select(self, event: Event) -> None:
        """A need is announced, or a round or contract came to nothing: selection runs, charged to the party at fault if any."""
        self.refused_at = None
        if self.stage != Stage.SELECTION:
            self._again(Stage.SELECTION, event)
        if event.kind == "round_failed" or event.charged_to:
            self.chooser = named(event.charged_to, Party.PLATFORM)
        if self.stage_since is None:
            self.stage_since = event

    def _awarded(self, event: Event) -> None:
        self._again(Stage.CONTRACTING, event)
        self.award = event.id
        self.chooser = Party.PLATFORM

    def _again(self, stage: Stage, event: Event) -> None:
        self.stage, self.stage_since = stage, event
        self.seals = set()
        self.award = ""
        self.refused_at = None
        self._clear(*OF_THE_CONTRACT)

    def _sealed(self, event: Event) -> None:
        self._reach(Stage.CONTRACTING, event)
        if self.stage == Stage.CONTRACTING:
            before = self._table().party
            self.seals.add(event.by)
            if {"firm", "owner"} <= self.seals:
                self._reach(Stage.SERVICE, event)
            elif self._table().party != before:
                self.stage_since = event

    def _contract_sealed(self, event: Event) -> None:
        self._reach(Stage.SERVICE, event)

    def _returned(self, event: Event) -> None:
        """Not accepted after all: the next submission goes to the owner again."""
        if self.stage != Stage.REVIEW:
            self.stage, self.stage_since = Stage.REVIEW, event

    def _submitted(self, event: Event) -> None:
        if self.stage < Stage.REVIEW or (self.stage == Stage.REVIEW and self.open.get("revision")):
            self.stage, self.stage_since = Stage.REVIEW, event

    def _accepted(self, event: Event) -> None:
        self._reach(Stage.ACCEPTED, event)
        if not self.with_case:
            self.ended_at, self.outcome = event.at, "accepted"

    def _of_this_case(self, event: Event) -> bool:
        """Whether an event of a case can be one of the case that is open now. No decision precedes its line."""
        if event.kind == "case_decided" and self.stage_since is None:
            return False
        if event.kind in {"case_received", "case_accepted", "case_decided"}:
            return (
                self.standing in {Standing.NONE, Standing.CLOSED}
                or not self._other(event)
                or (event.kind == "case_received")
            )
        if event.kind == "case_resubmitted":
            return not (self.standing != Standing.CLOSED and self._other(event))
        if self.standing == Standing.CLOSED or self._other(event):
            return False
        return event.kind != "case_withdrawn" or self.standing != Standing.NONE

    def _other(self, event: Event) -> bool:
        return bool(event.case and self.case and event.case != self.case)

    def _received(self, event: Event) -> None:
        if self.standing in {Standing.RECEIVED, Standing.EXAMINING} and not self._other(event):
            return
        self._stand(Standing.RECEIVED, event)
        self._clear(*OF_THE_CASE)

    def _resubmitted(self, event: Event) -> None:
        if self.standing != Standing.EXAMINING:
            self._stand(Standing.RECEIVED, event)

    def _case_accepted(self, event: Event) -> None:
        if self.standing != Standing.EXAMINING:
            self._stand(Standing.EXAMINING, event)

    def _seen(self, event: Event) -> None:
        """Something that can only happen to a case that was received."""
        if self.standing == Standing.NONE:
            self._stand(Standing.RECEIVED, event)

    def _closed(self, event: Event) -> None:
        self._stand(Standing.CLOSED, event)
        self._clear(*OF_THE_CASE)

    def _stand(self, standing: Standing, event: Event) -> None:
        self.standing, self.case_since = standing, event
        self.case = event.case or self.case
        if standing != Standing.CLOSED:
            self.refused_at = None

    def _decided(self, event: Event) -> None:
        self._closed(event)
        if event.outcome == "refused":
            self.refused_at = event.at
        else:
            self.ended_at, self.outcome = event.at, "granted"

    def _ended(self, event: Event) -> None:
        self.ended_at, self.outcome = event.at, "ended"


ACTS: dict[str, Callable[[Life, Event], None]] = {
    "announced": Life._select, "round_failed": Life._select, "awarded": Life._awarded, "sealed": Life._sealed,
    "contract_sealed": Life._contract_sealed,
    "returned": Life._returned, "submitted": Life._submitted, "accepted": Life._accepted,
    "case_received": Life._received, "case_resubmitted": Life._resubmitted, "case_accepted": Life._case_accepted,
    "correction_asked": Life._seen, "special_started": Life._seen, "case_suspended": Life._seen,
    "review_revision_asked": Life._seen, "case_not_accepted": Life._closed, "case_withdrawn": Life._closed,
    "case_decided": Life._decided, "line_ended": Life._ended,
}  # fmt: skip


def named(party: str, else_: Party) -> Party:
    """The party that an order names; where it names none, the one who would have the ball."""
    return Party(party) if party in PARTIES else else_


def _at_fault(event: Event) -> Party:
    """The firm for its result, the line whose result it is where another's was named, else the owner."""
    return {"deliverable": Party.FIRM, ANOTHER: Party.LINE}.get(event.fault, Party.OWNER)
