"""Many lines at once come to the very numbers that the plain reference gives, line by line."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.scores.departments import departments
from protocol.scores.exact import cube_root, hundredths_of_days
from protocol.scores.firms import firms, norms
from protocol.scores.lines import cases_of, efficiency, habits, joint, judge, weight
from protocol.scores.policy import FIRST
from ratings.scoring import vectors
from ratings.scoring.columns import Columns, day_number
from ratings.scoring.whole import together, whole
from tests.protocol.scored import AS_OF, DAY, city, line, lines

many = settings(max_examples=40, deadline=None)
POLICIES = st.sampled_from(
    [FIRST, replace(FIRST, version="x", half_life_months=7, m=2, cap=235, return_factor=83, par=60)]
)


def by_code(table, who, what):
    """Figures by firm and service, or department and item."""
    return {(who[table.who[row]], what[table.what[row]]): table.figures(row) for row in range(len(table))}


def same(rows, policy=FIRST, *, batch=3):
    """Compare everything that both compute."""
    columns = Columns.of(rows)
    found = whole(columns, policy, as_of=AS_OF, batch=batch)
    names = columns.names
    judged = judge(rows, policy, as_of=AS_OF)
    expected = firms(judged, norms(judged, policy), policy)
    assert by_code(found.firms, names.firm, names.service) == {
        (firm, service): part for firm, score in expected.items() for service, part in score.services.items()
    }
    assert {names.firm[who]: score for who, score in found.firms.overall.items()} == {
        firm: score.overall for firm, score in expected.items()
    }
    of_departments = departments(rows, policy, as_of=AS_OF)
    assert by_code(found.departments, names.department, names.item) == {
        (name, item): part for name, score in of_departments.items() for item, part in score.items.items()
    }
    assert {names.department[who]: score for who, score in found.departments.overall.items()} == {
        name: score.overall for name, score in of_departments.items()
    }
    return found, columns


@many
@given(lines(30), POLICIES, st.sampled_from([1, 3, 1000]))
def test_the_same_numbers(rows, policy, batch):
    same(rows, policy, batch=batch)


def test_the_same_numbers_for_a_city_in_any_order():
    rows = city()
    random.Random(7).shuffle(rows)
    same(rows)


def test_the_habits_of_departments():
    found, columns = same(city())
    expected = habits(cases_of(city(), FIRST).values(), FIRST)
    items = len(columns.names.item)
    for place, value in enumerate(found.habits.value.tolist()):
        key = columns.names.department[place // items], columns.names.item[place % items]
        assert value == (expected[key].value if key in expected else 0)
        assert found.habits.n[place] == (expected[key].n if key in expected else 0)


def test_a_part_beside_the_whole_city():
    rows = [replace(each, district=f"D{place % 3}") for place, each in enumerate(city())]
    columns = Columns.of(rows)
    everything = whole(columns, FIRST, as_of=AS_OF)
    district = columns.names.district.index("D1")
    part = whole(columns.rows(columns.district == district), FIRST, as_of=AS_OF, city=everything)
    judged = judge(rows, FIRST, as_of=AS_OF)
    expected = firms([each for each in judged if each.line.district == "D1"], norms(judged, FIRST), FIRST)
    assert by_code(part.firms, columns.names.firm, columns.names.service) == {
        (firm, service): each for firm, score in expected.items() for service, each in score.services.items()
    }


def test_nothing_at_all():
    found = whole(Columns.of([]), FIRST, as_of=AS_OF)
    assert len(found.firms) == len(found.departments) == 0


def test_lines_that_tell_differently_of_one_case_are_refused():
    rows = [replace(line(number), case="C7", used2=number * DAY) for number in range(2)]
    with pytest.raises(ValueError, match="case C7: used2"):
        whole(Columns.of(rows), FIRST, as_of=AS_OF, batch=1)


def test_numbers_beyond_what_an_array_holds_are_computed_one_by_one():
    rows = [line(n, returns=n, promised=2**15, used=900.0 * n) for n in range(30)]
    assert max(each.returns for each in rows) * 6 > 63
    same(rows)


@many
@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.integers(1, 40_000), st.integers(0, 25), st.integers(1, 15_000)),
        min_size=1,
        max_size=20,
    )
)
def test_vectors_row_by_row(rows):
    days, used, lowered, beside = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    e1 = vectors.efficiencies(days, used, lowered, FIRST)
    assert e1.tolist() == [efficiency(d, u, n, FIRST) for d, u, n, _beside in rows]
    assert vectors.joints(e1, beside).tolist() == [
        joint(one, other) for one, other in zip(e1.tolist(), beside.tolist(), strict=True)
    ]


def test_the_root_at_every_edge():
    """Around each half: (2r − 1)³ / 8 is where it turns."""
    edges = [
        ((2 * r - 1) ** 3 + 7) // 8 + step for r in (1, 2, 99, 9_999, 10_000, 14_999, 15_000) for step in (-1, 0, 1)
    ]
    cubes = np.array([edge for edge in edges if edge >= 0], np.int64)
    ones = np.ones(len(cubes), np.int64)
    assert vectors.joints(ones, cubes).tolist() == [cube_root(int(cube)) for cube in cubes]


@many
@given(st.lists(st.integers(-100, 5000), min_size=1, max_size=20), st.integers(0, 10**17))
def test_weights_and_days_row_by_row(ago, microseconds):
    moments = [AS_OF - timedelta(hours=12 * each) for each in ago]
    days = np.array([day_number(moment) for moment in moments])
    assert vectors.weights(days, FIRST, as_of=AS_OF).tolist() == [weight(each, FIRST, as_of=AS_OF) for each in moments]
    assert vectors.hundredths_of_days(np.array([microseconds])).tolist() == [hundredths_of_days(microseconds)]


def test_a_day_is_that_of_china():
    assert day_number(datetime(2026, 11, 30, 16, tzinfo=UTC)) == (2026 * 12 + 11) * 32 + 1
    assert day_number(None) == 0


@many
@given(lines(30), st.lists(st.integers(0, 2), min_size=30, max_size=30))
def test_a_district_is_scored_as_if_of_one(rows, places):
    """As the plain reference does it, when every firm and every department is called by its district."""
    rows = [replace(each, district=f"D{place}") for each, place in zip(rows, places, strict=False)]
    columns = Columns.of(rows)
    names = columns.names
    of_departments = [place % len(names.district) for place in range(len(names.department))]
    found = together(
        columns, FIRST, as_of=AS_OF, city=whole(columns, FIRST, as_of=AS_OF), names=names.district,
        of_lines=columns.district, of_departments=np.array(of_departments),
    )  # fmt: skip
    judged = judge([replace(each, firm=each.district) for each in rows], FIRST, as_of=AS_OF)
    expected = firms(judged, norms(judged, FIRST), FIRST)
    assert by_code(found.firms, names.district, names.service) == {
        (firm, service): part for firm, score in expected.items() for service, part in score.services.items()
    }
    where = {code: names.district[of_departments[place]] for place, code in enumerate(names.department)}
    of_places = departments([replace(each, department=where[each.department]) for each in rows], FIRST, as_of=AS_OF)
    assert by_code(found.departments, names.district, names.item) == {
        (name, item): part for name, score in of_places.items() for item, part in score.items.items()
    }
