"""What departments and applicants do with a case: one function for each step, under the case's lock, safe to call twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import OWNER_KINDS, WRITERS, Kind, Membership, Organisation
from approvals.domain.materials import take_known
from approvals.domain.recording import Happening, Origin, locked
from approvals.domain.steps import happen
from approvals.models import Application, ApprovalItem, Case, CaseEvent, Department, District, Fault, Party, Special
from core import clock, codes
from core.errors import Conflict, DomainError, NotAllowed

Event = CaseEvent.Kind
Source = CaseEvent.Source


def open_case(
    *,
    item: ApprovalItem,
    department: Department,
    applicant: Organisation,
    project_name: str,
    project_code: str = "",
    filed_in: District,
    district: District,
    at: datetime,
    external_code: str = "",
    application: Application | None = None,
    step: int = 1,
    previous: Case | None = None,
) -> Case:
    """A new case to which nothing has happened yet, of the item's version in force at a moment.

    Raises DomainError where the item does not exist on that day, this department does not decide it, or nobody can apply,
    Conflict where the department uses its number already.
    """
    day = at.astimezone(clock.LOCAL).date()
    version = item.version_at(day)
    if version is None:
        raise DomainError(_("这一天没有有效的“%(item)s”。") % {"item": item.name}, code="item")
    if not Department.objects.deciding(item, district=district, at=day).filter(pk=department.pk).exists():
        raise DomainError(_("“%(item)s”在这一地区不由本部门办理。") % {"item": item.name}, code="item")
    if applicant.kind not in OWNER_KINDS:
        raise DomainError(_("申请人须是项目业主。"), code="applicant")
    now = clock.now()
    try:
        with transaction.atomic():
            case = Case.objects.create(
                code=codes.next_code(codes.Letter.CASE, at=now),
                application=application,
                step=step,
                previous=previous,
                item=item,
                version=version,
                department=department,
                filed_in=filed_in,
                district=district,
                applicant=applicant,
                project_code=project_code,
                project_name=project_name,
                external_code=external_code,
                created_at=now,
            )
            take_known(case)
    except IntegrityError as twice:
        raise Conflict(_("这个办件编号或这个事项已经有办理中的办件。"), code="external_code") from twice
    return case


def register_case(
    *, by: Membership, department: Department, occurred_at: datetime | None = None, **fields: Any
) -> Case:
    """Write down at the desk a case that was handed in on paper: opened and received."""
    with transaction.atomic():
        demand_department(department, by)
        now = clock.now()
        case = open_case(department=department, at=occurred_at or now, **fields)
        happening = Happening(kind=Event.RECEIVED, occurred_at=occurred_at)
        happen(locked(case.pk), happening, Origin(source=Source.DESK, by=by.user))
    return Case.objects.get(pk=case.pk)


def accept_case(*, case_id: int, by: Membership, occurred_at: datetime | None = None, words: str = "") -> Case:
    """受理: the examination begins, and its limits."""
    return _by_department(case_id, Event.ACCEPTED, by, occurred_at, words=words)


def ask_correction(
    *,
    case_id: int,
    category: str,
    fault: Fault,
    first_time: bool,
    words: str,
    by: Membership,
    deliverable: str = "",
    occurred_at: datetime | None = None,
) -> Case:
    """要求补正: what is wrong, where the fault lies, and whether it could have been asked for the first time (一次性告知).

    deliverable: the code of the result at fault, where the case has several; else whichever there is.
    """
    given = {
        "category": category, "fault": fault, "deliverable": deliverable, "first_time": first_time, "words": words,
    }  # fmt: skip
    return _by_department(case_id, Event.CORRECTION_ASKED, by, occurred_at, **given)


def refuse_to_accept(
    *,
    case_id: int,
    category: str,
    fault: Fault,
    words: str,
    by: Membership,
    deliverable: str = "",
    occurred_at: datetime | None = None,
) -> Case:
    """不予受理, with its reason."""
    given = {"category": category, "fault": fault, "deliverable": deliverable, "words": words}
    return _by_department(case_id, Event.NOT_ACCEPTED, by, occurred_at, **given)


def start_special(
    *, case_id: int, special: Special, by: Membership, occurred_at: datetime | None = None, words: str = ""
) -> Case:
    """A procedure begins whose time the law does not count: hearing, expert review, publicity, test."""
    return _by_department(case_id, Event.SPECIAL_STARTED, by, occurred_at, special=special, words=words)


def end_special(*, case_id: int, by: Membership, occurred_at: datetime | None = None, words: str = "") -> Case:
    """The special procedure is over, and the clock goes on."""
    return _by_department(case_id, Event.SPECIAL_ENDED, by, occurred_at, words=words)


def suspend_case(
    *, case_id: int, charged_to: Party, words: str, by: Membership, occurred_at: datetime | None = None
) -> Case:
    """中止: the clock stands still, charged to a party."""
    return _by_department(case_id, Event.SUSPENDED, by, occurred_at, charged_to=charged_to, words=words)


def resume_case(*, case_id: int, by: Membership, occurred_at: datetime | None = None, words: str = "") -> Case:
    """恢复办理."""
    return _by_department(case_id, Event.RESUMED, by, occurred_at, words=words)


def decide_case(
    *, case_id: int, outcome: Case.Outcome, by: Membership, occurred_at: datetime | None = None, words: str = ""
) -> Case:
    """作出决定: granted or refused. Where it was the last of its step in a joint approval, the next step begins."""
    return _by_department(case_id, Event.DECIDED, by, occurred_at, outcome=outcome, words=words)


def resubmit_case(*, case_id: int, by: Membership, occurred_at: datetime | None = None, words: str = "") -> Case:
    """补正后再次提交: by the applicant now, or written down by the department at its time."""
    with transaction.atomic():
        case = locked(case_id)
        is_applicant = by.organisation_id == case.applicant_id and by.role in WRITERS
        if not is_applicant:
            demand_department(case.department, by)
        happening = Happening(
            kind=Event.RESUBMITTED, occurred_at=None if is_applicant else occurred_at, details={"words": words}
        )
        happen(case, happening, Origin(source=Source.APPLICANT if is_applicant else Source.DESK, by=by.user))
    return case


def withdraw_case(*, case_id: int, fault: Fault, words: str, by: Membership, deliverable: str = "") -> Case:
    """撤回申请, by the applicant: because of the deliverable, or for another reason."""
    with transaction.atomic():
        case = locked(case_id)
        if by.organisation_id != case.applicant_id or by.role not in WRITERS:
            raise NotAllowed
        happening = Happening(
            kind=Event.WITHDRAWN, details={"fault": fault, "deliverable": deliverable, "words": words}
        )
        happen(case, happening, Origin(source=Source.APPLICANT, by=by.user))
    return case


def correct_event(
    *,
    case_id: int,
    number: int,
    by: Membership,
    kind: CaseEvent.Kind,
    occurred_at: datetime | None = None,
    **details: Any,
) -> Case:
    """更正: a later event takes the place of an earlier one that was wrong, or says that it did not happen.

    Unchanged where the same correction was made before. Raises Conflict where the event was corrected otherwise or what
    followed from it would no longer hold.
    """
    with transaction.atomic():
        case = locked(case_id)
        demand_department(case.department, by)
        wrong = case.events.filter(number=number).first()
        if wrong is None:
            raise DomainError(_("没有第 %(number)d 条事件。") % {"number": number}, code="number")
        before = CaseEvent.objects.filter(corrects=wrong).first()
        if before is not None:
            same = before.kind == kind and before.occurred_at == (occurred_at or before.occurred_at)
            if same and all(getattr(before, name) == value for name, value in details.items()):
                return case
            raise Conflict(_("第 %(number)d 条已经更正过，请更正后来的那一条。") % {"number": number})
        at = occurred_at if kind != Event.RETRACTED else None
        happening = Happening(kind=kind, occurred_at=at, details=details, corrects=wrong)
        happen(case, happening, Origin(source=Source.DESK, by=by.user))
    return case


def demand_department(department: Department, by: Membership) -> None:
    """Raise NotAllowed unless `by` acts for this department and may do more than look."""
    acts = by.organisation.kind == Kind.DEPARTMENT and by.organisation_id == department.organisation_id
    if not acts or by.role not in WRITERS:
        raise NotAllowed


def _by_department(case_id: int, kind: CaseEvent.Kind, by: Membership, at: datetime | None, **details: Any) -> Case:
    with transaction.atomic():
        case = locked(case_id)
        demand_department(case.department, by)
        happen(case, Happening(kind=kind, occurred_at=at, details=details), Origin(source=Source.DESK, by=by.user))
    return case
