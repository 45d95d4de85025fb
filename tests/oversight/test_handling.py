"""Experts and officials step aside for the same ties as firms; whoever refuses says why and who may, and tells of no entry."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.models import Kind, Membership, Role
from bidding import record
from bidding.domain import entries, experts, rounds, stop_decisions, unseating
from bidding.domain.access import StepsAside, demand_operator, firms_in
from bidding.models import ExpertEmployer, Round, Seat, Stop
from core import clock
from oversight.domain import marketplace, scanning, stopping
from oversight.domain.describing import Described, id_hash
from oversight.domain.handling import people_tied
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.graph import Edge, Graph, Node, NodeKind
from oversight.graph import Kind as Edges
from oversight.rules.base import terms
from oversight.rules.handling import same_house, tied_to_departments, tied_to_firms
from protocol.record import read_record
from protocol.verify import verify
from tests import custody
from tests import market_place as market
from tests.bidding import panel
from tests.oversight.place import body_of, holds, id_number, organisation_key, practitioner, regulator
from tests.oversight.test_stopping import becomes_known, with_candidate

DAY = date(2026, 11, 30)
FIRM, PERSON, KIN, BOSS, DEPARTMENT, OWNER = range(1, 7)
NODES = {
    FIRM: Node(FIRM, NodeKind.ORGANISATION),
    OWNER: Node(OWNER, NodeKind.ORGANISATION),
    DEPARTMENT: Node(DEPARTMENT, NodeKind.DEPARTMENT),
    **{each: Node(each, NodeKind.PERSON) for each in (PERSON, KIN, BOSS)},
}


def graph(*edges):
    return Graph(NODES, [Edge(number, *each) for number, each in enumerate(edges)], DAY)


@pytest.mark.parametrize(
    ("edges", "tied"),
    [
        ([(Edges.OFFICER, PERSON, FIRM)], True),
        ([(Edges.PRACTITIONER, PERSON, FIRM)], True),
        ([(Edges.EMPLOYS, FIRM, PERSON)], True),
        ([(Edges.OWNS, PERSON, FIRM, 1, 1)], True),
        ([(Edges.OWNS, PERSON, OWNER), (Edges.OWNS, OWNER, FIRM)], True),
        ([(Edges.REPRESENTS, BOSS, FIRM), (Edges.KIN, PERSON, BOSS)], True),
        ([(Edges.PRACTITIONER, BOSS, FIRM), (Edges.KIN, PERSON, BOSS)], False),
        ([(Edges.EMPLOYS, OWNER, PERSON)], False),
        ([(Edges.OFFICER, PERSON, FIRM, None, None, None, DAY - timedelta(days=1))], False),
        ([(Edges.EMPLOYS, FIRM, PERSON, None, None, None, DAY - timedelta(days=300))], True),
        ([(Edges.EMPLOYS, FIRM, PERSON, None, None, None, DAY - timedelta(days=800))], False),
        ([], False),
    ],
)
def test_a_person_and_a_firm(edges, tied):
    assert tied_to_firms(graph(*edges), PERSON, {FIRM}, terms(DAY)) == ({FIRM} if tied else set())


@pytest.mark.parametrize(
    ("edges", "tied"),
    [
        ([(Edges.EMPLOYS, DEPARTMENT, PERSON)], True),
        ([(Edges.EMPLOYS, DEPARTMENT, KIN), (Edges.KIN, KIN, PERSON)], True),
        ([(Edges.EMPLOYED, DEPARTMENT, PERSON, None, None, None, DAY - timedelta(days=500))], True),
        ([(Edges.EMPLOYED, DEPARTMENT, PERSON, None, None, None, DAY - timedelta(days=800))], False),
        ([(Edges.EMPLOYS, OWNER, PERSON)], False),
    ],
)
def test_a_person_and_a_department(edges, tied):
    assert tied_to_departments(graph(*edges), PERSON, {DEPARTMENT}, terms(DAY)) == ({DEPARTMENT} if tied else set())


def test_two_organisations_of_one_house():
    owned = graph((Edges.OWNS, OWNER, FIRM))
    assert same_house(owned, OWNER, FIRM, terms(DAY)) and same_house(owned, FIRM, OWNER, terms(DAY))
    small = graph((Edges.OWNS, OWNER, FIRM, 10_000, 10_000))
    assert not same_house(small, OWNER, FIRM, terms(DAY))


def identified(user):
    """A person whose ID number the marketplace knows; give the number."""
    user.id_number = id_number()
    user.save()
    return user.id_number


def knows(kind, tail, head, *parties):
    state(
        source_of("x"),
        parties=list(parties),
        statements=[Stated(key=f"{tail}/{head}", says=(Said(kind=kind, tail=tail, head=head),))],
    )


def joins(user, firm):
    """A register says that somebody is an officer of a firm."""
    person = Described(keys=(f"u{user.pk}",), kind=NodeKind.PERSON, id_hash=id_hash(user.id_number))
    own = organisation_key(firm.organisation)
    knows(Edges.OFFICER, person.keys[0], own.keys[0], person, own)


# Experts


@pytest.mark.django_db
def test_an_expert_who_is_tied_is_not_in_the_pool():
    where = market.place()
    round_, firm = market.announced(where), market.firm(where)
    free, officer, kin = (panel.expert(where) for _number in range(3))
    works, house = panel.expert(where), market.organisation(Kind.FIRM)
    ExpertEmployer.objects.create(expert=works, organisation=house, name=house.name, since=timezone.localdate())
    identified(officer.user)
    identified(kin.user)
    marketplace.import_everything()
    assert len(experts.pool_of(round_, [firm], at=clock.now())) == 4
    joins(officer.user, firm)
    department = organisation_key(where.department.organisation)
    person = Described(keys=("k",), kind=NodeKind.PERSON, id_hash=id_hash(kin.user.id_number))
    official = Described(keys=("o",), kind=NodeKind.PERSON)
    knows(Edges.EMPLOYS, department.keys[0], "o", department, official)
    knows(Edges.KIN, "o", "k", official, person)
    holds(house, firm)
    assert experts.pool_of(round_, [firm], at=clock.now()) == [free.code]
    assert experts.pool_of(round_, [], at=clock.now()) == sorted([free.code, officer.code, works.code])


@pytest.mark.django_db
def test_an_expert_who_sits_already_is_replaced_when_a_tie_becomes_known():
    where = market.place()
    round_ = panel.scored(where, experts=7)
    seats = panel.seats(round_)
    user, firm = seats[0].expert.user, round_.lots.get().entries.first().firm
    identified(user)
    marketplace.import_everything()
    assert unseating.look_again() == 0
    joins(user, firm)
    with panel.at_work(round_):
        assert stopping.after_scan(now=clock.now()).unseated == 1
        assert stopping.after_scan(now=clock.now()).unseated == 0
    gone = Seat.objects.get(pk=seats[0].pk)
    assert (gone.status, gone.asked) == ("conflict", 2)
    assert firm.organisation.name not in gone.reason
    round_ = panel.judge(round_)
    round_ = panel.judge(round_) if round_.status == Round.Status.OPENED else round_
    assert round_.status == Round.Status.CANDIDATE
    custody.attend()
    checks = verify(read_record(json.dumps(record.public_record(round_))))
    assert [str(each) for each in checks if each.holds is False] == []


# Officials


@pytest.mark.django_db
def test_an_official_who_is_tied_to_a_firm_does_not_handle_it():
    where = market.place()
    firm, by = market.firm(where), where.operator
    demand_operator(by, firms=[firm])
    identified(by.user)
    marketplace.import_everything()
    joins(by.user, firm)
    with pytest.raises(StepsAside, match=r"应当回避.*没有其他可以办理的人"):
        demand_operator(by, firms=[firm])
    colleague = market.member_of(by.organisation)
    with pytest.raises(StepsAside, match="1 人可以") as refused:
        demand_operator(by, firms=[firm])
    assert colleague.user.name not in str(refused.value) and by.user.name not in str(refused.value)
    demand_operator(colleague, firms=[firm])


@pytest.mark.django_db
def test_who_acts_for_the_firm_or_practises_there_is_tied_to_it():
    where = market.place()
    firm, other = market.firm(where), market.firm(where)
    acts, practises, free = market.user(), market.user(), market.user()
    Membership.objects.create(
        user=acts, organisation=firm.organisation, role=Role.HANDLER, active_from=clock.now() - timedelta(days=400),
        active_until=clock.now() - timedelta(days=30),
    )  # fmt: skip
    practitioner(firm, identified(practises), "某人")
    marketplace.import_everything()
    assert people_tied([acts, practises, free], [firm, other]) == {(acts.pk, firm.pk), (practises.pk, firm.pk)}


@pytest.mark.django_db
def test_before_opening_no_refusal_tells_of_an_entry():
    where = market.place()
    round_, firm = market.announced(where), market.firm(where)
    identified(where.operator.user)
    marketplace.import_everything()
    joins(where.operator.user, firm)
    market.enters(round_, firm, "1.00")
    assert firms_in(Round.objects.get(pk=round_.pk)) == []
    with pytest.raises(StepsAside):
        entries.withdraw_for(round_id=round_.pk, uscc=firm.uscc, reason="凭证丢失", by=where.operator)
    rounds.cancel_round(round_id=round_.pk, reason="需求变化", by=where.operator)


@pytest.mark.django_db
def test_a_regulator_who_is_tied_does_not_decide():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    tied, by = round_.lots.get().winner, regulator()
    identified(by.user)
    becomes_known(where, tied)
    joins(by.user, tied)
    with pytest.raises(StepsAside):
        stop_decisions.decide_stop(stop_id=Stop.objects.get().pk, outcome="kept", text="x", by=by)
    assert Stop.objects.get().outcome == ""


@pytest.mark.django_db
def test_many_experts_cost_no_more_queries_than_one(django_assert_max_num_queries):
    where = market.place()
    round_, firm = market.announced(where), market.firm(where)
    for _number in range(6):
        identified(panel.expert(where, employer=body_of(where)).user)
    marketplace.import_everything()
    scanning.scan_everything()
    with django_assert_max_num_queries(22):
        experts.pool_of(round_, [firm], at=clock.now())
