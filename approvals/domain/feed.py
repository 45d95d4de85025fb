"""Events that come in numbers, from a department's own system or a table: each on its own, in any order, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from approvals.domain import early
from approvals.domain.cases import open_case
from approvals.domain.recording import DETAILS, Happening, Origin, locked
from approvals.domain.steps import happen
from approvals.models import Case, CaseEvent, Department, EarlyEvent
from core.errors import Conflict, DomainError, WrongState
from protocol import canonical

Kind = CaseEvent.Kind


class Result(StrEnum):
    """What became of an event: in the case, kept until what it needs comes, or there already."""

    APPLIED = "applied"
    WAITING = "waiting"
    ALREADY = "already"


@dataclass(frozen=True, kw_only=True)
class Taken:
    result: Result
    case: str
    number: int


def digest_of(given: Mapping[str, Any]) -> str:
    """The SHA-256 of what an event says, however it was written down."""
    plain = {name: _plain(value) for name, value in given.items() if value not in (None, "")}
    return canonical.sha256_hex(canonical.encode(plain))


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return canonical.timestamp(value)
    return str(value.pk) if isinstance(value, models.Model) else str(value)


def take(
    given: Mapping[str, Any], *, department: Department, origin: Origin, row: Mapping[str, Any] | None = None
) -> Taken:
    """Let one event be recorded that a form has read; the same again gives what became of it.

    With `row`, what the form had to read, an event of a department's system waits where the receipt of its case, or the
    event that it corrects, has not come; and what waits for this one is applied with it.
    Raises DomainError where it is refused: an unknown case, another body under the same number, a contradiction.
    """
    try:
        with transaction.atomic():
            known = _known_event(department, origin)
            if known is not None:
                return already(known, origin)
            if row is None or origin.client is None:
                return _told(_apply_or_refuse(given, department, origin))
            early.demand_same(department, origin)
            try:
                with transaction.atomic():
                    event = _apply(given, department, origin)
            except early.NotYet as wait:
                early.keep(row, given, department=department, origin=origin, refusal=wait.refusal)
                return Taken(result=Result.WAITING, case="", number=0)
            early.forget(department, origin.event_id)
            _take_what_waited(event.case)
            event.refresh_from_db(fields=["waiting"])
            return _told(event)
    except IntegrityError as race:
        known = _known_event(department, origin)
        if known is None:
            raise Conflict from race
        return already(known, origin)


def _told(event: CaseEvent) -> Taken:
    result = Result.WAITING if event.waiting else Result.APPLIED
    return Taken(result=result, case=event.case.code, number=event.number)


def _known_event(department: Department, origin: Origin) -> CaseEvent | None:
    rows = CaseEvent.objects.filter(department=department, event_id=origin.event_id)
    return rows.select_related("case").first()


def _apply_or_refuse(given: Mapping[str, Any], department: Department, origin: Origin) -> CaseEvent:
    try:
        return _apply(given, department, origin)
    except early.NotYet as wait:
        raise wait.refusal from wait


def _apply(given: Mapping[str, Any], department: Department, origin: Origin) -> CaseEvent:
    """Record an event with its case. Raises NotYet where it needs what has not come, DomainError where it is refused."""
    case = _case(given, department)
    happening = happening_of(given, case)
    try:
        return happen(case, happening, origin)
    except (WrongState, Conflict) as misfit:
        # What stands in the place of another event may need what happened before it, as that one does.
        if happening.corrects is None or misfit.code == "event_id":
            raise
        raise early.NotYet(misfit) from misfit


def happening_of(given: Mapping[str, Any], case: Case) -> Happening:
    """What is said to have happened to a case. Raises as `_apply`."""
    return Happening(
        kind=Kind(given["kind"]),
        occurred_at=given["occurred_at"],
        details={name: given[name] for name in DETAILS if given.get(name) not in (None, "")},
        corrects=_corrected(given, case),
    )


def _take_what_waited(case: Case) -> None:
    """Apply whatever waited for a locked case or for an event of it, as long as one more fits."""
    left = early.waiting_for(case)
    while left:
        still = [each for each in left if not _take_early(each, case)]
        if len(still) == len(left):
            return
        left = still


def _take_early(event: EarlyEvent, case: Case) -> bool:
    """Whether an event that waited waits no more: it was applied, or does not fit."""
    try:
        with transaction.atomic():
            _apply(early.read(event), case.department, early.origin_of(event))
            event.delete()
    except early.NotYet:
        return False
    except DomainError as refused:
        early.refuse(event, str(refused))
    return True


def already(known: CaseEvent, origin: Origin) -> Taken:
    """What became of an event that came before. Raises Conflict where it said something else then."""
    if known.digest != origin.digest:
        raise Conflict(_("这个事件编号已经用于另一条内容不同的事件。"), code="event_id")
    return Taken(result=Result.ALREADY, case=known.case.code, number=known.number)


def _case(given: Mapping[str, Any], department: Department) -> Case:
    """The case that an event is about, locked; a new one where it begins."""
    named = str(given["case"])
    found = _known(named, department)
    if found is None:  # one new case of a department at a time, and nobody begins to wait while it is made
        Department.objects.select_for_update(no_key=True).get(pk=department.pk)
        found = _known(named, department)
    return locked(found.pk) if found is not None else opened(given, department)


def opened(given: Mapping[str, Any], department: Department) -> Case:
    """A new case, locked, for the receipt of one that is not known here; the department is locked.

    Raises NotYet for anything but a receipt, DomainError where the receipt does not tell what makes a case.
    """
    named = str(given["case"])
    if given["kind"] != Kind.RECEIVED:
        unknown = _("没有编号为 %(code)s 的办件，请先送收件事件。") % {"code": named}
        raise early.NotYet(DomainError(unknown, code="unknown_case"))
    for name in ("item", "applicant", "project_name"):
        if not given.get(name):
            raise DomainError(_("收件事件须写明事项、申请人和项目名称。"), code=name)
    district = given.get("district") or department.district
    made = open_case(
        item=given["item"],
        department=department,
        applicant=given["applicant"],
        project_name=given["project_name"],
        project_code=given.get("project_code") or "",
        district=district,
        filed_in=given.get("filed_in") or district,
        at=given["occurred_at"],
        external_code=named,
    )
    return locked(made.pk)


def _known(named: str, department: Department) -> Case | None:
    own = Case.objects.filter(department=department)
    return own.filter(external_code=named).first() or own.filter(code=named).first()


def _corrected(given: Mapping[str, Any], case: Case) -> CaseEvent | None:
    if not given.get("corrects"):
        return None
    wrong = case.events.filter(event_id=given["corrects"]).first()
    if wrong is None:
        unknown = _("这件办件没有编号为 %(id)s 的事件。") % {"id": given["corrects"]}
        raise early.NotYet(DomainError(unknown, code="corrects"))
    if CaseEvent.objects.filter(corrects=wrong).exists():
        raise Conflict(
            _("第 %(number)d 条已经更正过，请更正后来的那一条。") % {"number": wrong.number}, code="corrects"
        )
    return wrong
