"""The scan: what is on record becomes ties, changes are found by day, and it says the same as asking for one pair."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import oversight
from core import clock
from ledger.models import QueuedEntry
from oversight import rules
from oversight.arrays import findings
from oversight.domain import marketplace, scanning
from oversight.domain.loading import load
from oversight.domain.matching import confirm, undo
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.domain.ties import department_nodes, firm_nodes, terms_at
from oversight.domain.view import around
from oversight.graph import Kind
from oversight.models import Match, Relation, RuleException, RuleParameter, Scan, Tie
from tests import market_place as market
from tests.oversight.place import body_of, declares, holds, id_number, practitioner, regulator

pytestmark = pytest.mark.django_db


def standing():
    return {(tie.firm_id, tie.department_id, tie.rule): tie.effect for tie in Tie.objects.standing()}


def today():
    return clock.now().astimezone(clock.LOCAL).date()


def city():
    """A department with an institution; a firm that the institution half owns, and one that nothing ties."""
    where = market.place()
    body = body_of(where)
    tied, free = market.firm(where), market.firm(where)
    marketplace.import_everything()
    holds(body, tied)
    return where, body, tied, free


def test_the_scan_keeps_what_the_rules_say_and_says_it_once():
    where, body, tied, _free = city()
    scan = scanning.scan_everything()
    assert (scan.found, scan.gone) == (2, 0)
    assert standing() == {(tied.pk, where.department.pk, rule): "kept_out" for rule in ("RH1", "RH2")}
    tie = Tie.objects.get(rule="RH1")
    assert [step["kind"] for step in tie.path] == ["sponsors", "owns"]
    assert tie.path[1]["tail_name"] == body.name
    assert tie.path[1]["said"][0]["source"] == "register:test"
    assert (tie.since, tie.until) == (date(2017, 1, 1), None)
    again = scanning.scan_everything()
    assert (again.found, again.gone) == (0, 0)
    assert Tie.objects.count() == 2
    assert QueuedEntry.objects.filter(type="ties.scanned").count() == 1


def test_asking_for_one_pair_says_the_same():
    where, _body, tied, free = city()
    assert [each.rule for each in oversight.ties(tied, where.department, at=today())] == ["RH1", "RH2"]
    assert oversight.ties(free, where.department, at=today()) == []
    assert oversight.ties(tied, market.place().department, at=today()) == []
    assert oversight.ties(tied, where.department, at=date(2016, 12, 31)) == []


def test_asking_for_one_pair_takes_few_queries(django_assert_max_num_queries):
    where, _body, tied, _free = city()
    with django_assert_max_num_queries(7):
        oversight.ties(tied, where.department, at=today())


def test_by_day_only_what_a_change_concerns_is_scanned():
    where, body, tied, free = city()
    scanning.scan_everything()
    assert scanning.scan_changed() is None
    holds(body, free, share=3, key="s2")
    scan = scanning.scan_changed()
    assert (scan.scope, scan.firms, scan.found) == ("changed", 1, 1)
    assert standing()[free.pk, where.department.pk, "RH2"] == "flagged"
    assert (tied.pk, where.department.pk, "RH1") in standing()


def test_a_change_far_above_reaches_the_firm():
    where, body, _tied, free = city()
    owner = market.organisation("owner")
    holds(owner, free, key="s3")
    scanning.scan_everything()
    parties = [f"org/{body.pk}", f"org/{owner.pk}"]
    said = Said(kind=Kind.SPONSORS, tail=parties[0], head=parties[1])
    state(source_of("register:test"), statements=[Stated(key="s4", says=(said,))])
    assert scanning.scan_changed().firms == 1
    assert standing()[free.pk, where.department.pk, "RH1"] == "kept_out"


def test_what_ends_is_gone_and_stays_on_record():
    where, _body, tied, _free = city()
    scanning.scan_everything()
    state(source_of("register:test"), statements=[Stated(key="s9", day=today(), replaces=("s1",))])
    assert scanning.scan_changed().gone == 2
    assert standing() == {}
    assert Tie.objects.exclude(gone_at=None).count() == 2
    assert oversight.ties(tied, where.department, at=today() - timedelta(days=1)) != []


def test_people_of_the_firm_on_the_staff_are_found_by_the_hash_of_the_number_alone(tmp_path):
    from oversight.domain.registers import import_list

    where, _body, _tied, free = city()
    number = id_number()
    practitioner(free, number, "欧阳安娜")
    marketplace.import_everything()
    path = tmp_path / "staff.csv"
    path.write_text(f"部门,姓名,身份证号\n{where.department.code},欧阳安娜,{number}\n", encoding="utf-8")
    import_list("staff", path, source="编办", day=today())
    scanning.scan_everything()
    tie = Tie.objects.get(firm=free)
    assert (tie.rule, tie.effect, [step["kind"] for step in tie.path]) == (
        "RH3",
        "kept_out",
        ["employs", "practitioner"],
    )
    assert {step[f"{end}_name"] for step in tie.path for end in ("tail", "head")} == {
        "", where.department.organisation.name, free.organisation.name
    }  # fmt: skip


def test_what_firms_declare_is_in_the_graph_and_a_later_version_ends_it():
    where, body, _tied, free = city()
    declares(free, kind="kin", counterpart=where.department.organisation)
    declares(free, kind="former", counterpart=where.department.organisation, until=today() - timedelta(days=30))
    declares(free, kind="shareholder", counterpart_name=body.name, share="12.5")
    marketplace.import_everything()
    scanning.scan_everything()
    rules = {rule for firm, _department, rule in standing() if firm == free.pk}
    assert rules == {"RH1", "RH2", "RH4", "RH5"}
    assert marketplace.import_everything() == 0
    free.current.declarations.all().delete()
    marketplace.import_everything()
    scanning.scan_everything()
    assert not {rule for firm, _department, rule in standing() if firm == free.pk}


def test_the_address_of_a_body_is_compared():
    where, body, _tied, free = city()
    body.address = free.current.address = "宁波市海曙区中山西路 1 号"
    body.save()
    free.current.save()
    marketplace.import_everything()
    assert marketplace.import_everything() == 0
    scanning.scan_everything()
    assert standing()[free.pk, where.department.pk, "RH6"] == "flagged"


def test_a_match_that_is_confirmed_ties_and_one_that_is_undone_does_not():
    where, _body, _tied, free = city()
    state(
        source_of("register:zj"),
        parties=[
            scanning_party("f", free.organisation.name), scanning_party("o", "某院"),
        ],
        statements=[Stated(key="1", says=(Said(kind=Kind.OWNS, tail="o", head="f"),))],
    )  # fmt: skip
    relation = Relation.objects.latest("pk")
    where_body = body_of(where)
    marketplace.import_everything()
    keeper = where_body.party
    match = Match.objects.create(keeper=keeper, duplicate=relation.from_party, score=60, made_at=clock.now())
    other = Match.objects.create(
        keeper=free.organisation.party, duplicate=relation.to_party, score=60, made_at=clock.now()
    )
    scanning.scan_everything()
    by = regulator()
    confirm(match_id=match.pk, by=by)
    confirm(match_id=other.pk, by=by)
    scanning.scan_changed()
    assert standing()[free.pk, where.department.pk, "RH1"] == "kept_out"
    undo(match_id=match.pk, by=by)
    scanning.scan_changed()
    assert (free.pk, where.department.pk, "RH1") not in standing()


def scanning_party(key, name):
    from oversight.domain.describing import Described

    return Described(keys=(key,), name=name)


def test_a_citys_parameters_and_exceptions_count():
    where, body, tied, _free = city()
    RuleParameter.objects.create(rule="RH2", name="share", value="60", legal_basis="甬规")
    RuleException.objects.create(rule="RH1", body=body, legal_basis="某规定除外")
    scanning.scan_everything()
    assert standing() == {
        (tied.pk, where.department.pk, "RH1"): "excepted",
        (tied.pk, where.department.pk, "RH2"): "flagged",
    }
    assert Tie.objects.get(rule="RH1").basis == "某规定除外"


def test_the_scan_and_asking_for_pairs_say_the_same():
    where, body, tied, free = city()
    number = id_number()
    practitioner(free, number, "欧阳安娜")
    declares(free, kind="kin", counterpart=where.department.organisation)
    declares(free, kind="former", counterpart=where.department.organisation, until=today() - timedelta(days=30))
    declares(tied, kind="officer", counterpart=where.department.organisation)
    body.address = free.current.address = "中山西路 1 号"
    body.save()
    free.current.save()
    marketplace.import_everything()
    world = load(today())
    firms, departments, known = firm_nodes(), department_nodes(), terms_at(today())
    found = list(findings(world, firms, departments, known))
    asked = []
    for node in firms:
        read = around([node], at=today())
        shown = {edge.id: edge for edge in world.around(world.number(node)).edges}
        assert shown.items() <= {edge.id: edge for edge in read.edges}.items()
        asked += [each for department in departments for each in rules.applying(read, node, department, known)]
    assert sorted(map(repr, found)) == sorted(map(repr, asked))
    assert {each.rule for each in found} == {"RH1", "RH2", "RH3", "RH4", "RH5", "RH6"}


@pytest.mark.django_db(transaction=True)
def test_two_scans_at_once_find_everything_once(in_threads):
    city()
    scans = in_threads(scanning.scan_everything, scanning.scan_everything)
    assert sorted(scan.found for scan in scans) == [0, 2]
    assert Tie.objects.standing().count() == 2
    assert Scan.objects.count() == 2
