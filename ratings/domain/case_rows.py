"""The department's time of cases, each once however many lines it serves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from fractions import Fraction

from approvals.models import Case
from core import worktime
from core.workdays import DAY, MICROSECOND, Workdays
from ratings import recorded
from ratings.measures import counted_from, department_segments, measured
from ratings.models import CaseOfLine, CaseRow, LineEvents
from ratings.recorded import Recorded
from ratings.timeline import Timeline, timeline

ALWAYS = datetime(9000, 1, 1, tzinfo=UTC)
"""The end of what has no end yet."""


def refresh_cases(case_ids: Collection[int]) -> None:
    """Bring the rows of some cases up to what their lines have, under their locks; a case that serves no line has no row."""
    _begin(case_ids)
    # Whoever refreshed another line of a case held its row, and has committed what is read from here on.
    rows = list(CaseRow.objects.select_for_update().filter(pk__in=case_ids).order_by("pk"))
    lines = _lines_of(case_ids)
    CaseRow.objects.filter(pk__in=[row.pk for row in rows if row.pk not in lines]).delete()
    kept = [row for row in rows if row.pk in lines]
    if not kept:
        return
    workdays = _workdays([line for found in lines.values() for line in found])
    facts = {case.pk: case for case in Case.objects.filter(pk__in=lines).select_related("version")}
    for row in kept:
        _become(row, facts[row.pk], [line for _kept, line in lines[row.pk]], workdays)
    CaseRow.objects.bulk_update(
        kept, [field.name for field in CaseRow._meta.concrete_fields if not field.primary_key], batch_size=500
    )


def _begin(case_ids: Collection[int]) -> None:
    """A row for every case that has a line; in one order, so that who refreshes the same cases only waits."""
    linked = CaseOfLine.objects.filter(case__in=case_ids).values("case")
    CaseRow.objects.bulk_create(
        (
            CaseRow(case=case, department_id=case.department_id, item_id=case.item_id, lines=1, used2=0, late_corrections=0)
            for case in Case.objects.filter(pk__in=linked).order_by("pk")
        ),
        ignore_conflicts=True,
    )  # fmt: skip


Line = tuple[Recorded, Timeline]


def _lines_of(case_ids: Collection[int]) -> dict[int, list[Line]]:
    """The lines of cases as timelines, from their recorded events; cases are called by their primary keys."""
    links = CaseOfLine.objects.filter(case__in=case_ids).order_by("line_id").values_list("line_id", "case_id")
    pairs = list(links)
    lines: dict[int, Line] = {}
    for row in LineEvents.objects.filter(pk__in={line for line, _case in pairs}):
        kept = Recorded(codes=tuple(row.codes), times=tuple(row.times), cases=tuple(map(str, row.cases)))
        lines[row.pk] = kept, timeline(recorded.events_of(kept), now=ALWAYS)
    found: defaultdict[int, list[Line]] = defaultdict(list)
    for line, case in pairs:
        found[case].append(lines[line])
    return dict(found)


def _workdays(lines: Sequence[Line]) -> Workdays:
    times = [at for kept, _line in lines for at in kept.times]
    return worktime.calendar(min(times).date(), max(times).date() + DAY)


def _become(row: CaseRow, case: Case, lines: Sequence[Timeline], workdays: Workdays) -> None:
    parts = department_segments(lines, case=str(case.pk))
    running = next((part for part in parts if part.end == ALWAYS), None)
    over = sum((measured(part, workdays) for part in parts if part is not running), Fraction(0))
    row.department_id, row.item_id = case.department_id, case.item_id
    row.committed_days, row.statutory_days = case.version.committed_days, case.version.statutory_days
    row.received_at = case.received_at
    row.decided_at = case.ended_at if case.outcome else None
    row.lines = len(lines)
    row.used2 = int(over * (DAY // MICROSECOND))
    # Every line has all the corrections of a case but those from before it began.
    row.late_corrections = max(_late(line, str(case.pk)) for line in lines)
    row.counted_from = counted_from(running) if running else None


def _late(line: Timeline, case: str) -> int:
    """How many corrections of a case could have been asked for the first time, as one of its lines has it."""
    return sum(one.case == case and one.event.could_have_been_first for one in line.corrections)
