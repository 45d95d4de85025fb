"""How an event enters the history of a case: under the case's lock, against all that is known, and into the log.

Whoever it comes from — a desk, an applicant, a department's own system, a table — it comes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from approvals.domain.history import ENDS, State, effective, in_order, replay, settle
from approvals.domain.limits import set_deadlines
from approvals.models import ApiClient, Application, Case, CaseEvent, Fault
from core import clock
from core.errors import Conflict, DomainError, WrongState
from ledger import domain as ledger
from ledger.models import Blind
from protocol.canonical import timestamp

Kind = CaseEvent.Kind
LONGEST_WORDS = 500
DETAILS = ("fault", "deliverable", "category", "words", "first_time", "special", "charged_to", "outcome")
NEEDED: dict[str, tuple[str, ...]] = {
    Kind.CORRECTION_ASKED: ("category", "fault", "first_time"),
    Kind.NOT_ACCEPTED: ("category", "fault"),
    Kind.WITHDRAWN: ("fault",),
    Kind.SPECIAL_STARTED: ("special",),
    Kind.SUSPENDED: ("charged_to",),
    Kind.DECIDED: ("outcome",),
}
"""Which details an event of a kind has to have."""
FINAL = (Kind.ACCEPTED, Kind.NOT_ACCEPTED, Kind.DECIDED, Kind.WITHDRAWN)
"""What contradicts the record for good: nothing that is still to come could make room for it."""
MOST_WAITING = 20
"""Events of one case that wait for earlier ones."""
SKEW = timedelta(minutes=1)
"""By how much another's clock may go ahead of ours."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Who says that something happened: a person at a desk, or a department's system with its own number for the event."""

    source: CaseEvent.Source
    by: User | None = None
    client: ApiClient | None = None
    event_id: str = ""
    digest: str = ""

    @property
    def may_be_early(self) -> bool:
        """Systems send out of order: what does not fit yet is kept until the events before it arrive."""
        return self.source in (CaseEvent.Source.API, CaseEvent.Source.IMPORT)


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What is said to have happened."""

    kind: CaseEvent.Kind
    occurred_at: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)
    corrects: CaseEvent | None = None


def locked(case_id: int) -> Case:
    """A case under its lock; that of its application is taken first, since a decision may begin the next step."""
    application_id = Case.objects.values_list("application_id", flat=True).get(pk=case_id)
    if application_id is not None:
        Application.objects.select_for_update().get(pk=application_id)
    related = ("department__organisation", "version", "item", "applicant", "application")
    return Case.objects.select_for_update(of=["self"]).select_related(*related).get(pk=case_id)


def record(case: Case, happening: Happening, origin: Origin) -> CaseEvent:
    """Add an event to a locked case. Said again in the same words it changes nothing and the earlier event is given.

    Raises DomainError for what is missing or lies in the future, WrongState where it does not fit, Conflict where it
    contradicts what is known or the number of a system's event was used for another.
    """
    if origin.event_id and (known := _sent_before(case, origin)) is not None:
        return known
    book = Book(case)
    event = book.add(happening, origin)
    book.save()
    return event


class Book:
    """The history of a locked case while events are added to it: read once, written once, however many there are."""

    def __init__(self, case: Case) -> None:
        assert transaction.get_connection().in_atomic_block
        self.case = case
        self.events = list(case.events.order_by("number"))
        self.new: list[CaseEvent] = []
        self.arrived: list[int] = []
        self.state: State | None = None
        self.now: datetime | None = None

    def add(self, happening: Happening, origin: Origin) -> CaseEvent:
        """Place an event, or give the earlier one that says the same; nothing is written yet. Raises as `record` does."""
        if happening.corrects is not None:
            self.save()  # an event is corrected by the number that the database has given it
        self.now = self.now or clock.now()  # after the lock, once
        event = _event(self.case, happening, origin, number=len(self.events) + 1, now=self.now)
        state, _taken = replay([each for each in effective(self.events) if not each.waiting])
        if _same_again(state, event):
            assert state.last is not None
            return state.last
        _demand_order(state, event, origin)
        settled = _placed(self.case, self.events, event, origin)
        for each in settled:
            if each.waiting and each is not event:
                each.waiting = False
                self.arrived += [each.pk] if each.pk is not None else []
        self.events.append(event)
        self.new.append(event)
        self.state = replay(settled)[0]
        _stand(self.case, self.state)
        return event

    def save(self) -> None:
        """Write what was added: the events, the case that follows from them, and their entries of the log."""
        if self.state is None:
            return
        CaseEvent.objects.bulk_create(self.new)
        if self.arrived:
            CaseEvent.objects.filter(pk__in=self.arrived).update(waiting=False)
        set_deadlines(self.case, self.state)
        self.case.save()
        _log(self.case, self.new)
        self.new, self.arrived, self.state = [], [], None


def _event(case: Case, happening: Happening, origin: Origin, *, number: int, now: datetime) -> CaseEvent:
    given = {name: value for name, value in happening.details.items() if name in DETAILS}
    words = str(given.get("words", "")).strip()
    if len(words) > LONGEST_WORDS:
        raise DomainError(_("最多 %(length)d 个字。") % {"length": LONGEST_WORDS}, code="words")
    for name in NEEDED.get(happening.kind, ()):
        if given.get(name) in (None, ""):
            field_name = CaseEvent._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            raise DomainError(
                _("“%(kind)s”须填写“%(field)s”。") % {"kind": happening.kind.label, "field": field_name}, code=name
            )
    _demand_deliverable(case, given)
    at = happening.occurred_at or now
    if now < at <= now + SKEW and origin.client is not None:
        at = now
    if at > now:
        raise DomainError(_("发生时间不能晚于现在。"), code="occurred_at")
    return CaseEvent(
        case=case,
        number=number,
        kind=happening.kind,
        occurred_at=at,
        recorded_at=now,
        source=origin.source,
        by=origin.by,
        client=origin.client,
        department=case.department,
        event_id=origin.event_id,
        digest=origin.digest,
        corrects=happening.corrects,
        **{**given, "words": words},
    )


def _demand_deliverable(case: Case, given: dict[str, Any]) -> None:
    """The result at fault is one of the case's own, and named only where the fault lies in a result."""
    named = given.get("deliverable", "")
    if not named:
        return
    if given.get("fault") != Fault.DELIVERABLE:
        raise DomainError(_("原因不在中介成果的，不要填写所指成果。"), code="deliverable")
    if named not in {each.result for each in case.deliverables}:
        raise DomainError(_("“%(code)s”不是本办件材料里的成果。") % {"code": named}, code="deliverable")


def _sent_before(case: Case, origin: Origin) -> CaseEvent | None:
    known = CaseEvent.objects.filter(department=case.department_id, event_id=origin.event_id).first()
    if known is not None and known.digest != origin.digest:
        raise Conflict(_("这个事件编号已经用于另一条内容不同的事件。"), code="event_id")
    return known


def _same_again(state: State, event: CaseEvent) -> bool:
    """Whether a person pressed the button twice: the last thing that happened is this, in the same words."""
    last = state.last
    if last is None or event.event_id or event.corrects_id or last.kind != event.kind:
        return False
    return all(getattr(last, name) == getattr(event, name) for name in DETAILS)


def _demand_order(state: State, event: CaseEvent, origin: Origin) -> None:
    """At a desk things are written down in their order; who was wrong corrects the event that was wrong."""
    if origin.may_be_early or event.corrects_id or state.last is None:
        return
    if event.occurred_at < state.last.occurred_at:
        at = state.last.occurred_at.astimezone(clock.LOCAL)
        raise DomainError(
            _("发生时间不能早于上一个事件（%(kind)s，%(at)s）。")
            % {"kind": state.last.get_kind_display(), "at": f"{at:%Y-%m-%d %H:%M}"},
            code="occurred_at",
        )


def _placed(case: Case, events: Sequence[CaseEvent], event: CaseEvent, origin: Origin) -> list[CaseEvent]:
    """The history that holds together with the event in it, or with the event waiting beside it."""
    counted = effective([*events, event])
    before = [each for each in effective(events) if not each.waiting]
    must = [each for each in before if event.corrects_id is None or each.pk != event.corrects_id]
    waiting = [each for each in counted if each.waiting]
    new = [] if event.kind == Kind.RETRACTED else [event]
    settled = settle(must, new, waiting)
    if settled is None:
        _refuse(case, must, event, origin, waits=len(waiting))
        event.waiting = True
        settled = settle(must, [], waiting) or must
    return settled


def _refuse(case: Case, must: Sequence[CaseEvent], event: CaseEvent, origin: Origin, *, waits: int) -> None:
    """Raise for an event that does not fit, unless a system sent it and what is still to come may make it fit."""
    state, fits = replay(sorted([*must, event], key=in_order))
    lost = [each for each in must if each not in fits]
    may_wait = origin.may_be_early and event.corrects is None and waits < MOST_WAITING
    if lost and (not may_wait or event.kind in FINAL):
        raise Conflict(
            _("与已有记录矛盾：这样一来，第 %(number)d 条“%(kind)s”就不成立了。")
            % {"number": lost[0].number, "kind": lost[0].get_kind_display()}
        )
    if not lost and not (may_wait and _may_fit_later(state, event)):
        raise WrongState(_does_not_fit(case, event))


def _may_fit_later(state: State, event: CaseEvent) -> bool:
    """Whether events that have not arrived yet could make room: none comes before the receipt, or after the end."""
    if event.kind == Kind.RECEIVED or (state.received_at is not None and event.occurred_at < state.received_at):
        return False
    return not (state.status in ENDS and state.ended_at is not None and event.occurred_at >= state.ended_at)


def _does_not_fit(case: Case, event: CaseEvent) -> str:
    return _("办件现在是“%(status)s”，不能记录“%(kind)s”。") % {
        "status": case.shown_label,
        "kind": event.get_kind_display(),
    }


def _stand(case: Case, state: State) -> None:
    """What the case is now, without its deadlines."""
    case.status, case.outcome = state.status, state.outcome
    case.suspended, case.special = state.suspended, state.special
    case.received_at, case.accepted_at, case.ended_at = state.received_at, state.accepted_at, state.ended_at


def _log(case: Case, events: Sequence[CaseEvent]) -> None:
    """Tell the log of events; all were recorded in one transaction, at nearly one moment."""
    blinds: list[Blind] = []

    def blinded(value: str) -> str:
        blinds.append(ledger.written_blind(value, subject=case.subject))
        return blinds[-1].digest

    at = events[-1].recorded_at
    rows = [
        ledger.written(log_type(each), case.subject, told_of(case, each, blinded=blinded), at=at) for each in events
    ]
    ledger.append_all(rows, blinds)


def log_type(event: CaseEvent) -> str:
    """What the log calls an event."""
    return f"case.{event.kind.removeprefix('case_')}"


def told_of(case: Case, event: CaseEvent, *, blinded: Callable[[str], str]) -> dict[str, Any]:
    """What the log says of an event of a case: free text, and who is a natural person, blinded."""
    data: dict[str, Any] = {
        "number": event.number,
        "occurred_at": timestamp(event.occurred_at),
        "source": event.source,
        "department": case.department.code,
    }
    if event.kind == Kind.RECEIVED:
        party = case.applicant
        code = blinded(party.public_code) if party.is_protected else party.public_code
        data |= {"item": case.item.code, "applicant": code}
    data |= {
        name: getattr(event, name) for name in DETAILS if name != "words" and getattr(event, name) not in (None, "")
    }
    if event.words:
        data["text"] = blinded(event.words)
    if event.corrects is not None:
        data["corrects"] = event.corrects.number
    if event.waiting:
        data["waiting"] = True
    return data
