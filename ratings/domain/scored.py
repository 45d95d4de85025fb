"""From rows to what the arithmetic of scores reads: one query for the lines, one for their segments where they are opened.

What a score shows is public, so it is made of what is public: a natural person's line ends with the acceptance and has no case,
as everywhere (`ratings.rules`), and no score of a department has that case. Lines that ended without a result are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from accounts.models import Kind
from core import worktime
from core.identifiers import SOLE_TRADER
from core.workdays import DAY, LOCAL, MICROSECOND, Workdays
from protocol.scores.lines import Piece, ScoredLine
from ratings.columns import OUTCOMES, USED1
from ratings.models import LineRow, SegmentRow
from ratings.models.numbers import KIND_OF, PARTY_OF, RUNNING
from ratings.timeline import Outcome

CHUNK = 5_000
"""Lines that are read together."""
ALL = "TRUE"
OF_FIRMS = "line.firm_id = ANY(%(keys)s)"
OF_DEPARTMENTS = "filed.department_id = ANY(%(keys)s) AND NOT hidden.it"
# A natural person's line has the time before its case alone, whose segments name the case.
_LINES = """
SELECT line.id, line.code, project.code, item.code, department.code, service.code, firm.uscc, district.code,
       line.outcome, line.promised_days, line.standard_days,
       CASE WHEN hidden.it THEN (
           SELECT COALESCE(sum(part.counted), 0)::bigint FROM ratings_segmentrow AS part
           WHERE part.line_id = line.id AND part.counts_for = %(used1)s AND part.case_id IS NULL
             AND part.started_at >= award.issued_at
       ) ELSE line.used1 END,
       line.accepted_at, line.quality_returns, CASE WHEN hidden.it THEN 0 ELSE line.deliverable_corrections END,
       CASE WHEN line.ball_counts_for = %(used1)s AND NOT (hidden.it AND line.accepted_at IS NOT NULL)
            THEN line.ball_counted_from END,
       own.code, filed.committed_days, filed.statutory_days, filed.received_at, filed.decided_at, filed.used2,
       COALESCE(filed.late_corrections, 0), filed.counted_from, hidden.it
FROM ratings_linerow AS line
JOIN bidding_award AS award ON award.id = line.award_id
JOIN market_project AS project ON project.id = line.project_id
JOIN accounts_organisation AS owner ON owner.id = line.owner_id
JOIN market_firm AS known ON known.id = line.firm_id
JOIN accounts_organisation AS firm ON firm.id = known.organisation_id
JOIN market_service AS service ON service.id = line.service_id
JOIN approvals_district AS district ON district.id = line.district_id
CROSS JOIN LATERAL (SELECT owner.kind = %(person)s OR owner.uscc LIKE %(sole)s AS it) AS hidden
LEFT JOIN ratings_caserow AS filed ON filed.case_id = line.last_case_id AND NOT hidden.it
LEFT JOIN approvals_case AS own ON own.id = filed.case_id
JOIN approvals_approvalitem AS item ON item.id = COALESCE(filed.item_id, line.item_id)
JOIN approvals_department AS department ON department.id = COALESCE(filed.department_id, line.department_id)
WHERE line.promised_days >= 1 AND line.outcome <> %(ended)s AND {which}
"""


class _Row(NamedTuple):
    """A row of the query, column by column."""

    pk: int
    code: str
    project: str
    item: str
    department: str
    service: str
    firm: str
    district: str
    outcome: int
    promised: int
    standard: int | None
    used1: int
    accepted_at: datetime | None
    quality_returns: int
    corrections: int
    counted_from: datetime | None
    case: str | None
    committed: int | None
    statutory: int | None
    received_at: datetime | None
    decided_at: datetime | None
    used2: int | None
    late: int
    case_counted_from: datetime | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A line as the score reads it, and the number of its row."""

    pk: int
    line: ScoredLine
    hidden: bool


def city_lines(*, now: datetime) -> Iterator[ScoredLine]:
    """Every line of the city that a score may read, a chunk at a time in memory."""
    return (found.line for found in _read(ALL, (), now))


def lines_of_firms(pks: Collection[int], *, now: datetime) -> list[ScoredLine]:
    """The lines of some firms."""
    return [found.line for found in _read(OF_FIRMS, pks, now)]


def lines_of_departments(pks: Collection[int], *, now: datetime) -> list[ScoredLine]:
    """The lines with a case of some departments."""
    return [found.line for found in _read(OF_DEPARTMENTS, pks, now)]


def opened_lines_of_firm(pk: int, *, now: datetime) -> list[ScoredLine]:
    """The lines of one firm with their segments, for whoever opens the score."""
    found = list(_read(OF_FIRMS, [pk], now))
    pieces = _pieces(found, now)
    return [replace(each.line, segments=tuple(pieces.get(each.pk, ()))) for each in found]


def _read(which: str, keys: Collection[int], now: datetime) -> Iterator[Found]:
    given: dict[str, Any] = {
        "keys": list(keys), "used1": USED1, "ended": OUTCOMES[Outcome.ENDED], "person": Kind.PERSON,
        "sole": f"{SOLE_TRADER}%",
    }  # fmt: skip
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_LINES.format(which=which), given)
        while chunk := cursor.fetchmany(CHUNK):
            rows = [_Row(*each) for each in chunk]
            workdays = _workdays(rows, now)
            for row in rows:
                line = _scored(row, workdays, now)
                if line is not None:
                    yield Found(pk=row.pk, line=line, hidden=row.hidden)


def _workdays(rows: Iterable[_Row], now: datetime) -> Workdays | None:
    """The working days over what still runs; None where nothing does."""
    running = [at for row in rows for at in (row.counted_from, row.case_counted_from) if at is not None]
    return worktime.calendar(min(running).astimezone(LOCAL).date(), now.astimezone(LOCAL).date()) if running else None


def _scored(row: _Row, workdays: Workdays | None, now: datetime) -> ScoredLine | None:
    """None for a line that is over and has no end that may be told."""
    running = row.outcome == RUNNING and not (row.hidden and row.accepted_at is not None)
    has_case = row.case is not None and (running or row.decided_at is not None)
    if not running and not has_case and row.accepted_at is None:
        return None
    return ScoredLine(
        line=row.code,
        project=row.project,
        item=row.item,
        department=row.department,
        service=row.service,
        firm=row.firm,
        district=row.district,
        running=running,
        promised_days=row.promised,
        standard_days=row.standard or None,
        used1=row.used1 + _so_far(row.counted_from, workdays, now),
        returns=row.quality_returns + row.corrections,
        deliverable_corrections=row.corrections,
        accepted_at=row.accepted_at,
        case=row.case if has_case else None,
        received_at=row.received_at if has_case else None,
        decided_at=row.decided_at if has_case else None,
        committed_days=(row.committed or None) if has_case else None,
        statutory_days=(row.statutory or None) if has_case else None,
        used2=(row.used2 or 0) + _so_far(row.case_counted_from, workdays, now) if has_case else None,
        late_corrections=row.late if has_case else 0,
        same_day=has_case and _same_day(row.received_at, row.decided_at),
    )


def _so_far(since: datetime | None, workdays: Workdays | None, now: datetime) -> int:
    """Microseconds of working time from a moment to now."""
    if since is None or workdays is None:
        return 0
    return int(workdays.working_time(since, now) * (DAY // MICROSECOND))


def _same_day(received: datetime | None, decided: datetime | None) -> bool:
    """Whether it was decided on the day it came (即办)."""
    if received is None or decided is None:
        return False
    return received.astimezone(LOCAL).date() == decided.astimezone(LOCAL).date()


def _pieces(found: Collection[Found], now: datetime) -> dict[int, list[Piece]]:
    """The segments of lines under the award in force, by the numbers of their rows; those that run end now."""
    known = {each.pk: each for each in found}
    issued = dict(LineRow.objects.filter(pk__in=known).values_list("pk", "award__issued_at"))
    rows = list(SegmentRow.objects.filter(line__in=known).order_by("line_id", "number"))
    running = LineRow.objects.running().filter(pk__in=known).values_list("pk", "ball_counted_from")
    open_from = {pk: since for pk, since in running if since is not None}
    first = min(open_from.values(), default=now)
    workdays = worktime.calendar(first.astimezone(LOCAL).date(), now.astimezone(LOCAL).date())
    pieces: defaultdict[int, list[Piece]] = defaultdict(list)
    for row in rows:
        each = known[row.line_id]
        if row.started_at < issued[row.line_id] or (each.hidden and _is_hidden(row, each.line)):
            continue
        used = _so_far(open_from.get(row.line_id), workdays, now) if row.counted is None else row.counted
        end = row.ended_at or max(now, row.started_at)
        pieces[row.line_id].append(Piece(str(KIND_OF[row.kind]), row.started_at, end, str(PARTY_OF[row.party]), used))
    return pieces


def _is_hidden(row: SegmentRow, line: ScoredLine) -> bool:
    """Whether a segment of a natural person's line is with its case, or after the acceptance."""
    return row.case_id is not None or (line.accepted_at is not None and row.started_at >= line.accepted_at)
