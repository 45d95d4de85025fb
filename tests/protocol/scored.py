"""Lines, evaluations and files for the tests of scores, and every kind of lines for what holds of all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from protocol.scores.departments import departments
from protocol.scores.file import department_file, firm_file
from protocol.scores.firms import firms, norms
from protocol.scores.lines import Piece, ScoredLine, judge
from protocol.scores.policy import FIRST
from protocol.scores.standing import Deduction, Evaluation, evaluated, everybodys_mean, raters_means, standing

AS_OF = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
DAY = 86_400_000_000
"""Microseconds of a working day."""
USED = st.integers(0, 90 * DAY)
DAYS = st.integers(1, 60)
COUNTS = st.integers(0, 5)
FIRM, OTHER, THIRD = "91330200000000001A", "91330200000000002B", "91330200000000003C"


def line(
    number=1, *, firm=FIRM, used=10.0, promised=10, ended=datetime(2026, 11, 2, 2, 0, tzinfo=UTC), case=True, **given
):
    """A line that is over; times in days. Its case is its own, of an item whose habit it alone may make."""
    used2 = given.pop("used2", 5.0)
    told = {
        "line": f"L{number:04}", "project": "P1", "item": "I1", "department": "D1", "service": "S005", "firm": firm,
        "district": "330203", "running": False, "promised_days": promised, "used1": round(used * DAY),
        "accepted_at": ended - timedelta(days=9), "decided_at": ended if case else None,
    }  # fmt: skip
    if not case:
        told["accepted_at"] = ended
    else:
        told |= {"case": f"C{number:04}", "committed_days": 5, "used2": round(used2 * DAY), "received_at": ended}
    told |= given
    start = (AS_OF if told["running"] else ended) - timedelta(days=160)
    told.setdefault(
        "segments",
        (
            Piece("service", start, start + timedelta(days=60), "firm", told["used1"] // 3),
            Piece("review", start + timedelta(days=60), start + timedelta(days=62), "owner", 2 * DAY),
            Piece(
                "revision",
                start + timedelta(days=62),
                start + timedelta(days=150),
                "firm",
                told["used1"] - told["used1"] // 3,
            ),
        ),
    )
    return ScoredLine(**told)


def running(number=1, **given):
    """A line whose firm is at work."""
    return line(number, case=False, running=True, accepted_at=None, **given)


def city():
    """Three firms, two departments, seventy lines with everything that a file can hold."""
    rows = []
    for number in range(70):
        firm = (FIRM, OTHER, THIRD)[number % 3]
        ended = datetime(2025, 1 + number % 12, 1 + number % 28, 3, tzinfo=UTC)
        rows.append(
            line(
                number, firm=firm, used=6 + (number * 7 % 13) * 0.83, promised=10 + number % 4, ended=ended,
                standard_days=None if number % 5 else 11, returns=number % 4 // 2, service=f"S00{number % 2}",
                department=f"D{number % 2}", used2=2 + (number * 5 % 11) * 0.61, late_corrections=int(number % 6 == 0),
                statutory_days=20 if number % 2 else None, same_day=number % 17 == 0, case=number % 9 != 8,
            )
        )  # fmt: skip
    rows += [running(100, used=14.3, service="S000"), running(101, used=3, service="S000")]
    rows.append(line(102, service="S000", running=True, decided_at=None, used=12, used2=7.5))
    return rows


def evaluations():
    """Every rater has a habit of its own."""
    return [
        Evaluation(
            line=f"L{number:04}", firm=(FIRM, OTHER, THIRD)[number % 3], role=role, rater=f"{role}{number % 4}",
            dimensions={"quality": 70 + number % 30, "timeliness": 60 + 3 * (number % 12), "attitude": 95},
        )
        for number in range(24)
        for role in ("owner", "department", "centre")
        if (number + len(role)) % 3
    ]  # fmt: skip


def file_of(firm=FIRM, *, lines=None, deductions=None, policy=FIRST, as_of=AS_OF):
    """The score file of a firm in the city."""
    judged = judge(city() if lines is None else lines, policy, as_of=as_of)
    score = firms(judged, norms(judged, policy), policy)[firm]
    marks = evaluations()
    everybody = everybodys_mean(marks, policy)
    own = evaluated(
        [each for each in marks if each.firm == firm], raters_means(marks, everybody, policy), everybody, policy
    )
    taken = [
        replace(Deduction.by(FIRST.rule("late_over_10_days"), date(2026, 9, 1)), code="D2"),
        replace(Deduction.by(FIRST.rule("abandoned"), date(2024, 1, 1)), code="D1"),
    ]
    taken = taken if deductions is None else deductions
    result = standing(
        joint=score.overall.score if score.overall else None, evaluations=own.value, conduct=9_800, deductions=taken,
        policy=policy, as_of=as_of,
    )  # fmt: skip
    return firm_file(
        score, policy=policy, as_of=as_of, evaluations=own, deductions=taken, standing=result, standing_at=as_of
    )


def department_file_of(department="D0", *, lines=None, policy=FIRST, as_of=AS_OF):
    """The score file of a department in the city."""
    score = departments(city() if lines is None else lines, policy, as_of=as_of)[department]
    return department_file(score, policy=policy, as_of=as_of)


@st.composite
def lines(draw, most=12):
    """Lines of four firms, two services, two departments and two items, every kind of them."""
    rows = []
    for number in range(draw(st.integers(1, most))):
        case = draw(st.booleans())
        running = draw(st.sampled_from([False, False, False, True]))
        made = line(
            number, firm=f"F{draw(st.integers(0, 3))}", used=draw(USED) / DAY, promised=draw(DAYS), case=case,
            ended=AS_OF - timedelta(days=draw(st.integers(0, 2000))), returns=draw(COUNTS), service=f"S{draw(st.integers(0, 1))}",
            standard_days=draw(st.none() | DAYS), used2=draw(USED) / DAY, segments=(),
        )  # fmt: skip
        made = replace(made, department=f"D{draw(st.integers(0, 1))}", item=f"I{draw(st.integers(0, 1))}")
        if case:
            made = replace(
                made, committed_days=draw(st.none() | DAYS), late_corrections=draw(COUNTS), same_day=draw(st.booleans())
            )
        rows.append(replace(made, running=True, decided_at=None, accepted_at=None) if running else made)
    return rows
