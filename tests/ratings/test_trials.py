"""Trials of other rules, and what a department differs by: for those who oversee, and nothing changes by them."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from accounts.models import Kind, Role
from core import clock
from core.errors import DomainError, NotAllowed
from ratings.domain import differing, trials
from ratings.models import DepartmentScore, FirmScore, PolicyTrial, ScorePolicy
from ratings.tasks import try_policies
from tests import market_place as market
from tests.bidding.browse import acting
from tests.ratings import scores as city

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def where(made_once):
    return market.place()


@pytest.fixture(scope="module")
def lived(where):
    """Two firms: one without fault, one whose report was returned twice."""
    found = []
    for returned in (0, 2):
        contract, case = city.decided(where, returned=returned)
        city.spread(contract, case, days=1)
        found.append(contract)
    city.scored()
    return found


def regulator():
    return market.member_of(market.organisation(Kind.REGULATOR))


def numbers(**changed):
    return {**trials.numbers_of(ScorePolicy.objects.get()), **changed}


def kept():
    return sorted(FirmScore.objects.values_list("firm", "month", "score", "low", "high", "as_of"), key=str)


def test_only_overseers_ask_for_a_trial_one_at_a_time(where):
    for somebody in (where.owner, market.member_of(market.organisation(Kind.REGULATOR), role=Role.VIEWER)):
        with pytest.raises(NotAllowed):
            trials.ask(numbers=numbers(), by=somebody)
    trials.ask(numbers=numbers(m=8), by=where.operator)
    with pytest.raises(DomainError):
        trials.ask(numbers=numbers(m=9), by=where.operator)
    assert try_policies() == 1 and try_policies() == 0
    trials.ask(numbers=numbers(m=9), by=where.operator)


def test_the_rules_in_force_tried_beside_themselves_move_nobody(lived):
    rules = ScorePolicy.objects.get()
    told = trials.tried(trials.rules_of(numbers()), rules, now=clock.now())
    for who in ("firms", "departments"):
        assert (told[who]["risen"], told[who]["fallen"], told[who]["ranks"]) == (0, 0, 0)
    assert told["firms"]["all"] == 2 and told["departments"]["all"] == 1
    assert {row["code"]: row["score"][0] for row in told["firms"]["rows"]} == {
        row.firm.uscc: row.score for row in FirmScore.objects.filter(month=None, service=None, district=None)
    }


def test_what_costs_more_lets_the_returned_fall_and_no_score_changes(lived, where):
    before = kept()
    asked = trials.ask(numbers=numbers(return_factor="0.50", grade_b="72.00"), by=where.operator)
    assert try_policies() == 1
    asked.refresh_from_db()
    rows = {row["code"]: row for row in asked.result["firms"]["rows"]}
    good, bad = (rows[contract.firm.uscc] for contract in lived)
    assert bad["score"][1] < bad["score"][0] and bad["score"][1] < good["score"][1]
    assert asked.result["firms"]["rows"][0] == max(
        rows.values(), key=lambda row: abs(row["score"][1] - row["score"][0])
    )
    assert sum(asked.result["grades"].values()) == 2 and good["name"]
    assert kept() == before and ScorePolicy.objects.count() == 1
    assert {name for name, _before, _after in asked.changed} == {"每次退回或补正的系数", "B 级不低于"}


def test_numbers_that_cannot_be_computed_fail_and_stop_no_other(where):
    PolicyTrial.objects.create(numbers=numbers(cap="0.00"), beside=ScorePolicy.objects.get(), asked_at=clock.now())
    PolicyTrial.objects.create(numbers=numbers(), beside=ScorePolicy.objects.get(), asked_at=clock.now())
    assert try_policies() == 2
    assert [each.status for each in PolicyTrial.objects.order_by("id")] == ["failed", "done"]
    failed = PolicyTrial.objects.earliest("id")
    assert "没有算成" in acting(where.operator).get(f"/desk/trials/{failed.pk}/").content.decode()


def test_from_the_form_to_the_result(lived):
    desk = acting(regulator())
    assert "还没有试算" in desk.get("/desk/trials/").content.decode()
    form = desk.get("/desk/trials/new/").context["form"]
    given = {
        name: field.initial if field.initial is not None else form.initial[name] for name, field in form.fields.items()
    }
    given = {name: form.initial[name] for name in given}
    refused = desk.post("/desk/trials/new/", {**given, "joint_share": 90})
    assert refused.status_code == 422 and "三项占比之和须为 100" in refused.content.decode()
    assert desk.post("/desk/trials/new/", {**given, "m": "many"}).status_code == 422
    assert desk.post("/desk/trials/new/", {**given, "m": 20, "cap": "1.20"}).status_code == 302
    again = desk.post("/desk/trials/new/", {**given, "m": 21})
    assert again.status_code == 409 and "还有一次试算" in again.content.decode()
    trial = PolicyTrial.objects.get()
    assert "正在算" in desk.get(f"/desk/trials/{trial.pk}/").content.decode()
    assert try_policies() == 1
    for tab in ("firms", "departments"):
        page = desk.get(f"/desk/trials/{trial.pk}/", {"tab": tab})
        assert len(page.context["rows"]) == {"firms": 2, "departments": 1}[tab]
    assert "5 → 20" in page.content.decode() and ScorePolicy.objects.get().m == 5
    assert "5 → 20" in desk.get("/desk/trials/").content.decode()


def test_the_command_says_the_same(lived):
    out = StringIO()
    call_command("try_policy", "return_factor=0.50", stdout=out)
    assert "firms: 2" in out.getvalue() and lived[1].firm.uscc in out.getvalue()
    for wrong in ("version=2", "m", "m=x", "cap=9999"):
        with pytest.raises(CommandError):
            call_command("try_policy", wrong)


def test_what_a_department_differs_by_is_for_itself_and_the_regulator(client, lived, where):
    address = f"/desk/differences/{where.department.code}/"
    own = market.member_of(where.department.organisation)
    other = market.place()
    stranger = market.member_of(other.department.organisation)
    assert client.get(address).status_code == 302
    for somebody in (stranger, where.owner, where.operator, market.member_of(lived[0].firm.organisation)):
        assert acting(somebody).get(address).status_code == 404
    for somebody in (own, regulator()):
        rows = acting(somebody).get(address).context["rows"]
        assert {row["firm"] for row in rows} == {contract.firm for contract in lived}
        assert all((row["n"], row["others_n"]) == (1, 1) and row["spans"] for row in rows)
        assert len(acting(somebody).get("/desk/differences/").context["rows"]) == 1
    assert acting(stranger).get("/desk/differences/").context["rows"] == []
    page = client.get(f"/departments/{where.department.code}/score/").content.decode()
    assert "desk/differences" not in page, "never public"


def test_differences_are_computed_once_for_a_version(lived, where, django_assert_num_queries):
    cache.clear()
    found = differing.differences_of(where.department)
    with django_assert_num_queries(1):
        assert differing.differences_of(where.department) == found
    DepartmentScore.objects.update(as_of=clock.now())
    assert [each.n for each in differing.differences_of(where.department)] == [each.n for each in found]
