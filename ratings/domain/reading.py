"""From the lines that rooms have recorded to rows: who and what a line is, and its events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from approvals.models import Case
from core.workdays import LOCAL
from market.models import ServiceVersion
from ratings import recorded
from ratings.columns import Shape, shape_of
from ratings.events import standing
from ratings.lines import Line
from ratings.plans import plan_of
from ratings.recorded import Recorded

MOST_SHAPES = 30_000
"""Shapes that are remembered, those that were last asked for; two kilobytes each."""

Versions = Mapping[int, Sequence[ServiceVersion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A line that has begun: what it is, by the names of the columns, and what was recorded of it."""

    facts: dict[str, Any]
    kept: Recorded
    shape: Shape
    cases: tuple[Case, ...]


@lru_cache(maxsize=MOST_SHAPES)
def shape_for(codes: tuple[int, ...]) -> Shape:
    """The shape with these codes, decided once."""
    return shape_of(plan_of(codes))


def gather(lines: Sequence[Line], *, now: datetime) -> list[Gathered]:
    """The lines that have begun, by one query more for all of them."""
    versions: defaultdict[int, list[ServiceVersion]] = defaultdict(list)
    wanted = {line.service.pk for line in lines}
    for version in ServiceVersion.objects.filter(service__in=wanted).order_by("number"):
        versions[version.service_id].append(version)
    return [found for line in lines if (found := _gathered(line, versions, now)) is not None]


def _gathered(line: Line, versions: Versions, now: datetime) -> Gathered | None:
    kept = recorded.recorded(standing(line.events, now=now))
    shape = shape_for(kept.codes)
    if not shape.pieces.size:
        return None
    known = {case.code: case for case in line.cases}
    cases = tuple(known[code] for code in kept.cases)
    served = [cases[place - 1] for place in shape.cases[:, 0]]
    return Gathered(facts=_facts(line, versions, served), kept=kept, shape=shape, cases=cases)


def _facts(line: Line, versions: Versions, served: Iterable[Case]) -> dict[str, Any]:
    award, contract = line.award, line.contract
    given = contract or award
    last = max(served, key=lambda case: (case.created_at, case.pk), default=None)
    return {
        "code": line.code,
        "need_id": line.need.pk,
        "project_id": line.project.pk,
        "owner_id": line.project.owner_id,
        "service_id": line.service.pk,
        "item_id": line.item.pk,
        "department_id": line.department.pk,
        "district_id": line.project.district_id,
        "firm_id": award.firm_id if award else None,
        "award_id": award.pk if award else None,
        "contract_id": contract.pk if contract else None,
        "last_case_id": last.pk if last else None,
        "promised_days": given.days if given else None,
        "standard_days": _standard(versions.get(line.service.pk, ()), award.issued_at) if award else None,
        "committed_days": last.version.committed_days if last else None,
        "statutory_days": last.version.statutory_days if last else None,
    }


def _standard(versions: Sequence[ServiceVersion], at: datetime) -> int | None:
    """The guideline of the version in force on the local date of a moment; the last of several."""
    day = at.astimezone(LOCAL).date()
    return next((each.standard_days for each in reversed(versions) if each.is_valid_at(day)), None)
