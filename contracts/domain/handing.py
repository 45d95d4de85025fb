"""Accepted deliverables go to the approval cases that they are for, and are known to projects that need them again.

A case that is there when a deliverable is accepted gets it then; one that is opened later asks `known_to`. Should both happen
in the same moment, beat hands over once more what was `recently_accepted`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _

from approvals.domain.materials import Elsewhere, attach
from approvals.models import Case
from contracts.models import Contract, ContractLine, Deliverable
from market.domain.reuse import Existing
from market.models import Project, Service

RECENTLY = timedelta(minutes=10)
ENDED_BADLY = (Contract.Status.TERMINATED, Contract.Status.ABANDONED)


def title_of(found: Deliverable) -> str:
    """What a department reads in its list of material: the services of the lines that it is for."""
    milestone = found.milestone
    services = {line.service_id: line.service.name for line in lines_of(found)}
    service = "、".join(services.values())
    # The milestone of one line of several is called by its service already.
    name = {"service": service, "milestone": milestone.name.removeprefix(f"{service} · "), "version": found.version}
    return (_("%(service)s · %(milestone)s（第 %(version)s 版）") % name)[:100]


def lines_of(found: Deliverable) -> list[ContractLine]:
    """The lines of its contract that a deliverable is for."""
    return [line for line in found.milestone.contract.lines.all() if found.milestone.serves(line)]


def last_accepted() -> QuerySet[Deliverable]:
    """Of every milestone the version that its owner accepted last."""
    later = Deliverable.objects.filter(
        milestone=OuterRef("milestone"), status=Deliverable.Status.ACCEPTED, version__gt=OuterRef("version")
    )
    accepted = Deliverable.objects.filter(~Exists(later), status=Deliverable.Status.ACCEPTED)
    return accepted.select_related("milestone__contract").prefetch_related(*_lines()).order_by("id")


def _lines() -> tuple[Any, ...]:
    """What `lines_of` reads of a deliverable."""
    lines = ContractLine.objects.select_related("service", "project").order_by("number")
    return Prefetch("milestone__contract__lines", lines), "milestone__lines"


def known_to(case: Case) -> Iterable[Elsewhere]:
    """What was accepted for the project and the item of a case."""
    mine = Deliverable.objects.all().serving(
        project__code=case.project_code, project__owner=case.applicant_id, item=case.item_id
    )
    for each in last_accepted().filter(mine):
        yield Elsewhere(reference=each.reference, title=title_of(each), sha256=each.sha256, size=each.size)


def hand_over(found: Deliverable) -> int:
    """Attach an accepted deliverable to the running cases of its lines; give to how many. Again changes nothing."""
    prefetch_related_objects([found], *_lines())
    mine = Q(pk__in=[])
    for line in lines_of(found):
        mine |= Q(project_code=line.project.code, applicant=line.project.owner_id, item=line.item_id)
    cases, title = list(Case.objects.filter(mine, ended_at=None).order_by("pk")), title_of(found)
    for case in cases:
        attach(case, title, found.sha256, found.size, found.reference, None)
    return len(cases)


def recently_accepted(now: datetime) -> QuerySet[Deliverable]:
    """What beat hands over once more."""
    return last_accepted().filter(reviewed_at__gte=now - RECENTLY)


def existing(project: Project, services: Collection[Service], day: date) -> Iterable[Existing]:
    """What was accepted for a project already, for whichever of its items: under each of the services that it is for."""
    wanted = {service.pk for service in services}
    rows = last_accepted().filter(milestone__contract__project=project)
    for each in rows.exclude(milestone__contract__status__in=ENDED_BADLY):
        for service_id in dict.fromkeys(line.service_id for line in lines_of(each) if line.service_id in wanted):
            yield Existing(
                service_id=service_id, reference=each.reference, title=title_of(each), sha256=each.sha256,
                size=each.size, basis=_("合同 %(code)s，已验收") % {"code": each.milestone.contract.code},
            )  # fmt: skip
