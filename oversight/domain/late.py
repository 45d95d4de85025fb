"""Departments that are late: what runs past its limit now, and what was decided late in the last months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db.models import Count, Q, QuerySet

from approvals.models import Case, Department
from core import clock
from core.workdays import midnight
from protocol.scores.exact import later
from ratings.columns import DAY_US
from ratings.domain.bulletin_figures import over
from ratings.models import CaseRow

MONTHS = (3, 6, 12)
NONE = dict.fromkeys(("running", "late", "overdue", "decided", "decided_late"), 0)
LATE = over("committed_days") | over("statutory_days")
"""Of what is decided: more time than was promised, or than the law allows."""


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """One department: `running` cases whose clock runs, `late` of them past what was promised and `overdue` past the law's limit,
    `oldest` the one that is late for longest; of the `decided` in some months, `decided_late` and by how much (working days).
    """

    department: int
    running: int
    late: int
    overdue: int
    oldest: Case | None
    decided: int
    decided_late: int
    median: Fraction | None

    @property
    def share(self) -> Fraction | None:
        return Fraction(self.decided_late, self.decided) if self.decided else None


def since(months: int, now: datetime) -> datetime:
    """When a range of months that ends now begins: at the first of a month."""
    return midnight(later(now.astimezone(clock.LOCAL).date().replace(day=1), -months))


def lateness(departments: QuerySet[Department], *, months: int, now: datetime) -> list[Lateness]:
    """Departments with anything late, now or in the last months; those past the law's limit and with most of it first.

    The decided are those that serve a line of the marketplace, by the department's own time.
    """
    own = Case.objects.filter(department__in=departments.order_by(), due_at__isnull=False)
    waiting: dict[int, Any] = {row["department"]: row for row in _running(own, now)}
    oldest = {each.department_id: each for each in _oldest(own, now)}
    decided = _decided(months, now).filter(department__in=departments.order_by()).order_by()
    counted = decided.values("department").annotate(decided=Count("pk"), decided_late=Count("pk", filter=LATE))
    by_department: dict[int, Any] = {row["department"]: row for row in counted}
    medians = _medians(decided)
    found = [
        Lateness(
            department=pk,
            **{name: waiting.get(pk, NONE)[name] for name in ("running", "late", "overdue")},
            oldest=oldest.get(pk),
            **{name: by_department.get(pk, NONE)[name] for name in ("decided", "decided_late")},
            median=medians.get(pk),
        )
        for pk in {*oldest, *medians}
    ]
    return sorted(found, key=lambda each: (-each.overdue, -each.late, -each.decided_late, each.department))


def _running(own: QuerySet[Case], now: datetime) -> Any:
    return own.order_by().values("department").annotate(
        running=Count("pk"), late=Count("pk", filter=Q(due_at__lte=now)), overdue=Count("pk", filter=Q(statutory_due_at__lte=now))
    )  # fmt: skip


def _oldest(own: QuerySet[Case], now: datetime) -> QuerySet[Case]:
    return own.filter(due_at__lte=now).order_by("department_id", "due_at", "pk").distinct("department_id")


def _decided(months: int, now: datetime) -> QuerySet[CaseRow]:
    return CaseRow.objects.filter(decided_at__gte=since(months, now), decided_at__lte=now)


def late_decided(department: Department, *, months: int, now: datetime) -> QuerySet[CaseRow]:
    """What a department decided late in the last months, the latest first."""
    rows = _decided(months, now).filter(LATE, department=department)
    return rows.select_related("case__item", "case__version").order_by("-decided_at", "-pk")


def days_over(row: CaseRow) -> Fraction:
    """By how many working days a case went past what was promised; where nothing was, past the law's limit."""
    return _over(row.used2, row.committed_days, row.statutory_days)


def _over(used: int, committed: int | None, statutory: int | None) -> Fraction:
    return Fraction(used, DAY_US) - (committed if committed is not None else statutory or 0)


def _medians(decided: QuerySet[CaseRow]) -> dict[int, Fraction]:
    """Of what was decided late, by department."""
    by_department: dict[int, list[Fraction]] = defaultdict(list)
    columns = ("department", "used2", "committed_days", "statutory_days")
    for department, *measures in decided.filter(LATE).values_list(*columns):
        by_department[department].append(_over(*measures))
    return {department: _median(sorted(rows)) for department, rows in by_department.items()}


def _median(rows: Sequence[Fraction]) -> Fraction:
    """Half of two where there is no middle one."""
    half = len(rows) // 2
    return rows[half] if len(rows) % 2 else (rows[half - 1] + rows[half]) / 2
