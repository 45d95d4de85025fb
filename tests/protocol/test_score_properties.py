"""What holds of scores whatever the lines are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocol.scores.departments import departments
from protocol.scores.exact import cube_root, half_up, hundredths_of_days, square_root
from protocol.scores.figures import Measured, Norm, figures, points
from protocol.scores.firms import firms, norms
from protocol.scores.lines import efficiency, joint, judge
from protocol.scores.policy import FIRST
from tests.protocol.scored import AS_OF, COUNTS, DAY, DAYS, USED, line, lines

many = settings(max_examples=100, deadline=None)
VALUES = st.integers(1, 15_000)
WEIGHTS = st.integers(0, 10_000)


def one(row):
    """A line over, judged alone."""
    return judge([row], FIRST, as_of=AS_OF)[0]


@many
@given(USED, USED, DAYS, COUNTS)
def test_a_faster_line_never_lowers_e1(used, other, promised, returns):
    slow, fast = (
        line(used=each / DAY, promised=promised, returns=returns) for each in sorted([used, other], reverse=True)
    )
    assert one(fast).e1 >= one(slow).e1


@many
@given(USED, DAYS, COUNTS)
def test_a_return_never_raises_e1(used, promised, returns):
    before = line(used=used / DAY, promised=promised, returns=returns)
    assert one(replace(before, returns=returns + 1)).e1 <= one(before).e1


@many
@given(USED, DAYS, DAYS)
def test_a_promise_padded_beyond_the_standard_never_raises_e1(used, standard, padding):
    honest = line(used=used / DAY, promised=standard, standard_days=standard)
    assert one(replace(honest, promised_days=standard + padding)).e1 <= one(honest).e1


@many
@given(USED, USED, USED)
def test_the_departments_delay_never_lowers_e1(used, used2, delay):
    quick = line(used=used / DAY, used2=used2 / DAY)
    assert one(replace(quick, used2=quick.used2 + delay)).e1 == one(quick).e1


@many
@given(USED, COUNTS, st.integers(1, 3))
def test_a_correction_that_the_firm_caused_never_lowers_e2(used2, late, corrections):
    before = line(used2=used2 / DAY, late_corrections=late)
    after = replace(before, returns=corrections, deliverable_corrections=corrections, used1=before.used1 + DAY)
    assert one(after).case.e2 == one(before).case.e2
    assert departments([after], FIRST, as_of=AS_OF) == departments([before], FIRST, as_of=AS_OF)


@many
@given(lines(), st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(rows, chance):
    mixed = chance.sample(rows, len(rows))
    one_way, other = judge(rows, FIRST, as_of=AS_OF), judge(mixed, FIRST, as_of=AS_OF)
    assert one_way == other
    assert firms(one_way, norms(one_way, FIRST), FIRST) == firms(other[::-1], norms(other[::-1], FIRST), FIRST)
    assert departments(rows, FIRST, as_of=AS_OF) == departments(mixed, FIRST, as_of=AS_OF)


@many
@given(lines())
def test_everything_stays_within_its_range(rows):
    judged = judge(rows, FIRST, as_of=AS_OF)
    assert all(1 <= each.j <= 15_000 and 0 <= each.weight <= 10_000 for each in judged)
    for firm in firms(judged, norms(judged, FIRST), FIRST).values():
        for part in firm.services.values():
            low, high = part.score.interval
            assert 0 <= low <= part.score.score <= high <= 10_000 and part.n == len(firm.lines[_name(firm, part)])


def _name(firm, part):
    return next(name for name, each in firm.services.items() if each is part)


@many
@given(VALUES, st.integers(0, 200), VALUES)
def test_shrinkage_pulls_to_the_services_mean_and_vanishes_with_weight(own, n, mean):
    def distance(n):
        """From the firm's own mean, in hundredths of a point before the cut at 100."""
        raw = Fraction(own * n + 5 * mean, n + 5) * Fraction(75, 100)
        assert points(n * 10_000, own * n * 10_000, mean, FIRST) == min(10_000, int(raw + Fraction(1, 2)))
        return abs(raw - Fraction(own * 75, 100))

    assert distance(n + 1) <= distance(n) <= abs(own - mean) * Fraction(75, 100)
    assert distance(10_000_000) < Fraction(1, 100)


def rows_of(values, weights):
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    return [
        Measured(value=value, weight=weight, days=1_000, first_pass=True, overdue=False, ended=moment)
        for value, weight in zip(values, weights, strict=True)
    ]


@many
@given(st.lists(VALUES, min_size=20, max_size=60), VALUES, st.booleans())
def test_one_more_average_line_moves_a_firm_of_weight_20_by_less_than_a_point(values, mean, own):
    """Average for the firm: always. Average for the service: where the firm is within 26 points of the service."""
    norm = Norm(mean=mean, spread=2_500)
    before = figures(rows_of(values, [10_000] * len(values)), norm, FIRST).score
    added = half_up(sum(values), len(values)) if own else mean
    after = figures(rows_of([*values, added], [10_000] * (len(values) + 1)), norm, FIRST).score
    raw = Fraction(sum(values) + 5 * mean, len(values) + 5)
    assume(own or abs(raw - mean) * 75 <= 26 * 10_000)
    assert abs(after.score - before.score) < 100


@many
@given(VALUES, VALUES, st.integers(0, 10))
def test_j_rises_with_either_part(e1, beside, more):
    assert joint(min(15_000, e1 + more), beside) >= joint(e1, beside)
    assert joint(e1, min(15_000, beside + more)) >= joint(e1, beside)


# Against arithmetic of another kind


@many
@given(DAYS, st.integers(1, 9_000), COUNTS)
def test_efficiency_is_the_rounded_fraction(days, used, lowered):
    exact = min(Fraction(3, 2), Fraction(100 * days, used)) * Fraction(9, 10) ** lowered
    assert efficiency(days, used, lowered, FIRST) == max(1, int(exact * 10_000 + Fraction(1, 2)))


@many
@given(st.integers(0, 2**53), st.integers(1, 2**40))
def test_roots_are_the_rounded_real_ones(number, denominator):
    with localcontext() as context:
        context.prec = 60
        assert cube_root(number) == int(Decimal(number) ** (Decimal(1) / 3) + Decimal("0.5"))
        root = (Decimal(number) / Decimal(denominator)).sqrt()
        assert square_root(number, denominator) == int(root + Decimal("0.5"))


@many
@given(st.integers(0, 10**17))
def test_days_are_the_rounded_fraction(microseconds):
    assert hundredths_of_days(microseconds) == max(1, int(Fraction(microseconds * 100, DAY) + Fraction(1, 2)))
