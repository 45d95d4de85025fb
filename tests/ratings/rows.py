"""Rows of lines beside the lines that were read a moment ago."""

from __future__ import annotations

from fractions import Fraction

from core import clock
from core.workdays import DAY, MICROSECOND
from market.models import Need
from ratings.columns import USED1, USED2
from ratings.domain import marking, refreshing
from ratings.lines import Lines
from ratings.measures import LEAST, counted_from, counts, department_segments, department_time, firm_time, measured
from ratings.models import CaseOfLine, CaseRow, LineRow, SegmentRow, StaleMark
from ratings.models.numbers import KIND_OF, PARTY_OF
from ratings.timeline import Outcome


def days(amount):
    return Fraction(amount, DAY // MICROSECOND)


def read_now():
    """The lines of every announced need: what of them a row may tell."""
    return {
        (line.need.pk, line.code): (
            line.events, line.award and line.award.pk, line.contract and (line.contract.pk, line.contract.days),
            [(case.pk, case.version.committed_days) for case in line.cases], line.item.pk, line.service.pk,
        )
        for line in Lines.of(Need.objects.order_by("pk"))
        if line.rounds
    }  # fmt: skip


class Walk:
    """Steps of a life. After each the needs whose lines it changed are marked; once marks are followed, rows and lines agree."""

    def __init__(self):
        refreshing.refresh_stale()
        self.before = read_now()

    def step(self, act, *args, **fields):
        """Do one thing, and look."""
        result = act(*args, **fields)
        after = read_now()
        changed = {key[0] for key in after.keys() | self.before.keys() if after.get(key) != self.before.get(key)}
        marked = marking.needs_touched(StaleMark.objects.values_list("subject", flat=True))
        assert changed <= marked, f"{act} changed a line and left no mark"
        refreshing.refresh_stale()
        assert not StaleMark.objects.exists()
        same_as_read()
        self.before = after
        return result


def same_as_read():
    """Every row says what the timeline says now; a line that has not begun has none."""
    now = clock.now()
    lines = Lines.of(Need.objects.order_by("pk"))
    workdays = lines.workdays(now=now)
    told = {row.code: row for row in LineRow.objects.all()}
    served = {}
    for line in lines:
        found = line.timeline(now=now)
        row = told.pop(line.code, None)
        if found.outcome == Outcome.NOT_STARTED:
            assert row is None
            continue
        assert row is not None, f"{line.code} has no row"
        _same_facts(line, row)
        _same_measures(found, row, workdays, now)
        _same_segments(line, found, row, workdays)
        for link in CaseOfLine.objects.filter(line=row):
            served.setdefault(link.case_id, []).append(found)
    assert not told, "rows of lines that are none"
    _same_cases({case.pk: case for line in lines for case in line.cases}, served, workdays, now)


def _same_facts(line, row):
    assert (row.need_id, row.project_id, row.owner_id) == (line.need.pk, line.project.pk, line.project.owner_id)
    assert (row.service_id, row.item_id, row.department_id) == (line.service.pk, line.item.pk, line.department.pk)
    assert row.district_id == line.project.district_id
    award, contract = line.award, line.contract
    assert (row.award_id, row.firm_id) == ((award.pk, award.firm_id) if award else (None, None))
    assert row.contract_id == (contract.pk if contract else None)
    assert row.promised_days == (contract or award).days if award else row.promised_days is None
    if row.last_case_id:
        case = next(case for case in line.cases if case.pk == row.last_case_id)
        assert row.committed_days == case.version.committed_days
        assert row.statutory_days == case.version.statutory_days
    if award:
        version = line.service.version_at(award.issued_at.astimezone(clock.LOCAL).date())
        assert row.standard_days == version.standard_days


def _same_measures(found, row, workdays, now):
    assert (row.outcome_name, row.started_at, row.ended_at) == (
        found.outcome, found.start, None if found.running else found.end,
    )  # fmt: skip
    more = dict.fromkeys((0, USED1, USED2), Fraction(0))
    if found.running:
        assert row.ball == (found.running.kind, found.running.party)
        assert row.ball_since == found.running.start
        assert row.ball_counted_from == counted_from(found.running)
        more[row.ball_counts_for] = workdays.working_time(row.ball_counted_from, now)
    assert max(LEAST, days(row.used1) + more[USED1]) == firm_time(found, workdays)
    assert max(LEAST, days(row.used2) + more[USED2]) == department_time([found], workdays)
    counted = counts(found)
    assert (row.quality_returns, row.deliverable_corrections, row.late_corrections) == (
        counted.quality_returns, counted.deliverable_corrections, counted.late_corrections,
    )  # fmt: skip


def _same_segments(line, found, row, workdays):
    rows = list(SegmentRow.objects.filter(line=row).select_related("case"))
    assert [each.number for each in rows] == list(range(1, len(found.segments) + 1))
    for each, part in zip(rows, found.segments, strict=True):
        assert (KIND_OF[each.kind], PARTY_OF[each.party], each.started_at) == (part.kind, part.party, part.start)
        assert (each.case.code if each.case else "") == part.ball.case
        if part == found.running:
            assert (each.ended_at, each.worked) == (None, None)
        else:
            assert each.ended_at == part.end
            assert days(each.worked) == workdays.working_time(part.start, part.end)
            assert days(each.counted) == measured(part, workdays)


def _same_cases(cases, served, workdays, now):
    rows = {row.pk: row for row in CaseRow.objects.all()}
    assert set(rows) == set(served)
    for pk, row in rows.items():
        case, lines = cases[pk], served[pk]
        more = workdays.working_time(row.counted_from, now) if row.counted_from else 0
        assert max(LEAST, days(row.used2) + more) == department_time(lines, workdays, case=case.code)
        running = [part for part in department_segments(lines, case=case.code) if part.end == now]
        assert bool(running) == (row.counted_from is not None)
        assert row.lines == len(lines)
        assert (row.committed_days, row.received_at) == (case.version.committed_days, case.received_at)
        assert row.decided_at == (case.ended_at if case.outcome else None)
