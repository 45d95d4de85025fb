"""Lines: all of them computed anew beside the same sums written by hand in SQL, and one refreshed among few and among many."""

from __future__ import annotations

import os
import resource
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from statistics import median
from typing import Any

import numpy as np
from django.db import connection, transaction

from bench.lives import HOUR, SINCE, SPAN, Life, draw
from bench.serving import say, verdict
from bidding.models import Round
from core import worktime
from core.workdays import midnight
from ratings.columns import EARLY, Ints
from ratings.domain import anew, refreshing
from ratings.domain.copying import END, SIGNATURE, Column, copy_in

LINES = int(os.environ.get("BENCH_LINES", "1000000"))
FEW = 10_000
AIM, FLAT = 1 / 2, 0.7
"""Lines per second beside the SQL, and refreshes per second among all beside those among few."""
REFRESHES = 60
FIRST_ID, CASE_IDS = 100_000_000, 1_000_000_000
"""Beside the rows of the city."""
BATCH = 100_000
LIVE_ALIKE = 5
"""Lines that live one drawn life, each at times of its own."""
TABLES = "ratings_linerow, ratings_segmentrow, ratings_lineevents, ratings_caserow, ratings_caseofline"

PLAIN = """
CREATE TABLE bench_event (line_id bigint, number int2, at timestamptz, kind int2, party int2, PRIMARY KEY (line_id, number));
CREATE TABLE bench_day (day date PRIMARY KEY, begins timestamptz, works boolean, before interval)
"""
BY_HAND = """
CREATE TABLE bench_sum AS
WITH part AS (
    SELECT line_id, kind, party, at, lead(at) OVER (PARTITION BY line_id ORDER BY number) AS until FROM bench_event
)
SELECT line_id, kind, party, sum(
    last.before - first.before + CASE WHEN last.works THEN until - last.begins ELSE interval '0' END
    - CASE WHEN first.works THEN at - first.begins ELSE interval '0' END
) AS worked
FROM part
JOIN bench_day AS first ON first.day = (at AT TIME ZONE 'Asia/Shanghai')::date
JOIN bench_day AS last ON last.day = (until AT TIME ZONE 'Asia/Shanghai')::date
WHERE kind > 0
GROUP BY line_id, kind, party;
ALTER TABLE bench_sum ADD PRIMARY KEY (line_id, kind, party)
"""
# The same sums, to the microsecond; what runs is in neither, and the city's own lines are ours alone.
DIFFERENT = f"""
WITH ours AS (
    SELECT line_id, kind, party, sum(worked) AS worked FROM ratings_segmentrow
    WHERE ended_at IS NOT NULL AND line_id >= {FIRST_ID} GROUP BY 1, 2, 3
)
SELECT count(*) FROM ours FULL JOIN bench_sum AS theirs USING (line_id, kind, party)
WHERE coalesce(ours.worked, 0) <> coalesce(extract(epoch FROM theirs.worked) * 1000000, 0)
"""


def computed_anew() -> bool:
    """Measure both aims, and take away what was needed for it."""
    lives, chance = draw(max(LINES // LIVE_ALIKE, 1)), np.random.default_rng(5)
    say(f"{len({life.codes.tobytes() for life in lives}):,} shapes of lives")
    try:
        _statements(PLAIN)
        _write_days()
        _grow(lives, chance, have=0, to=FEW)
        anew.compute_all()
        few = _refreshes()
        _grow(lives, chance, have=FEW, to=LINES)
        _statements("ANALYZE bench_event", "VACUUM ANALYZE ratings_lineevents", "VACUUM ANALYZE ratings_linerow")
        return _beside_sql() & _flat(few)
    finally:
        _statements("DROP TABLE IF EXISTS bench_event, bench_day, bench_sum", f"TRUNCATE {TABLES}")


def _beside_sql() -> bool:
    say(
        f"\n{LINES:,} lines with {_one('SELECT count(*) FROM bench_event'):,} recorded events computed anew, lines per second"
    )
    say(
        "  reference: their working time by line, kind and party, by hand in SQL (one window, a calendar, one sum), and its key"
    )
    theirs = _timed(lambda: _statements(BY_HAND))
    first, again = (_timed(lambda: anew.compute_all(hands=anew.HANDS)) for _time in range(2))
    assert not _one(DIFFERENT), "the sums differ"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"  reference {theirs:.0f} s; ours {first:.0f} s, {again:.0f} s where every row is replaced; the same sums")
    say(
        f"  ours writes {_one('SELECT count(*) FROM ratings_segmentrow'):,} segments beside it; memory at its most {peak} MB"
    )
    say(f"  where every row is replaced: ratio {theirs / again:.2f}")
    return verdict([(LINES / first, LINES / theirs)], aim=AIM)


def _flat(few: float) -> bool:
    many = _refreshes()
    say(f"\none line refreshed, per second: among {FEW:,} lines {few:.0f}, among {LINES:,} {many:.0f}")
    say("  reference: the same line among few; rounds, contracts and cases are those of the city in both")
    return verdict([(many, few)], aim=FLAT)


def _refreshes() -> float:
    """Refreshes per second of one line of the city: events read, everything written, committed."""
    need = Round.objects.public().filter(lots__awards__isnull=False).values_list("need_id", flat=True)[0]
    refreshing.refresh_needs({need})
    return 1 / median(_timed(lambda: refreshing.refresh_needs({need})) for _number in range(REFRESHES))


def _grow(lives: list[Life], chance: np.random.Generator, *, have: int, to: int) -> None:
    """Have so many lines, with the same events in both forms, and nothing computed."""
    say(f"{to:,} lines …")
    for begin in range(have, to, BATCH):
        lines = np.arange(begin, min(begin + BATCH, to), dtype=np.int64) + FIRST_ID
        which = chance.integers(0, len(lives), lines.size)
        groups: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for place, number in enumerate(which.tolist()):
            groups[lives[number].codes.size, lives[number].cases].append(place)
        with transaction.atomic():
            for places in groups.values():
                own = np.array(places)
                _write(lines[own], [lives[number] for number in which[own].tolist()], chance)


def _write(lines: Ints, lives: list[Life], chance: np.random.Generator) -> None:
    """Lines whose lives are of one length."""
    codes, together = np.stack([life.codes for life in lives]), np.stack([life.together for life in lives])
    # Hours, days and weeks, each as often.
    gaps = (np.exp(chance.uniform(0, 6, codes.shape)) * HOUR).astype(np.int64) + 1
    gaps[together == 1] = 0
    gaps[:, 0] = SINCE + chance.integers(0, SPAN, lines.size)
    times = np.cumsum(gaps, axis=1)
    cases = CASE_IDS + (lines[:, None] - FIRST_ID) * 100 + np.arange(lives[0].cases)
    _write_rows(lines, times[:, 0], cases)
    _copy_events(lines, codes, times, cases)
    after = np.concatenate([life.after for life in lives])
    plain = {"line_id": np.repeat(lines, codes.shape[1]), "number": np.tile(np.arange(codes.shape[1]), lines.size),
             "at": times.ravel(), "kind": after[:, 0], "party": after[:, 1]}  # fmt: skip
    types = {"line_id": "int8", "at": "timestamptz"}
    columns = [Column(name=name, type=types.get(name, "int2"), values=values) for name, values in plain.items()]
    copy_in("bench_event", columns)


def _write_rows(lines: Ints, begun: Ints, cases: Ints) -> None:
    """The lines as they are when they have just begun, and their cases."""
    given: dict[str, tuple[str, Any]] = {
        "id": ("int8", lines), "need_id": ("int8", lines + CASE_IDS), "project_id": ("int8", lines),
        "owner_id": ("int8", lines % 997),
        "service_id": ("int8", lines % 34), "item_id": ("int8", lines % 29), "department_id": ("int8", lines % 120),
        "district_id": ("int8", lines % 11), "firm_id": ("int8", lines % 601), "award_id": ("int8", lines),
        "contract_id": ("int8", lines), "last_case_id": ("int8", cases[:, -1] if cases.size else EARLY),
        "promised_days": ("int2", 20), "standard_days": ("int2", 25), "committed_days": ("int2", 10),
        "statutory_days": ("int2", 20), "outcome": ("int2", 1), "started_at": ("timestamptz", begun), "used1": ("int8", 0),
        "used2": ("int8", 0), "quality_returns": ("int2", 0), "deliverable_corrections": ("int2", 0),
        "late_corrections": ("int2", 0), "ball_kind": ("int2", 1), "ball_party": ("int2", 1), "ball_counts_for": ("int2", 0),
        "ball_since": ("timestamptz", begun), "ball_counted_from": ("timestamptz", begun),
    }  # fmt: skip
    _fill("bench_line", "ratings_linerow", given, lines)
    flat, own = cases.ravel(), np.repeat(lines, cases.shape[1])
    _fill("", "ratings_caseofline", {"line_id": ("int8", own), "case_id": ("int8", flat)}, flat)
    given = {
        "case_id": ("int8", flat), "department_id": ("int8", own % 120), "item_id": ("int8", own % 29),
        "committed_days": ("int2", 10), "lines": ("int4", 1), "used2": ("int8", 0), "late_corrections": ("int2", 0),
    }  # fmt: skip
    _fill("", "ratings_caserow", given, flat)


def _fill(stage: str, table: str, given: dict[str, tuple[str, Any]], rows: Ints) -> None:
    """Rows from columns, where one number stands for all. stage: a table in between, for the codes of lines are words."""
    columns = [
        Column(name=name, type=type_, values=np.broadcast_to(np.asarray(values, dtype=np.int64), rows.shape))
        for name, (type_, values) in given.items()
    ]
    if not stage:
        copy_in(table, columns)
        return
    names = ", ".join(given)
    _statements(f"CREATE TEMPORARY TABLE {stage} ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0")
    copy_in(stage, columns)
    _statements(f"INSERT INTO {table} (code, {names}) SELECT 'B' || id, {names} FROM {stage}", f"DROP TABLE {stage}")


def _copy_events(lines: Ints, codes: Ints, times: Ints, cases: Ints) -> None:
    """The recorded events as the rows have them: three arrays for each line."""
    arrays = (("codes", codes, 20), ("times", times, 1184), ("cases", cases, 20))
    fields: list[Any] = [("fields", ">i2"), ("line_length", ">i4"), ("line", ">i8")]
    for name, values, _type in arrays:
        fields.append((name, _array(values.shape[1])))
    rows = np.zeros(lines.size, dtype=fields)
    rows["fields"], rows["line_length"], rows["line"] = 4, 8, lines
    for name, values, type_ in arrays:
        count = values.shape[1]
        own = rows[name]
        own["length"] = own.dtype.itemsize - 4
        own["type"] = type_
        if count:
            own["dimensions"], own["count"], own["bound"] = 1, count, 1
            own["each"]["length"], own["each"]["value"] = 8, values
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY ratings_lineevents (line_id, codes, times, cases) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(SIGNATURE + rows.tobytes() + END)


def _array(count: int) -> np.dtype[Any]:
    """An array of one dimension in the binary form; an empty one has none."""
    head = [("length", ">i4"), ("dimensions", ">i4"), ("flags", ">i4"), ("type", ">i4")]
    if not count:
        return np.dtype(head)
    each = np.dtype([("length", ">i4"), ("value", ">i8")])
    return np.dtype([*head, ("count", ">i4"), ("bound", ">i4"), ("each", each, (count,))])


def _write_days() -> None:
    """The calendar as somebody would write it down for SQL: each date, and the working time before it."""
    first, last = date(2017, 1, 1), date(2040, 1, 1)
    workdays = worktime.calendar(first, last)
    days = [first + timedelta(days=number) for number in range((last - first).days)]
    rows: list[list[Any]] = [
        [day, midnight(day), workdays.works(day), timedelta(days=workdays.between(first, day))] for day in days
    ]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO bench_day VALUES (%s, %s, %s, %s)", rows)
        cursor.execute("UPDATE bench_day SET before = make_interval(hours => extract(day FROM before)::int * 24)")


def _statements(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _one(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
