"""Who decides what, where and when: functions move to successors on their day."""

from __future__ import annotations

from datetime import date

import pytest

from approvals.models import ApprovalItem, Department, District, Function
from market.catalogue.loader import load_catalogue
from tests import market_place as market

pytestmark = pytest.mark.django_db


def office(line, district, code, **dates):
    made = Department.objects.create(
        organisation=market.organisation("department"), code=code, district=District.objects.get(code=district), **dates
    )
    made.functions.add(Function.objects.get(code=line))
    return made


@pytest.fixture
def offices():
    load_catalogue()
    return {
        "city": office("environment", "330200", "a"),
        "haishu": office("environment", "330203", "b"),
        "former": office("environment-2017", "330200", "c", valid_to=date(2018, 12, 31)),
    }


@pytest.mark.parametrize(
    ("district", "day", "who"),
    [
        ("330203", date(2026, 11, 24), "haishu"),
        ("330205", date(2026, 11, 24), "city"),
        ("330203", date(2019, 1, 1), "haishu"),
        ("330203", date(2018, 12, 31), "former"),
    ],
)
def test_who_decides_an_environmental_assessment(offices, district, day, who):
    item = ApprovalItem.objects.get(code="I004")
    found = Department.objects.deciding(item, district=District.objects.get(code=district), at=day)
    assert list(found) == [offices[who]]


def test_a_function_is_carried_by_its_last_successor(offices):
    old = Function.objects.get(code="environment-2017")
    assert old.at(date(2018, 6, 1)) == old
    assert old.at(date(2026, 1, 1)).code == "environment"


def test_an_item_says_what_held_on_the_day():
    load_catalogue()
    item = ApprovalItem.objects.get(code="I003")
    assert item.version_at(date(2023, 5, 31)) != item.version_at(date(2023, 6, 1))
    assert item.version_at(date(2016, 1, 1)) is None
