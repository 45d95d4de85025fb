"""Who is kept out, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Kind
from approvals.models import DepartmentBody
from bidding.domain import eligibility
from bidding.domain.entries import KeptOut
from core import clock
from market.models import AffiliationDeclaration, Firm, Suspension
from tests import market_place as market

pytestmark = pytest.mark.django_db


def codes(firm, round_, at=None):
    return [each.code for each in eligibility.reasons_against(firm=firm, round_=round_, at=at or clock.now())]


def test_a_firm_with_everything_may_enter():
    where = market.place()
    round_ = market.announced(where, requires="乙级")
    assert codes(market.firm(where, level="甲级"), round_) == []


def test_a_firm_that_left_is_kept_out():
    where = market.place()
    round_ = market.announced(where)
    gone = market.firm(where)
    Firm.objects.filter(pk=gone.pk).update(status=Firm.Status.DELISTED)
    gone = Firm.objects.get(pk=gone.pk)
    assert codes(gone, round_) == ["not_listed"]
    with pytest.raises(KeptOut):
        market.enters(round_, gone, "1.00")


def test_a_suspended_firm_is_kept_out_while_it_lasts():
    where = market.place()
    round_ = market.announced(where)
    who, now = market.firm(where), clock.now()
    Suspension.objects.create(
        firm=who, since=now, until=now + timedelta(days=1), reason="查处", ordered_by=where.operator
    )
    assert codes(who, round_, now + timedelta(hours=23)) == ["suspended"]
    assert codes(who, round_, now + timedelta(days=1)) == []


def test_a_service_that_is_not_offered():
    where = market.place()
    assert codes(market.firm(where, offers=False), market.announced(where)) == ["service_not_offered"]


@pytest.mark.parametrize(
    ("level", "lapsed", "reason"),
    [
        (None, False, ["qualification_missing"]),
        ("丙级", False, ["qualification_level"]),
        ("乙级", False, []),
        ("甲级", False, []),
        ("甲级", True, ["qualification_lapsed"]),
    ],
)
def test_the_qualification_that_is_asked_for(level, lapsed, reason):
    where = market.place()
    round_ = market.announced(where, requires="乙级")
    today = timezone.localdate()
    until = today - timedelta(days=1) if lapsed else today
    assert codes(market.firm(where, level=level, valid_to=until), round_) == reason


def test_a_requirement_of_an_abolished_kind_counts_no_more():
    where = market.place()
    round_ = market.announced(where, requires="乙级")
    where.kind.valid_to = timezone.localdate() - timedelta(days=1)
    where.kind.save()
    assert codes(market.firm(where), round_) == []


def declares(firm, **fields):
    AffiliationDeclaration.objects.create(admission=firm.current, **fields)
    return firm


@pytest.mark.parametrize("kind", ["shareholder", "sponsor", "supervisor"])
def test_rh1_the_department_itself(kind):
    where = market.place()
    round_ = market.announced(where)
    tied = declares(market.firm(where), kind=kind, counterpart=where.department.organisation)
    assert codes(tied, round_) == ["tied_to_department"]


def test_rh1_through_an_institution_under_the_department():
    where = market.place()
    round_ = market.announced(where)
    institution = market.organisation(Kind.INSTITUTION)
    DepartmentBody.objects.create(
        department=where.department, organisation=institution, relation="sponsors", source="测试"
    )
    assert codes(declares(market.firm(where), kind="shareholder", counterpart=institution), round_) == [
        "tied_to_department"
    ]
    by_name = declares(market.firm(where), kind="shareholder", counterpart_name=institution.name)
    assert codes(by_name, round_) == ["tied_to_department"]


def test_rh3_a_director_on_the_departments_staff_and_the_day_it_ends():
    where = market.place()
    round_ = market.announced(where)
    today = timezone.localdate()
    department = where.department.organisation
    assert codes(declares(market.firm(where), kind="officer", counterpart=department), round_) == [
        "staff_of_department"
    ]
    past = declares(market.firm(where), kind="officer", counterpart=department, until=today - timedelta(days=1))
    assert codes(past, round_) == []


def test_a_tie_to_another_department_is_none_here():
    where, elsewhere = market.place(), market.place()
    round_ = market.announced(where)
    other = declares(market.firm(where), kind="sponsor", counterpart=elsewhere.department.organisation)
    assert codes(other, round_) == []


def test_ineligible_at_closing_is_set_aside_with_its_reason():
    where = market.place()
    round_ = market.announced(where)
    out, fine = market.firm(where), market.firm(where)
    market.enters(round_, out, "1.00")
    market.enters(round_, fine, "2.00")
    now = clock.now()
    Suspension.objects.create(firm=out, since=now - timedelta(days=1), reason="查处", ordered_by=where.operator)
    lot = market.closed_and_evaluated(round_).lots.get()
    entry = lot.entries.get(firm=out)
    assert lot.winner == fine
    assert (entry.eligible, entry.valid, entry.reason) == (False, False, "suspended")
    assert out.uscc in lot.draws.get().labels


def test_many_rounds_cost_no_more_queries_than_one(django_assert_num_queries):
    where = market.place()
    firms = [market.firm(where, level="甲级") for _ in range(3)]
    several = [market.announced(where, requires="乙级") for _ in range(4)]

    def queries(rounds, who):
        fresh_rounds = list(type(rounds[0]).objects.filter(pk__in=[each.pk for each in rounds]))
        fresh_firms = list(Firm.objects.filter(pk__in=[each.pk for each in who]))
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as caught:
            eligibility.reasons_between(fresh_firms, fresh_rounds, at=clock.now())
        return len(caught)

    assert queries(several, firms) == queries(several[:1], firms[:1])
