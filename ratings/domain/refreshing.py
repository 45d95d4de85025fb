"""Rows of lines follow what is recorded, within seconds and for each line by the same work, however many there are.

A change leaves a mark (`marking`); whoever refreshes takes marks that no other holds, reads the events of their needs after that,
and takes the marks away in the same transaction: what is recorded meanwhile has left a mark that is still there.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q

from core import clock
from market.models import Need
from ratings.domain import marking
from ratings.domain.case_rows import refresh_cases
from ratings.domain.reading import gather
from ratings.domain.writing import forget_lines, write_lines
from ratings.lines import Lines
from ratings.models import CaseOfLine, LineRow, StaleMark

logger = logging.getLogger(__name__)
BATCH = 100
"""Marks that are taken together."""
AGAIN = timedelta(minutes=10)
"""After which a mark is tried again that could not be followed."""
ALL_LINES = 0x6C696E65
"""Key of the advisory lock: shared by those who refresh some lines, held alone by who computes all of them anew (`anew`)."""


def refresh_stale() -> int:
    """Follow the marks that are there; give how many were taken. Any number of workers may do it at once."""
    taken = 0
    while (found := _follow_some()) > 0:
        taken += found
    return taken


def _follow_some() -> int:
    """Follow the oldest marks that nobody else holds, all together, or where that fails one by one."""
    with transaction.atomic():
        due = Q(not_before=None) | Q(not_before__lte=clock.now())
        marks = list(StaleMark.objects.select_for_update(skip_locked=True).filter(due).order_by("id")[:BATCH])
        if marks and not _followed(marks):
            for mark in marks:
                if not _followed([mark]):
                    mark.not_before = clock.now() + AGAIN
                    mark.save(update_fields=["not_before"])
    return len(marks)


def _followed(marks: Sequence[StaleMark]) -> bool:
    """Whether these marks could be followed; then they are gone. Whatever is wrong with some must not keep the others waiting."""
    try:
        with transaction.atomic():
            subjects = {mark.subject for mark in marks}
            wide = {subject for subject in subjects if marking.is_wide(subject)}
            marking.mark_needs(marking.needs_touched(wide))
            refresh_needs(marking.needs_touched(subjects - wide))
            StaleMark.objects.filter(pk__in=[mark.pk for mark in marks]).delete()
    except Exception:
        logger.exception("lines of %s could not be refreshed", ", ".join(sorted({mark.subject for mark in marks})))
        return False
    return True


def refresh_needs(need_ids: Collection[int]) -> int:
    """Bring the rows of the lines of some needs up to what is recorded; give the number of lines. Twice is as good as once."""
    if not need_ids:
        return 0
    with transaction.atomic():
        hold_together()
        held = Need.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=need_ids)
        pks = [need.pk for need in held.order_by("pk")]
        lines = Lines.of(Need.objects.filter(pk__in=pks).order_by("pk"))
        before = dict(LineRow.objects.filter(need__in=pks).values_list("pk", "code"))
        scored = marking.whose_scores(pks)
        cases = _cases_of(before)
        found = gather(lines, now=clock.now())
        codes = {each.facts["code"] for each in found}
        forget_lines([pk for pk, code in before.items() if code not in codes])
        written = write_lines(found)
        refresh_cases(cases | _cases_of(written))
        marking.mark_scores(scored | marking.whose_scores(pks))
    return len(written)


def hold_together() -> None:
    """Until the end of the transaction nobody computes all lines anew; others may refresh some."""
    _hold("pg_advisory_xact_lock_shared")


def hold_alone() -> None:
    """Until the end of the transaction nobody else writes rows of lines."""
    _hold("pg_advisory_xact_lock")


def _hold(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [ALL_LINES])


def _cases_of(lines: Iterable[int]) -> set[int]:
    return set(CaseOfLine.objects.filter(line__in=list(lines)).values_list("case_id", flat=True))
