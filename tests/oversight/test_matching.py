"""Matches: who may decide, what a decision does to the graph, and how it is undone."""

from __future__ import annotations

import pytest

from accounts.models import Kind as OrganisationKind
from accounts.models import Role
from core.errors import NotAllowed, WrongState
from ledger.models import QueuedEntry
from oversight.domain import matching
from oversight.domain.describing import Described, id_hash
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.graph import Kind, NodeKind
from oversight.models import Match, Party, Relation
from tests import market_place as market
from tests.oversight.place import id_number, regulator

pytestmark = pytest.mark.django_db
CODE = "91330203MA2AFCAN7X"


def known(code, name, **more):
    state(source_of(code), parties=[Described(keys=("1",), name=name, **more)])
    return Party.objects.latest("pk")


def suggested():
    """A company with a code, and one of the same name without, that owns something."""
    kept = known("x", "宁波天一咨询有限公司", uscc=CODE)
    state(
        source_of("y"),
        parties=[Described(keys=("1",), name="宁波天一咨询有限责任公司"), Described(keys=("2",), name="某院")],
        statements=[Stated(key="1", says=(Said(kind=Kind.OWNS, tail="1", head="2"),))],
    )
    double = Party.objects.get(names__name="宁波天一咨询有限责任公司")
    matching.look_for([double.pk])
    return kept, double, Match.objects.get()


def owner():
    return Relation.objects.get().from_party


@pytest.mark.parametrize("kind", [OrganisationKind.OPERATOR, OrganisationKind.FIRM, OrganisationKind.DEPARTMENT])
def test_nobody_but_a_regulator_decides(kind):
    _kept, _double, match = suggested()
    outsider = market.member_of(market.organisation(kind))
    for step in (matching.confirm, matching.reject, matching.undo):
        with pytest.raises(NotAllowed):
            step(match_id=match.pk, by=outsider)
        with pytest.raises(NotAllowed):
            step(match_id=match.pk, by=regulator(role=Role.VIEWER))
    assert Match.objects.get().status == "suggested"


def test_a_match_below_certainty_is_only_suggested():
    _kept, double, match = suggested()
    assert (match.status, match.score, match.evidence) == ("suggested", 60, ["name"])
    assert owner() == double
    assert matching.look_for([double.pk]) == []


def test_evidence_makes_it_certain():
    kept = known("x", "宁波天一咨询有限公司", uscc=CODE, address="宁波市海曙区中山西路１号", representative="王五")
    double = known("y", "宁波天一咨询有限责任公司", address="海曙区中山西路1号")
    matching.look_for([double.pk])
    assert Match.objects.get().status == "certain"
    assert Party.objects.get(pk=double.pk).merged_into == kept


def test_confirming_lets_relations_follow_and_undoing_gives_them_back():
    kept, double, match = suggested()
    for _twice in range(2):
        assert matching.confirm(match_id=match.pk, by=regulator()).status == "confirmed"
    assert owner() == kept
    for _twice in range(2):
        assert matching.undo(match_id=match.pk, by=regulator()).status == "undone"
    assert owner() == double
    assert Party.objects.get(pk=double.pk).merged_into is None
    told = QueuedEntry.objects.filter(type="affiliation.match").order_by("pk")
    assert [bytes(each.entry).decode().count("status") for each in told] == [1, 1]


def test_what_was_undone_may_be_confirmed_again_and_what_was_rejected_is_not_put_again():
    _kept, double, match = suggested()
    matching.confirm(match_id=match.pk, by=regulator())
    matching.undo(match_id=match.pk, by=regulator())
    assert matching.confirm(match_id=match.pk, by=regulator()).status == "confirmed"
    with pytest.raises(WrongState):
        matching.reject(match_id=match.pk, by=regulator())
    matching.undo(match_id=match.pk, by=regulator())
    matching.reject(match_id=match.pk, by=regulator())
    assert matching.look_for([double.pk]) == []
    with pytest.raises(WrongState):
        matching.confirm(match_id=match.pk, by=regulator())


def test_undoing_one_of_a_chain_leaves_the_others():
    kept, double, match = suggested()
    third = known("z", "宁波天一咨询有限公司", address="x", phone="1")
    matching.unite([(third.pk, double.pk)], evidence=["code"])
    matching.confirm(match_id=match.pk, by=regulator())
    assert set(Party.objects.filter(merged_into=kept)) == {double, third}
    matching.undo(match_id=match.pk, by=regulator())
    assert Party.objects.get(pk=third.pk).merged_into == double


def test_organisations_with_different_codes_are_never_one():
    one = known("x", "宁波天一咨询有限公司", uscc=CODE, address="a")
    other = known("y", "宁波天一咨询有限公司", uscc="91330205MA2AJX3T1U", address="a")
    matching.look_for([one.pk, other.pk])
    matching.unite([(one.pk, other.pk)], evidence=["code"])
    assert not Match.objects.exists()
    assert not Party.objects.exclude(merged_into=None).exists()


def test_two_people_of_one_name_are_put_to_a_person_where_both_are_of_the_firm_and_never_merged():
    number = id_number()
    people = [
        Described(keys=("p",), kind=NodeKind.PERSON, name="欧阳安娜", id_hash=id_hash(number)),
        Described(keys=("q",), kind=NodeKind.PERSON, name="欧阳安娜"),
        Described(keys=("r",), kind=NodeKind.PERSON, name="欧阳安娜", id_hash=id_hash(id_number())),
        Described(keys=("f",), name="某勘察有限公司"),
    ]
    says = (Said(kind=Kind.PRACTITIONER, tail="p", head="f"), Said(kind=Kind.REPRESENTS, tail="q", head="f"))
    state(source_of("x"), parties=people, statements=[Stated(key="1", says=says)])
    assert matching.look_for_people() == 1
    assert matching.look_for_people() == 0
    match = Match.objects.get()
    assert (match.status, match.evidence, match.keeper.id_hash is None) == ("suggested", ["person_name", "firm"], False)
    assert not Party.objects.exclude(merged_into=None).exists()
