"""One window (一窗受理): one application for all the items of a project, each routed to the department that decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import OWNER_KINDS, WRITERS, Membership, Organisation
from approvals.domain import cases, materials
from approvals.domain.projects import OwnProject, project_of
from approvals.domain.recording import Happening, Origin, locked, record
from approvals.models import Application, ApprovalItem, Case, CaseEvent, Department, District
from core import clock, codes
from core.errors import Conflict, DomainError, NotAllowed, WrongState

MOST_ITEMS = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An item that is applied for, and in which step of a joint approval."""

    item: ApprovalItem
    step: int = 1


def deciding(item: ApprovalItem, *, district: District, day: date) -> Department:
    """Who decides an item in a district. Raises DomainError where nobody does."""
    found: Department | None = Department.objects.deciding(item, district=district, at=day).order_by("code").first()
    if found is None:
        raise DomainError(_("项目所在地没有办理“%(item)s”的部门。") % {"item": item.name}, code="items")
    return found


@dataclass(frozen=True, kw_only=True)
class Routed:
    """Where an item goes: who decides it, and what was promised."""

    item: ApprovalItem
    department: Department
    days: int | None


def routing(items: Sequence[ApprovalItem], *, district: District, day: date) -> list[Routed]:
    """Who decides each of some items in a district on a day. Raises DomainError where nobody does."""
    routed = []
    for item in items:
        version = item.version_at(day)
        department = deciding(item, district=district, day=day)
        days = (version.committed_days or version.statutory_days) if version is not None else None
        routed.append(Routed(item=item, department=department, days=days))
    return routed


def file_application(
    *,
    key: UUID,
    project_code: str,
    wanted: Sequence[Wanted],
    filed_in: District,
    lead: ApprovalItem | None,
    files: Sequence[tuple[str, Any]],
    by: Membership,
) -> Application:
    """One application for these items of an own project, with files that all cases share; `lead` is the item whose department
    leads a joint approval, None for none. The same `key` again gives the application that it made.

    Raises NotAllowed for who is no owner, DomainError for another's project or items that nobody decides there, Conflict for
    items that are under way for this project.
    """
    if by.organisation.kind not in OWNER_KINDS or by.role not in WRITERS:
        raise NotAllowed
    project = project_of(by.organisation, project_code)
    if project is None:
        raise DomainError(_("请从您的项目中选择。"), code="project")
    if not 1 <= len(wanted) <= MOST_ITEMS:
        raise DomainError(_("请选择 1 至 %(most)d 个事项。") % {"most": MOST_ITEMS}, code="items")
    with transaction.atomic():
        # One application of an owner at a time, so that no item is applied for twice for one project.
        Organisation.objects.select_for_update().get(pk=by.organisation_id)
        before = Application.objects.filter(key=key).first()
        if before is not None:
            if before.applicant_id != by.organisation_id:
                raise NotAllowed
            return before
        application = _opened(key, project, wanted, filed_in, lead, by)
        for title, file in files:
            materials.keep_file(application, title=title, file=file, by=by)
        for each in wanted:
            _begin(application, each, project.district)
    return application


def _opened(
    key: UUID,
    project: OwnProject,
    wanted: Sequence[Wanted],
    filed_in: District,
    lead: ApprovalItem | None,
    by: Membership,
) -> Application:
    now = clock.now()
    day = now.astimezone(clock.LOCAL).date()
    own = Case.objects.filter(applicant=by.organisation, project_code=project.code, ended_at=None)
    taken = own.filter(item__in=[each.item for each in wanted]).select_related("item").first()
    if taken is not None:
        raise Conflict(
            _("“%(item)s”已经在办理（%(code)s）。") % {"item": taken.item.name, "code": taken.code}, code="items"
        )
    leading = deciding(lead, district=project.district, day=day) if lead is not None else None
    return Application.objects.create(
        code=codes.next_code(codes.Letter.APPLICATION, at=now),
        key=key,
        applicant=by.organisation,
        project_code=project.code,
        project_name=project.name,
        filed_in=filed_in,
        district=project.district,
        lead=leading,
        joint_days=_joint_days(wanted, day) if leading else None,
        filed_at=now,
        filed_by=by.user,
    )


def _joint_days(wanted: Sequence[Wanted], day: date) -> int | None:
    """The limit of a joint approval: the longest promise of each step, one step after the other; None without promises."""
    longest: dict[int, int] = {}
    for each in wanted:
        version = each.item.version_at(day)
        promised = (version.committed_days or version.statutory_days or 0) if version else 0
        longest[each.step] = max(longest.get(each.step, 0), promised)
    return sum(longest.values()) or None


def _begin(application: Application, each: Wanted, district: District) -> Case:
    day = application.filed_at.astimezone(clock.LOCAL).date()
    case = cases.open_case(
        item=each.item,
        department=deciding(each.item, district=district, day=day),
        applicant=application.applicant,
        project_code=application.project_code,
        project_name=application.project_name,
        filed_in=application.filed_in,
        district=district,
        at=application.filed_at,
        application=application,
        step=each.step if application.lead_id else 1,
    )
    known = set(case.materials.values_list("pk", flat=True))  # what came by itself is in the log already
    case.materials.set(application.materials.all())
    for material in application.materials.exclude(pk__in=known):
        materials.log(case, material)
    if case.step == 1:
        record(case, Happening(kind=CaseEvent.Kind.RECEIVED), _by_applicant(application))
    return case


def refile(*, case_id: int, by: Membership) -> Case:
    """Apply again for an item that was not accepted, withdrawn or refused, within the same application and with its material.

    Unchanged where it was done: the new case is given.
    """
    with transaction.atomic():
        old = locked(case_id)
        application = old.application
        if by.organisation_id != old.applicant_id or by.role not in WRITERS or application is None:
            raise NotAllowed
        successor = Case.objects.filter(previous=old).first()
        if successor is not None:
            return successor
        if old.ended_at is None or old.outcome == Case.Outcome.GRANTED:
            raise WrongState(_("这件办件不需要重新申请。"))
        now = clock.now()
        day = now.astimezone(clock.LOCAL).date()
        new = cases.open_case(
            item=old.item,
            department=deciding(old.item, district=old.district, day=day),
            applicant=old.applicant,
            project_code=old.project_code,
            project_name=old.project_name,
            filed_in=old.filed_in,
            district=old.district,
            at=now,
            application=application,
            step=old.step,
            previous=old,
        )
        new.materials.set(old.materials.all())
        record(new, Happening(kind=CaseEvent.Kind.RECEIVED), _by_applicant(application))
    return new


def _by_applicant(application: Application) -> Origin:
    return Origin(source=CaseEvent.Source.APPLICANT, by=application.filed_by)
