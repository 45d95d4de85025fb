"""The scores of everybody anew, with what is usual in the city and the rows of the month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import models, transaction

from approvals.models import ApprovalItem, Department, District
from core import clock
from core.workdays import LOCAL
from market.models import Firm, Service
from ratings.domain import scored, standings
from ratings.domain.keeping import Kept, columns, overall_columns
from ratings.domain.marking import mark_scores
from ratings.domain.scoring import hold
from ratings.domain.spending import refresh_times
from ratings.models import DepartmentHabit, DepartmentScore, DistrictScore, FirmScore, ScoreNorm, ScorePolicy
from ratings.scoring.columns import Columns
from ratings.scoring.groups import Table
from ratings.scoring.whole import Whole, together, whole

WRITTEN = 2_000
"""Rows of a statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """How many lines were read, and how many scores of firms and departments were written."""

    lines: int
    firms: int
    departments: int


def refresh_all() -> Refreshed:
    """Compute every score anew. Whoever was refreshed meanwhile is marked, for what is written may be older than that."""
    now = clock.now()
    rules = ScorePolicy.in_force(now)
    lines = Columns.of(scored.city_lines(now=now))
    city = whole(lines, rules.as_policy(), as_of=now)
    given = {"policy": rules, "as_of": now}
    rows = _rows(lines, city, given)
    with transaction.atomic():
        hold("pg_advisory_xact_lock")
        newer = [*FirmScore.objects.filter(month=None, as_of__gt=now).values_list("firm_id", flat=True).distinct()]
        others = DepartmentScore.objects.filter(month=None, as_of__gt=now).values_list("department_id", flat=True)
        mark_scores([*((pk, None) for pk in newer), *((None, pk) for pk in others.distinct())])
        for model, own in rows.items():
            _keep(model, own, now, rules)
        _keep_usual(lines, city, given)
        # Of who was refreshed meanwhile the newer row stands; the mark brings the score back to it.
        standings.keep(list(Firm.objects.filter(current__isnull=False).exclude(pk__in=newer)), at=clock.now())
    refresh_times(now=now)
    return Refreshed(lines=len(lines), firms=len(rows[FirmScore]), departments=len(rows[DepartmentScore]))


def keep_month(month: date, *, at: datetime) -> None:
    """Write a month that nobody has kept, of the lines that had ended by `at`: for a history that is made at once."""
    rules = ScorePolicy.in_force(at)
    ended = (line for line in scored.city_lines(now=clock.now()) if line.ended is not None and line.ended <= at)
    lines = Columns.of(ended)
    city = whole(lines, rules.as_policy(), as_of=at)
    with transaction.atomic():
        for model, rows in _rows(lines, city, {"policy": rules, "as_of": at}).items():
            if not model._default_manager.filter(month=month).exists():
                model._default_manager.bulk_create([_of_month(row, month) for row in rows], batch_size=WRITTEN)


def _rows(lines: Columns, city: Whole, given: Mapping[str, Any]) -> dict[type[models.Model], list[Any]]:
    return {
        FirmScore: list(_firm_rows(lines, city, given)),
        DepartmentScore: list(_department_rows(lines, city, given)),
        DistrictScore: list(_district_rows(lines, city, given)),
    }


def _keep(model: type[models.Model], rows: Sequence[Any], now: datetime, rules: ScorePolicy) -> None:
    """Replace the scores of the present and those of this month under this policy; a month that is over stays as it was."""
    month = now.astimezone(LOCAL).date().replace(day=1)
    model._default_manager.filter(month=None).delete()
    model._default_manager.filter(month=month, policy=rules).delete()
    model._default_manager.bulk_create(rows, batch_size=WRITTEN)
    model._default_manager.bulk_create([_of_month(row, month) for row in rows], batch_size=WRITTEN)


def _of_month(row: models.Model, month: date) -> models.Model:
    told = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name != "id"}
    return type(row)(**told | {"month": month})


def _firm_rows(lines: Columns, city: Whole, given: Mapping[str, Any]) -> Iterator[FirmScore]:
    """The rows of firms for the city and for each of its districts."""
    names = lines.names
    firms = dict(Firm.objects.values_list("organisation__uscc", "pk"))
    services = dict(Service.objects.values_list("code", "pk"))
    districts = dict(District.objects.values_list("code", "pk"))
    tables: list[tuple[int | None, Table]] = [(None, city.firms)]
    for place, code in enumerate(names.district):
        part = lines.rows(np.asarray(lines.district == place))
        tables.append((districts[code], whole(part, city.firms.policy, as_of=given["as_of"], city=city).firms))
    for district, table in tables:
        for who, what, told in _told(table):
            service = None if what is None else services[names.service[what]]
            firm = firms[names.firm[who]]
            yield FirmScore(firm_id=firm, service_id=service, district_id=district, **given, **told)


def _department_rows(lines: Columns, city: Whole, given: Mapping[str, Any]) -> Iterator[DepartmentScore]:
    names = lines.names
    departments = dict(Department.objects.values_list("code", "pk"))
    items = dict(ApprovalItem.objects.values_list("code", "pk"))
    for who, what, told in _told(city.departments):
        item = None if what is None else items[names.item[what]]
        yield DepartmentScore(department_id=departments[names.department[who]], item_id=item, **given, **told)


def _district_rows(lines: Columns, city: Whole, given: Mapping[str, Any]) -> Iterator[DistrictScore]:
    """The rows of districts, and beside them that of the city."""
    districts = dict(District.objects.values_list("code", "pk"))
    codes = [*districts]
    at = {code: place for place, code in enumerate(codes)}
    of_lines = np.array([at[code] for code in lines.names.district], np.int64)[lines.district]
    where = dict(Department.objects.values_list("code", "district__code"))
    of_departments = np.array([at[where[code]] for code in lines.names.department], np.int64)
    parts: dict[str, Any] = {"policy": city.firms.policy, "as_of": given["as_of"], "city": city}
    apart = together(lines, names=codes, of_lines=of_lines, of_departments=of_departments, **parts)
    whole = together(
        lines, names=[""], of_lines=np.zeros_like(of_lines), of_departments=np.zeros_like(of_departments), norms=apart,
        **parts,
    )  # fmt: skip
    for found in (apart, whole):
        names = codes if found is apart else [""]
        for of, table in ((DistrictScore.Of.FIRMS, found.firms), (DistrictScore.Of.DEPARTMENTS, found.departments)):
            for who, what, told in _told(table):
                if what is None:
                    yield DistrictScore(of=of, district_id=districts.get(names[who]), **given, **told)


def _told(table: Table) -> Iterator[tuple[int, int | None, Kept]]:
    """Who, what, and the columns of each row; what is None over all."""
    sums: defaultdict[int, np.ndarray[Any, Any]] = defaultdict(lambda: np.zeros(5, np.int64))
    for row in range(len(table)):
        who, alone = int(table.who[row]), int(table.alone[row])
        yield who, int(table.what[row]), columns(table.figures(row), alone)
        sums[who] += (table.n[row], alone, table.ended[row], table.first_pass[row], table.overdue[row])
    for who, score in table.overall.items():
        if score is not None:
            n, alone, ended, first_pass, overdue = map(int, sums[who])
            told = overall_columns(score, n=n, alone=alone, ended=ended, first_pass=first_pass, overdue=overdue)
            yield who, None, told


def _keep_usual(lines: Columns, city: Whole, given: Mapping[str, Any]) -> None:
    """Replace the norms of services and items, and the habits of departments."""
    names = lines.names
    services = dict(Service.objects.values_list("code", "pk"))
    items = dict(ApprovalItem.objects.values_list("code", "pk"))
    departments = dict(Department.objects.values_list("code", "pk"))
    ScoreNorm.objects.all().delete()
    ScoreNorm.objects.bulk_create(
        [
            *(ScoreNorm(service_id=services[names.service[place]], mean=norm.mean, spread=norm.spread, **given)
              for place, norm in city.firms.norms.items()),
            *(ScoreNorm(item_id=items[names.item[place]], mean=norm.mean, spread=norm.spread, **given)
              for place, norm in city.departments.norms.items()),
        ],
        batch_size=WRITTEN,
    )  # fmt: skip
    DepartmentHabit.objects.all().delete()
    found = city.habits
    DepartmentHabit.objects.bulk_create(
        (
            DepartmentHabit(
                department_id=departments[names.department[int(place) // len(names.item)]],
                item_id=items[names.item[int(place) % len(names.item)]],
                n=int(found.n[place]), item_mean=int(found.item_mean[place]), value=int(found.value[place]),
            )
            for place in np.flatnonzero(found.n)
        ),
        batch_size=WRITTEN,
    )  # fmt: skip
