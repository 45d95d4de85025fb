"""Rows of lines and of their segments, from what was computed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from core import worktime
from core.workdays import LOCAL, Workdays
from ratings.columns import EARLY, Batch, Columns, Ints, calendar_over, computed, microseconds, moment
from ratings.domain.copying import Column, copy_in
from ratings.domain.reading import Gathered
from ratings.models import CaseOfLine, LineEvents, LineRow, SegmentRow

MOMENTS = ("started_at", "ended_at", "accepted_at", "decided_at", "ball_since", "ball_counted_from")
NUMBERS = (
    "outcome", "used1", "used2", "quality_returns", "deliverable_corrections", "late_corrections", "ball_kind", "ball_party",
    "ball_counts_for",
)  # fmt: skip
"""The columns of a line that follow from its events; the others say what it is."""


def write_lines(found: Sequence[Gathered]) -> dict[int, Gathered]:
    """Write the rows of some lines with their events, segments and links to cases; give them by the numbers of their rows."""
    if not found:
        return {}
    batch = _batch(found)
    columns = computed(batch, calendar_over(workdays_over(batch.times), batch.times))
    rows = [_row(each, columns, place) for place, each in enumerate(found)]
    changing = [field.attname for field in LineRow._meta.concrete_fields if field.name not in ("id", "code")]
    written = LineRow.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["code"], update_fields=[*map(_field_name, changing)]
    )
    pks = [row.pk for row in written]
    _write_events(pks, found)
    replace_segments(
        columns, np.array(pks, dtype=np.int64), _flat([[case.pk for case in each.cases] for each in found])
    )
    _write_links(pks, found)
    return dict(zip(pks, found, strict=True))


def workdays_over(times: Ints) -> Workdays:
    """The working days over some moments."""
    first, last = (moment(int(at)).astimezone(LOCAL).date() for at in (times.min(), times.max()))
    return worktime.calendar(first, last)


def forget_lines(pks: Collection[int]) -> None:
    """Take lines away that are lines no more, with all that hangs on them."""
    for model in (SegmentRow, CaseOfLine, LineEvents):
        model._default_manager.filter(line__in=pks).delete()
    LineRow.objects.filter(pk__in=pks).delete()


def replace_segments(columns: Columns, lines: Ints, cases: tuple[Ints, Ints]) -> None:
    """Write the segments of lines anew. lines: the numbers of their rows; cases: all their cases, and where each line's begin."""
    SegmentRow.objects.filter(line__in=lines.tolist()).delete()
    segments = columns.segments
    copy_in(
        SegmentRow._meta.db_table,
        [
            Column(name="line_id", type="int8", values=lines[segments["of_line"]]),
            *(Column(name=name, type="int2", values=segments[name])
              for name in ("number", "kind", "party", "counts_for", "cause")),
            Column(name="case_id", type="int8", values=case_ids(segments, cases)),
            *(Column(name=name, type="timestamptz", values=segments[name]) for name in ("started_at", "ended_at")),
            *(Column(name=name, type="int8", values=segments[name]) for name in ("worked", "counted")),
        ],
    )  # fmt: skip


def case_ids(found: dict[str, Ints], cases: tuple[Ints, Ints]) -> Ints:
    """The primary keys of cases that are known by their place (from 1) among those of their line; EARLY where there is none."""
    flat, begin = cases
    if not flat.size:
        return np.full(found["case"].size, EARLY)
    place = np.maximum(begin[found["of_line"]] + found["case"] - 1, 0)
    return np.where(found["case"] > 0, flat[np.minimum(place, flat.size - 1)], EARLY)


def _batch(found: Sequence[Gathered]) -> Batch:
    shapes = {each.kept.codes: each.shape for each in found}
    place = {codes: number for number, codes in enumerate(shapes)}
    times, begins = _flat([[microseconds(at) for at in each.kept.times] for each in found])
    return Batch(
        lines=np.arange(len(found)),
        shapes=list(shapes.values()),
        which=np.array([place[each.kept.codes] for each in found], dtype=np.int64),
        times=times,
        begins=begins,
    )


def _flat(rows: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Lists of different length as one, and where each begins."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    return np.array([value for row in rows for value in row], dtype=np.int64), np.cumsum(lengths) - lengths


def _row(found: Gathered, columns: Columns, place: int) -> LineRow:
    own = {name: int(columns.lines[name][place]) for name in (*MOMENTS, *NUMBERS)}
    moments = {name: None if own[name] == EARLY else moment(own[name]) for name in MOMENTS}
    numbers = {name: None if own[name] == EARLY else own[name] for name in NUMBERS}
    return LineRow(**found.facts, **moments, **numbers)


def _field_name(column: str) -> str:
    return column.removesuffix("_id")


def _write_events(pks: Sequence[int], found: Sequence[Gathered]) -> None:
    rows = [
        LineEvents(
            line_id=pk,
            codes=list(each.kept.codes),
            times=list(each.kept.times),
            cases=[case.pk for case in each.cases],
        )
        for pk, each in zip(pks, found, strict=True)
    ]
    LineEvents.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["line"], update_fields=["codes", "times", "cases"]
    )


def _write_links(pks: Sequence[int], found: Sequence[Gathered]) -> None:
    CaseOfLine.objects.filter(line__in=pks).delete()
    CaseOfLine.objects.bulk_create(
        CaseOfLine(line_id=pk, case_id=each.cases[place - 1].pk)
        for pk, each in zip(pks, found, strict=True)
        for place in each.shape.cases[:, 0].tolist()
    )
