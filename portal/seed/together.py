"""A need of several services, lived through to the decisions: one contract, a deliverable for each line, each to its own case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.base import ContentFile

from approvals.domain import cases, windows
from approvals.domain.windows import Wanted
from approvals.models import Case
from contracts.domain import delivering
from contracts.models import Contract, Milestone
from core import worktime
from portal.seed.city import City
from portal.seed.papers import PDF, titled_page

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def delivered(city: City, contract: Contract, *, since: datetime) -> Iterator[datetime]:
    """Line by line until all are accepted and decided, the first while the others are still being worked on."""
    owner, firm = city.member(contract.owner), city.member(contract.firm.organisation)
    milestones = list(contract.milestones.filter(delivers=True).order_by("number"))
    moment = worktime.add_working_days(since, max(1, contract.days // 3)) - 9 * HOUR
    for number, milestone in enumerate(milestones):
        yield moment
        content = ContentFile(titled_page(f"{contract.title} · {milestone.name}"))
        found = delivering.submit_deliverable(milestone_id=milestone.pk, content=content, kind=PDF, by=firm)
        yield (moment := moment + 26 * HOUR)
        delivering.accept_deliverable(deliverable_id=found.pk, by=owner)
        if number == 0:
            yield (moment := moment + HOUR)
            _file(city, contract)
        yield (moment := moment + 20 * HOUR)
        _accept(city, contract, milestone)
        moment += 2 * DAY
    for case in _cases(contract):
        yield (moment := moment + 30 * HOUR)
        cases.decide_case(case_id=case.pk, outcome=Case.Outcome.GRANTED, by=city.member(case.department.organisation))


def _file(city: City, contract: Contract) -> None:
    """One application for all items, with the first deliverable; the others come by themselves."""
    project = contract.project
    lines = list(contract.lines.select_related("item").order_by("number"))
    windows.file_application(
        key=UUID(int=contract.pk),
        project_code=project.code,
        wanted=[Wanted(item=line.item, step=1) for line in lines],
        filed_in=project.district,
        lead=None,
        files=[],
        by=city.member(contract.owner),
    )


def _accept(city: City, contract: Contract, milestone: Milestone) -> None:
    """The department takes up the case for which the deliverable is now there."""
    served = [line.item_id for line in contract.lines.all() if milestone.serves(line)]
    for case in _cases(contract):
        if case.item_id in served:
            cases.accept_case(case_id=case.pk, by=city.member(case.department.organisation))


def _cases(contract: Contract) -> list[Case]:
    rows = Case.objects.filter(project_code=contract.project.code, applicant=contract.owner)
    return list(rows.select_related("department__organisation").order_by("pk"))
