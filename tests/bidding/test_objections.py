"""Objections to a candidate: who may file and read them, that the award waits, and how each of them ends."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Kind, Role
from bidding.domain import closing, due, objections
from bidding.models import Award, Objection, ObjectionFile, Policy, Round
from core import clock, worktime
from core.errors import Conflict, DomainError, NotAllowed, NotDue, WrongState
from ledger.models import QueuedEntry
from protocol import canonical
from tests import market_place as market
from tests.bidding.browse import acting, outsiders
from tests.bidding.discussion import (
    PDF,
    PNG,
    decides,
    escalates,
    member,
    notice_ends,
    objects,
    pdf,
    regulator,
    settles,
    with_candidate,
)

pytestmark = pytest.mark.django_db
Status = Objection.Status
SECRET = "甬某机构的资质证书是借来的"


class World:
    """A round with a candidate, the firm that won, and one that lost."""

    def __init__(self) -> None:
        self.where = market.place()
        self.winner, self.loser = market.firm(self.where), market.firm(self.where)
        self.round = with_candidate(self.where, self.winner, self.loser)
        self.by = member(self.loser)

    def objection(self, **more) -> Objection:
        return objects(self.round, self.by, SECRET, **more)

    @property
    def status(self) -> str:
        return Round.objects.get(pk=self.round.pk).status


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(scope="module")
def made(made_once):
    return World()


@pytest.fixture
def world(made):
    return deepcopy(made)


def address(name, objection):
    return reverse(f"bidding:{name}", args=[objection.code])


def file_at(client, round_, **form):
    return client.post(reverse("bidding:object_to", args=[round_.code]), form)


def logged(round_, type):
    rows = QueuedEntry.objects.filter(subject=round_.subject, type=type).order_by("id")
    return [canonical.decode(bytes(each.entry))["data"] for each in rows]


# Who may not


@pytest.mark.parametrize("kind", list(Kind))
def test_who_has_not_entered_objects_to_nothing(world, kind):
    stranger = market.member_of(market.organisation(kind))
    with pytest.raises(NotAllowed):
        objects(world.round, stranger)
    assert file_at(acting(stranger), world.round, text="x").status_code == 404
    assert not Objection.objects.exists()


def test_a_listed_firm_that_did_not_enter_or_withdrew_objects_to_nothing():
    from bidding.domain import entries

    where = market.place()
    winner, gone = market.firm(where), market.firm(where)
    round_ = market.announced(where)
    market.enters(round_, winner, "48000.00")
    market.enters(round_, gone, "49000.00")
    entries.withdraw_entry(round_id=round_.pk, firm=gone, user=market.user(), token=market.token_of(round_, gone))
    round_ = market.closed_and_evaluated(round_)
    for firm in (gone, market.firm(where)):
        with pytest.raises(NotAllowed):
            objects(round_, member(firm))
        assert "提出异议</a>" not in acting(member(firm)).get(f"/rounds/{round_.code}/").content.decode()


def test_who_only_looks_does_nothing(world):
    objection = world.objection()
    viewers = [
        member(world.loser, role=Role.VIEWER),
        market.member_of(world.where.operator.organisation, role=Role.VIEWER),
        market.member_of(market.organisation(Kind.REGULATOR), role=Role.VIEWER),
    ]
    with pytest.raises(NotAllowed):
        objects(world.round, viewers[0])
    with pytest.raises(NotAllowed):
        settles(objection, viewers[1])
    settles(objection, world.where.operator)
    with pytest.raises(NotAllowed):
        escalates(objection, viewers[0])
    escalates(objection, world.by)
    with pytest.raises(NotAllowed):
        objections.decide_objection(
            objection_id=objection.pk, decision=objections.Decision.DISMISS, text="x", by=viewers[2]
        )


def test_each_step_is_its_own_partys(world):
    objection, operator = world.objection(), world.where.operator
    others = [world.by, world.where.owner, member(world.winner), regulator()]
    for by in others:
        with pytest.raises(NotAllowed):
            settles(objection, by)
    settles(objection, operator)
    for by in [operator, world.where.owner, member(world.winner), regulator()]:
        with pytest.raises(NotAllowed):
            escalates(objection, by)
    escalates(objection, world.by)
    for by in [world.by, world.where.owner, operator]:
        with pytest.raises(NotAllowed):
            objections.decide_objection(
                objection_id=objection.pk, decision=objections.Decision.DISMISS, text="x", by=by
            )
    for name, by in (("objection_answer", world.by), ("objection_decide", operator), ("objection_escalate", operator)):
        assert acting(by).post(address(name, objection), {"text": "x"}).status_code == 404


def test_only_the_parties_read_text_and_files(world):
    objection = world.objection(files=1)
    clients = outsiders(world.round)
    clients["a firm that did not enter"] = acting(member(market.firm(world.where)))
    read_by = {"operator", "regulator", "the owner"}
    pages = [f"/rounds/{world.round.code}/{each}" for each in ("", "live/", "record.json", "notice/", "questions/")]
    for who, client in clients.items():
        expected = 200 if who in read_by else 302 if who == "visitor" else 404
        for name, args in (("objection", []), ("objection_file", [1])):
            answer = client.get(reverse(f"bidding:{name}", args=[objection.code, *args]))
            assert answer.status_code == expected, (who, name)
        for page in pages:
            text = client.get(page).content.decode()
            assert SECRET not in text and objection.filed_by.name not in text, (who, page)
    for party in (world.by, member(world.winner), world.where.owner, world.where.operator, regulator()):
        assert SECRET in acting(party).get(address("objection", objection)).content.decode()


def test_a_firm_that_entered_but_neither_won_nor_objected_reads_nothing():
    where = market.place()
    winner, loser, third = (market.firm(where) for _number in range(3))
    round_ = with_candidate(where, winner, loser, third, amounts=("48000.00", "49000.00", "50000.00"))
    objection = objects(round_, member(loser), SECRET)
    client = acting(member(third))
    assert client.get(address("objection", objection)).status_code == 404
    text = client.get(f"/rounds/{round_.code}/").content.decode()
    assert objection.code in text and address("objection", objection) not in text


def test_everybody_reads_that_there_is_one_when_it_came_and_its_state(world):
    objection = world.objection()
    text = Client().get(f"/rounds/{world.round.code}/").content.decode()
    assert objection.code in text and "待答复" in text and "有异议正在处理" in text
    assert "中介管理服务中心：答复异议" in text
    settles(objection, world.where.operator)
    text = Client().get(f"/rounds/{world.round.code}/").content.decode()
    assert "不成立" in text and "有异议正在处理" not in text


# Filing


def test_an_objection_is_filed_with_its_files(world):
    client = acting(world.by)
    given = {"text": SECRET, "evidence": [pdf("合同.pdf"), pdf("证书.png", PNG)]}
    answer = file_at(client, world.round, **given)
    objection = Objection.objects.get()
    assert answer.status_code == 302 and answer["Location"] == address("objection", objection)
    assert objection.code.startswith("Y") and objection.objector == world.loser.organisation
    assert [each.name for each in objection.files.all()] == [f"{objection.code}-1.pdf", f"{objection.code}-2.png"]
    handed = client.get(reverse("bidding:objection_file", args=[objection.code, 1]))
    assert b"".join(handed.streaming_content) == PDF
    assert "sandbox" in handed["Content-Security-Policy"]


def test_the_owner_objects_too(world):
    objection = objects(world.round, world.where.owner)
    assert objection.objector == world.round.owner
    assert (
        objection.code in acting(world.where.owner).get("/desk/owner/rounds/" + world.round.code + "/").content.decode()
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "空的"),
        (b"MZ\x90\x00", "只接受"),
        (PDF[:20], "不完整"),
        (PDF.replace(b"obj", b"/JavaScript"), "脚本"),
        (b"<svg onload=alert(1)>", "只接受"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_by_its_name(world, content, told):
    answer = file_at(acting(world.by), world.round, text="x", evidence=[pdf(), pdf("第二份.pdf", content)])
    text = answer.content.decode()
    assert answer.status_code == 422 and told in text and "第二份.pdf" in text
    assert not Objection.objects.exists()


def test_six_files_are_too_many(world):
    answer = file_at(acting(world.by), world.round, text="x", evidence=[pdf(f"{n}.pdf") for n in range(6)])
    assert answer.status_code == 422 and "最多 5 个文件" in answer.content.decode()
    with pytest.raises(DomainError):
        world.objection(files=6)


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_a_text_that_is_none_is_told_at_the_field(world, text):
    assert file_at(acting(world.by), world.round, text=text).status_code == 422
    with pytest.raises(DomainError):
        objects(world.round, world.by, text)


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(days=1)])
def test_after_the_notice_nothing_is_filed(world, late_by):
    Round.objects.filter(pk=world.round.pk).update(candidate_until=clock.now() - late_by)
    with pytest.raises(NotDue):
        world.objection()
    client = acting(world.by)
    answer = file_at(client, world.round, text="写好的异议")
    assert answer.status_code == 409 and "写好的异议" in answer.content.decode()
    assert "提出异议</a>" not in client.get(f"/rounds/{world.round.code}/").content.decode()


def test_before_there_is_a_candidate_nothing_is_filed():
    where = market.place()
    firm, round_ = market.firm(where), market.announced(where)
    market.enters(round_, firm, "48000.00")
    with pytest.raises(NotAllowed):
        objects(round_, member(firm))
    assert acting(member(firm)).get(reverse("bidding:object_to", args=[round_.code])).status_code == 404


def test_one_at_a_time_and_three_in_all(world):
    for number in range(3):
        objection = objects(world.round, world.by, f"异议 {number}")
        with pytest.raises(Conflict):
            objects(world.round, world.by, "再来一项")
        settles(objection, world.where.operator)
    with pytest.raises(Conflict):
        objects(world.round, world.by, "第四项")
    assert objects(world.round, world.where.owner).status == Status.FILED


def test_what_is_kept_tells_nothing_in_clear(world):
    world.objection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(o::text, '') FROM bidding_objection o")
        assert SECRET not in cursor.fetchone()[0]
    written = b"".join(bytes(each.entry) for each in QueuedEntry.objects.all())
    assert SECRET.encode() not in written


def test_the_log_has_each_step(world):
    objection = world.objection(files=2)
    settles(objection, world.where.operator)
    escalates(objection, world.by)
    decides(objection, "stop")
    decides(objection, "dismiss")
    (filed,) = logged(world.round, "objection.filed")
    assert (filed["code"], len(filed["party"]), filed["files"]["count"]) == (objection.code, 64, 2)
    assert len(filed["text"]) == 64
    assert [each["outcome"] for each in logged(world.round, "objection.answered")] == ["rejected"]
    assert all(world.loser.uscc not in str(each) for each in logged(world.round, "objection.escalated"))
    assert [each["decision"] for each in logged(world.round, "objection.decided")] == ["stop", "dismiss"]


def test_a_natural_person_is_blinded_in_the_log():
    where = market.place()
    object.__setattr__(where, "owner", market.member_of(market.organisation(Kind.PERSON)))
    round_ = with_candidate(where, market.firm(where))
    objects(round_, where.owner)
    (filed,) = logged(round_, "objection.filed")
    assert len(filed["party"]) == 64 and where.owner.organisation.code not in str(filed)


# The award waits


def test_no_award_while_one_is_pending(world):
    objection = world.objection()
    notice_ends(world.round)
    assert not Round.objects.due_to_award(now=clock.now()).exists()
    with pytest.raises(NotDue):
        closing.award_round(round_id=world.round.pk, now=clock.now())
    due.move_due_rounds()
    assert world.status == Round.Status.CANDIDATE and not Award.objects.exists()
    assert "有异议正在处理" in Client().get(f"/rounds/{world.round.code}/").content.decode()
    settles(objection, world.where.operator)
    due.move_due_rounds()
    assert world.status == Round.Status.AWARDED


def test_an_answer_before_the_end_of_the_notice_does_not_shorten_it(world):
    settles(world.objection(), world.where.operator)
    due.move_due_rounds()
    assert world.status == Round.Status.CANDIDATE


def test_one_of_two_is_enough_to_wait(world):
    first, second = world.objection(), objects(world.round, world.where.owner)
    notice_ends(world.round)
    settles(first, world.where.operator)
    due.move_due_rounds()
    assert world.status == Round.Status.CANDIDATE
    settles(second, world.where.operator, "no_effect")
    due.move_due_rounds()
    assert world.status == Round.Status.AWARDED


def test_a_complaint_and_a_stop_hold_the_award_until_dismissed(world):
    objection = world.objection()
    settles(objection, world.where.operator)
    escalates(objection, world.by)
    notice_ends(world.round)
    for decision in ("stop", "stop"):
        due.move_due_rounds()
        assert world.status == Round.Status.CANDIDATE
        decides(objection, decision)
    assert "监管部门：处理投诉" in Client().get(f"/rounds/{world.round.code}/").content.decode()
    due.move_due_rounds()
    assert world.status == Round.Status.CANDIDATE
    decides(objection, "dismiss")
    due.move_due_rounds()
    assert world.status == Round.Status.AWARDED
    assert Objection.objects.get().stop_reason and Objection.objects.get().decision


# How each ends


def test_upheld_voids_the_round_and_everybody_reads_why(world):
    other = objects(world.round, world.where.owner)
    settles(world.objection(), world.where.operator, "upheld", "评定时漏算了一份有效报价。")
    ended = Round.objects.get(pk=world.round.pk)
    assert ended.status == Round.Status.VOID and ended.reason == "评定时漏算了一份有效报价。"
    text = Client().get(f"/rounds/{world.round.code}/").content.decode()
    assert "评定时漏算了一份有效报价。" in text and "不再处理" in text
    with pytest.raises(WrongState):
        settles(other, world.where.operator)
    assert not Objection.objects.pending().exists()
    notice_ends(world.round)
    due.move_due_rounds()
    assert not Award.objects.exists()


def test_the_same_answer_again_changes_nothing_another_is_refused(world):
    objection = world.objection()
    first = settles(objection, world.where.operator)
    again = settles(objection, world.where.operator, text="另一段话")
    assert (again.answer, again.answered_at) == (first.answer, first.answered_at)
    for outcome in ("upheld", "no_effect", "filed", "dismissed"):
        with pytest.raises(WrongState):
            settles(objection, world.where.operator, outcome)
    assert len(logged(world.round, "objection.answered")) == 1


@pytest.mark.parametrize("outcome", ["filed", "escalated", "stopped", "dismissed", "sustained"])
def test_an_answer_is_one_of_three(world, outcome):
    with pytest.raises(WrongState):
        settles(world.objection(), world.where.operator, outcome)


def test_a_regulator_voids_a_round_even_after_its_award(world):
    objection = world.objection()
    settles(objection, world.where.operator)
    notice_ends(world.round)
    due.move_due_rounds()
    escalates(objection, world.by)
    assert "有投诉正在处理" in Client().get(f"/rounds/{world.round.code}/").content.decode()
    decides(objection, "void", "评定有误。")
    assert world.status == Round.Status.VOID
    assert "本通知书失效" in Client().get(f"/rounds/{world.round.code}/award/").content.decode()
    assert world.round.title not in Client().get("/").content.decode().split("最新")[-1]
    with pytest.raises(WrongState):
        decides(objection, "dismiss")


def test_nothing_is_decided_without_a_complaint(world):
    objection = world.objection()
    for decision in objections.Decision:
        with pytest.raises(WrongState):
            decides(objection, decision)


def test_the_time_to_complain_ends(world):
    objection = settles(world.objection(), world.where.operator)
    Objection.objects.filter(pk=objection.pk).update(complaint_until=clock.now())
    with pytest.raises(NotDue):
        escalates(objection, world.by)
    client = acting(world.by)
    assert "向监管部门投诉" not in client.get(address("objection", objection)).content.decode()
    answer = client.post(address("objection_escalate", objection), {"text": "x"})
    assert answer.status_code == 409 and "投诉期限已过" in answer.content.decode()


def test_an_upheld_objection_and_an_ended_round_leave_nothing_to_complain_about(world):
    with pytest.raises(WrongState):
        escalates(settles(world.objection(), world.where.operator, "upheld"), world.by)


def test_deadlines_are_the_policys_working_days():
    where = market.place(unit=Policy.Unit.WORKING_DAYS, objection_days=3, complaint_days=10, decision_days=30)
    round_ = with_candidate(where, market.firm(where))
    friday = datetime(2026, 3, 13, 15, tzinfo=clock.LOCAL)
    Round.objects.filter(pk=round_.pk).update(candidate_until=friday + timedelta(days=3))
    with clock.travelling(friday):
        objection = settles(objects(round_, where.owner), where.operator)
        objection = escalates(objection, where.owner)
    assert objection.answer_due_at == datetime(2026, 3, 19, tzinfo=clock.LOCAL)
    assert objection.complaint_until == datetime(2026, 3, 28, tzinfo=clock.LOCAL)
    assert objection.decision_due_at == worktime.add_working_days(friday, 30)


# Desks


def test_what_waits_is_on_the_service_centres_desk_with_its_deadline(world):
    client = acting(world.where.operator)
    assert "待答复的异议" not in client.get("/desk/operator/").content.decode()
    objection = world.objection()
    text = client.get("/desk/operator/").content.decode()
    assert objection.code in text and "已超期" not in text
    Objection.objects.update(answer_due_at=clock.now() - timedelta(days=1))
    assert "已超期" in client.get("/desk/operator/").content.decode()
    assert "已超期" in client.get(address("objection", objection)).content.decode()
    settles(objection, world.where.operator)
    assert objection.code not in client.get("/desk/operator/").content.decode()


def test_a_pending_objection_is_a_mark_in_the_lists(world):
    owner = acting(world.where.owner)
    assert "异议处理中" not in Client().get("/rounds/").content.decode()
    objection = world.objection()
    assert "异议处理中" in Client().get("/rounds/").content.decode()
    assert "中介管理服务中心：答复异议" in owner.get("/desk/owner/").content.decode()
    settles(objection, world.where.operator)
    assert "异议处理中" not in Client().get("/rounds/").content.decode()


def test_oldest_first(world):
    first, second = world.objection(), objects(world.round, world.where.owner)
    text = acting(world.where.operator).get("/desk/operator/").content.decode()
    assert text.index(first.code) < text.index(second.code)


def test_complaints_wait_on_the_regulators_desk(world):
    client, objection = acting(regulator()), world.objection()
    assert "没有待处理的投诉" in client.get("/desk/regulator/").content.decode()
    assert objection.code in client.get("/desk/regulator/?tab=objections").content.decode()
    escalates(settles(objection, world.where.operator), world.by)
    assert objection.code in client.get("/desk/regulator/").content.decode()
    Objection.objects.update(decision_due_at=clock.now() - timedelta(days=1))
    assert "已超期" in client.get("/desk/regulator/").content.decode()
    decides(objection, "dismiss")
    assert "没有待处理的投诉" in client.get("/desk/regulator/").content.decode()
    settled = client.get("/desk/regulator/?tab=objections").content.decode()
    assert objection.code in settled and "已超期" not in settled


def test_the_whole_way_by_its_pages(world):
    objection = world.objection()
    steps = [
        (world.where.operator, "answer", {"outcome": "rejected", "text": "资质有效。"}),
        (world.by, "escalate", {"text": "不认可。"}),
        (regulator(), "decide", {"decision": "stop", "text": "先停。"}),
        (regulator(), "decide", {"decision": "dismiss", "text": "查明无误。"}),
    ]
    for by, step, form in steps:
        client = acting(by)
        assert client.post(address(f"objection_{step}", objection), {}).status_code == 422
        if step != "escalate":
            before = Objection.objects.get().status
            assert form["text"] in client.post(address(f"objection_{step}", objection), form).content.decode()
            assert Objection.objects.get().status == before
        form = {**form, "confirm": "1"}
        answer = client.post(address(f"objection_{step}", objection), form, follow=True)
        assert answer.status_code == 200 and form["text"] in answer.content.decode()
    assert Objection.objects.get().status == Status.DISMISSED
    late = acting(regulator()).post(
        address("objection_decide", objection), {"decision": "void", "text": "迟了", "confirm": "1"}
    )
    assert late.status_code == 409 and world.status == Round.Status.CANDIDATE


def test_voiding_is_read_once_more_and_can_be_changed(world):
    objection, client = world.objection(), acting(world.where.operator)
    form = {"outcome": "upheld", "text": "漏算一份报价。"}
    review = client.post(address("objection_answer", objection), form).content.decode()
    assert "作废这次比选，公布理由" in review and "不能恢复" in review
    changed = client.post(address("objection_answer", objection), {**form, "change": "1"}).content.decode()
    assert "漏算一份报价。</textarea>" in changed and world.status == Round.Status.CANDIDATE
    assert client.post(address("objection_answer", objection), {**form, "confirm": "1"}).status_code == 302
    assert world.status == Round.Status.VOID


def test_who_voids_a_round_says_at_whose_fault_it_is(world):
    objection, client = world.objection(), acting(world.where.operator)
    form = {"outcome": "upheld", "text": "业绩不实。", "charged_to": "firm"}
    wrong = client.post(address("objection_answer", objection), {**form, "charged_to": "weather", "confirm": "1"})
    assert (
        wrong.status_code == 422 and "业绩不实。" in wrong.content.decode() and world.status == Round.Status.CANDIDATE
    )
    assert 'value="firm"' in client.post(address("objection_answer", objection), form).content.decode()
    assert client.post(address("objection_answer", objection), {**form, "confirm": "1"}).status_code == 302
    assert Objection.objects.get().charged_to == "firm"
    assert logged(world.round, "objection.answered")[0]["charged_to"] == "firm"
    assert "中介机构" in client.get(address("objection", objection)).content.decode()


def test_what_does_not_void_the_round_charges_nobody(world):
    objection = world.objection()
    given = {
        "objection_id": objection.pk,
        "outcome": Status.NO_EFFECT,
        "text": "不影响结果",
        "by": world.where.operator,
    }
    with pytest.raises(DomainError):
        objections.answer_objection(**given, charged_to="weather")
    assert objections.answer_objection(**given, charged_to="firm").charged_to == ""
    assert "charged_to" not in logged(world.round, "objection.answered")[0]
    escalates(objection, world.by)
    given = {"objection_id": objection.pk, "text": "投诉成立", "by": regulator()}
    objections.decide_objection(**given, decision=objections.Decision.VOID, charged_to="owner")
    assert Objection.objects.get().charged_to == "owner" and world.status == Round.Status.VOID


@pytest.mark.parametrize("number", ["0", "2", "99999999999999999999"])
def test_a_file_that_is_not_there(world, number):
    objection = world.objection(files=1)
    client = acting(world.by)
    assert client.get(f"/desk/objections/{objection.code}/files/{number}/").status_code == 404
    kept = ObjectionFile.objects.get()
    kept.file.storage.delete(kept.file.name)
    assert client.get(reverse("bidding:objection_file", args=[objection.code, 1])).status_code == 404


def test_what_is_written_is_shown_as_words(world):
    objection = objects(world.round, world.by, "<script>alert(1)</script>")
    assert "<script>alert" not in acting(world.by).get(address("objection", objection)).content.decode()


def test_rows_that_would_lie_are_refused_by_the_database(world):
    objection = world.objection()
    for wrong in (
        {"status": "rejected"},
        {"status": "escalated"},
        {"status": "sustained"},
        {"charged_to": "firm"},
        {"answered_at": clock.now()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Objection.objects.filter(pk=objection.pk).update(**wrong)
