"""Scores follow lines: of one firm or department within seconds of an event, and of everybody anew by night.

A refreshed line leaves marks (`marking.mark_scores`) for its firm and its departments; whoever follows them computes those alone,
beside what is usual in the city as the last whole computation found it. That one also keeps the row of the month.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime

from django.db import connection, transaction

from approvals.models import ApprovalItem, Department, District
from core import clock
from market.models import Firm, Service
from protocol.scores.departments import as_measured as as_measured_case
from protocol.scores.firms import as_measured
from protocol.scores.policy import Policy
from ratings.domain import scored, single, standings
from ratings.domain.keeping import kept, kept_overall
from ratings.models import DepartmentScore, FirmScore, ScoreMark, ScorePolicy

logger = logging.getLogger(__name__)
BATCH = 100
"""Marks that are taken together."""
ALL_SCORES = 0x73636F72
"""Key of the advisory lock: shared by those who write some scores, held alone by who writes all of them."""


def refresh_marked() -> int:
    """Follow the marks that are there; give how many were taken. Any number of workers may do it at once."""
    taken = 0
    while (found := _follow_some()) > 0:
        taken += found
    return taken


def _follow_some() -> int:
    """What fails is told and left to the night: it must not keep the others waiting, nor be tried every two seconds."""
    with transaction.atomic():
        marks = list(ScoreMark.objects.select_for_update(skip_locked=True).order_by("id")[:BATCH])
        firms = {mark.firm_id for mark in marks if mark.firm_id is not None}
        departments = {mark.department_id for mark in marks if mark.department_id is not None}
        each_alone(refresh_firm, firms)
        each_alone(refresh_department, departments)
        ScoreMark.objects.filter(pk__in=[mark.pk for mark in marks]).delete()
    return len(marks)


def each_alone(refresh: Callable[[int], object], pks: Collection[int]) -> None:
    """Refresh each; one that fails is told and stops no other."""
    for pk in sorted(pks):
        try:
            with transaction.atomic():
                refresh(pk)
        except Exception:
            logger.exception("%s of %s failed", refresh.__name__, pk)


def refresh_firm(pk: int) -> int:
    """Bring the scores of one firm up to its lines; give the number of rows. Twice is as good as once."""
    with transaction.atomic():
        hold("pg_advisory_xact_lock_shared")
        firm = Firm.objects.select_for_update(of=("self",), no_key=True).select_related("organisation").get(pk=pk)
        now = clock.now()
        policy = ScorePolicy.in_force(now)
        rows = _rows_of_firm(firm, policy, now)
        FirmScore.objects.filter(firm=firm, month=None).delete()
        FirmScore.objects.bulk_create(rows)
        standings.keep([firm], at=now)
    return len(rows)


def _rows_of_firm(firm: Firm, rules: ScorePolicy, now: datetime) -> list[FirmScore]:
    policy = rules.as_policy()
    judged = single.judged_of(scored.lines_of_firms([firm.pk], now=now), policy, as_of=now)
    usual = single.norms_of_services({each.line.service for each in judged}, policy)
    services = dict(Service.objects.filter(code__in=usual).values_list("code", "pk"))
    districts = dict(
        District.objects.filter(code__in={each.line.district for each in judged}).values_list("code", "pk")
    )
    rows = []
    for district in (None, *districts):
        own = [each for each in judged if district in (None, each.line.district)]
        score = single.score_of_firm(firm.uscc, own, usual, policy)
        alone = [(each.e1, as_measured(each)) for each in own]
        parts = {
            services[code]: kept(part, [(each.e1, as_measured(each)) for each in score.lines[code]])
            for code, part in score.services.items()
        }
        whole = {None: kept_overall(score.overall, alone)} if score.overall is not None else {}
        rows += [
            FirmScore(
                firm=firm,
                service_id=service,
                district_id=districts.get(district or ""),
                policy=rules,
                as_of=now,
                **told,
            )
            for service, told in (parts | whole).items()
        ]
    return rows


def refresh_department(pk: int) -> int:
    """Bring the scores of one department up to its cases; give the number of rows. Twice is as good as once."""
    with transaction.atomic():
        hold("pg_advisory_xact_lock_shared")
        department = Department.objects.select_for_update(no_key=True).get(pk=pk)
        now = clock.now()
        rules = ScorePolicy.in_force(now)
        rows = _rows_of_department(department, rules, rules.as_policy(), now)
        DepartmentScore.objects.filter(department=department, month=None).delete()
        DepartmentScore.objects.bulk_create(rows)
    return len(rows)


def _rows_of_department(
    department: Department, rules: ScorePolicy, policy: Policy, now: datetime
) -> list[DepartmentScore]:
    lines = scored.lines_of_departments([department.pk], now=now)
    score = single.score_of_department(department.code, lines, policy, as_of=now)
    items = dict(ApprovalItem.objects.filter(code__in=score.items).values_list("code", "pk"))
    measured = {
        code: [(case.e2 or 0, as_measured_case(case, policy, as_of=now)) for case in cases]
        for code, cases in score.cases.items()
    }
    parts = {items[code]: kept(part, measured[code]) for code, part in score.items.items()}
    every = [pair for pairs in measured.values() for pair in pairs]
    whole = {None: kept_overall(score.overall, every)} if score.overall is not None else {}
    return [
        DepartmentScore(department=department, item_id=item, policy=rules, as_of=now, **told)
        for item, told in (parts | whole).items()
    ]


def hold(function: str) -> None:
    """Take the lock of scores until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [ALL_SCORES])
