"""Events that come in numbers, from a department's own system or a table: each on its own, in any order, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from approvals.domain.cases import open_case
from approvals.domain.recording import DETAILS, Happening, Origin, locked
from approvals.domain.steps import happen
from approvals.models import Case, CaseEvent, Department
from core.errors import Conflict, DomainError
from protocol import canonical

Kind = CaseEvent.Kind


class Result(StrEnum):
    """What became of an event."""

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


def take(given: Mapping[str, Any], *, department: Department, origin: Origin) -> Taken:
    """Let one event be recorded that a form has read; the same again gives what became of it.

    Raises DomainError where it is refused: an unknown case, another body under the same number, a contradiction.
    """
    try:
        with transaction.atomic():
            known = (
                CaseEvent.objects.filter(department=department, event_id=origin.event_id).select_related("case").first()
            )
            if known is not None:
                return _already(known, origin)
            case = _case(given, department)
            happening = Happening(
                kind=Kind(given["kind"]),
                occurred_at=given["occurred_at"],
                details={name: given[name] for name in DETAILS if given.get(name) not in (None, "")},
                corrects=_corrected(given, case),
            )
            event = happen(case, happening, origin)
    except IntegrityError as race:
        known = CaseEvent.objects.filter(department=department, event_id=origin.event_id).select_related("case").first()
        if known is None:
            raise Conflict from race
        return _already(known, origin)
    result = Result.WAITING if event.waiting else Result.APPLIED
    return Taken(result=result, case=case.code, number=event.number)


def _already(known: CaseEvent, origin: Origin) -> Taken:
    if known.digest != origin.digest:
        raise Conflict(_("这个事件编号已经用于另一条内容不同的事件。"), code="event_id")
    return Taken(result=Result.ALREADY, case=known.case.code, number=known.number)


def _case(given: Mapping[str, Any], department: Department) -> Case:
    """The case that an event is about, locked; a new one where it begins."""
    named = str(given["case"])
    found = _known(named, department)
    if found is None and given["kind"] == Kind.RECEIVED:  # one new case of a department at a time
        Department.objects.select_for_update(no_key=True).get(pk=department.pk)
        found = _known(named, department)
    if found is None:
        if given["kind"] != Kind.RECEIVED:
            raise DomainError(_("没有编号为 %(code)s 的办件，请先送收件事件。") % {"code": named}, code="unknown_case")
        for name in ("item", "applicant", "project_name"):
            if not given.get(name):
                raise DomainError(_("收件事件须写明事项、申请人和项目名称。"), code=name)
        district = given.get("district") or department.district
        found = open_case(
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
    return locked(found.pk)


def _known(named: str, department: Department) -> Case | None:
    own = Case.objects.filter(department=department)
    return own.filter(external_code=named).first() or own.filter(code=named).first()


def _corrected(given: Mapping[str, Any], case: Case) -> CaseEvent | None:
    if not given.get("corrects"):
        return None
    wrong = case.events.filter(event_id=given["corrects"]).first()
    if wrong is None:
        raise DomainError(_("这件办件没有编号为 %(id)s 的事件。") % {"id": given["corrects"]}, code="corrects")
    if CaseEvent.objects.filter(corrects=wrong).exists():
        raise Conflict(
            _("第 %(number)d 条已经更正过，请更正后来的那一条。") % {"number": wrong.number}, code="corrects"
        )
    return wrong
