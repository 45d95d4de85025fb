"""Many lines at once say what the timeline says of each: the rules are decided once for a shape, the days for every line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.workdays import DAY, MICROSECOND, Workdays, next_midnight
from ratings import columns, recorded
from ratings.columns import EARLY, Batch, Calendar, calendar_over, computed, microseconds, moment, shape_of
from ratings.events import KINDS, standing
from ratings.life import Kind, Party
from ratings.measures import (
    LEAST,
    counted_from,
    counts,
    department_segments,
    department_time,
    firm_segments,
    firm_time,
    measured,
)
from ratings.plans import plan_of
from ratings.recorded import symbolic
from ratings.timeline import Event, Outcome, timeline
from tests.ratings.histories import YEAR, at, life
from tests.ratings.strategies import ANY, MOMENTS

many = settings(max_examples=60, deadline=None)
LATE = at("12-30") + MICROSECOND


def batch_of(histories):
    """The histories that have begun, as a batch: those of one shape share its plan."""
    kept = [recorded.recorded(standing(events, now=LATE)) for events in histories]
    plans = {each.codes: plan_of(each.codes) for each in kept}
    begun = [(number, each) for number, each in enumerate(kept) if plans[each.codes].pieces]
    shapes = list(dict.fromkeys(each.codes for _number, each in begun))
    times = [microseconds(one) for _number, each in begun for one in each.times]
    lengths = np.array([len(each.times) for _number, each in begun], dtype=np.int64)
    return Batch(
        lines=np.array([number for number, _each in begun], dtype=np.int64),
        shapes=[shape_of(plans[shape]) for shape in shapes],
        which=np.array([shapes.index(each.codes) for _number, each in begun], dtype=np.int64),
        times=np.array(times, dtype=np.int64),
        begins=np.cumsum(lengths) - lengths,
    ), {number: each.cases for number, each in begun}


def days(amount):
    return Fraction(int(amount), DAY // MICROSECOND)


def told(found, row):
    return {name: None if column[row] == EARLY else int(column[row]) for name, column in found.items()}


def same_line(line, row):
    """A row of a line beside the timeline."""
    runs = line.running
    assert row["outcome"] == columns.OUTCOMES[line.outcome]
    assert moment(row["started_at"]) == line.start
    assert row["ended_at"] is None if runs else moment(row["ended_at"]) == line.end
    counted = counts(line)
    for name in ("quality_returns", "deliverable_corrections", "late_corrections"):
        assert row[name] == getattr(counted, name)
    more = dict.fromkeys((columns.USED1, columns.USED2), Fraction(0))
    if runs:
        assert (row["ball_kind"], row["ball_party"]) == (columns.KINDS[runs.kind], columns.PARTIES[runs.party])
        assert moment(row["ball_since"]) == runs.start and moment(row["ball_counted_from"]) == counted_from(runs)
        more[row["ball_counts_for"]] = YEAR.working_time(moment(row["ball_counted_from"]), LATE)
    else:
        assert {row[f"ball_{name}"] for name in ("kind", "party", "since", "counted_from", "counts_for")} == {None}
    assert max(LEAST, days(row["used1"]) + more[columns.USED1]) == firm_time(line, YEAR)
    assert max(LEAST, days(row["used2"]) + more[columns.USED2]) == department_time([line], YEAR)


def same_segments(line, rows, cases):
    assert [row["number"] for row in rows] == [number for number, _part in enumerate(line.segments, 1)]
    own, department = firm_segments(line, line.award), department_segments([line])
    for row, part in zip(rows, line.segments, strict=True):
        assert (row["kind"], row["party"]) == (columns.KINDS[part.kind], columns.PARTIES[part.party])
        assert moment(row["started_at"]) == part.start
        assert row["counts_for"] == (part in own) * columns.USED1 + (part in department) * columns.USED2
        assert (cases[row["case"] - 1] if row["case"] else "") == part.ball.case
        if part == line.running:
            assert row["ended_at"] is row["worked"] is row["counted"] is None
        else:
            assert moment(row["ended_at"]) == part.end
            assert days(row["worked"]) == YEAR.working_time(part.start, part.end)
            assert days(row["counted"]) == measured(part, YEAR)


def same_cases(line, rows, cases):
    for row in rows:
        code = cases[row["case"] - 1]
        more = YEAR.working_time(moment(row["counted_from"]), LATE) if row["counted_from"] is not None else 0
        assert max(LEAST, days(row["used2"]) + more) == department_time([line], YEAR, case=code)
        late = [one for one in line.corrections if one.case == code and one.event.could_have_been_first]
        assert row["late_corrections"] == len(late)
    shown = {cases[row["case"] - 1] for row in rows}
    assert shown >= {part.ball.case for part in line.segments if part.ball.case}


@many
@given(st.lists(ANY, min_size=1, max_size=6))
def test_every_history_is_as_the_timeline_has_it(histories):
    lines = [timeline(events, now=LATE) for events in histories]
    batch, cases = batch_of(histories)
    assert [number for number, line in enumerate(lines) if line.segments] == batch.lines.tolist()
    if not batch.lines.size:
        return
    found = computed(batch, calendar_over(YEAR, batch.times))
    for place, number in enumerate(batch.lines.tolist()):
        line = lines[number]
        same_line(line, told(found.lines, place))
        for same, table in ((same_segments, found.segments), (same_cases, found.cases)):
            own = [told(table, row) for row in np.flatnonzero(table["line"] == number)]
            same(line, own, cases[number])


@many
@given(ANY)
def test_a_shape_is_what_is_left_of_a_history_without_its_dates(events):
    kept = recorded.recorded(standing(events, now=LATE))
    again = recorded.recorded(symbolic(kept.codes))
    assert again.codes == kept.codes and len(kept.codes) == len(kept.times)


@many
@given(st.lists(MOMENTS, min_size=2, max_size=10), st.booleans())
def test_the_table_of_days_counts_as_working_days_do(moments, holidays):
    workdays = YEAR if holidays else Workdays()
    times = np.array([microseconds(one) for one in moments], dtype=np.int64)
    calendar = calendar_over(workdays, times)
    worked, midnights = calendar.worked(times), calendar.next_midnight(times)
    for one, two, start, end in zip(moments, moments[1:], worked, worked[1:], strict=False):
        assert max(days(end - start), Fraction(0)) == workdays.working_time(one, two)
    assert [moment(int(one)) for one in midnights] == [next_midnight(one) for one in moments]


def test_days_before_the_calendar_or_after_it_are_refused():
    with pytest.raises(ValueError, match="1992"):
        Calendar(YEAR, date(1991, 12, 31), date(2026, 1, 1))
    week = Calendar(YEAR, date(2026, 1, 5), date(2026, 1, 9))
    for day in ("01-04 23", "01-11"):
        with pytest.raises(ValueError, match="outside"):
            week.worked(np.array([microseconds(at(day))]))


def test_every_kind_and_party_has_a_number_of_its_own():
    assert set(recorded.KINDS) == set(KINDS) and len(set(recorded.KINDS.values())) == len(KINDS) < 32
    for numbers, names in ((columns.KINDS, Kind), (columns.PARTIES, Party), (columns.OUTCOMES, Outcome)):
        assert set(numbers) == set(names) and len(set(numbers.values())) == len(names)


def test_what_the_timeline_tells_apart_has_another_number():
    """A field that is forgotten here would give two lines one plan."""
    plain = Event(id="e", kind="suspended", at=datetime(2026, 3, 2, tzinfo=UTC))
    told = {"ref": "r", "case": "K", "by": "firm", "charged_to": "owner", "fault": "deliverable", "outcome": "refused",
            "quality": True, "could_have_been_first": True, "part": True}  # fmt: skip
    others = [Event(**{"id": "e", "kind": "suspended", "at": plain.at, name: value}) for name, value in told.items()]
    codes = {recorded.recorded([each]).codes for each in [plain, *others]}
    assert len(codes) == 1 + len(told)
    # id, at, order and replaces are spent on the order of the events.
    assert set(told) | {"id", "kind", "at", "order", "replaces"} == set(Event.__dataclass_fields__)


def test_two_lines_of_one_shape_share_a_plan_and_each_has_its_own_days():
    one = life("03-02 contract_sealed\n03-06 submitted\n03-09 accepted")
    two = life("09-28 12 contract_sealed\n10-10 12 submitted\n10-12 accepted")
    batch, _cases = batch_of([one, two])
    assert len(batch.shapes) == 1
    found = computed(batch, calendar_over(YEAR, batch.times))
    assert [days(used) for used in found.lines["used1"]] == [3, Fraction(9, 2)]
