"""All scores from 1,000,000 lines, in whole numbers, beside the same aggregates by DuckDB in double."""

from __future__ import annotations

import os
import resource
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

import duckdb
import numpy as np

from bench.serving import say
from protocol.scores.exact import MICROSECONDS_OF_HUNDREDTH
from protocol.scores.policy import FIRST
from ratings.scoring.columns import COLUMNS, DAYS_OF_MONTH, NO_CASE, Columns, Names, day_number
from ratings.scoring.vectors import efficiencies, hundredths_of_days, joints, weights
from ratings.scoring.whole import Whole, whole

LINES = int(os.environ.get("BENCH_SCORES", "1000000"))
FIRMS, SERVICES, OFFERED, DEPARTMENTS, DISTRICTS, YEARS = 3_000, 34, 4, 200, 11, 6
PASSES = 5
AIM = 3.0
AS_OF = datetime(2026, 11, 30, 4, tzinfo=UTC)
HUNDREDTHS_OF_DAY = 100
MARGIN = 0.02
"""Points by which a score from doubles, of whose steps only days are rounded, may differ from the printed one."""

WEIGHT = (
    "CASE WHEN {0} = 0 THEN 1 ELSE pow(2, -greatest(0, $month - {0} // 32 - ({0} % 32 > $day)::INT) / 12.0) END AS w"
)
SUMS = """count(*) AS n, sum(w) AS weight, sum(w * {0}) AS weighted, sum(w * w) AS squares, sum({0}) AS total,
  sum({0} * {0}) AS total_squares, quantile_cont({1}, 0.5) FILTER ({2} > 0) AS median,
  quantile_disc({1}, 0.9) FILTER ({2} > 0) AS p90"""
NORM = (
    """avg(weighted / weight) AS mean, sqrt(sum(total_squares - total * total / n) / (sum(n) - count(*))) AS spread"""
)
SCORE = """least(100, 75 * (weighted + 5 * mean) / (weight + 5)) AS score,
  1.645 * 75 * spread * sqrt(squares) / (weight + 5) AS half"""
STEPS = {
    "cases": f"""
SELECT *, least(1.5, committed / days2) * pow(0.9, late) AS e2, {WEIGHT.format("decided")}
FROM (SELECT "case", any_value(department) AS department, any_value(item) AS item, any_value(committed) AS committed,
        any_value(statutory) AS statutory, any_value(late) AS late, any_value(decided) AS decided,
        any_value(same_day) AS same_day, greatest(0.01, round(any_value(used2) / 86400e6, 2)) AS days2
      FROM lines WHERE "case" >= 0 GROUP BY "case")
WHERE committed > 0""",
    "habits": """
SELECT department, item, (sum(e2) + 5 * any_value(mean)) / (count(*) + 5) AS habit
FROM cases JOIN (SELECT item, avg(e2) AS mean FROM cases WHERE decided > 0 AND NOT same_day GROUP BY item) USING (item)
WHERE decided > 0 AND NOT same_day GROUP BY department, item""",
    "judged": f"""
SELECT service, firm, returns, ended, days1, days1 > promised AS over, {WEIGHT.format("ended")},
  cbrt(pow(least(1.5, reference / days1) * pow(0.9, returns), 2)
    * CASE WHEN habit IS NULL OR cases.decided = 0 OR cases.same_day THEN 1 ELSE least(1.5, e2 / habit) END) AS j
FROM (SELECT service, firm, returns, ended, promised, running, "case", greatest(0.01, round(used1 / 86400e6, 2)) AS days1,
        CASE WHEN standard > 0 THEN least(promised, standard) ELSE promised END AS reference FROM lines) AS told
LEFT JOIN (SELECT "case", department, item, decided, same_day, e2 FROM cases) AS cases USING ("case")
LEFT JOIN habits ON habits.department = cases.department AND habits.item = cases.item
WHERE NOT running OR days1 > promised""",
    "groups": f"""
SELECT service, firm, {SUMS.format("j", "days1", "ended")}, avg((returns = 0)::INT) FILTER (ended > 0) AS first_pass,
  avg(over::INT) AS overdue
FROM judged GROUP BY service, firm""",
    "scores": f"""
SELECT groups.*, {SCORE} FROM groups JOIN (SELECT service, {NORM} FROM groups GROUP BY service) USING (service)""",
    "overall": """
SELECT firm, sum(weight * score) / sum(weight) AS score, sqrt(sum(weight * weight * half * half)) / sum(weight) AS half
FROM scores GROUP BY firm""",
    "trend": "SELECT service, firm, ended // 32 AS month, count(*) AS n, avg(j) AS mean FROM judged WHERE ended > 0 GROUP BY ALL",
    "of_departments": f"""
SELECT department, item, {SUMS.format("e2", "days2", "decided")}, avg((late = 0)::INT) FILTER (decided > 0) AS first_pass,
  avg((days2 > CASE WHEN statutory > 0 THEN statutory ELSE committed END)::INT) AS overdue
FROM cases WHERE decided > 0 OR days2 > committed GROUP BY department, item""",
    "departments": f"""
SELECT of_departments.*, {SCORE}
FROM of_departments JOIN (SELECT item, {NORM} FROM of_departments GROUP BY item) USING (item)""",
    "over_items": """
SELECT department, sum(weight * score) / sum(weight) AS score, sqrt(sum(weight * weight * half * half)) / sum(weight) AS half
FROM departments GROUP BY department""",
    "department_trend": """
SELECT item, department, decided // 32 AS month, count(*) AS n, avg(e2) AS mean FROM cases WHERE decided > 0 GROUP BY ALL""",
}
"""What is made one after the other: each step is computed once."""


def measured() -> bool:
    """Compute everything by both, compare, and print the ratio of times and the memory beside the columns."""
    say(f"{LINES:,} lines of {FIRMS:,} firms and {DEPARTMENTS} departments …")
    columns = prepared(LINES)
    connection = loaded(columns)
    pairs, ours, theirs = [], None, None
    for _pass in range(PASSES):
        mine, ours = timed(lambda: everything(columns))
        other, theirs = timed(lambda: by_duckdb(connection))
        pairs.append((mine, other))
    assert ours is not None
    assert theirs is not None
    agree(ours, theirs)
    mine, other = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(mine / other for mine, other in pairs)
    say(
        "\nall scores of firms by service and overall, of departments by item, with rates, percentiles, intervals and months"
    )
    say("  reference: the same aggregates by DuckDB in double, from a table in memory, with all cores")
    say(
        f"  {mine:.2f} s to {other:.2f} s: {ratio:.2f} times, aim at most {AIM:.1f}, {'reached' if ratio <= AIM else 'MISSED'}"
    )
    say(f"  {cost_of_exactness(columns)}")
    peak = peak_of(lambda: everything(columns))
    held = sum(getattr(columns, name).nbytes for name in COLUMNS)
    say(f"  memory beside the columns ({held / 2**20:.0f} MiB): {peak / 2**20:.0f} MiB at most")
    say(
        f"  the process at its largest, DuckDB included: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
    )
    return ratio <= AIM


def loaded(columns: Columns) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that has the lines as a table of its own."""
    connection = duckdb.connect(config={"threads": os.cpu_count() or 1})
    given = {name: np.ascontiguousarray(getattr(columns, name)) for name in COLUMNS}
    connection.register("given", given)
    connection.execute("CREATE TABLE lines AS SELECT * FROM given")
    connection.unregister("given")
    return connection


def everything(columns: Columns) -> Whole:
    """Everything of ours: what is computed when it is asked for is asked for."""
    found = whole(columns, FIRST, as_of=AS_OF)
    for table in (found.firms, found.departments):
        assert len(table.scores) == len(table)
        assert table.overall
    return found


def cost_of_exactness(columns: Columns) -> str:
    """What whole numbers cost in the arithmetic of the lines, beside the same arithmetic of the same arrays in double."""
    pairs = [(timed(lambda: exactly(columns))[0], timed(lambda: in_double(columns))[0]) for _pass in range(PASSES)]
    mine, other = (median(column) for column in zip(*pairs, strict=True))
    return f"of it days, E₁, J and weight of each line: {mine:.2f} s in whole numbers, {other:.2f} s in double"


def exactly(columns: Columns) -> Any:
    """Days, E₁, a J and the weight of every line."""
    used = hundredths_of_days(columns.used1)
    e1 = efficiencies(columns.promised, used, columns.returns, FIRST)
    return joints(e1, e1), weights(columns.ended, FIRST, as_of=AS_OF)


def in_double(columns: Columns) -> Any:
    """The same, unrounded."""
    used = np.maximum(0.01, columns.used1 / 86_400e6)
    e1 = np.minimum(1.5, columns.promised / used) * 0.9**columns.returns
    month, day = divmod(day_number(AS_OF), DAYS_OF_MONTH)
    months = month - columns.ended // DAYS_OF_MONTH - (columns.ended % DAYS_OF_MONTH > day)
    return np.cbrt(e1 * e1 * e1), np.where(columns.ended == 0, 1.0, 2.0 ** (-np.maximum(0, months) / 12))


def by_duckdb(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The same by DuckDB, with what the reader gets in arrays as ours is."""
    at = dict(zip(("month", "day"), divmod(day_number(AS_OF), DAYS_OF_MONTH), strict=True))
    for name, query in STEPS.items():
        given = {key: value for key, value in at.items() if f"${key}" in query}
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}", given)
    wanted = ("scores", "overall", "trend", "departments", "over_items", "department_trend")
    return {name: connection.execute(f"SELECT * FROM {name}").fetchnumpy() for name in wanted}


def agree(ours: Whole, theirs: dict[str, Any]) -> None:
    """Raise AssertionError where double and whole numbers tell more than rounding apart."""
    scores, trend = theirs["scores"], theirs["trend"]
    for table, told, who, what in (
        (ours.firms, scores, "firm", "service"), (ours.departments, theirs["departments"], "department", "item"),
    ):  # fmt: skip
        order = np.lexsort((told[who], told[what]))
        mine = np.lexsort((table.who, table.what))
        assert np.array_equal(told[who][order], table.who[mine])
        score = np.array([each.score for each in table.scores])[mine] / HUNDREDTHS_OF_DAY
        half = np.array([each.half for each in table.scores])[mine] / HUNDREDTHS_OF_DAY
        assert np.abs(score - told["score"][order]).max() < MARGIN
        assert np.abs(half - told["half"][order]).max() < MARGIN
        assert np.abs(table.median[mine] / HUNDREDTHS_OF_DAY - told["median"][order]).max() < MARGIN
        assert np.abs(table.p90[mine] / HUNDREDTHS_OF_DAY - told["p90"][order]).max() < MARGIN
    assert int(trend["n"].sum()) == int(ours.firms.month_n.sum())
    assert len(trend["n"]) == int((ours.firms.month_n > 0).sum())


def prepared(count: int) -> Columns:
    """Lines of a made-up city: days around what was promised, one line in ten without a case, two cases in ten shared."""
    chance = np.random.default_rng(36)
    firm = chance.integers(0, FIRMS, count)
    service = (firm * 7 + chance.integers(0, OFFERED, count) * 11) % SERVICES
    promised = chance.integers(8, 40, count)
    used = promised * np.exp(chance.normal(-0.05, 0.35, count))
    case = np.where(chance.random(count) < 0.1, NO_CASE, np.arange(count))
    shared = (chance.random(count) < 0.2) & (case != NO_CASE)
    shared[0] = False
    case = np.where(shared & (np.roll(case, 1) != NO_CASE) & ~np.roll(shared, 1), np.roll(case, 1), case)
    cases = numbered(case)
    own = np.maximum(cases, 0)
    item = service[own_first(cases)][own]
    given = of_cases(chance, int(cases.max()) + 1)
    running = given["decided"][own] == 0
    alone = cases == NO_CASE
    days = random_days(chance, count)
    columns: dict[str, Any] = {
        "firm": firm, "service": service, "department": given["department"][own], "item": item,
        "district": chance.integers(0, DISTRICTS, count), "case": cases, "promised": promised,
        "standard": np.where(chance.random(count) < 0.5, 0, chance.integers(10, 35, count)),
        "committed": given["committed"][own], "statutory": given["statutory"][own],
        "returns": chance.poisson(0.4, count), "late": given["late"][own],
        "used1": np.rint(used * HUNDREDTHS_OF_DAY * MICROSECONDS_OF_HUNDREDTH),
        "used2": np.where(alone, -1, given["used2"][own]), "ended": np.where(alone, days, given["decided"][own]),
        "decided": np.where(alone, 0, given["decided"][own]), "running": ~alone & running, "same_day": given["same_day"][own],
    }  # fmt: skip
    names = Names(**{
        name: [f"{name}{number}" for number in range(size)]
        for name, size in (
            ("firm", FIRMS), ("service", SERVICES), ("department", DEPARTMENTS), ("item", SERVICES),
            ("district", DISTRICTS), ("case", int(cases.max()) + 1),
        )
    })  # fmt: skip
    return Columns(names=names, **{name: np.asarray(columns[name]).astype(kind) for name, kind in COLUMNS.items()})


def numbered(case: Any) -> Any:
    """Cases numbered without gaps."""
    _codes, place = np.unique(case, return_inverse=True)
    return place - (1 if (case == NO_CASE).any() else 0)


def own_first(cases: Any) -> Any:
    """The first line of each case."""
    own = np.flatnonzero(cases != NO_CASE)
    _codes, first = np.unique(cases[own], return_index=True)
    return own[first]


def of_cases(chance: np.random.Generator, count: int) -> dict[str, Any]:
    """What departments did: each has a habit, one case in twenty runs, one in thirty was decided the same day."""
    department = chance.integers(0, DEPARTMENTS, count)
    committed = chance.integers(3, 30, count)
    habit = np.exp(np.random.default_rng(1).normal(0, 0.3, DEPARTMENTS))[department]
    used = committed * habit * np.exp(chance.normal(-0.2, 0.4, count))
    return {
        "department": department,
        "committed": committed,
        "statutory": np.where(chance.random(count) < 0.5, committed * 2, 0),
        "late": chance.poisson(0.1, count),
        "used2": np.rint(used * HUNDREDTHS_OF_DAY * MICROSECONDS_OF_HUNDREDTH),
        "decided": np.where(chance.random(count) < 0.05, 0, random_days(chance, count)),
        "same_day": chance.random(count) < 1 / 30,
    }


def random_days(chance: np.random.Generator, count: int) -> Any:
    """Day numbers of the last years."""
    now = day_number(AS_OF) // DAYS_OF_MONTH
    return (now - chance.integers(1, YEARS * 12, count)) * DAYS_OF_MONTH + chance.integers(1, 29, count)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def peak_of(work: Callable[[], Any]) -> int:
    """The most that was allocated at once, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
