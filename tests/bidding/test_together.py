"""A round of several services that one firm does: who may enter, who is kept out, what is told of it, by all nine methods."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from bidding.domain.eligibility import reasons_against
from bidding.models import Round
from bidding.record import public_record
from core import clock
from ledger.models import QueuedEntry
from market.models import AffiliationDeclaration, Offering, Qualification, RequiredQualification
from protocol.methods import METHODS
from protocol.record import read_record
from protocol.verify import verify
from tests import consortia as joint
from tests import lots, together
from tests import market_place as market
from tests.bidding import panel
from tests.bidding.browse import acting
from tests.protocol.test_verify import failed, record_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def of():
    return together.places()


def reasons(firm, round_):
    fresh = Round.objects.get(pk=round_.pk)
    return [(each.code, each.detail) for each in reasons_against(firm=firm, round_=fresh, at=clock.now())]


# Who may not.


def test_a_firm_offers_every_one_of_the_services(of):
    round_ = market.announced(of[0], of=together.need(*of))
    assert reasons(together.firm(*of), round_) == []
    for part in ((of[0],), of[:2]):
        ((code, detail),) = reasons(together.firm(*part), round_)
        assert code == "services_not_offered" and detail == "、".join(each.service.name for each in of[len(part) :])
    alone = market.announced(of[0])
    assert reasons(market.firm(of[0], offers=False), alone) == [("service_not_offered", "")]


def test_a_firm_holds_the_qualifications_of_every_one(of):
    need = together.need(*of)
    RequiredQualification.objects.create(need=need, number=1, kind=of[0].kind, level="乙级")
    RequiredQualification.objects.create(need=need, number=3, kind=of[0].kind, level="乙级")
    RequiredQualification.objects.create(need=need, number=2, kind=of[1].kind, level="")
    round_ = market.announced(of[0], of=need)
    firm = together.firm(*of, level="甲级")
    assert [code for code, _detail in reasons(firm, round_)] == ["qualification_missing"]
    Qualification.objects.create(
        admission=firm.current, kind=of[1].kind, level="丙级", number="x", issuer="y", valid_from=market.FIRST_DAY
    )
    assert reasons(together_again(firm), round_) == []
    twice = together.firm(*of, level="丙级")
    told = [code for code, _detail in reasons(twice, round_)]
    assert told == ["qualification_level", "qualification_missing"], "the same said twice is one reason"


def together_again(firm):
    return type(firm).objects.get(pk=firm.pk)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_firm_tied_to_any_of_the_departments_is_kept_out(of, which):
    round_ = market.announced(of[0], of=together.need(*of))
    firm = together.firm(*of)
    AffiliationDeclaration.objects.create(
        admission=firm.current, kind=AffiliationDeclaration.Kind.SPONSOR,
        counterpart=of[which].department.organisation, counterpart_name=of[which].department.organisation.name,
    )  # fmt: skip
    ((code, _detail),) = reasons(firm, round_)
    assert code == "tied_to_department"
    if which:
        assert reasons(firm, market.announced(of[0])) == [], "of one service only its own department counts"


def test_every_member_of_a_consortium_meets_all_of_it(of):
    """Decision 24 follows decision 16: what members hold is not added up."""
    need = together.need(*of)
    round_ = market.announced(of[0], of=need, consortium_most=2)
    whole, half = together.firm(*of), together.firm(*of[:2])
    joint.formed(round_, whole, half)
    from bidding.domain.parties import led_by, reasons_to_stay_out

    told = reasons_to_stay_out(firm=whole, round_=round_, consortium=led_by(round_, whole), at=clock.now())
    assert told, "a member without one of the services keeps the consortium out"
    Offering.objects.create(admission=half.current, service=of[2].service, promised_days=20)
    assert not reasons_to_stay_out(firm=whole, round_=round_, consortium=led_by(round_, whole), at=clock.now())


def test_an_expert_of_any_of_the_departments_steps_aside(of):
    round_ = market.announced(of[0], of=together.need(*of))
    from bidding.domain.experts import pool_of

    expert = panel.expert(of[0])
    assert pool_of(Round.objects.get(pk=round_.pk), [], at=clock.now()) == [expert.code]
    market.Membership.objects.create(user=expert.user, organisation=of[2].department.organisation, role="handler")
    assert pool_of(Round.objects.get(pk=round_.pk), [], at=clock.now()) == []


def test_many_rounds_of_several_cost_no_more_queries_than_one(of, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    firm = together.firm(*of)
    many = [market.announced(of[0], of=together.need(*of)) for _number in range(3)]

    def queries(rounds):
        fresh = list(Round.objects.filter(pk__in=[each.pk for each in rounds]))
        with CaptureQueriesContext(connection) as caught:
            from bidding.domain.eligibility import reasons_between

            reasons_between([together_again(firm)], fresh, at=clock.now())
        return len(caught)

    assert queries(many) == queries(many[:1])


# What is told.


def announcement(round_):
    entry = QueuedEntry.objects.get(subject=round_.subject, type="round.announced")
    return json.loads(bytes(entry.entry))["data"]


def test_of_one_service_log_and_record_say_nothing_new(of):
    round_ = market.announced(of[0])
    assert "services" not in announcement(round_) and "services" not in public_record(round_)


def test_of_several_log_and_record_name_them_all(of):
    round_ = market.announced(of[0], of=together.need(*of))
    told = [{"department": each.department.code, "item": each.item.code, "service": each.service.code} for each in of]
    assert announcement(round_)["services"] == told == public_record(round_)["services"]
    assert announcement(round_)["service"] == of[0].service.code


def test_pages_name_every_service_and_its_department(of):
    round_ = market.announced(of[0], of=together.need(*of))
    for address in (f"/rounds/{round_.code}/", f"/rounds/{round_.code}/notice/"):
        page = Client().get(address).content.decode()
        for each in of:
            assert each.department.organisation.name in page, address
    assert "一并委托" in Client().get(f"/rounds/{round_.code}/").content.decode()


def test_lists_find_it_by_any_of_its_services(of):
    several = market.announced(of[0], of=together.need(*of))
    alone = market.announced(of[1])
    for each, codes in ((of[1], {several.code, alone.code}), (of[2], {several.code}), (of[0], {several.code})):
        page = Client().get(f"/rounds/?service={each.service.code}").content.decode()
        assert {code for code in (several.code, alone.code) if code in page} == codes
        rows = Client().get(f"/api/v1/rounds?service={each.service.code}").json()["results"]
        assert {row["code"] for row in rows} == codes
    rows = Client().get(f"/api/v1/rounds?department={of[2].department.code}").json()["results"]
    assert [row["code"] for row in rows] == [several.code]
    assert rows[0]["service"] == of[0].service.code
    assert rows[0]["services"] == [each.service.code for each in of]
    one = Client().get(f"/api/v1/rounds/{several.code}").json()
    assert [(line["number"], line["item"]) for line in one["lines"]] == [
        (number, each.item.code) for number, each in enumerate(of, start=1)
    ]


def test_a_department_of_a_further_service_has_it_on_its_desk(of):
    round_ = market.announced(of[0], of=together.need(*of))
    for each in of:
        desk = acting(market.member_of(each.department.organisation)).get("/desk/department/")
        assert round_.code in desk.content.decode()
    stranger = market.place()
    desk = acting(market.member_of(stranger.department.organisation)).get("/desk/department/")
    assert round_.code not in desk.content.decode()


# All nine methods.


@pytest.mark.parametrize("method", METHODS)
def test_by_every_method_one_firm_wins_all_of_it(method):
    of = together.places(direct_limit="100000.00", auction_lead_minutes=1, auction_minutes=2)
    round_ = together.lived(of, method, budget="100000.00")
    assert (round_.status, round_.lot_count) == (Round.Status.CANDIDATE, 1)
    assert lots.lot_of(round_, "1").winner is not None
    record = record_of(round_)
    assert len(record["services"]) == 3
    assert not [str(check) for check in verify(read_record(json.dumps(record))) if check.holds is False]
    record["services"][1]["department"] = "D0"
    assert failed(record) == ["round.announced: services"]
