"""What is recorded anywhere makes the lines that it touches stale, in the same transaction; and which lines those are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from django.db import connection
from django.db.models import Q

from bidding.models import Round
from contracts.models import Contract
from core import changes
from core.workdays import midnight, next_midnight
from market.models import Need
from ratings.models import LineRow, ScoreMark, StaleMark

FOLLOWED = ("round", "contract", "case", "project", "item", "service", "holiday")
NEED = "need"
_MARK = "INSERT INTO ratings_stalemark (subject) VALUES (%s)"
_MARK_ALL = "INSERT INTO ratings_stalemark (subject) SELECT 'need/' || code FROM market_need WHERE id = ANY(%s)"
_OF_CASES = """
WITH known AS (
    SELECT project.id AS project_id, filed.item_id
    FROM approvals_case AS filed
    JOIN market_project AS project
      ON project.owner_id = filed.applicant_id AND filed.project_code IN (project.code, project.national_code)
    WHERE filed.code = ANY(%s) AND filed.project_code <> ''
)
SELECT need.id FROM known JOIN market_need AS need USING (project_id, item_id)
UNION
SELECT line.need_id FROM known JOIN contracts_contractline AS line USING (project_id, item_id)
"""


def follow_all() -> None:
    """Let every change that a line may follow from be marked (`RatingsConfig`)."""
    for prefix in FOLLOWED:
        changes.follow(prefix, mark)


def mark(subject: str) -> None:
    """Write down that the lines which a subject touches are stale. One row and no more: others are waiting for this change."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [subject])


def mark_needs(need_ids: Collection[int]) -> None:
    """Write down that the lines of some needs are stale."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK_ALL, [list(need_ids)])


def mark_everything() -> int:
    """Write down that every need that was announced is stale; give the number of needs."""
    announced = Round.objects.public().order_by("need_id").values_list("need_id", flat=True).distinct()
    mark_needs(list(announced))
    return StaleMark.objects.filter(subject__startswith=f"{NEED}/").values("subject").distinct().count()


def mark_unknown() -> None:
    """Write down that needs which were announced and have no line yet are stale."""
    announced = Round.objects.public().exclude(need__in=LineRow.objects.values("need"))
    mark_needs(list(announced.order_by("need_id").values_list("need_id", flat=True).distinct()))


def whose_scores(need_ids: Collection[int]) -> set[tuple[int | None, int | None]]:
    """The firm and the department of every line of some needs, for `mark_scores`."""
    rows = LineRow.objects.filter(need__in=need_ids)
    return set(rows.values_list("firm_id", "department_id")) | set(
        rows.values_list("firm_id", "last_case__department_id")
    )


def mark_scores(pairs: Collection[tuple[int | None, int | None]]) -> None:
    """Write down that the scores of some firms and departments are stale."""
    firms = {firm for firm, _department in pairs if firm is not None}
    departments = {department for _firm, department in pairs if department is not None}
    ScoreMark.objects.bulk_create(
        [
            *(ScoreMark(firm_id=pk) for pk in sorted(firms)),
            *(ScoreMark(department_id=pk) for pk in sorted(departments)),
        ]
    )


def is_wide(subject: str) -> bool:
    """Whether a subject may touch any number of needs: it is spread to them first."""
    return subject.partition("/")[0] in WIDE


def needs_touched(subjects: Iterable[str]) -> set[int]:
    """The needs whose lines may follow from what was recorded of some subjects, by a query for each kind of subject."""
    by_kind: dict[str, list[str]] = {}
    for subject in subjects:
        kind, _stroke, name = subject.partition("/")
        by_kind.setdefault(kind, []).append(name)
    return {need for kind, names in by_kind.items() for need in TOUCHED[kind](names)}


def _of_needs(codes: list[str]) -> Iterable[int]:
    return Need.objects.filter(code__in=codes).values_list("pk", flat=True)


def _of_rounds(codes: list[str]) -> Iterable[int]:
    return Round.objects.filter(code__in=codes).values_list("need_id", flat=True)


def _of_contracts(codes: list[str]) -> Iterable[int]:
    return Contract.objects.filter(code__in=codes).values_list("award__lot__round__need_id", flat=True)


def _of_cases(codes: list[str]) -> Iterable[int]:
    with connection.cursor() as cursor:
        cursor.execute(_OF_CASES, [codes])
        return [pk for (pk,) in cursor.fetchall()]


def _of_projects(codes: list[str]) -> Iterable[int]:
    wanted = Q(project__code__in=codes) | Q(contract_lines__project__code__in=codes)
    return Need.objects.filter(wanted).values_list("pk", flat=True)


def _of_items(codes: list[str]) -> Iterable[int]:
    return LineRow.objects.filter(item__code__in=codes).values_list("need_id", flat=True)


def _of_services(codes: list[str]) -> Iterable[int]:
    return LineRow.objects.filter(service__code__in=codes).values_list("need_id", flat=True)


def _of_holidays(dates: list[str]) -> Iterable[int]:
    """The lines some time of which falls on a date: what has not come yet changes nothing that was counted."""
    falls = Q()
    for text in dates:
        day = date.fromisoformat(text)
        goes_on = Q(ended_at=None) | Q(ended_at__gt=midnight(day))
        falls |= Q(started_at__lt=next_midnight(midnight(day))) & goes_on
    return LineRow.objects.filter(falls).values_list("need_id", flat=True)


TOUCHED = {
    NEED: _of_needs, "round": _of_rounds, "contract": _of_contracts, "case": _of_cases, "project": _of_projects,
    "item": _of_items, "service": _of_services, "holiday": _of_holidays,
}  # fmt: skip
WIDE = frozenset({"project", "item", "service", "holiday"})
