"""What sources say: once, in series, side by side; and who is meant."""

from __future__ import annotations

from datetime import date

import pytest

from oversight.domain.describing import Described, id_hash
from oversight.domain.stating import Recorded, Said, Stated, snapshot, source_of, state
from oversight.graph import Kind, NodeKind
from oversight.models import Match, Party, Relation, Statement
from tests.oversight.place import id_number

CODE = "91330203MA2AFCAN7X"
ONE, TWO, THREE = date(2020, 1, 1), date(2021, 1, 1), date(2022, 1, 1)
PARTIES = (Described(keys=("a",), name="甲控股有限公司"), Described(keys=("b",), name="乙勘测有限公司"))


def owns(share=None, **more):
    return Said(kind=Kind.OWNS, tail="a", head="b", low=share, high=share, **more)


def spans():
    return list(Relation.objects.order_by("statement__day", "pk").values_list("share_low", "holds_from", "holds_to"))


@pytest.mark.django_db
def test_said_again_nothing_changes():
    source = source_of("x")
    said = [Stated(key="1", day=ONE, record="r", says=(owns(10), owns(20, since=TWO)))]
    assert state(source, parties=PARTIES, statements=said) == 1
    before = list(Relation.objects.values_list())
    assert state(source, parties=PARTIES, statements=said) == 0
    assert list(Relation.objects.values_list()) == before
    assert Party.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_later_statement_about_a_record_ends_the_earlier_in_whatever_order_they_come(order):
    source = source_of("x")
    said = [
        Stated(key=f"{day}", day=day, record="r", says=(owns(share),))
        for share, day in ((1, ONE), (2, TWO), (3, THREE))
    ]
    for number in order:
        state(source, parties=PARTIES, statements=[said[number]])
    assert spans() == [(1, None, date(2020, 12, 31)), (2, TWO, date(2021, 12, 31)), (3, THREE, None)]


@pytest.mark.django_db
def test_a_statement_that_says_nothing_ends_what_was_said():
    source = source_of("x")
    state(source, parties=PARTIES, statements=[Stated(key="1", day=ONE, record="r", says=(owns(1),))])
    state(source, statements=[Stated(key="2", day=TWO, record="r")])
    assert spans() == [(1, None, date(2020, 12, 31))]


@pytest.mark.django_db
def test_another_source_ends_nothing():
    for code in ("x", "y"):
        day = ONE if code == "x" else TWO
        state(source_of(code), parties=PARTIES, statements=[Stated(key="1", day=day, record="r", says=(owns(1),))])
    assert [each[1:] for each in spans()] == [(None, None), (None, None)]


@pytest.mark.django_db
def test_a_list_says_only_what_has_changed_and_ends_what_is_gone():
    source = source_of("x")
    listed = [Recorded(record="r", scope="s", says=(owns(1),)), Recorded(record="q", scope="s", says=(owns(5),))]
    assert snapshot(source, day=ONE, parties=PARTIES, recorded=listed, whole={"s"}) == 2
    assert snapshot(source, day=TWO, parties=PARTIES, recorded=listed, whole={"s"}) == 0
    assert snapshot(source, day=TWO, parties=PARTIES, recorded=listed[:1], whole={"s"}) == 1
    assert snapshot(source, day=THREE, parties=PARTIES, recorded=listed, whole={"s"}) == 1
    assert set(spans()) == {(1, None, None), (5, None, date(2020, 12, 31)), (5, THREE, None)}
    assert Statement.objects.filter(record="q").count() == 3


@pytest.mark.django_db
def test_the_code_decides_who_is_meant():
    state(source_of("x"), parties=[Described(keys=("1",), name="甲有限公司", uscc=CODE)])
    state(source_of("y"), parties=[Described(keys=("2",), name="更名有限公司", uscc=CODE)])
    party = Party.objects.get()
    assert set(party.names.values_list("name", flat=True)) == {"甲有限公司", "更名有限公司"}
    assert party.form == "company"


@pytest.mark.django_db
def test_a_code_that_becomes_known_later_unites():
    state(source_of("x"), parties=[Described(keys=("1",), name="甲有限公司", uscc=CODE)])
    state(source_of("y"), parties=PARTIES, statements=[Stated(key="1", says=(owns(1),))])
    state(source_of("y"), parties=[Described(keys=("b",), name="乙勘测有限公司", uscc=CODE)])
    match = Match.objects.get()
    assert (match.status, match.evidence) == ("certain", ["code"])
    assert Relation.objects.get().to_party == Party.objects.get(uscc=CODE)
    state(source_of("y"), parties=PARTIES, statements=[Stated(key="2", says=(owns(1),))])
    assert set(Relation.objects.values_list("to_party", flat=True)) == {Party.objects.get(uscc=CODE).pk}


@pytest.mark.django_db
def test_a_key_that_a_source_gives_to_another_company_does_not_unite_them():
    source, other = source_of("x"), "91330205MA2AJX3T1U"
    state(source, parties=[Described(keys=("1",), name="甲有限公司", uscc=CODE)])
    state(source, parties=[Described(keys=("1",), name="乙有限公司", uscc=other)])
    assert set(Party.objects.values_list("uscc", "merged_into")) == {(CODE, None), (other, None)}


@pytest.mark.django_db
def test_people_are_known_by_the_hash_of_their_number_and_by_nothing_else():
    number, other = id_number(), id_number()
    for code, name, id_ in (("x", "张伟", number), ("y", "张 伟", number), ("z", "张伟", other)):
        state(source_of(code), parties=[Described(keys=("p",), kind=NodeKind.PERSON, name=name, id_hash=id_hash(id_))])
    state(source_of("w"), parties=[Described(keys=("p",), kind=NodeKind.PERSON, name="张伟")])
    people = Party.objects.filter(kind="person")
    assert people.count() == 3
    assert set(people.values_list("name", flat=True)) == {""}
    assert {each.person_name for each in people} == {"张伟"}


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_make_no_party_twice(in_threads):
    def run(code):
        return lambda: state(
            source_of(code),
            parties=[
                Described(keys=("1",), name="甲有限公司", uscc=CODE),
                Described(keys=("2",), name="乙控股有限公司"),
            ],
            statements=[Stated(key="1", says=(Said(kind=Kind.OWNS, tail="2", head="1"),))],
        )

    assert in_threads(run("x"), run("x"), run("y"), run("y")) in (
        [1, 0, 1, 0],
        [0, 1, 1, 0],
        [1, 0, 0, 1],
        [0, 1, 0, 1],
    )
    assert Party.objects.filter(uscc=CODE).count() == 1
    assert (Party.objects.count(), Relation.objects.count()) == (3, 2)
