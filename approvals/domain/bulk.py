"""Many events at once, from a table: case by case, each read once and written once, all in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from approvals.domain import early, feed
from approvals.domain.recording import Book, Origin, locked
from approvals.models import Case, CaseEvent, Department
from core.errors import DomainError

MOST_NEW = 150
"""New cases of one table: opening one costs more than everything that is told of it."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """An event of a table that a form has read, and its line."""

    line: int
    given: Mapping[str, Any]
    origin: Origin


@dataclass(kw_only=True)
class Came:
    """What came of the rows: how many of which result, and what was refused at which line."""

    counted: dict[str, int] = field(default_factory=lambda: {str(each): 0 for each in feed.Result})
    refused: list[tuple[int, DomainError]] = field(default_factory=list)

    def count(self, result: feed.Result) -> None:
        self.counted[str(result)] += 1


def take_all(rows: Sequence[Row], *, department: Department) -> Came:
    """Record events in the order in which they are given. Whoever calls rolls back where something was refused."""
    assert transaction.get_connection().in_atomic_block
    came = Came()
    known = _known_events(rows, department)
    by_case: dict[str, list[Row]] = {}
    for row in rows:
        by_case.setdefault(str(row.given["case"]), []).append(row)
    here = _cases(list(by_case), department)
    if len(here) < len(by_case):
        # One new case of a department at a time; what was opened meanwhile is known then.
        Department.objects.select_for_update(no_key=True).get(pk=department.pk)
        here = _cases(list(by_case), department)
    for number, named in enumerate(name for name in by_case if name not in here):
        if number >= MOST_NEW:
            most = _("一次最多新建 %(most)d 件办件，请分几次导入。") % {"most": MOST_NEW}
            came.refused.append((by_case[named][0].line, DomainError(most, code="unknown_case")))
            return came
    for named, group in by_case.items():
        _take_case(here.get(named), group, known, department, came)
    return came


def _take_case(
    pk: int | None, group: list[Row], known: Mapping[str, CaseEvent], department: Department, came: Came
) -> None:
    book: Book | None = None
    for row in group:
        try:
            before = known.get(row.origin.event_id)
            if before is not None:
                came.count(feed.already(before, row.origin).result)
                continue
            if book is None:
                book = Book(locked(pk) if pk is not None else feed.opened(row.given, department))
            if book.case.application_id is not None:
                # What is decided here may begin the next step of another case: one after the other.
                came.count(feed.take(row.given, department=department, origin=row.origin).result)
                continue
            if row.given.get("corrects"):
                book.save()  # what it corrects may stand in this table
            event = book.add(feed.happening_of(row.given, book.case), row.origin)
            came.count(feed.Result.WAITING if event.waiting else feed.Result.APPLIED)
        except early.NotYet as wait:
            came.refused.append((row.line, wait.refusal))
        except DomainError as refused:
            came.refused.append((row.line, refused))
    if book is not None:
        book.save()


def _known_events(rows: Sequence[Row], department: Department) -> dict[str, CaseEvent]:
    ids = [row.origin.event_id for row in rows]
    found = CaseEvent.objects.filter(department=department, event_id__in=ids).select_related("case")
    return {each.event_id: each for each in found}


def _cases(names: list[str], department: Department) -> dict[str, int]:
    """The cases that names mean: the department's own number first, then ours."""
    own = Case.objects.filter(department=department)
    found = dict(own.filter(code__in=names).values_list("code", "pk"))
    return found | dict(own.filter(external_code__in=names).values_list("external_code", "pk"))
