"""What evaluations come to: one statement for many firms gives what the arithmetic of the score file gives, mark by mark."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Kind, Organisation
from core import clock
from market.models import Firm
from protocol.scores.policy import FIRST
from protocol.scores.standing import Evaluation as Said
from protocol.scores.standing import evaluated, everybodys_mean, raters_means
from ratings.domain.marks import marks_at, opened_marks
from ratings.models import Dimension, Evaluation
from tests import market_place as market
from tests.ratings import saying

pytestmark = pytest.mark.django_db
SIDES = ("owner", "department", "centre")
MARKS = st.lists(st.integers(0, 100), min_size=5, max_size=5)
ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from(SIDES), MARKS, st.integers(-3, 3)), max_size=14
)


@pytest.fixture
def made(where):
    """A line that has evaluations of three firms by three raters hung on it."""
    own = saying.running(where).lines.get()
    return own, [market.firm(where) for _number in range(3)], [market.organisation(Kind.OWNER) for _number in range(3)]


def write(made, rows, now):
    own, firms, raters = made
    Evaluation.objects.all().delete()
    Evaluation.objects.bulk_create(
        saying.public_marks(
            own, firms[firm], raters[rater], side, marks, number=number, public_at=now + timedelta(days=days)
        )
        for number, (firm, rater, side, marks, days) in enumerate(rows, start=2)
    )


def expected(firms, at, policy):
    """The same by the arithmetic, from all marks."""
    said = [
        Said(
            line=each.code, firm=each.firm.uscc, role=each.side, rater=str(each.rater_id),
            dimensions=dict(zip(Dimension.values, each.marks, strict=True)),
        )
        for each in Evaluation.objects.filter(public_at__lte=at).select_related("firm__organisation")
    ]  # fmt: skip
    everybody = everybodys_mean(said, policy)
    raters, by_firm = raters_means(said, everybody, policy), defaultdict(list)
    for each in said:
        by_firm[each.firm].append(each)
    return {firm.pk: evaluated(by_firm[firm.uscc], raters, everybody, policy) for firm in firms}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, k=st.sampled_from([0, 1, 5]))
def test_one_statement_gives_what_the_arithmetic_gives(made, rows, k):
    now, policy = clock.now(), replace(FIRST, rater_marks=k)
    write(made, rows, now)
    firms = list(Firm.objects.filter(pk__in=[each.pk for each in made[1]]).select_related("organisation"))
    for at in (now - timedelta(days=2), now, now + timedelta(days=9)):
        right, found = expected(firms, at, policy), marks_at(firms, policy, at)
        assert {firm.pk: found.roles.get(firm.pk, {}) for firm in firms} == {
            pk: dict(each.roles) for pk, each in right.items()
        }
        for firm in firms:
            opened = opened_marks(firm, policy, at)
            assert (found.everybody, opened.everybody) == (right[firm.pk].everybody,) * 2
            assert (opened.value, opened.roles) == (right[firm.pk].value, right[firm.pk].roles)
            assert sorted(each.adjusted for each in opened.centred) == sorted(
                each.adjusted for each in right[firm.pk].centred
            )


def test_many_firms_cost_as_little_as_one(made):
    write(made, [(number % 3, number % 2, SIDES[number % 3], [90] * 5, 0) for number in range(12)], clock.now())
    for firms in (made[1][:1], made[1]):
        with CaptureQueriesContext(connection) as asked:
            marks_at(firms, FIRST, clock.now())
        assert len([each for each in asked if "ratings_evaluation" in each["sql"]]) == 1


def test_a_persons_line_is_not_told(made, where):
    write(made, [(0, 0, "owner", [90] * 5, 0)], clock.now())
    assert opened_marks(made[1][0], FIRST, clock.now()).centred[0].evaluation.line
    trader = f"92{where.owner.organisation.uscc[2:]}"
    Organisation.objects.filter(pk=where.owner.organisation_id).update(uscc=trader)
    assert opened_marks(made[1][0], FIRST, clock.now()).centred[0].evaluation.line == ""
