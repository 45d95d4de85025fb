"""What happened to a line, as it was recorded (事件): pure, with the rules for events that are late, double or corrected.

- One id is one event. Should two events of one id differ, the one with the earlier moment counts.
- An event that `replaces` another takes its place from the moment it is known: a correction says what was true all along.
  Events that replace one another in a ring cancel each other. `retracted` with `replaces` takes an event back.
- An event later than "now" does not count yet. The order of the input never matters: events are read by their moment, at
  one moment by their place in the log (`order`), then as a life goes (`KINDS`), then by id.
- A kind that is not known is no event of a line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

SELECTION = ("announced", "round_failed", "awarded")
CONTRACT = ("sealed", "contract_sealed")
DELIVERY = ("input_asked", "input_provided", "blocked", "unblocked", "submitted", "returned", "accepted")
CASE = (
    "case_received", "correction_asked", "case_resubmitted", "case_accepted", "special_started", "review_revision_asked",
    "special_ended", "case_suspended", "case_resumed", "case_not_accepted", "case_withdrawn", "case_decided",
)  # fmt: skip
ANOTHER = "another"
"""The fault of a correction that names the result of another line."""
KINDS = (*SELECTION, *CONTRACT, "suspended", "resumed", *DELIVERY, *CASE, "line_ended")
RANK = {kind: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One recorded event of a line. What does not belong to its kind stays empty.

    ref names what is opened and closed (a question, a suspension, a correction; the code of the line that blocks), so that
    several can run at once; without it a closing event closes all of its kind. case is the code of the approval case.
    """

    id: str
    kind: str
    at: datetime
    order: int = 0
    replaces: str = ""
    ref: str = ""
    case: str = ""
    by: str = ""  # sealed: firm, owner
    charged_to: str = ""  # suspended, case_suspended, and round_failed or announced after an objection was upheld
    fault: str = ""  # deliverable, another (line's), other
    outcome: str = ""  # case_decided: granted, refused
    quality: bool = False  # returned
    could_have_been_first: bool = False  # correction_asked
    part: bool = False  # of a deliverable that is not the one which goes to the department: counted, it moves no ball

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an event has an aware moment")

    @property
    def place(self) -> tuple[datetime, int, int, str, str]:
        """Where it stands among the events of its line."""
        return self.at, self.order, RANK.get(self.kind, len(RANK)), self.id, repr(self)


def standing(events: Iterable[Event], *, now: datetime) -> list[Event]:
    """The events that count at `now`, each once, in the one order."""
    by_id: dict[str, Event] = {}
    for event in sorted(events, key=lambda event: event.place):
        by_id.setdefault(event.id, event)
    replaced = {event.replaces for event in by_id.values() if event.replaces != event.id}
    return [event for event in by_id.values() if event.id not in replaced and event.kind in RANK and event.at <= now]
