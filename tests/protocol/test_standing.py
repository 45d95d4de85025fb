"""Credit standing, evaluations, deductions and grades against numbers that were worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from protocol.scores.exact import later, read_fixed
from protocol.scores.policy import FIRST
from protocol.scores.standing import (
    Deduction,
    Evaluation,
    evaluated,
    everybodys_mean,
    raters_means,
    standing,
)
from tests.protocol.scored import AS_OF, FIRM, OTHER


def e2(text):
    return read_fixed(text, 2)


def marked(firm, rater, mark, *, role="owner", number=1):
    return Evaluation(line=f"L{number}", firm=firm, role=role, rater=rater, dimensions={"quality": mark})


def test_a_mark_is_freed_of_its_raters_habit():
    # Everybody: (5 × 100 + 5 × 60) / 10 = 80. The generous: (500 + 400) / 10 = 90; the strict: (300 + 400) / 10 = 70.
    marks = [marked(FIRM, "generous", 100, number=n) for n in range(5)]
    marks += [marked(OTHER, "strict", 60, number=n) for n in range(5)]
    everybody = everybodys_mean(marks, FIRST)
    means = raters_means(marks, everybody, FIRST)
    assert (everybody, means) == (8_000, {("owner", "generous"): 9_000, ("owner", "strict"): 7_000})
    of = {
        firm: evaluated([m for m in marks if m.firm == firm], means, everybody, FIRST).value for firm in (FIRM, OTHER)
    }
    assert of == {FIRM: e2("90.00"), OTHER: e2("70.00")}
    assert evaluated([], means, everybody, FIRST).value == e2("80.00"), "a firm without marks has everybody's mean"
    assert everybodys_mean([], FIRST) == e2("75.00")


def test_missing_raters_are_weighed_again():
    everybody, means = 8_000, {("owner", "o"): 8_000, ("department", "d"): 8_000, ("centre", "c"): 8_000}
    owner, department, centre = (
        marked(FIRM, "o", 90),
        marked(FIRM, "d", 70, role="department"),
        marked(FIRM, "c", 60, role="centre"),
    )

    def value(*marks):
        return evaluated(marks, means, everybody, FIRST).value

    assert value(owner, department, centre) == e2("78.00")  # (450 + 210 + 120) / 10
    assert value(owner, department) == e2("82.50")  # (450 + 210) / 8
    assert value(department, centre) == e2("66.00")  # (210 + 120) / 5


def test_an_evaluation_is_the_mean_of_its_dimensions_between_0_and_100():
    whole = Evaluation(
        line="L1", firm=FIRM, role="owner", rater="o", dimensions={"quality": 80, "attitude": 95, "charging": 90}
    )
    assert whole.mark == e2("88.33")
    generous = {("owner", "o"): 2_000}
    assert evaluated([whole], generous, 8_000, FIRST).value == e2("100.00")
    for wrong in ({}, {"quality": 101}, {"quality": -1}, {"beauty": 50}):
        with pytest.raises(ValueError, match="L1"):
            replace(whole, dimensions=wrong)


def stands(joint="74.40", evaluations="82.00", conduct="100.00", deductions=()):
    told = {
        "joint": joint and e2(joint),
        "evaluations": e2(evaluations),
        "conduct": e2(conduct),
        "deductions": deductions,
    }
    return standing(policy=FIRST, as_of=AS_OF, **told)


def test_standing():
    assert stands().value == e2("79.24")  # 44.64 + 24.6 + 10
    assert stands(joint=None).value == e2("79.60")  # 45 + 24.6 + 10: a firm of whom nothing is known is as usual
    taken = Deduction.by(FIRST.rule("abandoned"), date(2026, 3, 31))
    assert (taken.points, taken.until) == (e2("10.00"), date(2027, 3, 31))
    assert stands(deductions=[taken]).value == e2("69.24")
    assert stands(deductions=[replace(taken, points=9_000)]).value == 0
    with pytest.raises(KeyError):
        FIRST.rule("looks")


def test_a_deduction_holds_from_its_first_day_to_its_last():
    taken = Deduction(reason="abandoned", points=1_000, start=date(2026, 1, 1), until=date(2026, 11, 30))
    midnight = datetime(2026, 11, 30, 16, tzinfo=UTC)  # in China the 1st of December begins
    assert taken.in_force(midnight - timedelta(microseconds=1)) and not taken.in_force(midnight)
    assert not taken.in_force(datetime(2025, 12, 31, 15, tzinfo=UTC))
    assert later(date(2026, 8, 31), 6) == date(2027, 2, 28) and later(date(2026, 11, 30), 1) == date(2026, 12, 30)


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ("100.00", "A"),
        ("80.00", "A"),
        ("79.99", "B"),
        ("65.00", "B"),
        ("64.99", "C"),
        ("50.00", "C"),
        ("49.99", "D"),
        ("0.00", "D"),
    ],
)
def test_grades(value, grade):
    assert FIRST.grade(e2(value)) == grade


def test_a_decision_puts_a_firm_into_d_while_it_is_in_force():
    grave = Deduction(reason="forged", points=100, start=date(2026, 1, 1), until=date(2026, 11, 30), to_d=True)
    one = stands("100.00", deductions=[grave])
    assert (one.value, one.grade, one.by_decision) == (e2("93.60"), "D", True)
    over = stands("100.00", deductions=[replace(grave, until=date(2026, 11, 29))])
    assert stands("100.00").grade == over.grade == "A" and not over.by_decision
