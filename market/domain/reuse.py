"""Using what exists instead of commissioning it again: regional assessments, and deliverables that a higher room knows of.

A source says what there is for a project and a service; `contracts` registers its own in its `apps.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import Membership
from approvals.domain.materials import Elsewhere
from approvals.models import ApprovalItem, Case
from core import clock
from core.errors import Conflict, DomainError, NotAllowed
from ledger import domain as ledger
from market.domain.projects import demand_owner
from market.models import FurtherService, Project, RegionalAssessment, Reuse, Service


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A result that a project may use in place of a service: what it is, on what it rests, until when it holds."""

    service_id: int
    reference: str
    title: str
    sha256: str
    size: int
    basis: str
    conditions: str = ""
    valid_to: date | None = None


Source = Callable[[Project, Collection[Service], date], Iterable[Existing]]
_sources: list[Source] = []
UNDER_WAY = ("submitted", "announced", "closed", "opened", "evaluated", "candidate", "awarded", "contracted")
"""States of a round (bidding.models.rounds) in which its need is being met by a firm."""


def register(source: Source) -> Source:
    """Add a source of results."""
    if source not in _sources:
        _sources.append(source)
    return source


def existing(*, project: Project, service: Service, day: date) -> list[Existing]:
    """What a project may use in place of a service on a day."""
    return existing_by_service(project=project, services=[service], day=day)[service.pk]


def existing_by_service(*, project: Project, services: Collection[Service], day: date) -> dict[int, list[Existing]]:
    """The same for several services at once, by their primary keys: as many queries as for one."""
    found: dict[int, list[Existing]] = {service.pk: [] for service in services}
    for source in _sources:
        for each in source(project, services, day):
            found[each.service_id].append(each)
    return found


@register
def regional(project: Project, services: Collection[Service], day: date) -> Iterable[Existing]:
    """The assessments of the region in which the project lies."""
    for each in RegionalAssessment.objects.serving(services, region=project.region, day=day):
        yield Existing(
            service_id=each.service_id, reference=each.reference, title=each.title, sha256=each.sha256, size=each.size,
            basis=f"{each.issuer} · {each.basis}", conditions=each.conditions, valid_to=each.valid_to,
        )  # fmt: skip


def known_to(case: Case) -> Iterable[Elsewhere]:
    """What the project of a case uses for its item."""
    chosen = Reuse.objects.filter(project__owner=case.applicant_id, project__code=case.project_code, item=case.item_id)
    for each in chosen.filter(ended_at=None):
        yield Elsewhere(reference=each.reference, title=each.title, sha256=each.sha256, size=each.size)


def use_existing(*, project_id: int, service: Service, item: ApprovalItem, reference: str, by: Membership) -> Reuse:
    """Let a project use a result for an approval item, so that nothing is commissioned for it.

    Unchanged if it uses it already. Raises DomainError where there is no such result today, or the service does not serve the
    item, and Conflict where it uses another or a round for it is under way.
    """
    demand_owner(by)
    with transaction.atomic():
        project = _held(project_id, by)
        now = clock.now()
        day = now.astimezone(clock.LOCAL).date()
        kept = project.reuses.filter(service=service, item=item, ended_at=None).first()
        if kept is not None and kept.reference == reference:
            return kept
        if kept is not None:
            raise Conflict(_("这个审批事项已经使用了另一份成果，请先取消。"))
        version = service.version_at(day)
        if version is None or not version.items.filter(pk=item.pk).exists():
            raise DomainError(_("目录中这项服务不是为所选的审批事项设定的。"), code="item")
        chosen = next(
            (each for each in existing(project=project, service=service, day=day) if each.reference == reference), None
        )
        if chosen is None:
            raise DomainError(_("这份成果现在不能使用，请重新选择。"), code="reference")
        if (code := _under_way(project, service, item)) is not None:
            raise Conflict(_("这项服务已在比选中（%(code)s），不能再改用已有成果。") % {"code": code})
        made = Reuse.objects.create(
            project=project, service=service, item=item, reference=reference, title=chosen.title[:100],
            sha256=chosen.sha256, size=chosen.size, by=by.user, created_at=now,
        )  # fmt: skip
        _log("reuse.chosen", made, at=now)
    return made


def give_up(*, reuse_id: int, by: Membership) -> Reuse:
    """Take a reuse back; the service may be commissioned again. Unchanged if it was taken back before."""
    demand_owner(by)
    with transaction.atomic():
        project_id = Reuse.objects.values_list("project_id", flat=True).get(pk=reuse_id)
        _held(project_id, by)
        reuse = Reuse.objects.select_related("project", "service", "item").get(pk=reuse_id)
        if reuse.ended_at is None:
            reuse.ended_at = clock.now()
            reuse.save(update_fields=["ended_at"])
            _log("reuse.ended", reuse, at=reuse.ended_at)
    return reuse


def _held(project_id: int, by: Membership) -> Project:
    project = Project.objects.select_for_update(of=["self"]).select_related("region").get(pk=project_id)
    if project.owner_id != by.organisation_id:
        raise NotAllowed
    return project


def _under_way(project: Project, service: Service, item: ApprovalItem) -> str | None:
    """The code of a round that chooses, or has chosen, a firm for this."""
    needs = project.needs.filter(asking_for(service, item), rounds__status__in=UNDER_WAY)
    code: str | None = needs.values_list("rounds__code", flat=True).first()
    return code


def asking_for(service: Service, item: ApprovalItem) -> Q:
    """Needs that ask for a service for an item, first or further."""
    further = FurtherService.objects.filter(need=OuterRef("pk"), service=service, item=item)
    return Q(service=service, item=item) | Q(Exists(further))


def _log(kind: str, reuse: Reuse, *, at: datetime) -> None:
    data = {
        "item": reuse.item.code, "reference": reuse.reference, "service": reuse.service.code, "sha256": reuse.sha256,
    }  # fmt: skip
    ledger.append(kind, f"project/{reuse.project.code}", data, at=at)
