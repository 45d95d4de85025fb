"""The regulator's desk of oversight: who may look, what is shown of whom, ways between two, and files."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta

import pytest

from accounts.models import Role
from core import clock
from market.domain.search import search_text
from market.models import Firm
from oversight.domain import marketplace, neighbours, scanning, searching
from oversight.domain.describing import Described, id_hash
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.graph import Kind, NodeKind
from oversight.models import Party
from tests import market_place as market
from tests.bidding.browse import acting
from tests.oversight.place import body_of, holds, id_number, organisation_key, regulator

pytestmark = pytest.mark.django_db
NAME = "欧阳安娜"


def today():
    return clock.now().astimezone(clock.LOCAL).date()


class World:
    """Department – body – firm, an official who leads the firm, and another firm of the same body until last year."""

    def __init__(self) -> None:
        self.where = market.place()
        self.firm, self.other = market.firm(self.where), market.firm(self.where)
        self.body = body_of(self.where)
        marketplace.import_everything()
        holds(self.body, self.firm)
        holds(self.body, self.other, key="s2", until=today() - timedelta(days=300))
        person = Described(keys=("p",), kind=NodeKind.PERSON, name=NAME, id_hash=id_hash(id_number()))
        department, own = organisation_key(self.where.department.organisation), organisation_key(self.firm.organisation)
        says = (
            Said(kind=Kind.EMPLOYS, tail=department.keys[0], head="p"),
            Said(kind=Kind.OFFICER, tail="p", head=own.keys[0]),
        )
        state(source_of("x", name="编办"), parties=[person, department, own], statements=[Stated(key="1", says=says)])
        scanning.scan_everything()
        self.node = self.firm.organisation.party.pk
        self.department = self.where.department.organisation.party.pk
        self.person = Party.objects.get(kind="person", name_hash__isnull=False, id_hash__isnull=False).pk
        self.client, self.viewer = acting(regulator()), acting(regulator(role=Role.VIEWER))

    def page(self, client=None, *, pk=None, **query):
        answer = (client or self.client).get(f"/desk/oversight/graph/{pk or self.node}/", query)
        assert answer.status_code == 200
        return answer

    def picture(self, **query):
        return self.page(**query).context["picture"]


@pytest.fixture
def world():
    return World()


def test_who_works_on_cases_reads_names_and_nobody_else(world):
    assert NAME in world.page().content.decode()
    told = world.page(world.viewer).content.decode()
    assert NAME not in told and f"自然人 {world.person}" in told
    table = world.viewer.get(f"/desk/oversight/graph/{world.node}/table.csv").content.decode()
    assert NAME not in table and f"自然人 {world.person}" in table
    assert NAME in world.client.get(f"/desk/oversight/graph/{world.node}/table.csv").content.decode()


def test_the_picture_and_the_table_hold_the_same(world):
    page = world.page()
    rows = page.context["rows"]
    assert {(row.tail.id, row.kind, row.head.id) for row in rows} == {
        (world.body.party.pk, "owns", world.node), (world.person, "officer", world.node),
    }  # fmt: skip
    picture = page.context["picture"]
    assert len(picture["links"]) == len(rows)
    assert {node["kind"] for node in picture["nodes"]} == {"firm", "organisation", "person"}
    data = json.loads(page.content.decode().split('id="graph-data" type="application/json">')[1].split("</script>")[0])
    assert data == picture
    assert "51%" in page.content.decode() and "register:test" in page.content.decode()


def test_opening_one_more_party_shows_what_surrounds_it(world):
    node = next(each for each in world.picture()["nodes"] if each["name"] == world.body.name)
    page = world.client.get(f"/desk/oversight/graph/{world.node}/?{node['query']}")
    names = {each["name"] for each in page.context["picture"]["nodes"]}
    assert world.where.department.organisation.name in names and world.other.organisation.name not in names
    again = next(each for each in page.context["picture"]["nodes"] if each["name"] == world.body.name)
    assert again["open"] and "open=" not in again["query"]


def test_at_a_date_and_by_kind(world):
    owner = world.body.party.pk
    past = world.page(pk=owner, at=(today() - timedelta(days=400)).isoformat()).content.decode()
    assert world.other.organisation.name in past
    assert world.other.organisation.name not in world.page(pk=owner).content.decode()
    only = world.page(kind=["officer"]).context["rows"]
    assert [row.kind for row in only] == ["officer"]
    assert "没有关联" in world.page(kind=["phone"]).content.decode()


def test_the_shortest_way_between_two(world):
    way = neighbours.shortest(world.node, world.department, at=today(), kinds=("owns", "sponsors"))
    assert [(link.kind, link.head) for link in way.links] == [
        ("owns", world.node), ("sponsors", world.body.party.pk),
    ]  # fmt: skip
    page = world.page(to=world.department).content.decode()
    assert "最短经过 2 个关系" in page and "在路径上" in page
    assert neighbours.shortest(world.node, world.department, at=date(2016, 1, 1), kinds=("owns", "sponsors")) is None
    other = world.other.organisation.party.pk
    assert neighbours.shortest(world.node, other, at=today()) is None
    assert "没有找到通向" in world.page(to=other).content.decode()
    assert neighbours.shortest(world.node, world.node, at=today()).links == ()


def test_no_way_leads_over_a_department(world):
    """Two people of one staff are not near each other by that alone."""
    colleague = Described(keys=("c",), kind=NodeKind.PERSON, id_hash=id_hash(id_number()))
    department = organisation_key(world.where.department.organisation)
    said = Stated(key="2", says=(Said(kind=Kind.EMPLOYS, tail=department.keys[0], head="c"),))
    state(source_of("x"), parties=[colleague, department], statements=[said])
    theirs = Party.objects.latest("pk").pk
    assert neighbours.shortest(world.node, theirs, at=today()) is None
    assert neighbours.shortest(world.department, theirs, at=today()) is not None


@pytest.mark.parametrize(
    "query",
    ["at=gestern", "open=x,-1,99999999999999999999", "to=abc", "to=999999", "kind=love", "at=9999-99-99&open=,,"],
)
def test_nonsense_is_passed_over(world, query):
    assert world.client.get(f"/desk/oversight/graph/{world.node}/?{query}").status_code == 200
    assert world.client.get(f"/desk/oversight/graph/{world.node}/table.csv?{query}").status_code == 200


def test_a_cell_of_a_file_is_no_formula(world):
    organisation = world.body
    Party.objects.filter(organisation=organisation).update(name='=HYPERLINK("x")')
    told = world.client.get(f"/desk/oversight/graph/{world.node}/table.csv").content.decode("utf-8-sig")
    cells = {cell for row in csv.reader(io.StringIO(told)) for cell in row}
    assert '\'=HYPERLINK("x")' in cells and not any(cell.startswith("=") for cell in cells)


def test_any_organisation_is_found_by_code_and_by_part_of_its_name(world):
    found = searching.organisations(world.firm.uscc)
    assert [each.pk for each in found] == [world.node]
    assert world.node in {each.pk for each in searching.organisations(world.firm.organisation.name[2:])}
    assert not searching.organisations("甬").exists()
    assert not searching.organisations(NAME).exists()
    page = world.client.get("/desk/oversight/search/", {"q": world.firm.uscc}).content.decode()
    assert f"/desk/oversight/graph/{world.node}/" in page
    assert "没有找到" in world.client.get("/desk/oversight/search/", {"q": NAME}).content.decode()


def test_the_desk_tells_what_has_changed_and_the_list_has_all_of_it(world):
    page = world.client.get("/desk/oversight/").content.decode()
    assert world.firm.organisation.name in page and "RH1" in page and NAME not in page
    listed = world.client.get("/desk/oversight/ties/", {"rule": "RH3", "standing": "yes"}).content.decode()
    assert "自然人甲" in listed and NAME not in listed
    Firm.objects.filter(pk=world.firm.pk).update(search=search_text(world.firm.uscc))
    told = world.client.get("/desk/oversight/ties.csv", {"q": world.firm.uscc}).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(told)))
    assert {row[0] for row in rows[1:]} == {"RH1", "RH2", "RH3"} and NAME not in told
    assert "没有符合条件的关联" in world.client.get("/desk/oversight/ties/", {"effect": "excepted"}).content.decode()


def test_a_sole_trader_is_a_person_too():
    organisation = market.organisation("firm", uscc="92330200MA00000001"[:18])
    party = Party.objects.create(
        kind="organisation", name="张三工作室", uscc=organisation.uscc, organisation=organisation
    )
    assert neighbours.named([party.pk], names=False, unnamed="自然人")[party.pk].name == f"自然人 {party.pk}"
    assert neighbours.named([party.pk], names=True, unnamed="自然人")[party.pk].name == "张三工作室"
