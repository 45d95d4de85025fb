"""How an event enters the history of a case: under the case's lock, against all that is known, and into the log.

Whoever it comes from — a desk, an applicant, a department's own system, a table — it comes through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from approvals.domain.history import ENDS, State, effective, replay
from approvals.domain.limits import set_deadlines
from approvals.models import ApiClient, Application, Case, CaseEvent
from core import clock
from core.errors import Conflict, DomainError, WrongState
from ledger import domain as ledger
from protocol.canonical import timestamp

Kind = CaseEvent.Kind
LONGEST_WORDS = 500
DETAILS = ("fault", "category", "words", "first_time", "special", "charged_to", "outcome")
NEEDED: dict[str, tuple[str, ...]] = {
    Kind.CORRECTION_ASKED: ("category", "fault", "first_time"),
    Kind.NOT_ACCEPTED: ("category", "fault"),
    Kind.WITHDRAWN: ("fault",),
    Kind.SPECIAL_STARTED: ("special",),
    Kind.SUSPENDED: ("charged_to",),
    Kind.DECIDED: ("outcome",),
}
"""Which details an event of a kind has to have."""
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
    assert transaction.get_connection().in_atomic_block
    now = clock.now()
    events = list(case.events.order_by("number"))
    if origin.event_id and (known := _sent_before(case, origin)) is not None:
        return known
    event = _event(case, happening, origin, number=len(events) + 1, now=now)
    state, taken = replay(effective(events))
    if _same_again(state, event):
        assert state.last is not None
        return state.last
    _demand_order(state, event, origin)
    _place(case, events, taken, event, origin)
    _log(case, event)
    return event


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


def _place(
    case: Case, events: Sequence[CaseEvent], taken: Sequence[CaseEvent], event: CaseEvent, origin: Origin
) -> None:
    """Save the event if the history holds together with it, and let the case be what follows from it."""
    replaced = event.corrects_id
    state, fits = replay(effective([*events, event]))
    lost = {each.pk for each in taken if each.pk != replaced} - {each.pk for each in fits}
    if lost:
        first = next(each for each in taken if each.pk in lost)
        raise Conflict(
            _("与已有记录矛盾：这样一来，第 %(number)d 条“%(kind)s”就不成立了。")
            % {"number": first.number, "kind": first.get_kind_display()}
        )
    if event.kind != Kind.RETRACTED and not any(each is event for each in fits):
        is_over = state.status in ENDS and state.ended_at is not None and event.occurred_at >= state.ended_at
        if not origin.may_be_early or replaced or is_over:
            raise WrongState(_does_not_fit(case, event))
        event.waiting = True
    event.save(force_insert=True)
    arrived = [each.pk for each in fits if each.waiting]
    CaseEvent.objects.filter(pk__in=arrived).update(waiting=False)
    _become(case, state)


def _does_not_fit(case: Case, event: CaseEvent) -> str:
    return _("办件现在是“%(status)s”，不能记录“%(kind)s”。") % {
        "status": case.shown_label,
        "kind": event.get_kind_display(),
    }


def _become(case: Case, state: State) -> None:
    case.status, case.outcome = state.status, state.outcome
    case.suspended, case.special = state.suspended, state.special
    case.received_at, case.accepted_at, case.ended_at = state.received_at, state.accepted_at, state.ended_at
    set_deadlines(case, state)
    case.save()


def _log(case: Case, event: CaseEvent) -> None:
    data: dict[str, Any] = {
        "number": event.number,
        "occurred_at": timestamp(event.occurred_at),
        "source": event.source,
        "department": case.department.code,
    }
    if event.kind == Kind.RECEIVED:
        party = case.applicant
        data |= {
            "item": case.item.code,
            "applicant": ledger.party(party.public_code, protected=party.is_protected, subject=case.subject),
        }
    data |= {
        name: getattr(event, name) for name in DETAILS if name != "words" and getattr(event, name) not in (None, "")
    }
    if event.words:
        data["text"] = ledger.blinded(event.words, subject=case.subject)
    if event.corrects is not None:
        data["corrects"] = event.corrects.number
    if event.waiting:
        data["waiting"] = True
    ledger.append(f"case.{event.kind.removeprefix('case_')}", case.subject, data, at=event.recorded_at)
