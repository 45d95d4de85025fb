"""The texts with which contracts begin: who adds one, from when it holds, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Kind, Role
from contracts.domain import terms
from contracts.models import ContractTemplate
from core import clock
from core.errors import Conflict, DomainError, NotAllowed
from tests import market_place as market
from tests.bidding.browse import acting
from tests.contracts import place

PLAN = [
    {"name": "签订", "share": 20, "days": 0, "on_sealing": True},
    {"name": "初稿", "share": 30, "days": 50, "on_sealing": False},
    {"name": "报批稿", "share": 50, "days": 100, "on_sealing": False},
]


def today():
    return timezone.localdate(clock.now())


def adds(by, **other):
    given = {
        "service": None, "version": "2027-01", "clauses": "一、按约履行。", "plan": PLAN, "days": 30, "valid_from": today(),
        "legal_basis": "示例", **other,
    }  # fmt: skip
    return terms.add_template(by=by, **given)


def test_only_the_centre_adds_one(where):
    looks = market.member_of(where.operator.organisation, role=Role.VIEWER)
    for by in (where.owner, market.member_of(market.organisation(Kind.REGULATOR)), looks):
        with pytest.raises(NotAllowed):
            adds(by)
    assert ContractTemplate.objects.count() == 1


def test_the_next_version_ends_the_one_before_and_leaves_what_was_drafted(where):
    old = ContractTemplate.objects.get()
    drafted = place.drafted(where)
    added = adds(where.operator, valid_from=today() + timedelta(days=1))
    old.refresh_from_db()
    assert old.valid_to == today()
    assert ContractTemplate.of(drafted.service, now=clock.now()) == old
    assert ContractTemplate.of(drafted.service, now=clock.now() + timedelta(days=1)) == added
    drafted.refresh_from_db()
    assert (drafted.template, drafted.clauses) == (old, old.clauses)


def test_a_services_own_text_goes_before_the_general_one(where):
    added = adds(where.operator, service=where.service)
    contract = place.drafted(where)
    assert contract.template == added
    assert [each.name for each in contract.milestones.all()] == ["签订", "初稿", "报批稿"]
    assert ContractTemplate.objects.get(service=None).valid_to is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"valid_from": timezone.localdate() - timedelta(days=2)}, "从今天或以后"),
        ({"plan": [{**PLAN[0], "share": 10}, *PLAN[1:]]}, "之和须为 100"),
        ({"plan": [*PLAN[:2], {**PLAN[2], "days": 90}]}, "最后一期"),
        ({"plan": []}, "1 到 8 行"),
    ],
)
def test_what_cannot_hold_is_refused(where, given, says):
    with pytest.raises(DomainError, match=says):
        adds(where.operator, **given)
    assert ContractTemplate.objects.get().valid_to is None


def test_the_same_version_twice_is_one_and_another_text_a_conflict(where):
    first = adds(where.operator)
    assert adds(where.operator) == first
    with pytest.raises(Conflict, match="2027-01"):
        adds(where.operator, clauses="一、另一个文本。")
    with pytest.raises(DomainError, match="须在它之后"):
        adds(where.operator, version="2027-02")


def test_two_who_add_at_once_follow_each_other(transactional_db):
    where = market.place()

    def added(number):
        try:
            return adds(where.operator, version=f"2027-{number}", valid_from=today() + timedelta(days=5))
        except DomainError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(added, (1, 2)))
    assert sorted(type(result).__name__ for result in results) == ["ContractTemplate", "DomainError"]
    assert ContractTemplate.objects.filter(valid_to=None).count() == 1


def fields(**other):
    rows = {
        f"{part}{number}": row[part] for number, row in enumerate(PLAN, start=1) for part in ("name", "share", "days")
    }
    return {
        "service": "", "version": "2027-01", "valid_from": today().isoformat(), "clauses": "一、按约履行。", "days": "30",
        "legal_basis": "示例", **rows, "on_sealing1": "on", **other,
    }  # fmt: skip


def test_the_page_begins_with_the_version_before_and_saves_the_next(where):
    old = ContractTemplate.objects.get()
    client = acting(where.operator)
    address = reverse("contracts:template_next", args=[old.pk])
    assert old.clauses[:20] in client.get(address).content.decode()
    answer = client.post(address, fields(days1=""), follow=True)
    added = ContractTemplate.objects.latest("id")
    assert added.plan == PLAN
    assert answer.redirect_chain == [(reverse("contracts:template", args=[added.pk]), 302)]
    shown = client.get(reverse("contracts:templates")).content.decode()
    assert "2027-01" in shown
    assert old.version in shown


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"valid_from": "明年"}, "请填写日期"),
        ({"share2": ""}, "请填写占价款百分之几"),
        ({"share2": "abc"}, "整数"),
        ({"name3": ""}, "请写明这一期的名称"),
        ({"share1": "30"}, "之和须为 100"),
        ({"service": "S999"}, "选择"),
        ({"clauses": ""}, "请写明合同条款"),
        ({"clauses": "一\x00二"}, "has-error"),
    ],
)
def test_bad_input_is_told_and_nothing_is_kept(where, given, says):
    old = ContractTemplate.objects.get()
    answer = acting(where.operator).post(reverse("contracts:template_next", args=[old.pk]), fields(**given))
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert ContractTemplate.objects.count() == 1


def test_a_version_that_is_there_is_told_at_its_field(where):
    adds(where.operator, clauses="一、另一个文本。")
    old = ContractTemplate.objects.earliest("id")
    answer = acting(where.operator).post(reverse("contracts:template_next", args=[old.pk]), fields())
    assert answer.status_code == 409
    assert "请换一个版本号" in answer.content.decode()


def test_the_regulator_reads_and_does_not_edit(where):
    client = acting(market.member_of(market.organisation(Kind.REGULATOR)))
    shown = client.get(reverse("contracts:templates")).content.decode()
    assert "通用" in shown
    assert "据此出新版本" not in shown
    old = ContractTemplate.objects.get()
    assert client.get(reverse("contracts:template", args=[old.pk])).status_code == 200
    assert client.get(reverse("contracts:template_next", args=[old.pk])).status_code == 404
