"""A firm reads why it has to step aside and objects; the regulator decides; nobody else learns more than before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Role
from bidding.domain import closing, contesting, eligibility, objections
from bidding.models import Entry, Objection, Round, Stop
from core import clock
from core.errors import Conflict, NotAllowed, NotDue, WrongState
from market.models import Firm
from oversight.domain import marketplace, scanning
from tests import market_place as market
from tests.bidding.browse import acting, outsiders, steady
from tests.bidding.discussion import pdf
from tests.oversight.place import body_of, holds, regulator
from tests.oversight.test_stopping import after_notice, becomes_known, go_on, with_candidate

pytestmark = pytest.mark.django_db
SAID = "该股权已于去年转让"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


class World:
    """A round that takes entries, a firm that is tied, and one that is free."""

    def __init__(self) -> None:
        self.where = market.place()
        self.round = market.announced(self.where)
        self.tied, self.free = market.firm(self.where), market.firm(self.where)
        body = body_of(self.where)
        marketplace.import_everything()
        holds(body, self.tied)
        scanning.scan_everything()
        self.body, self.by, self.regulator = body, market.member_of(self.tied.organisation), regulator()

    def objects(self, **fields) -> Objection:
        fields = {"by": self.by, "text": SAID, "files": [], **fields}
        return contesting.contest(round_id=self.round.pk, **fields)

    def settles(self, objection, sustained, by=None):
        return contesting.settle(
            objection_id=objection.pk, sustained=sustained, text="经查，股权已转让。", by=by or self.regulator
        )

    def reasons(self):
        firm = Firm.objects.get(pk=self.tied.pk)
        round_ = Round.objects.get(pk=self.round.pk)
        return [each.code for each in eligibility.reasons_against(firm=firm, round_=round_, at=clock.now())]


@pytest.fixture
def world():
    return World()


def test_nobody_else_may_object_to_a_recusal(world):
    for by in (market.member_of(world.tied.organisation, role=Role.VIEWER), world.where.owner, world.where.operator):
        with pytest.raises(NotAllowed):
            world.objects(by=by)
    with pytest.raises(NotDue):
        world.objects(by=market.member_of(world.free.organisation))


def test_only_the_regulator_settles_it(world):
    objection = world.objects()
    for by in (world.where.operator, world.where.owner, world.by, regulator(role=Role.VIEWER)):
        with pytest.raises(NotAllowed):
            world.settles(objection, True, by=by)
    with pytest.raises(WrongState):
        objections.answer_objection(
            objection_id=objection.pk, outcome=Objection.Status.REJECTED, text="x", by=world.where.operator
        )
    with pytest.raises(WrongState):
        objections.decide_objection(
            objection_id=objection.pk, decision=objections.Decision.DISMISS, text="x", by=world.regulator
        )


def test_who_reads_it(world):
    objection = world.objects(files=[pdf()])
    readers = {"objector": world.by, "operator": world.where.operator, "regulator": world.regulator}
    for by in readers.values():
        page = acting(by).get(f"/desk/objections/{objection.code}/")
        assert page.status_code == 200 and SAID in page.content.decode()
    for name, client in outsiders(world.round).items():
        if name not in ("operator", "regulator"):
            assert client.get(f"/desk/objections/{objection.code}/").status_code in (302, 404), name


def test_sustained_before_closing_the_firm_may_enter_this_round_and_no_other(world):
    objection = world.objects()
    with pytest.raises(Conflict):
        world.objects()
    assert "tie_found" in world.reasons()
    assert world.settles(objection, True).status == "sustained"
    assert world.settles(objection, True).status == "sustained"
    assert world.reasons() == []
    market.enters(world.round, world.tied, "1.00")
    other = market.announced(world.where)
    told = eligibility.reasons_against(firm=world.tied, round_=other, at=clock.now())
    assert {each.code for each in told} == {"tie_found"}
    round_ = market.closed_and_evaluated(world.round)
    assert round_.lots.get().winner == world.tied
    assert after_notice(round_).status == Round.Status.AWARDED
    assert not Stop.objects.exists()


def test_another_tie_keeps_it_out_all_the_same(world):
    world.settles(world.objects(), True)
    holds(body_of(world.where), world.tied, key="s2", share=30)
    marketplace.import_everything()
    scanning.scan_everything()
    assert "tie_found" in world.reasons()


def test_dismissed_the_firm_stays_out(world):
    assert world.settles(world.objects(), False).status == "dismissed"
    assert "tie_found" in world.reasons()
    world.objects()


def test_who_is_kept_out_for_something_else_too_has_nothing_to_object_to(world):
    world.tied.current.offerings.all().delete()
    with pytest.raises(NotDue):
        world.objects()


def test_a_stopped_round_and_its_objection_are_decided_as_one():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    tied = round_.lots.get().winner
    becomes_known(where, tied)
    objection = contesting.contest(round_id=round_.pk, text=SAID, files=[], by=market.member_of(tied.organisation))
    assert objection.recusal == Stop.objects.get().reasons
    contesting.settle(objection_id=objection.pk, sustained=True, text="经查，股权已转让。", by=regulator())
    assert Stop.objects.get().outcome == "kept"
    assert after_notice(round_).status == Round.Status.AWARDED


def test_deciding_the_stop_answers_the_objection():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    tied = round_.lots.get().winner
    becomes_known(where, tied)
    objection = contesting.contest(round_id=round_.pk, text=SAID, files=[], by=market.member_of(tied.organisation))
    client = acting(regulator())
    address = f"/desk/regulator/stops/{Stop.objects.get().pk}/"
    assert SAID in client.get(address).content.decode()
    given = {"outcome": "set_aside", "text": "股权仍在登记。"}
    assert "提交以后不能更改" in client.post(address, given).content.decode()
    assert Stop.objects.get().outcome == ""
    assert client.post(address, {**given, "confirm": "1"}).status_code == 302
    assert client.post(address, {**given, "outcome": "kept", "confirm": "1"}).status_code == 409
    objection.refresh_from_db()
    assert (objection.status, objection.decision) == ("dismissed", "股权仍在登记。")
    assert go_on(round_).lots.get().winner != tied


def test_an_entry_that_closing_set_aside_may_still_be_objected_to(world):
    market.enters(world.round, world.free, "2.00")
    world.settles(world.objects(), False)
    Objection.objects.update(status="sustained")
    market.enters(world.round, world.tied, "1.00")
    Objection.objects.update(status="dismissed")
    round_ = market.closed_and_evaluated(world.round)
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now())
    assert Entry.objects.get(firm=world.tied).reason == "tie_found"
    objection = world.objects()
    with pytest.raises(NotDue):
        closing.award_round(round_id=round_.pk, now=clock.now())
    world.settles(objection, False)
    assert closing.award_round(round_id=round_.pk, now=clock.now()).status == Round.Status.AWARDED


# Pages


def test_the_firm_reads_the_path_on_the_rounds_page_and_nobody_else_does(world):
    address = f"/rounds/{world.round.code}/"
    page = acting(world.by).get(address).content.decode()
    assert "贵机构须回避" in page and world.body.name in page and "51%" in page
    assert f"/desk/rounds/{world.round.code}/recusal/" in page
    assert f'href="/desk/firm/rounds/{world.round.code}/"' not in page
    for name, client in outsiders(world.round).items():
        told = client.get(address).content.decode()
        assert "贵机构须回避" not in told and world.body.name not in told, name
    refused = acting(world.by).get(f"/desk/firm/rounds/{world.round.code}/").content.decode()
    assert world.body.name in refused and f"/desk/rounds/{world.round.code}/recusal/" in refused


def test_before_closing_no_page_differs_by_an_entry_that_has_to_step_aside(world):
    """Of two rounds the tied firm has entered one: what others read of them is the same, but for the rounds' own codes."""
    pages = {}
    for entered in (False, True):
        if entered:
            Objection.objects.all().delete()
            world.settles(world.objects(), True)
            market.enters(world.round, world.tied, "1.00")
            Objection.objects.all().delete()
        pages[entered] = {
            name: [
                steady(client.get(f"/rounds/{world.round.code}/{part}"))
                for part in ("", "record.json")
                if name in ("visitor", "the owner", "operator", "regulator")
            ]
            for name, client in outsiders(world.round).items()
        }
    for name, before in pages[False].items():
        for one, other in zip(before, pages[True][name], strict=True):
            assert one.count("回避".encode()) == other.count("回避".encode()), name


def test_the_form_says_what_is_missing_and_takes_files(world):
    client, address = acting(world.by), f"/desk/rounds/{world.round.code}/recusal/"
    page = client.get(address).content.decode()
    assert world.body.name in page
    assert client.post(address, {"text": ""}).status_code == 422
    answer = client.post(address, {"text": SAID, "evidence": [pdf()]})
    objection = Objection.objects.get()
    assert answer.url == f"/desk/objections/{objection.code}/"
    assert client.post(address, {"text": SAID}).status_code == 409
    free = acting(market.member_of(world.free.organisation))
    assert "现在没有可以提出异议的回避事项" in free.get(address).content.decode()
    assert Client().get(address).status_code == 302


def test_the_regulator_finds_it_on_the_desk_and_settles_it_there(world):
    objection, client = world.objects(), acting(world.regulator)
    assert objection.code in client.get("/desk/regulator/").content.decode()
    page = client.get(f"/desk/objections/{objection.code}/").content.decode()
    assert world.body.name in page and "这次比选无须回避" in page
    address, given = f"/desk/objections/{objection.code}/decide/", {"decision": "sustain", "text": "经查，已转让。"}
    client.post(address, given)
    assert Objection.objects.get().status == "filed"
    client.post(address, {**given, "confirm": "1"})
    assert Objection.objects.get().status == "sustained"
    shown = acting(world.by).get(f"/desk/objections/{objection.code}/").content.decode()
    assert "异议成立，无须回避" in shown and "经查，已转让" in shown


def test_a_stop_is_on_the_pages_of_everybody_it_concerns():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    tied = round_.lots.get().winner
    becomes_known(where, tied)
    public = Client().get(f"/rounds/{round_.code}/").content.decode()
    assert "比选已暂停" in public and tied.organisation.name in public and "监管部门：处理回避事项" in public
    own = acting(market.member_of(tied.organisation))
    assert f"/desk/rounds/{round_.code}/recusal/" in own.get(f"/rounds/{round_.code}/").content.decode()
    assert "须回避" in own.get("/desk/firm/entries/").content.decode()
    desk = acting(regulator())
    address = f"/desk/regulator/stops/{Stop.objects.get().pk}/"
    assert address in desk.get("/desk/regulator/").content.decode()
    viewer = acting(regulator(role=Role.VIEWER))
    assert "作出决定" not in viewer.get(address).content.decode()
    assert viewer.post(address, {"outcome": "kept", "text": "x", "confirm": "1"}).status_code == 404
    assert Stop.objects.get().stopped_at <= clock.now() + timedelta(seconds=1)
