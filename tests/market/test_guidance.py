"""What a need may and may not do, with its basis, on the days on which it holds (DOMAIN)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from market.catalogue.loader import load_catalogue
from market.domain.guidance import guidance, stops
from market.models import Need, Project, QualificationKind, RequiredQualification, Service
from tests import market_place as market

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
EARLIER = datetime(2018, 3, 1, 4, tzinfo=UTC)


@pytest.fixture
def where():
    load_catalogue()
    return market.place()


def need_of(where, code, *, funding="private", tendered=False, budget="60000.00", **fields):
    service = Service.objects.get(code=code)
    need = market.need(where, funding=funding, budget=Decimal(budget) if budget else None, **fields)
    need.service, need.item = service, service.versions.order_by("-number")[0].items.all()[0]
    need.save()
    Project.objects.filter(pk=need.project_id).update(must_be_tendered=tendered)
    return Need.objects.select_related("project", "service", "item").get(pk=need.pk)


def codes(need, method="lowest", at=NOW, **parameters):
    return {each.code for each in stops(need=need, method=method, parameters=parameters, at=at)}


def test_a_mandatory_service_may_be_posted_and_says_on_what_basis(where):
    need = need_of(where, "S025")
    assert codes(need, upper="50000.00") == set()
    (note,) = [each for each in guidance(need=need, method="", parameters={}, at=NOW) if each.code == "mandatory"]
    assert note.basis
    assert note.valid_from is not None


@pytest.mark.parametrize(("code", "stop"), [("S018", "abolished"), ("S028", "optional"), ("S029", "optional")])
def test_what_is_abolished_or_optional_is_stopped(where, code, stop):
    assert stop in codes(need_of(where, code))


def test_an_optional_service_with_a_ground_is_a_warning(where):
    need = need_of(where, "S029", optional_ground="业主自行决定委托")
    assert "optional" not in codes(need)
    assert any(each.severity == "warn" for each in guidance(need=need, method="", parameters={}, at=NOW))


def test_self_prepared_and_regional_are_said(where):
    assert "self" in {each.code for each in guidance(need=need_of(where, "S005"), method="", parameters={}, at=NOW)}
    assert "regional" in {each.code for each in guidance(need=need_of(where, "S008"), method="", parameters={}, at=NOW)}


@pytest.mark.parametrize(
    ("budget", "at", "stopped"),
    [
        ("999999.99", NOW, False), ("1000000.00", NOW, True), ("600000.00", NOW, False), ("600000.00", EARLIER, True),
        ("499999.99", EARLIER, False),
    ],
)  # fmt: skip
def test_the_threshold_of_a_tender_and_the_day_it_changed(where, budget, at, stopped):
    need = need_of(where, "S030", tendered=True, budget=budget)
    assert ("tender" in codes(need, at=at)) == stopped
    assert "tender" not in codes(need_of(where, "S030", tendered=False, budget=budget), at=at)


def test_public_money_allows_no_lower_limit_and_no_draw(where):
    public, private = need_of(where, "S025", funding="public"), need_of(where, "S025")
    assert "no_lower_limit" in codes(public, upper="50000.00", lower="20000.00")
    assert "no_lower_limit" not in codes(public, upper="50000.00")
    assert "no_lower_limit" not in codes(private, upper="50000.00", lower="20000.00")
    assert "no_draw" in codes(public, method="draw", price="50000.00")
    assert "no_draw" not in codes(private, method="draw", price="50000.00")


def test_a_limit_above_the_budget(where):
    assert "over_budget" in codes(need_of(where, "S025", funding="public"), upper="60000.01")
    assert "over_budget" not in codes(need_of(where, "S025", funding="public"), upper="60000.00")
    private = guidance(need=need_of(where, "S025"), method="lowest", parameters={"upper": "70000.00"}, at=NOW)
    assert "over_budget" in {each.code for each in private if each.severity == "warn"}


def test_a_qualification_that_was_abolished_may_not_be_asked_for(where):
    need = need_of(where, "S005")
    kind = QualificationKind.objects.get(code="eia")
    RequiredQualification.objects.create(need=need, kind=kind, level="乙级")
    assert "qualification_abolished" in codes(need)
    assert "qualification_abolished" not in codes(need, at=EARLIER)


def test_a_service_for_another_item(where):
    need = need_of(where, "S025")
    need.item = Service.objects.get(code="S011").versions.all()[0].items.all()[0]
    need.save()
    assert "other_item" in codes(need)
