"""DOMAIN "The joint score" against tables that were worked out by hand, with what each rule does at its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from protocol.scores.departments import departments, differences
from protocol.scores.exact import (
    cube_root,
    fixed,
    half_up,
    halved,
    hundredths_of_days,
    median,
    months_between,
    percentile_90,
    read_fixed,
    square_root,
)
from protocol.scores.figures import Measured, Norm, figures, half_width, norm, overall, points
from protocol.scores.firms import firms, norms
from protocol.scores.lines import cases_of, efficiency, habits, joint, judge, relative
from protocol.scores.policy import FIRST, Policy
from tests.protocol.scored import AS_OF, DAY, FIRM, OTHER, THIRD, line, running


def e4(text):
    return read_fixed(text, 4)


def e2(text):
    return read_fixed(text, 2)


@pytest.mark.parametrize(
    ("days", "used", "lowered", "expected"),
    [
        (10, "10.00", 0, "1.0000"),
        (15, "12.50", 1, "1.0800"),  # 1.2 × 0.9
        (10, "5.00", 0, "1.5000"),  # 2, cut at the cap
        (10, "6.66", 0, "1.5000"),  # 1.50150, cut
        (10, "6.67", 0, "1.4993"),  # 1.499250
        (10, "15.00", 0, "0.6667"),
        (10, "30.00", 2, "0.2700"),  # 0.33333 × 0.81: one rounding, at the end
        (3, "7.00", 3, "0.3124"),  # 0.4285714 × 0.729 = 0.3124286
        (20, "0.01", 1, "1.3500"),  # the cap before the factor
        (1, "20000.00", 0, "0.0001"),  # 0.00005, a half upwards
        (1, "99999.99", 0, "0.0001"),  # never nothing
    ],
)
def test_efficiency(days, used, lowered, expected):
    assert fixed(efficiency(days, e2(used), lowered, FIRST), 4) == expected


@pytest.mark.parametrize(
    ("e1", "beside", "expected"),
    [
        ("1.0000", "1.0000", "1.0000"),
        ("1.0800", "1.0300", "1.0631"),  # 1.201392 ^ ⅓ = 1.063069
        ("0.9000", "1.0000", "0.9322"),  # 0.81 ^ ⅓ = 0.932170
        ("0.5000", "0.8000", "0.5848"),  # 0.2 ^ ⅓ = 0.584804
        ("1.5000", "1.5000", "1.5000"),
        ("1.5000", "1.0000", "1.3104"),  # 2.25 ^ ⅓ = 1.310371
        ("0.0001", "0.0001", "0.0001"),
    ],
)
def test_joint(e1, beside, expected):
    assert fixed(joint(e4(e1), e4(beside)), 4) == expected


@pytest.mark.parametrize(
    ("months", "expected"),
    [(0, "1.0000"), (1, "0.9439"), (3, "0.8409"), (6, "0.7071"), (9, "0.5946"), (12, "0.5000"), (18, "0.3536"),
     (24, "0.2500"), (36, "0.1250"), (171, "0.0001"), (172, "0.0000")],
)  # fmt: skip
def test_a_weight_halves_every_twelve_months(months, expected):
    assert fixed(halved(months, 12), 4) == expected


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-31T04:00", "2026-02-28T04:00", 0),  # complete on the first day after, where there is no 31st
        ("2026-01-31T04:00", "2026-03-01T04:00", 1),
        ("2025-11-30T04:00", "2026-11-29T04:00", 11),
        ("2025-11-30T04:00", "2026-11-30T00:00", 12),
        ("2025-11-29T17:00", "2026-11-29T15:59", 11),  # 1:00 of the 30th in China, and 23:59 of the 29th
        ("2025-11-29T17:00", "2026-11-29T16:00", 12),
        ("2026-11-30T04:00", "2026-01-01T04:00", 0),
    ],
)
def test_months_are_whole_and_of_the_calendar_in_china(start, end, months):
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end)]
    assert months_between(*moments) == months


def test_days_are_rounded_half_up_and_are_never_nothing():
    hundredth = DAY // 100
    told = {0: 1, 1: 1, hundredth: 1, hundredth * 3 // 2 - 1: 1, hundredth * 3 // 2: 2, 10 * DAY: 1000}
    assert {used: hundredths_of_days(used) for used in told} == told


def test_roots_and_halves():
    assert [half_up(n, 4) for n in (1, 2, 5, 6, 7)] == [0, 1, 1, 2, 2]
    assert [cube_root(n) for n in (0, 1, 3, 4, 27, 15_000**3)] == [0, 1, 1, 2, 3, 15_000]  # 1.5³ = 3.375
    assert [square_root(n, 4) for n in (0, 1, 8, 9, 24, 25)] == [0, 1, 1, 2, 2, 3]  # √(9/4) = 1.5, √(25/4) = 2.5


def test_numbers_are_read_as_they_are_printed_and_in_no_other_form():
    assert (fixed(1250, 2), fixed(-5, 2), fixed(7, 4)) == ("12.50", "-0.05", "0.0007")
    for wrong in ("1.5", "01.50", "1.500", "-1.50", " 1.50", "1.50\n", "１.50", 1.5, None, "1e2"):
        with pytest.raises(ValueError, match="not a number"):
            read_fixed(wrong, 2)


def test_median_and_percentile_are_values_that_anybody_can_point_at():
    assert median([1, 5, 9]) == 5
    assert median([1, 4]) == 3  # 2.5, a half upwards
    assert [percentile_90(list(range(1, n + 1))) for n in (1, 2, 9, 10, 11, 20)] == [1, 2, 9, 9, 10, 18]


# Lines


def test_the_reference_is_the_promise_but_not_more_than_the_standard():
    assert [line(promised=p, standard_days=s).reference_days for p, s in ((10, None), (10, 12), (30, 12))] == [
        10,
        10,
        12,
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"promised": 0}, {"standard_days": 0}, {"used": -1}, {"returns": -1}, {"committed_days": 0}, {"decided_at": None}],
)
def test_what_no_score_can_be_made_of_is_refused(wrong):
    with pytest.raises(ValueError, match="L0001"):
        line(**wrong)


def habit_city():
    """Two departments with three cases each: 5 committed days used to 0.8 (6.25 days) and to 1.25 (4 days)."""
    return [line(n, department=d, used2=u, firm=f) for n, d, u, f in (
        (1, "D1", 6.25, FIRM), (2, "D1", 6.25, OTHER), (3, "D1", 6.25, THIRD),
        (4, "D2", 4, FIRM), (5, "D2", 4, OTHER), (6, "D2", 4, THIRD),
    )]  # fmt: skip


def test_a_case_stands_beside_the_habit_of_its_department():
    judged = {each.line.line: each for each in judge(habit_city(), FIRST, as_of=AS_OF)}
    # Item: (3 × 0.8 + 3 × 1.25) / 6 = 1.025. D1: (2.4 + 5 × 1.025) / 8 = 0.9406; D2: (3.75 + 5.125) / 8 = 1.1094.
    assert (judged["L0001"].habit, judged["L0004"].habit) == (e4("0.9406"), e4("1.1094"))
    assert judged["L0001"].e2_relative == e4("0.8505")  # 0.8 / 0.9406 = 0.850521
    assert judged["L0004"].e2_relative == e4("1.1267")  # 1.25 / 1.1094 = 1.126735


def test_relative_is_cut_at_the_cap():
    assert relative(e4("1.5000"), e4("0.5000"), FIRST) == e4("1.5000")


@pytest.mark.parametrize(
    "unusual",
    [{"same_day": True}, {"committed_days": None}, {"running": True, "decided_at": None, "used": 11}, {"case": False}],
    ids=["the same day", "without committed days", "undecided", "without a case"],
)
def test_some_lines_stand_beside_nothing_and_make_no_habit(unusual):
    others = judge(habit_city(), FIRST, as_of=AS_OF)
    odd = line(9, department="D1", **{"used2": 2.0, **unusual})
    judged = {each.line.line: each for each in judge([*habit_city(), odd], FIRST, as_of=AS_OF)}
    assert judged["L0009"].e2_relative == e4("1.0000") and judged["L0009"].habit is None
    assert judged["L0001"].habit == others[0].habit


def test_a_case_of_several_lines_is_one_case():
    shared = [replace(each, case="C1", line=f"M{place}") for place, each in enumerate(habit_city()[:3])]
    cases = cases_of(shared, FIRST)
    assert len(cases) == 1
    assert habits(cases.values(), FIRST)["D1", "I1"].n == 1
    with pytest.raises(ValueError, match="tells differently of the case C1"):
        cases_of([*shared, replace(shared[0], line="M9", used2=DAY)], FIRST)


def test_a_running_line_counts_from_the_moment_that_it_is_over_its_promise():
    inside, over = running(1, used=10.004), running(2, used=10.005)
    judged = judge([inside, over], FIRST, as_of=AS_OF)
    assert [each.line.line for each in judged] == ["L0002"]
    assert judged[0].is_overdue and judged[0].weight == e4("1.0000")


def test_a_line_fades_from_its_decision_or_from_the_acceptance_where_there_is_no_case():
    year = datetime(2025, 11, 30, 4, tzinfo=UTC)
    decided, accepted = line(1, ended=year), line(2, ended=year, case=False)
    assert [each.weight for each in judge([decided, accepted], FIRST, as_of=AS_OF)] == [e4("0.5000")] * 2
    assert decided.ended == year != decided.accepted_at


def test_a_department_without_a_known_habit_is_beside_nothing():
    (judged,) = judge([line(1)], FIRST, as_of=AS_OF, known={})
    assert judged.habit is None and judged.e2_relative == e4("1.0000")


# Scores


def measured(value, weight="1.0000", days="10.00", *, first_pass=True, overdue=False, ended=AS_OF):
    return Measured(
        value=e4(value), weight=e4(weight), days=e2(days), first_pass=first_pass, overdue=overdue, ended=ended
    )


@pytest.mark.parametrize(
    ("weight", "weighted", "mean", "expected"),
    [
        ("0.0000", 0, "0.9100", "68.25"),  # nothing but what is usual
        ("5.0000", 12_000 * 50_000, "1.0000", "82.50"),  # (5 × 1.2 + 5) / 10 = 1.1
        ("9.4312", 94_312 * 10_631, "0.9100", "75.75"),  # (10.02631 + 4.55) / 14.4312 = 1.010055
        ("40.0000", 15_000 * 400_000, "1.5000", "100.00"),  # 112.5, cut
    ],
)
def test_points(weight, weighted, mean, expected):
    assert fixed(points(e4(weight), weighted, e4(mean), FIRST), 2) == expected


def test_half_width():
    # 1.645 × 75 × 0.25 × √5 / 10 = 6.8969; √(4 × 0.25²) = 0.5: 1.645 × 75 × 0.2 × 0.5 / 6 = 2.05625
    assert fixed(half_width(e4("5.0000"), 5 * 10**8, e4("0.2500"), FIRST), 2) == "6.90"
    assert fixed(half_width(e4("1.0000"), 4 * 2_500**2, e4("0.2000"), FIRST), 2) == "2.06"


def test_the_norm_has_each_firm_once_and_the_spread_within_firms():
    few = [[measured("1.2000")] * 30, [measured("0.9000"), measured("0.7000")], [measured("1.0000")]]
    # Means 1.2, 0.8, 1.0. Spread: 0.01 + 0.01 around 0.8, and 29 + 1 + 0 degrees of freedom: √(0.02 / 30) = 0.02582.
    assert norm(few, FIRST) == Norm(mean=e4("1.0000"), spread=e4("0.0258"))
    heavy = [[measured("1.2000", "1.0000"), measured("0.6000", "0.5000")], *few[1:]]
    assert norm(heavy, FIRST).mean == e4("0.9333")  # (1.0 + 0.8 + 1.0) / 3


def test_where_there_are_few_the_norm_is_the_policys():
    two = [[measured("1.2000")] * 3, [measured("1.3000"), measured("1.1000")]]
    assert norm(two, FIRST) == Norm(mean=e4("1.0000"), spread=e4("0.2500"))
    faded = [[measured("1.4000", "0.0000")], *two]
    assert norm(faded, FIRST).mean == e4("1.0000"), "a firm whose lines have all faded has no mean"


def test_figures_of_a_firm():
    rows = [
        measured("1.2000", days="8.00"),
        measured("1.2000", days="9.00", first_pass=False, ended=datetime(2026, 9, 30, 16, tzinfo=UTC)),
        measured("1.2000", days="9.01"),
        measured("1.2000", days="30.00", overdue=True),
        measured("1.2000", days="44.00", overdue=True, ended=None),
    ]
    told = figures(rows, Norm(mean=10_000, spread=2_500), FIRST)
    assert (told.n, told.score.weight, told.score.ranked) == (5, e4("5.0000"), True)
    assert (told.score.score, told.score.interval) == (e2("82.50"), (e2("75.60"), e2("89.40")))
    assert (told.first_pass_rate, told.overdue) == (e2("0.75"), e2("0.40"))
    assert (told.median_days, told.p90_days) == (e2("9.01"), e2("30.00"))  # 9.005, a half upwards
    assert [(each.month, each.n) for each in told.trend] == [("2026-10", 1), ("2026-11", 3)]  # the month in China
    assert not figures(rows[:4], told.norm, FIRST).score.ranked


def test_of_lines_that_all_run_there_is_no_median():
    told = figures([measured("0.5000", overdue=True, ended=None)], Norm(mean=10_000, spread=2_500), FIRST)
    assert (told.median_days, told.p90_days, told.first_pass_rate, told.trend) == (None, None, None, ())


def test_an_interval_is_cut():
    told = figures([measured("1.5000")] * 20, Norm(mean=15_000, spread=5_000), FIRST).score
    assert told.score == e2("100.00") and told.interval[1] == e2("100.00") and told.half > 0


def test_over_services_by_weight():
    many = figures([measured("1.0000")] * 3, Norm(mean=10_000, spread=2_500), FIRST)  # 75.00
    better = figures([measured("1.2000")], Norm(mean=10_000, spread=2_500), FIRST)  # (1.2 + 5) / 6 × 75 = 77.50
    told = overall([many.score, better.score], FIRST)
    assert (told.weight, told.score, told.ranked) == (e4("4.0000"), e2("75.63"), False)  # (225 + 77.5) / 4 = 75.625
    # Half-widths 6.68 and 5.14: √((3 × 6.68)² + 5.14²) / 4 = 5.172
    assert (many.score.half, better.score.half, told.half) == (e2("6.68"), e2("5.14"), e2("5.17"))
    assert overall([], FIRST) is None


def test_a_district_is_measured_by_the_norm_of_the_city():
    rows = [*habit_city(), line(7, district="330212", firm=FIRM, used=20)]
    judged = judge(rows, FIRST, as_of=AS_OF)
    usual = norms(judged, FIRST)
    part = firms([each for each in judged if each.line.district == "330212"], usual, FIRST)
    assert list(part) == [FIRM]
    assert part[FIRM].services["S005"].norm == firms(judged, usual, FIRST)[FIRM].services["S005"].norm == usual["S005"]
    alone = judge([rows[-1]], FIRST, as_of=AS_OF, known=habits(cases_of(rows, FIRST).values(), FIRST))
    assert alone == [each for each in judged if each.line.line == "L0007"]


# Departments


def test_a_department_is_measured_by_its_cases_each_once():
    rows = habit_city()
    twice = replace(rows[0], line="L0008", firm=OTHER)
    told = departments([*rows, twice], FIRST, as_of=AS_OF)
    part = told["D1"].items["I1"]
    assert (part.n, part.score.weight) == (3, e4("3.0000"))
    assert part.score.score == e2("69.38")  # (2.4 + 5) / 8 × 75 = 69.375: two departments, so the mean is 1
    assert part.median_days == e2("6.25") and part.overdue == e2("1.00")


def test_a_department_is_overdue_past_the_statutory_limit_and_its_running_case_counts_past_the_committed_days():
    late = line(1, used2=21, statutory_days=20)
    kept = line(2, used2=19, statutory_days=20)
    inside = line(3, used2=4.9, running=True, decided_at=None)
    past = line(4, used2=5.2, running=True, decided_at=None, statutory_days=20)
    part = departments([late, kept, inside, past], FIRST, as_of=AS_OF)["D1"]
    assert [case.case for case in part.cases["I1"]] == ["C0001", "C0002", "C0004"]
    assert part.items["I1"].overdue == e2("0.33")
    assert part.habits["I1"].n == 2


def test_what_was_decided_the_same_day_is_to_the_departments_credit():
    part = departments([line(1, used2=0, same_day=True)], FIRST, as_of=AS_OF)["D1"]
    assert part.cases["I1"][0].e2 == e4("1.5000") and not part.habits


def test_the_difference_between_one_firm_and_the_others():
    rows = [line(n, firm=FIRM, used2=4) for n in range(1, 4)]
    rows += [line(n, firm=OTHER, used2=6.25, deliverable_corrections=n % 2, returns=n % 2) for n in range(4, 8)]
    told = {each.firm: each for each in differences(judge(rows, FIRST, as_of=AS_OF), FIRST)}
    mine = told[FIRM]
    assert (mine.n, mine.mean, mine.first_pass_rate) == (3, e4("1.2500"), e2("1.00"))
    assert (mine.others_n, mine.others_mean, mine.others_first_pass_rate) == (4, e4("0.8000"), e2("0.50"))
    assert mine.half == e4("0.3141")  # 1.645 × 0.25 × √(1/3 + 1/4); 5 degrees of freedom are too few for a spread
    assert mine.rate_half == e2(
        "0.59"
    )  # 1.645 × √(6/9 · 3/9) × √(1/3 + 1/4): 5 of 7 have passed, and 6 of 9 are supposed to
    assert told[OTHER].others_mean == mine.mean
    assert differences(judge(rows[:3], FIRST, as_of=AS_OF), FIRST) == []


def test_a_policy_is_read_as_it_is_printed():
    other = replace(FIRST, version="x", cap=125, valid_until=date(2026, 12, 31), interval_factor=1_960)
    assert Policy.from_record(other.as_record()) == other


@pytest.mark.parametrize(
    "wrong",
    [{"m": 0}, {"cap": 0}, {"cap": 1_001}, {"return_factor": 101}, {"half_life_months": 0}, {"par": 101},
     {"standing": {"joint": 60, "evaluations": 30, "conduct": 11}}, {"raters": {"owner": 5}},
     {"grades": {"A": 1, "B": 2, "C": 0}}],
)  # fmt: skip
def test_a_policy_by_which_nothing_could_be_computed_is_refused(wrong):
    with pytest.raises(ValueError, match=r"policy|parts|raters|grades"):
        replace(FIRST, **wrong)


def test_the_power_of_the_half_life_is_rounded_rightly_for_every_month():
    for half_life in (6, 12, 18):
        for months in range(200):
            w = halved(months, half_life)
            exact = Fraction(10_000**half_life, 2**months)
            assert Fraction(2 * w + 1, 2) ** half_life > exact
            assert w == 0 or Fraction(2 * w - 1, 2) ** half_life <= exact
