"""An owner's projects and needs."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import OWNER_KINDS, Membership, Organisation, Role
from approvals.domain.projects import OwnProject
from approvals.models import ApprovalItem, Department
from core import changes, clock
from core.codes import Letter, next_code
from core.errors import Conflict, DomainError, NotAllowed
from market.models import Need, Project, RequiredQualification


def save_project(*, by: Membership, project: Project) -> Project:
    """Keep a new or changed project of the owner that somebody acts for. Raises Conflict for a project code used twice."""
    demand_owner(by)
    with transaction.atomic():
        if project._state.adding:
            project.owner, project.code = by.organisation, next_code(Letter.PROJECT, at=clock.now())
        elif project.owner_id != by.organisation_id:
            raise NotAllowed
        try:
            with transaction.atomic():
                project.save()
                changes.recorded(f"project/{project.code}")
        except IntegrityError as twice:
            raise Conflict(_("这个项目代码已经用在您的另一个项目上。"), code="national_code") from twice
    return project


def save_need(*, by: Membership, need: Need, qualifications: list[tuple[Any, str]]) -> Need:
    """Keep a new or changed need with what it asks of the firm. The approving department follows from item and district.

    Raises DomainError where no department decides the item there, and Conflict once a round of it was handed over.
    """
    demand_owner(by)
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=need.project_id)
        if project.owner_id != by.organisation_id:
            raise NotAllowed
        now = clock.now()
        if need._state.adding:
            need.code = next_code(Letter.NEED, at=now)
        elif not may_change(need):
            raise Conflict(_("这项需求已经提交比选，不能再改。"))
        need.department = deciding_department(need.item, project=project)
        need.save()
        need.required_qualifications.all().delete()
        RequiredQualification.objects.bulk_create(
            RequiredQualification(need=need, kind=kind, level=level) for kind, level in qualifications
        )
    return need


def may_change(need: Need) -> bool:
    """A need stands still once a round of it has left the owner's hands and was not given back or cancelled."""
    return not need.rounds.exclude(status__in=["draft", "returned", "cancelled", "void"]).exists()


def deciding_department(item: ApprovalItem, *, project: Project) -> Department:
    """Who decides an item where the project is. An owner cannot choose it."""
    day = clock.now().astimezone(clock.LOCAL).date()
    department = Department.objects.deciding(item, district=project.district, at=day).order_by("code").first()
    if department is None:
        raise DomainError(_("项目所在地没有办理这一审批事项的部门。"), code="item")
    found: Department = department
    return found


def own_projects(organisation: Organisation) -> list[OwnProject]:
    """An owner's projects as an application for approvals takes them, with the items that their needs name."""
    rows = (
        Project.objects.of(organisation)
        .select_related("district")
        .prefetch_related("needs")
        .order_by("-created_at", "-id")
    )
    return [
        OwnProject(
            code=each.code,
            name=each.name,
            district=each.district,
            items=tuple(sorted({need.item_id for need in each.needs.all()})),
        )
        for each in rows
    ]


def demand_owner(by: Membership) -> None:
    if by.organisation.kind not in OWNER_KINDS or by.role == Role.VIEWER:
        raise NotAllowed
