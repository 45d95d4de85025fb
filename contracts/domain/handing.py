"""Accepted deliverables go to the approval cases that they are for, and are known to projects that need them again.

A case that is there when a deliverable is accepted gets it then; one that is opened later asks `known_to`. Should both happen
in the same moment, beat hands over once more what was `recently_accepted`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from approvals.domain.materials import Elsewhere, attach
from approvals.models import Case
from contracts.models import Contract, ContractLine, Deliverable
from market.domain.reuse import Existing
from market.models import Project, Service

RECENTLY = timedelta(minutes=10)
ENDED_BADLY = (Contract.Status.TERMINATED, Contract.Status.ABANDONED)


def title_of(found: Deliverable) -> str:
    """What a department reads in its list of material."""
    milestone = found.milestone
    name = {"service": milestone.contract.service.name, "milestone": milestone.name, "version": found.version}
    return (_("%(service)s · %(milestone)s（第 %(version)s 版）") % name)[:100]


def last_accepted() -> QuerySet[Deliverable]:
    """Of every milestone the version that its owner accepted last."""
    later = Deliverable.objects.filter(
        milestone=OuterRef("milestone"), status=Deliverable.Status.ACCEPTED, version__gt=OuterRef("version")
    )
    accepted = Deliverable.objects.filter(~Exists(later), status=Deliverable.Status.ACCEPTED)
    return accepted.select_related("milestone__contract__service", "milestone__contract__project").order_by("id")


def known_to(case: Case) -> Iterable[Elsewhere]:
    """What was accepted for the project and the item of a case."""
    lines = ContractLine.objects.filter(
        contract=OuterRef("milestone__contract"), project__code=case.project_code,
        project__owner=case.applicant_id, item=case.item_id,
    )  # fmt: skip
    for each in last_accepted().filter(Exists(lines)):
        yield Elsewhere(reference=each.reference, title=title_of(each), sha256=each.sha256, size=each.size)


def hand_over(found: Deliverable) -> int:
    """Attach an accepted deliverable to the running cases of its lines; give to how many. Again changes nothing."""
    cases: dict[int, Case] = {}
    for line in found.milestone.contract.lines.select_related("project"):
        running = Case.objects.filter(
            project_code=line.project.code, applicant=line.project.owner_id, item=line.item_id
        )
        cases |= {case.pk: case for case in running.filter(ended_at=None)}
    for _pk, case in sorted(cases.items()):
        attach(case, title_of(found), found.sha256, found.size, found.reference, None)
    return len(cases)


def recently_accepted(now: datetime) -> QuerySet[Deliverable]:
    """What beat hands over once more."""
    return last_accepted().filter(reviewed_at__gte=now - RECENTLY)


def existing(project: Project, service: Service, day: date) -> Iterable[Existing]:
    """What was accepted for a project already, for whichever of its items."""
    rows = last_accepted().filter(milestone__contract__project=project, milestone__contract__service=service)
    for each in rows.exclude(milestone__contract__status__in=ENDED_BADLY):
        contract = each.milestone.contract
        yield Existing(
            reference=each.reference, title=title_of(each), sha256=each.sha256, size=each.size,
            basis=_("合同 %(code)s，已验收") % {"code": contract.code},
        )  # fmt: skip
