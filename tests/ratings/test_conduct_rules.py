"""The pure rules: what is a burst, what costs points, who is on which list."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.workdays import LOCAL
from ratings import conduct
from ratings.bursts import Given, burst_around
from ratings.conduct import Held
from ratings.honours import Charge, Standing, black, red

EPOCH = datetime(2026, 1, 1, tzinfo=LOCAL)
many = settings(max_examples=200, deadline=None)
MOMENTS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 1)), min_size=1, max_size=30
)  # hours, and which of two marks


@many
@given(rows=MOMENTS, count=st.integers(2, 6), hours=st.integers(1, 48))
def test_a_burst_is_a_window_with_enough_of_the_same_marks_around_the_one_that_is_asked_of(rows, count, hours):
    start, within = EPOCH, timedelta(hours=hours)
    given_ = [Given(key, (mark,), start + timedelta(hours=at)) for key, (at, mark) in enumerate(rows)]
    one = given_[0]
    found = burst_around(given_, one, count=count, within=within)
    like = [each for each in given_ if each.marks == one.marks]
    windows = [
        [each for each in like if first.at <= each.at <= first.at + within]
        for first in like
        if first.at <= one.at <= first.at + within
    ]
    most = max(map(len, windows))
    assert len(found) == (most if most >= count else 0)
    if found:
        assert one in found and found[-1].at - found[0].at <= within
    assert burst_around(given_[::-1], one, count=count, within=within) == found


DUE = EPOCH + timedelta(days=10)


@pytest.mark.parametrize(
    ("proposed", "sealed", "now", "found"),
    [
        (EPOCH, None, DUE, True),
        (EPOCH, None, DUE - timedelta(seconds=1), False),
        (EPOCH, EPOCH, DUE, False),
        (None, None, DUE, False),  # the owner has put no text: the firm had nothing to seal
        (DUE, None, DUE, False),  # it came when the term was over
    ],
)
def test_a_firm_that_does_not_seal_in_time(proposed, sealed, now, found):
    assert conduct.unsigned(due_at=DUE, proposed_at=proposed, firm_sealed_at=sealed, now=now) is found


def test_giving_up_costs_whoever_is_at_fault():
    assert conduct.abandoned(charged_to="firm") and not conduct.abandoned(charged_to="owner")


def test_a_fee_is_raised_only_beyond_the_price():
    assert conduct.fee_raised(asked=Decimal("100.01"), price=Decimal("100.00"))
    assert not conduct.fee_raised(asked=Decimal("100.00"), price=Decimal("100.00"))


@pytest.mark.parametrize(
    ("kind", "outcome", "fault", "category", "found"),
    [
        ("case_not_accepted", "", "deliverable", "quality", True),
        ("case_not_accepted", "", "deliverable", "form", False),
        ("case_not_accepted", "", "other", "quality", False),
        ("case_decided", "refused", "deliverable", "", True),
        ("case_decided", "granted", "deliverable", "", False),
        ("correction_asked", "", "deliverable", "quality", False),
    ],
)
def test_a_result_that_the_authority_gives_back(kind, outcome, fault, category, found):
    assert conduct.returned(kind=kind, outcome=outcome, fault=fault, category=category) is found


@many
@given(used=st.fractions(0, 100), promised=st.integers(1, 60), over=st.integers(1, 30))
def test_late_is_more_than_so_many_days_beyond_the_promise(used, promised, over):
    assert conduct.late(used=used, promised=promised, over=over) is (used > promised + over)
    assert not conduct.late(used=Fraction(promised + over), promised=promised, over=over)
    assert conduct.late(used=promised + over + Fraction(1, 10**9), promised=promised, over=over)


def test_a_qualification_that_lapsed_while_it_is_needed():
    day = date(2026, 6, 1)
    gone, other = Held("a", date(2020, 1, 1), date(2026, 5, 31)), Held("b", date(2020, 1, 1), None)
    assert conduct.lapsed([gone, other], required="a", day=day) == date(2026, 5, 31)
    assert conduct.lapsed([gone], required="a", day=date(2026, 5, 31)) is None
    assert conduct.lapsed([gone, Held("a", date(2026, 6, 1), None)], required="a", day=day) is None
    # Who never had one was not chosen for it.
    assert conduct.lapsed([other], required="a", day=day) is None


def charge(uscc="1", *, listed=True, since=-1, until=1):
    return Charge(
        uscc=uscc,
        listed=listed,
        since=EPOCH + timedelta(days=since),
        until=None if until is None else EPOCH + timedelta(days=until),
    )


def standing(uscc="1", **fields):
    return Standing(**{"uscc": uscc, "score": Decimal(90), "grade": "A", "months": 6, "ranked": True, **fields})


def test_the_black_list_has_what_runs_and_is_listed():
    assert black([charge(), charge("2", listed=False), charge("3", until=None)], now=EPOCH) == {"1", "3"}
    assert black([charge(since=1, until=2), charge(until=0)], now=EPOCH) == set()


@pytest.mark.parametrize("fields", [{"grade": "B"}, {"months": 5}, {"ranked": False}])
def test_who_falls_short_is_not_on_the_red_list(fields):
    assert red([standing(**fields)], [], months=6, now=EPOCH) == []


def test_the_red_list_has_nobody_against_whom_something_runs_and_the_best_first():
    rows = [standing("1"), standing("2", score=Decimal(95)), standing("3", score=Decimal(95)), standing("4")]
    found = red(rows, [charge("1", listed=False), charge("4", until=0)], months=6, now=EPOCH)
    assert [each.uscc for each in found] == ["2", "3", "4"]


@many
@given(grades=st.lists(st.sampled_from("ABCD"), max_size=8), charged=st.lists(st.booleans(), min_size=8, max_size=8))
def test_nobody_is_on_both_lists(grades, charged):
    rows = [standing(str(number), grade=grade) for number, grade in enumerate(grades)]
    charges = [charge(str(number), listed=False) for number, found in enumerate(charged) if found]
    charges += [charge(str(number)) for number, found in enumerate(charged) if found and number % 2]
    on_red = {each.uscc for each in red(rows, charges, months=6, now=EPOCH)}
    assert not on_red & black(charges, now=EPOCH)
