"""Rounds that experts mark: who is drawn, who steps in, what they see and nobody else, and what anybody can compute again."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Kind, Membership
from approvals.models import DepartmentBody
from bidding import record as records
from bidding.domain import experts as registry
from bidding.domain import marking, rounds
from bidding.domain.marking import Given
from bidding.models import Entry, Expert, ExpertConflict, ExpertPool, Mark, Policy, Round, Seat
from bidding.rules import Disclosure
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, NotDue, WrongState
from ledger.models import QueuedEntry
from protocol.record import read_record
from protocol.verify import verify
from tests import custody
from tests import market_place as market
from tests.bidding import panel
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db
Status, Sitting = Round.Status, Seat.Status


def record_of(round_):
    return Client().get(f"/rounds/{round_.code}/record.json").json()


def failed(record):
    return [check.what for check in verify(read_record(json.dumps(record))) if check.holds is False]


@pytest.fixture
def where():
    return market.place()


@pytest.fixture
def round_(where):
    return panel.scored(where)


def goes_on(round_, *, seconds=60):
    market.goes_on(round_, at=round_.opened_at + timedelta(seconds=seconds))
    return Round.objects.get(pk=round_.pk)


def test_a_whole_round_is_decided_by_marks_and_holds(round_):
    assert (round_.status, len(panel.seats(round_))) == (Status.OPENED, 3)
    decided = panel.judge(round_)
    assert decided.status == Status.CANDIDATE
    record = record_of(decided)
    lot = record["lots"][0]
    assert len(record["pool"]["codes"]) == 5 and record["policy"]["experts"] == 3
    assert [each["status"] for each in lot["experts"]] == ["submitted"] * 3
    assert len(lot["marks"]) == 9 and {mark["comment"] for mark in lot["marks"]} == {"思路清楚"}
    assert all(set(entry["scores"]) == {"price", "quality", "record", "total"} for entry in lot["entries"])
    assert failed(record) == []


def test_the_page_shows_the_arithmetic(round_):
    decided = panel.judge(round_)
    page = Client().get(f"/rounds/{decided.code}/").content.decode()
    lot = decided.lots.get()
    total = Entry.objects.get(lot=lot, firm=lot.winner).scores["total"]
    assert total in page and "40 × ¥ 40,000.00 ÷ ¥ 50,000.00 ＝ 32.00" in page
    assert all(seat.expert.code in page for seat in panel.seats(decided)) and "思路清楚" in page


def test_the_registry_must_be_able_to_fill_a_panel(where):
    for _number in range(2):
        panel.expert(where)
    with pytest.raises(DomainError) as refused:
        market.announced(where, method="scored", parameters=panel.SCORED)
    assert refused.value.code == "too_few_experts"
    panel.expert(where)
    again = rounds.announce_round(round_id=Round.objects.get().pk, by=where.operator)
    assert again.status == Status.ANNOUNCED


def test_whoever_is_in_conflict_is_not_in_the_pool(where):
    body = market.organisation(Kind.INSTITUTION)
    DepartmentBody.objects.create(department=where.department, organisation=body, relation="sponsors", source="测试")
    entrant, today = market.firm(where), timezone.localdate()
    free = [panel.expert(where) for _number in range(3)]
    long_gone = panel.expert(where, employer=entrant.organisation, since=today - timedelta(days=3000),
                             until=today - timedelta(days=1200))  # fmt: skip
    for employer in (where.owner.organisation, where.department.organisation, body, entrant.organisation):
        panel.expert(where, employer=employer)
    panel.expert(where, employer=entrant.organisation, until=today - timedelta(days=300))
    named, acts, declared, ended, elsewhere = (panel.expert(where) for _number in range(5))
    named.employers.create(name=f" {entrant.organisation.name}", since=today)
    Membership.objects.create(user=acts.user, organisation=entrant.organisation, role="viewer")
    registry.declare_conflict(user=declared.user, party=entrant.uscc, reason="亲属任职")
    registry.end_expert(expert_id=ended.pk, by=where.operator)
    Expert.objects.filter(pk=ended.pk).update(active_until=today - timedelta(days=1))
    elsewhere.fields.clear()
    drafted = market.submitted(where, method="scored", parameters=panel.SCORED)
    found = registry.pool_of(drafted, [entrant], at=clock.now())
    assert found == sorted(each.code for each in [*free, long_gone])
    assert ended.code not in found and declared.code in registry.pool_of(drafted, [], at=clock.now())


def test_with_too_few_experts_left_a_round_fails_unopened(where):
    start = clock.now() - timedelta(minutes=30)
    entrant = market.firm(where)
    with clock.travelling(start):
        for employer in (None, None, entrant.organisation):
            panel.expert(where, employer=employer)
        round_ = market.announced(where, method="scored", parameters=panel.SCORED)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        market.enters(round_, entrant, "50000.00")
    market.goes_on(round_, at=round_.closes_at)
    round_.refresh_from_db()
    assert (round_.status, round_.failure, round_.opened_at) == (Status.FAILED, "too_few_experts", None)
    assert "专家不足" in Client().get(f"/rounds/{round_.code}/").content.decode()
    assert failed(record_of(round_)) == []


@pytest.mark.parametrize("conflict", [True, False])
def test_who_steps_aside_is_replaced_with_the_next_code(round_, conflict):
    first = panel.seats(round_)[0]
    with panel.at_work(round_):
        for _ in range(2):
            marking.step_aside(seat_id=first.pk, user=first.expert.user, conflict=conflict, reason="参与过该项目")
    assert len(panel.seats(round_)) == 3  # the custodian has not answered yet
    goes_on(round_, seconds=30)
    seats = panel.seats(round_)
    assert len(Round.objects.get(pk=round_.pk).codes) == 2
    assert [seat.iteration for seat in seats] == [1, 1, 1, 2]
    asked = QueuedEntry.objects.get(type="draw.asked")
    told = json.loads(bytes(asked.entry))["data"]
    assert told == {"lot": "1", "purpose": "experts", "out": first.expert.code}
    decided = panel.judge(round_)
    assert decided.status == Status.CANDIDATE
    record = record_of(decided)
    assert [each["status"] for each in record["lots"][0]["experts"]].count("submitted") == 3
    assert "参与过该项目" not in json.dumps(record, ensure_ascii=False)
    assert failed(record) == []


def test_who_steps_aside_while_the_service_dies_has_not_stepped_aside(round_, monkeypatch):
    """Half of it would leave the seat empty until somebody else is late."""
    first = panel.seats(round_)[0]

    def dies(**_terms):
        raise ConnectionError

    with monkeypatch.context() as patch, panel.at_work(round_):
        patch.setattr(marking, "evaluate_round", dies)
        with pytest.raises(ConnectionError):
            marking.step_aside(seat_id=first.pk, user=first.expert.user, conflict=False, reason="没有时间")
    assert panel.seats(round_)[0].is_running and not QueuedEntry.objects.filter(type="draw.asked").exists()
    with panel.at_work(round_):
        marking.step_aside(seat_id=first.pk, user=first.expert.user, conflict=False, reason="没有时间")
    goes_on(round_, seconds=30)
    assert [seat.iteration for seat in panel.seats(round_)] == [1, 1, 1, 2]


def test_who_misses_the_deadline_is_absent_and_replaced(round_):
    late = panel.seats(round_)[0]
    with panel.at_work(round_):
        marking.accept_seat(seat_id=late.pk, user=late.expert.user)
        marking.save_marks(seat_id=late.pk, user=late.expert.user, given={1: Given(mark=Decimal(5), comment="稿")})
        for seat in panel.seats(round_)[1:]:
            panel.marks_all(seat)
    with clock.travelling(late.due_at), pytest.raises(NotDue):
        marking.submit_marks(seat_id=late.pk, user=late.expert.user, given={})
    market.goes_on(round_, at=late.due_at)
    statuses = [seat.status for seat in panel.seats(round_)]
    assert sorted(statuses) == ["absent", "drawn", "submitted", "submitted"]
    assert not Mark.objects.filter(seat=late).exists()
    with clock.travelling(late.due_at + timedelta(seconds=20)):
        panel.marks_all(panel.seats(round_)[-1])
    market.goes_on(round_, at=late.due_at + timedelta(seconds=40))
    decided = Round.objects.get(pk=round_.pk)
    assert decided.status == Status.CANDIDATE and failed(record_of(decided)) == []


def test_when_nobody_is_left_the_lot_fails(where, monkeypatch):
    round_ = panel.scored(where, experts=3)
    first = panel.seats(round_)[0]
    with panel.at_work(round_):
        marking.step_aside(seat_id=first.pk, user=first.expert.user, conflict=True, reason="亲属")
    round_.refresh_from_db()
    assert (round_.status, round_.failure) == (Status.FAILED, "too_few_experts")
    assert not QueuedEntry.objects.filter(type="draw.asked").exists()
    record = record_of(round_)
    assert record["lots"][0]["experts"] == [] and record["pool"] is None and failed(record) == []
    assert shown_whole(round_, monkeypatch)["lots"][0]["result"]["failed"] == "too_few_experts"


def shown_whole(round_, monkeypatch):
    """The record as it will be once a second announcement has opened; it holds."""
    monkeypatch.setattr(records, "disclosure", lambda _round: Disclosure.EVERYTHING)
    record = record_of(round_)
    assert failed(record) == []
    return record


def test_when_the_codes_are_used_up_the_lot_fails(where, monkeypatch):
    round_ = panel.scored(where, experts=20)
    for turn in range(15):
        with panel.at_work(round_, seconds=10 + turn * 4):
            seat = next(each for each in panel.seats(round_) if each.is_running)
            marking.step_aside(seat_id=seat.pk, user=seat.expert.user, conflict=False, reason="没有时间")
        market.goes_on(round_, at=round_.opened_at + timedelta(seconds=11 + turn * 4))
    round_.refresh_from_db()
    assert len(round_.codes) == 15
    assert (round_.status, round_.failure) == (Status.FAILED, "codes_used_up")
    assert shown_whole(round_, monkeypatch)["lots"][0]["result"]["failed"] == "codes_used_up"


def test_only_the_drawn_expert_acts_and_only_while_it_may(round_):
    seat, other = panel.seats(round_)[0], panel.seats(round_)[1]
    with panel.at_work(round_):
        with pytest.raises(NotAllowed):
            marking.accept_seat(seat_id=seat.pk, user=other.expert.user)
        with pytest.raises(WrongState):
            marking.submit_marks(seat_id=seat.pk, user=seat.expert.user, given={})
        marking.accept_seat(seat_id=seat.pk, user=seat.expert.user)
        for wrong in ("100.01", "-1", "80.001"):
            with pytest.raises(DomainError):
                marking.save_marks(
                    seat_id=seat.pk, user=seat.expert.user, given={1: Given(mark=Decimal(wrong), comment="x")}
                )
        with pytest.raises(DomainError) as missing:
            marking.submit_marks(
                seat_id=seat.pk, user=seat.expert.user, given={1: Given(mark=Decimal(80), comment="x")}
            )
        assert missing.value.code == "missing"
        panel.marks_all(seat)
        with pytest.raises(WrongState):
            marking.save_marks(seat_id=seat.pk, user=seat.expert.user, given={1: Given(mark=Decimal(1), comment="x")})
        with pytest.raises(WrongState):
            marking.step_aside(seat_id=seat.pk, user=seat.expert.user, conflict=True, reason="x")


def test_of_five_marks_the_highest_and_the_lowest_are_dropped(where):
    Policy.objects.filter(pk=where.policy.pk).update(experts=5)
    round_ = panel.scored(where, experts=6, amounts=["50000.00"])
    with panel.at_work(round_):
        for seat, mark in zip(panel.seats(round_), ("0", "80", "90", "70", "100"), strict=True):
            panel.marks_all(seat, marks=(mark,))
    market.goes_on(round_, at=round_.opened_at + timedelta(seconds=40))
    entry = Entry.objects.get(lot__round=round_)
    assert entry.scores == {"price": "40.00", "quality": "32.00", "record": "15.50", "total": "87.50"}
    page = Client().get(f"/rounds/{round_.code}/").content.decode()
    assert "去掉最高 100.00 和最低 0.00，平均 80.0000" in page
    assert failed(record_of(round_)) == []


def test_beat_passes_by_a_round_until_somebody_is_late_or_gone(round_):
    def is_due(at):
        return Round.objects.due_to_evaluate(now=at).filter(pk=round_.pk).exists()

    first = panel.seats(round_)[0]
    assert round_.marks_due_at == first.due_at
    assert not is_due(first.due_at - timedelta(seconds=1)) and is_due(first.due_at)
    with panel.at_work(round_):
        marking.step_aside(seat_id=first.pk, user=first.expert.user, conflict=True, reason="亲属")
    assert is_due(round_.opened_at)
    goes_on(round_, seconds=30)
    assert not is_due(first.due_at - timedelta(seconds=1))


def test_invalid_entries_are_not_marked(where):
    round_ = panel.scored(where, amounts=["50000.00", "70000.00", "45000.00"])
    assert len(round_.lots.get().short_list) == 2
    decided = panel.judge(round_)
    assert Mark.objects.filter(entry__valid=False).count() == 0 and failed(record_of(decided)) == []


def test_with_too_few_valid_entries_no_expert_is_drawn(where):
    round_ = panel.scored(where, amounts=["70000.00"])
    assert (round_.status, round_.failure) == (Status.FAILED, "too_few") and panel.seats(round_) == []
    assert failed(record_of(round_)) == []


def test_nothing_shows_before_the_marks_are_in(round_, where):
    entrants = [entry.firm for entry in Entry.objects.filter(lot__round=round_).select_related("firm__organisation")]
    with panel.at_work(round_):
        panel.marks_all(panel.seats(round_)[0])
    public = [Client().get(f"/rounds/{round_.code}/{part}").content.decode() for part in ("", "record.json", "live/")]
    desks = [acting(where.owner).get("/desk/owner/").content.decode(),
             acting(where.operator).get(f"/desk/operator/rounds/{round_.code}/").content.decode()]  # fmt: skip
    log = b"".join(bytes(row.entry) for row in QueuedEntry.objects.exclude(type="sealed")).decode()
    for text in (*public, *desks, log):
        for firm in entrants:
            assert firm.uscc not in text and firm.organisation.name not in text
        for secret in ("思路清楚", *(seat.expert.code for seat in panel.seats(round_)), *panel.AMOUNTS):
            assert secret not in text
    assert "等专家评分" in public[0]
    centre = acting(where.operator)
    for seat in panel.seats(round_):
        assert round_.code not in centre.get(f"/desk/operator/experts/{seat.expert.code}/").content.decode()
    assert ExpertPool.objects.get(round=round_).blind not in public[1]


def test_the_desk_shows_proposals_by_number_without_name_or_price(round_, where):
    entrants = [entry.firm for entry in Entry.objects.filter(lot__round=round_).select_related("firm__organisation")]
    seat = panel.seats(round_)[0]
    client, address = panel.signed_in(seat.expert), f"/desk/expert/rounds/{round_.code}/1/"
    with panel.at_work(round_):
        before = client.get(address).content.decode()
        assert "方案 1" not in before and "应邀" in before
        assert client.post(address, {"step": "accept"}).status_code == 302
        page = client.get(address).content.decode()
    assert "方案 3" in page
    for firm in entrants:
        assert firm.uscc not in page and firm.organisation.name not in page
    assert not any(amount[:2] + "," in page for amount in panel.AMOUNTS)
    others = [panel.signed_in(panel.expert(where)), Client(), acting(where.owner), acting(where.operator)]
    assert [other.get(address).status_code for other in others] == [404, 302, 404, 404]


def test_marking_on_the_desk(round_):
    seat = panel.seats(round_)[0]
    client, address = panel.signed_in(seat.expert), f"/desk/expert/rounds/{round_.code}/1/"
    half = {"mark_1": "80", "comment_1": "好", "mark_2": "", "comment_2": "", "mark_3": "", "comment_3": ""}
    whole = {"mark_1": "80.5", "comment_1": "好", "mark_2": "90", "comment_2": "细", "mark_3": "0", "comment_3": "空"}
    with panel.at_work(round_):
        client.post(address, {"step": "accept"})
        assert client.post(address, {"step": "save", **half}).status_code == 302
        assert "好" in client.get(address).content.decode()
        short = client.post(address, {"step": "submit", **half})
        assert short.status_code == 422 and "请填写" in short.content.decode()
        review = client.post(address, {"step": "submit", **whole})
        assert review.status_code == 200 and "提交以后不能更改" in review.content.decode()
        assert Seat.objects.get(pk=seat.pk).status == Sitting.ACCEPTED
        assert client.post(address, {"step": "confirm", **whole}).status_code == 302
        assert "80.50" in client.get(address).content.decode()
    assert Seat.objects.get(pk=seat.pk).status == Sitting.SUBMITTED
    assert set(Mark.objects.filter(seat=seat).values_list("mark", flat=True)) == {Decimal("80.5"), 90, 0}


def test_stepping_aside_and_declaring_on_the_desk(round_):
    seat = panel.seats(round_)[0]
    client = panel.signed_in(seat.expert)
    with panel.at_work(round_):
        assert round_.title in client.get("/desk/expert/").content.decode()
        address = f"/desk/expert/rounds/{round_.code}/1/"
        assert client.post(address, {"step": "conflict", "reason": ""}).status_code == 422
        assert client.post(address, {"step": "conflict", "reason": "曾任职"}).status_code == 302
        assert Seat.objects.get(pk=seat.pk).status == Sitting.CONFLICT
        declared = client.post("/desk/expert/", {"step": "declare", "party": "甬某公司", "reason": "亲属任职"})
        assert declared.status_code == 302
    conflict = ExpertConflict.objects.get(expert=seat.expert)
    assert "甬某公司" in client.get("/desk/expert/").content.decode()
    client.post("/desk/expert/", {"step": "withdraw", "conflict": conflict.pk})
    conflict.refresh_from_db()
    assert conflict.withdrawn_at is not None


def test_the_service_centre_keeps_the_registry(where):
    client = acting(where.operator)
    today = timezone.localdate().isoformat()
    form = {"username": "zhuanjia1", "name": "某专家", "phone": "13800000000", "services": [where.service.code],
            "active_from": today}  # fmt: skip
    assert client.post("/desk/operator/experts/add/", {**form, "services": []}).status_code == 422
    added = client.post("/desk/operator/experts/add/", form)
    assert added.status_code == 302
    expert = Expert.objects.get(user__username="zhuanjia1")
    shown = client.get(added["Location"]).content.decode()
    assert expert.code in shown and "初始密码" in shown
    assert "初始密码" not in client.get(added["Location"]).content.decode()
    assert client.post("/desk/operator/experts/add/", form).status_code == 422
    assert expert.code in client.get("/desk/operator/experts/?q=zhuanjia").content.decode()
    address = f"/desk/operator/experts/{expert.code}/"
    since = {"step": "employer", "party": where.owner.organisation.uscc, "since": today}
    assert client.post(address, since).status_code == 302
    employer = expert.employers.get()
    assert employer.organisation == where.owner.organisation
    for forged in ("0", employer.pk + 1, "9" * 18, "x"):  # told, and nothing else
        assert client.post(address, {"step": "left", "employer": forged, "until": today}).status_code == 302
    employer.refresh_from_db()
    assert employer.until is None
    assert client.post(address, {"step": "left", "employer": employer.pk, "until": today}).status_code == 302
    employer.refresh_from_db()
    assert employer.until is not None
    assert client.post(address, {"step": "end"}).status_code == 302
    expert.refresh_from_db()
    assert expert.active_until == timezone.localdate()


def test_only_the_service_centre_changes_the_registry(where):
    person = panel.expert(where)
    for by in (where.owner, market.member_of(where.operator.organisation, role="viewer"),
               market.member_of(where.operator.organisation, role="expert")):  # fmt: skip
        with pytest.raises(NotAllowed):
            registry.end_expert(expert_id=person.pk, by=by)
    with pytest.raises(Conflict):
        registry.register_expert(
            username=person.user.username, name="", phone="", fields=[where.service],
            active_from=timezone.localdate(), by=where.operator,
        )  # fmt: skip


@pytest.fixture
def decided(round_):
    """With a replacement in it."""
    first = panel.seats(round_)[0]
    with panel.at_work(round_):
        marking.step_aside(seat_id=first.pk, user=first.expert.user, conflict=True, reason="亲属")
    goes_on(round_, seconds=30)
    return record_of(panel.judge(round_))


def the_lot(record):
    return record["lots"][0]


def draws(record):
    return [each for each in the_lot(record)["draws"] if each["purpose"] == "experts"]


def other_pool(record):
    record["pool"]["codes"] = sorted([*record["pool"]["codes"], "X209901010001"])


def other_expert(record):
    seated = {each["code"] for each in the_lot(record)["experts"]}
    spare = next(code for code in record["pool"]["codes"] if code not in seated)
    told = next(each for each in the_lot(record)["experts"] if each["status"] == "submitted")
    for mark in the_lot(record)["marks"]:
        mark["expert"] = spare if mark["expert"] == told["code"] else mark["expert"]
    told["code"] = spare


CHANGES = [
    (other_pool, "round.closed: the pool of experts"),
    (lambda record: record.pop("pool"), "lot 1 has a pool of experts"),
    (other_expert, "lot 1 experts are those drawn"),
    (lambda record: draws(record)[0]["order"].reverse(), "lot 1 draw 1 experts order"),
    (lambda record: draws(record)[1]["labels"].pop(), "lot 1 experts were drawn from the pool and from who was left of it"),
    (lambda record: the_lot(record)["marks"].pop(), "lot 1 every expert marked every proposal once"),
    (lambda record: the_lot(record)["marks"].append(the_lot(record)["marks"][0]),
     "lot 1 every expert marked every proposal once"),
    (lambda record: the_lot(record)["marks"][0].update(mark="1.00"), "round.evaluated: experts and marks"),
    (lambda record: the_lot(record)["marks"][0].update(mark="1.00"), "lot 1 scores"),
    (lambda record: the_lot(record)["experts"][0].update(asked=3), "experts were replaced as the log asked"),
    (lambda record: the_lot(record)["experts"][0].update(status="submitted"), "lot 1 every seat was filled"),
    (lambda record: record["policy"].update(experts=5), "round.announced: experts"),
    (lambda record: the_lot(record)["result"].update(failed="too_few_experts"), "lot 1 panel could not be filled"),
    (lambda record: the_lot(record)["result"].update(failed="codes_used_up", winner=None), "lot 1 panel could not be filled"),
]  # fmt: skip


def test_every_tampering_shows(decided):
    assert failed(decided) == []
    for change, what in CHANGES:
        forged = copy.deepcopy(decided)
        change(forged)
        assert what in failed(forged), what


@pytest.mark.django_db(transaction=True)
def test_the_last_two_at_one_moment_decide_once(where, in_threads):
    round_ = panel.scored(where)
    first, *last = panel.seats(round_)
    with panel.at_work(round_):
        panel.marks_all(first)
        answers = in_threads(*[lambda seat=seat: at_once(round_, seat) for seat in last])
    assert answers == [None, None]
    assert Round.objects.get(pk=round_.pk).status == Status.EVALUATED
    assert QueuedEntry.objects.filter(type="round.evaluated").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_leave_at_one_moment_ask_for_two_codes(where, in_threads):
    round_ = panel.scored(where)
    leaving = panel.seats(round_)[:2]
    answers = in_threads(*[lambda seat=seat: leaves(round_, seat) for seat in leaving])
    assert not any(isinstance(each, Exception) for each in answers), answers
    assert sorted(seat.asked for seat in panel.seats(round_) if seat.asked) == [2, 3]
    goes_on(round_, seconds=30)
    assert [seat.iteration for seat in panel.seats(round_)] == [1, 1, 1, 2, 3]
    assert failed(record_of(panel.judge(round_))) == []


def at_once(round_, seat):
    with panel.at_work(round_):
        panel.marks_all(seat)


def leaves(round_, seat):
    with panel.at_work(round_):
        return marking.step_aside(seat_id=seat.pk, user=seat.expert.user, conflict=True, reason="亲属")
