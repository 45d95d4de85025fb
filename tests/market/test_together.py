"""Several services of one need: who may ask for them, which may be combined, and what is known of each by itself."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Kind, Role
from approvals.models import ItemVersion
from bidding.domain import rounds
from bidding.domain.lots import LotTerms
from bidding.models import Round
from core import clock
from core.errors import DomainError, NotAllowed
from market.catalogue.loader import load_catalogue
from market.domain import projects
from market.domain.combining import Wanted, demand_combinable
from market.domain.guidance import guidance, stops
from market.domain.offering import offered
from market.domain.reuse import asking_for
from market.models import (
    CombinationPolicy,
    FurtherService,
    Need,
    NeedRule,
    QualificationKind,
    Reuse,
    Service,
    ServiceBundle,
    ServiceVersion,
)
from tests import market_place as market
from tests import together
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def of():
    return together.places()


def today():
    return clock.now().astimezone(clock.LOCAL).date()


def save(where, *others, by=None, further=None):
    return projects.save_need(
        by=by or where.owner,
        need=together.drafted(where),
        qualifications=[],
        further=together.wanted(*others) if further is None else further,
    )


# Who may.


def test_nobody_else_asks_for_an_owner(of):
    need = together.need(*of)
    strangers = [market.member_of(market.organisation(kind)) for kind in (Kind.OWNER, Kind.FIRM, Kind.DEPARTMENT)]
    strangers += [of[0].operator, market.member_of(of[0].owner.organisation, role=Role.VIEWER)]
    for by in strangers:
        with pytest.raises(NotAllowed):
            projects.save_need(by=by, need=Need.objects.get(pk=need.pk), qualifications=[], further=())
    assert need.further.count() == 2


@pytest.mark.parametrize("query", ["together=choose", "together=chosen"])
def test_nobody_else_sees_the_pages(of, query):
    need = together.need(*of)
    for who in (market.member_of(market.organisation(Kind.OWNER)), market.member_of(market.firm(of[0]).organisation)):
        for address in (
            reverse("market:need_edit", args=[need.code]),
            reverse("market:need_new", args=[need.project.code]) + f"?service={of[0].service.code}",
        ):
            answer = acting(who).get(f"{address}{'&' if '?' in address else '?'}{query}")
            assert answer.status_code in (403, 404)


# Which may be combined.


def test_the_services_of_a_bundle_each_with_its_own_department(of):
    need = together.need(*of)
    assert [(part.number, part.service, part.item, part.department) for part in need.parts] == [
        (number, each.service, each.item, each.department) for number, each in enumerate(of, start=1)
    ]
    assert need.is_together and not stops(need=need, method="lowest", parameters={}, at=clock.now())
    told = next(
        each for each in guidance(need=need, method="", parameters={}, at=clock.now()) if each.code == "together"
    )
    assert (told.severity, told.basis) == ("note", "测试依据") and "多测合一" in told.text


def test_the_same_service_for_the_same_item_twice_is_refused(of):
    for further in (together.wanted(of[0]), together.wanted(of[1], of[1])):
        with pytest.raises(DomainError, match="只能选一次"):
            save(of[0], further=further)
    assert not Need.objects.exists() and not FurtherService.objects.exists()


def test_one_service_for_several_items_needs_no_bundle():
    (where, other) = together.places(2, bundled=False)
    where.service.versions.get().items.add(other.item)
    need = save(where, further=[Wanted(service=where.service, item=other.item)])
    assert [part.department for part in need.parts] == [where.department, other.department]
    assert not stops(need=need, method="lowest", parameters={}, at=clock.now())


def test_an_item_that_the_service_does_not_serve_is_refused(of):
    with pytest.raises(DomainError, match="不是为"):
        save(of[0], further=[Wanted(service=of[1].service, item=of[2].item)])


def test_a_service_or_an_item_that_is_over_is_refused(of):
    ServiceVersion.objects.filter(service=of[1].service).update(valid_to=together.yesterday())
    with pytest.raises(DomainError, match="不是为"):
        save(of[0], of[1])
    ItemVersion.objects.filter(item=of[2].item).update(valid_to=together.yesterday())
    with pytest.raises(DomainError, match="没有办理"):
        save(of[0], of[2])


def test_more_than_the_policys_most_is_refused():
    of = together.places(4, most=3)
    assert len(save(*of[:3]).parts) == 3
    with pytest.raises(DomainError, match="最多 3 项"):
        save(*of)


def test_outside_a_bundle_only_where_the_policy_is_free():
    of = together.places(2, bundled=False)
    with pytest.raises(DomainError, match="不在同一个合并委托目录"):
        save(*of)
    CombinationPolicy.objects.update(free=True)
    assert save(*of).is_together


def test_two_bundles_are_not_one():
    of = together.places(2)
    other = market.place()
    second = ServiceBundle.objects.create(
        code="second", name="多评合一", name_en="x", legal_basis="y", explanation="z", explanation_en="z"
    )
    second.services.set([of[0].service, other.service])
    assert save(of[0], other).is_together
    with pytest.raises(DomainError, match="不在同一个合并委托目录"):
        save(*of, other)


def test_without_a_policy_nothing_is_combined(of):
    CombinationPolicy.objects.update(valid_to=together.yesterday())
    with pytest.raises(DomainError, match="只能有一项服务"):
        save(*of)
    assert offered(need=together.drafted(of[0]), day=today()) == []


def test_a_bundle_that_has_ended_stops_the_need_that_has_it(of):
    need = together.need(*of)
    ServiceBundle.objects.update(valid_to=together.yesterday())
    assert [each.code for each in stops(need=need, method="lowest", parameters={}, at=clock.now())] == ["together"]


def test_the_catalogue_has_bundles_with_bases_and_dates():
    load_catalogue()
    assert not load_catalogue(), "reading the files again changes nothing"
    surveys = ServiceBundle.objects.get(code="surveys")
    assert [each.code for each in surveys.services.all()] == ["S024", "S025", "S026"] and surveys.legal_basis
    services = Service.objects.in_bulk(["S024", "S025", "S026", "S005"], field_name="code")
    item = {code: services[code].version_at(today()).items.first() for code in services}
    demand_combinable([(services[code], item[code]) for code in ("S024", "S025", "S026")], day=today())
    with pytest.raises(DomainError):
        demand_combinable([(services[code], item[code]) for code in ("S024", "S005")], day=today())


# What is known of each by itself.


def found(need):
    told = guidance(need=need, method="lowest", parameters={}, at=clock.now())
    return {(each.code, each.service): each.severity for each in told}


def test_every_service_is_looked_at_by_itself(of):
    need = together.need(*of)
    ServiceVersion.objects.filter(service=of[1].service).update(necessity="abolished")
    ServiceVersion.objects.filter(service=of[2].service).update(necessity="optional")
    told = found(need)
    assert told["mandatory", of[0].service] == "note"
    assert told["abolished", of[1].service] == "stop"
    assert told["optional", of[2].service] == "stop"
    FurtherService.objects.filter(service=of[2].service).update(optional_ground="业主内部需要")
    assert found(Need.objects.get(pk=need.pk))["optional", of[2].service] == "warn"


def test_what_exists_for_one_stops_it_unless_it_is_justified(of):
    need = together.need(*of)
    Reuse.objects.create(
        project=need.project, service=of[1].service, item=of[1].item, reference="regional/x", title="区域成果",
        sha256="0" * 64, size=1, by=of[0].owner.user, created_at=clock.now(),
    )  # fmt: skip
    assert found(need)["reused", of[1].service] == "stop"
    assert ("reused", of[0].service) not in found(need)
    dropped = projects.save_need(by=of[0].owner, need=need, qualifications=[], further=together.wanted(of[2]))
    assert not stops(need=dropped, method="lowest", parameters={}, at=clock.now())


def test_a_rule_for_one_service_counts_by_the_amount_of_all(of):
    rule = NeedRule.objects.create(
        code="tender",
        effect="tender",
        amount_from="60000.00",
        legal_basis="x",
        explanation="须招标",
        explanation_en="x",
    )
    rule.services.add(of[2].service)
    assert [each.code for each in stops(need=together.need(*of), method="lowest", parameters={}, at=clock.now())] == [
        "tender"
    ]
    assert not stops(need=together.need(*of[:2]), method="lowest", parameters={}, at=clock.now())


def test_each_may_ask_for_a_qualification_even_for_the_same_kind(of):
    kind = QualificationKind.objects.get(pk=of[0].kind.pk)
    need = projects.save_need(
        by=of[0].owner, need=together.drafted(of[0]), qualifications=[(kind, "乙级")],
        further=together.wanted(of[1], qualifications=[(kind, "甲级")]),
    )  # fmt: skip
    assert list(need.required_qualifications.values_list("number", "level")) == [(1, "乙级"), (2, "甲级")]
    QualificationKind.objects.filter(pk=kind.pk).update(valid_to=together.yesterday())
    assert {key for key in found(need) if key[0] == "qualification_abolished"} == {
        ("qualification_abolished", of[0].service), ("qualification_abolished", of[1].service),
    }  # fmt: skip


def test_a_need_that_is_under_way_is_known_by_its_further_services_too(of):
    need = together.need(*of)
    assert Need.objects.filter(asking_for(of[2].service, of[2].item)).get() == need
    assert not Need.objects.filter(asking_for(of[2].service, of[1].item)).exists()
    assert projects.own_projects(of[0].owner.organisation)[0].items == tuple(sorted(each.item.pk for each in of))


# What the wizard offers.


def test_what_the_project_needs_and_what_it_has_is_said(of):
    need = together.drafted(of[0])
    first = together.drafted(of[1], project=need.project)
    projects.save_need(by=of[0].owner, need=first, qualifications=[])
    (group,) = offered(need=need, day=today())
    assert [(offer.service, offer.needed, offer.is_covered) for offer in group.offers] == [
        (of[1].service, True, False), (of[2].service, False, False),
    ]  # fmt: skip
    market.announced(of[0], of=first)
    (group,) = offered(need=need, day=today())
    assert group.offers[0].under_way == first.code and group.offers[0].is_covered


def test_what_is_offered_costs_no_more_queries_for_more(of, django_assert_max_num_queries):
    larger = together.places(6)
    need, many = together.drafted(of[0]), together.drafted(larger[0])
    with django_assert_max_num_queries(12):
        offered(need=need, day=today())
    with django_assert_max_num_queries(12):
        (group,) = offered(need=many, day=today())
    assert len(group.offers) == 5


# The pages.


def test_everybody_reads_with_what_a_service_may_be_combined(of):
    from django.test import Client

    page = Client().get(reverse("market:service", args=[of[0].service.code])).content.decode()
    assert "多测合一" in page and reverse("market:service", args=[of[2].service.code]) in page
    ServiceBundle.objects.update(valid_to=together.yesterday())
    assert "多测合一" not in Client().get(reverse("market:service", args=[of[0].service.code])).content.decode()


def form(where, **more):
    return {"title": "三项", "item": where.item.pk, "requirement": "编制", "budget": "60,000.00", "days": "20"} | more


def begin(of):
    owner = acting(of[0].owner)
    project = together.drafted(of[0]).project
    return owner, project, reverse("market:need_new", args=[project.code]) + f"?service={of[0].service.code}"


def key(where):
    return f"{where.service.code}:{where.item.code}"


def test_from_the_wizards_choice_to_the_need_and_back_again(of):
    owner, project, address = begin(of)
    page = owner.get(address).content.decode()
    assert "选择一并委托的服务" in page and "分标段" in page
    page = owner.get(f"{address}&together=choose").content.decode()
    assert key(of[1]) in page and key(of[2]) in page and key(of[0]) not in page
    chosen = f"{address}&together=chosen&with={key(of[1])}&with={key(of[2])}"
    assert "改选一并委托的服务" in owner.get(chosen).content.decode()
    assert owner.post(chosen, form(of[0])).status_code == 302
    need = Need.objects.get(project=project)
    assert [part.service for part in need.parts] == [each.service for each in of]
    edit = reverse("market:need_edit", args=[need.code])
    assert owner.post(edit, form(of[0], title="改过")).status_code == 302
    assert need.further.count() == 2, "editing the rest keeps what was chosen"
    page = owner.get(f"{edit}?together=choose").content.decode()
    assert page.count(" checked") == 2
    assert owner.post(f"{edit}?together=chosen", form(of[0])).status_code == 302
    assert not need.further.exists()


@pytest.mark.parametrize("chosen", ["X:Y", "", "S999:I999", "' OR 1=1", "a" * 3000])
def test_nonsense_in_the_address_is_told_and_nothing_is_kept(of, chosen):
    owner, _project, address = begin(of)
    answer = owner.post(f"{address}&together=chosen&with={chosen}", form(of[0]))
    assert answer.status_code == 422 and "请重新选择" in answer.content.decode()
    assert not Need.objects.exists()


def test_too_many_are_told_where_they_are_chosen():
    of = together.places(4, most=2)
    owner, _project, address = begin(of)
    answer = owner.get(f"{address}&together=chosen&with={key(of[1])}&with={key(of[2])}")
    assert answer.status_code == 422 and "最多 2 项" in answer.content.decode()


def test_a_covered_service_is_shown_as_such_and_wants_a_ground(of):
    need = together.need(*of)
    ServiceVersion.objects.filter(service=of[1].service).update(necessity="optional")
    edit = reverse("market:need_edit", args=[need.code])
    owner = acting(of[0].owner)
    assert 'name="ground2"' in owner.get(edit).content.decode()
    owner.post(edit, form(of[0], ground2="业主内部需要"))
    assert need.further.get(number=2).optional_ground == "业主内部需要"
    assert "业主内部需要" in owner.get(edit).content.decode()


def test_lots_and_several_services_exclude_each_other(of):
    need = together.need(*of)
    drafted = rounds.draft_round(need=need, by=of[0].owner)
    two = [LotTerms(title="甲", upper="100.00"), LotTerms(title="乙", upper="100.00")]
    given = {"method": "lowest", "parameters": {}, "notice_length": 2, "by": of[0].owner}
    with pytest.raises(DomainError, match="不能再分标段"):
        rounds.edit_round(round_id=drafted.pk, lots=two, **given)
    rounds.edit_round(round_id=drafted.pk, **given)
    page = acting(of[0].owner).get(reverse("bidding:wizard", args=[drafted.code, "terms"])).content.decode()
    assert "不再分标段" in page and "?lots=several" not in page


def test_services_added_to_a_round_of_lots_stop_its_submission(of):
    need = together.need(of[0])
    drafted = rounds.draft_round(need=need, by=of[0].owner)
    two = [LotTerms(title="甲", upper="100.00"), LotTerms(title="乙", upper="100.00")]
    rounds.edit_round(round_id=drafted.pk, method="lowest", parameters={}, notice_length=2, by=of[0].owner, lots=two)
    projects.save_need(by=of[0].owner, need=need, qualifications=[], further=together.wanted(of[1]))
    with pytest.raises(DomainError, match="不能再分标段"):
        rounds.submit_round(round_id=drafted.pk, by=of[0].owner)
    assert Round.objects.get().status == "draft"
    owner = acting(of[0].owner)
    owner.post(reverse("bidding:wizard", args=[drafted.code, "method"]), {"method": "draw"})
    assert Round.objects.get().lot_count == 1
    assert "不再分标段" in owner.get(reverse("bidding:wizard", args=[drafted.code, "terms"])).content.decode()


def test_a_need_whose_round_was_handed_over_keeps_its_services(of):
    market.announced(of[0], of=together.need(*of))
    need = Need.objects.get()
    with pytest.raises(DomainError):
        projects.save_need(by=of[0].owner, need=need, qualifications=[], further=())
    assert need.further.count() == 2
