"""Deliverables in versions, the owner's answer, silence, and what the parties agree on the way."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Kind, Role
from contracts.domain import delivering, due, matters
from contracts.models import Contract, Deliverable, Matter, Milestone
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, NotDue, WrongState
from market.models import Suspension
from tests import market_place as market
from tests.bidding.browse import acting
from tests.contracts import place
from tests.contracts.place import pdf, submits
from tests.contracts.test_sealing import logged

pytestmark = pytest.mark.django_db
Status = Contract.Status
K = Matter.Kind


@pytest.fixture(scope="module")
def where(made_once):
    return market.place()


@pytest.fixture(scope="module")
def begun(where):
    contract = place.running(where)
    return (contract, *place.people(where, contract))


@pytest.fixture
def played(begun):
    return deepcopy(begun)


def kinds(contract):
    mine = ("submitted", "accepted", "returned", "completed", "suspended", "resumed", "input_asked", "input_provided")
    return list(contract.events.filter(kind__in=mine).order_by("id").values_list("kind", flat=True))


def test_two_versions_one_returned_then_everything_is_accepted(played):
    contract, owner, firm = played
    first = submits(contract, firm)
    assert (first.version, first.milestone.status) == (1, Milestone.Status.SUBMITTED)
    assert first.review_due_at == contract.policy.end_of_silence(first.submitted_at)
    delivering.return_deliverable(
        deliverable_id=first.pk, reasons=["form", "errors"], words="第 3 章数据有误", by=owner
    )
    first.refresh_from_db()
    assert (first.quality, first.reasons, first.words) == (True, ["errors", "form"], "第 3 章数据有误")
    second = submits(contract, firm, "改后")
    assert second.version == 2
    done = delivering.accept_deliverable(deliverable_id=second.pk, by=owner)
    assert done.milestone.status == Milestone.Status.ACCEPTED
    contract.refresh_from_db()
    assert (contract.status, contract.completed_at) == (Status.COMPLETED, done.reviewed_at)
    assert kinds(contract) == ["submitted", "returned", "submitted", "accepted", "completed"]
    assert contract.events.get(kind="returned").data["quality"] is True
    assert [entry["sha256"] for entry in logged(contract, "deliverable.submitted")] == [first.sha256, second.sha256]
    told = logged(contract, "deliverable.returned")[0]
    assert told["quality"] is True
    assert "有误" not in str(told)


def test_what_is_not_about_quality_does_not_count(played):
    contract, owner, firm = played
    made = submits(contract, firm)
    back = delivering.return_deliverable(deliverable_id=made.pk, reasons=["wish"], words="规模变了", by=owner)
    assert back.quality is False


@pytest.mark.parametrize("step", ["accept", "return", "submit"])
def test_each_step_twice_is_once(played, step):
    contract, owner, firm = played
    made = submits(contract, firm)
    again = {
        "submit": lambda: submits(contract, firm),
        "accept": lambda: delivering.accept_deliverable(deliverable_id=made.pk, by=owner),
        "return": lambda: delivering.return_deliverable(deliverable_id=made.pk, reasons=["form"], words="章", by=owner),
    }[step]
    assert again() == again()
    assert Deliverable.objects.count() == 1
    assert contract.events.filter(kind=f"{step}ed").count() + (step == "submit") <= 2
    assert len(logged(contract, f"deliverable.{step}ed")) <= 1


def test_who_may_not(played, where):
    contract, owner, firm = played
    strangers = [
        owner,
        market.member_of(market.firm(where).organisation),
        market.member_of(firm.organisation, role=Role.VIEWER),
    ]
    for by in strangers:
        with pytest.raises(NotAllowed):
            submits(contract, by)
    assert not Deliverable.objects.exists()
    assert not default_storage.exists("deliverables") or not default_storage.listdir("deliverables")[0]
    made = submits(contract, firm)
    for by in (firm, market.member_of(market.organisation(Kind.OWNER)), where.operator):
        with pytest.raises(NotAllowed):
            delivering.accept_deliverable(deliverable_id=made.pk, by=by)
        with pytest.raises(NotAllowed):
            delivering.return_deliverable(deliverable_id=made.pk, reasons=["form"], words="x", by=by)


def test_wrong_and_too_late(played):
    contract, owner, firm = played
    made = submits(contract, firm)
    with pytest.raises(WrongState):
        submits(contract, firm, "第二份")
    with pytest.raises(DomainError):
        delivering.return_deliverable(deliverable_id=made.pk, reasons=[], words="x", by=owner)
    with pytest.raises(DomainError):
        delivering.return_deliverable(deliverable_id=made.pk, reasons=["form"], words=" ", by=owner)
    delivering.return_deliverable(deliverable_id=made.pk, reasons=["form"], words="章", by=owner)
    with pytest.raises(Conflict):
        submits(contract, firm)
    with pytest.raises(WrongState):
        delivering.accept_deliverable(deliverable_id=made.pk, by=owner)
    last = submits(contract, firm, "终")
    delivering.accept_deliverable(deliverable_id=last.pk, by=owner)
    with pytest.raises(WrongState):
        submits(contract, firm, "多余")
    assert len(default_storage.listdir(f"deliverables/{contract.code}")[1]) == 2


def test_silence_is_acceptance_after_the_term_and_not_before(played):
    contract, _owner, firm = played
    made = submits(contract, firm)
    with pytest.raises(NotDue):
        delivering.accept_by_silence(deliverable_id=made.pk, now=made.review_due_at - timedelta(seconds=1))
    assert due.move_due_contracts(made.review_due_at - timedelta(seconds=1)) == 0
    assert due.move_due_contracts(made.review_due_at) == 1
    assert due.move_due_contracts(made.review_due_at) == 0
    made.refresh_from_db()
    assert (made.status, made.silent, made.reviewed_by) == (Deliverable.Status.ACCEPTED, True, None)
    assert contract.events.get(kind="accepted").data["silent"] is True


def test_a_review_asks_for_a_revision_and_what_may_be_paid_stays_so(played, where):
    contract, owner, firm = played
    made = submits(contract, firm)
    delivering.accept_deliverable(deliverable_id=made.pk, by=owner)
    with pytest.raises(NotAllowed):
        delivering.ask_for_revision(milestone_id=made.milestone_id, words="补充", by=firm)
    department = market.member_of(where.department.organisation)
    for _time in range(2):
        delivering.ask_for_revision(milestone_id=made.milestone_id, words="补充监测", by=department)
    assert contract.events.filter(kind="review_revision_asked").count() == 1
    second = submits(contract, firm, "修改")
    assert second.milestone.status == Milestone.Status.ACCEPTED
    done = delivering.accept_deliverable(deliverable_id=second.pk, by=owner)
    assert done.milestone.revision_asked_at is None
    assert done.milestone.accepted_at == Milestone.objects.get(pk=made.milestone_id).accepted_at
    contract.refresh_from_db()
    assert contract.status == Status.COMPLETED


def test_an_input_counts_from_its_asking_once_the_owner_confirms_it(played):
    contract, owner, firm = played
    with pytest.raises(NotAllowed):
        matters.propose_matter(contract_id=contract.pk, kind=K.INPUT, words="x", by=owner)
    asked = matters.propose_matter(contract_id=contract.pk, kind=K.INPUT, words="总平面图", by=firm)
    assert matters.propose_matter(contract_id=contract.pk, kind=K.INPUT, words="总平面图", by=firm) == asked
    assert not contract.events.filter(kind="input_asked").exists()
    with pytest.raises(NotAllowed):
        matters.answer_matter(matter_id=asked.pk, agrees=True, words="", by=firm)
    for _time in range(2):
        matters.answer_matter(matter_id=asked.pk, agrees=True, words="", by=owner)
    event = contract.events.get(kind="input_asked")
    assert (event.at, event.party) == (asked.at, "owner")
    assert event.recorded_at > event.at
    for _time in range(2):
        matters.finish_matter(matter_id=asked.pk, by=owner)
    provided = contract.events.get(kind="input_provided")
    assert provided.data["ref"] == event.data["ref"]


def test_an_input_that_the_owner_does_not_confirm_leaves_no_event(played):
    contract, owner, firm = played
    asked = matters.propose_matter(contract_id=contract.pk, kind=K.INPUT, words="总平面图", by=firm)
    with pytest.raises(DomainError):
        matters.answer_matter(matter_id=asked.pk, agrees=False, words=" ", by=owner)
    matters.answer_matter(matter_id=asked.pk, agrees=False, words="已于上周提供", by=owner)
    assert not contract.events.filter(kind="input_asked").exists()
    with pytest.raises(WrongState):
        matters.finish_matter(matter_id=asked.pk, by=owner)


def test_a_suspension_stops_the_silence_and_gives_the_term_anew(played):
    contract, owner, firm = played
    made = submits(contract, firm)
    with pytest.raises(DomainError):
        matters.propose_matter(contract_id=contract.pk, kind=K.SUSPENSION, words="征地未完成", by=owner)
    pause = matters.propose_matter(
        contract_id=contract.pk, kind=K.SUSPENSION, words="征地未完成", charged_to="owner", by=owner
    )
    matters.answer_matter(matter_id=pause.pk, agrees=True, words="", by=firm)
    contract.refresh_from_db()
    assert contract.status == Status.SUSPENDED
    assert contract.events.get(kind="suspended").data["charged_to"] == "owner"
    assert due.move_due_contracts(made.review_due_at + timedelta(days=1)) == 0
    with pytest.raises(WrongState):
        delivering.accept_deliverable(deliverable_id=made.pk, by=owner)
    matters.finish_matter(matter_id=pause.pk, by=firm)
    contract.refresh_from_db()
    made.refresh_from_db()
    resumed = contract.events.get(kind="resumed")
    assert contract.status == Status.RUNNING
    assert made.review_due_at == contract.policy.end_of_silence(resumed.at)


def test_termination_needs_both_and_abandoning_only_one(played, where):
    contract, owner, firm = played
    ending = matters.propose_matter(
        contract_id=contract.pk, kind=K.TERMINATION, words="项目取消", charged_to="owner", by=owner
    )
    contract.refresh_from_db()
    assert contract.status == Status.RUNNING
    matters.answer_matter(matter_id=ending.pk, agrees=True, words="", by=firm)
    contract.refresh_from_db()
    assert (contract.status, contract.charged_to) == (Status.TERMINATED, "owner")
    assert contract.milestones.filter(status=Milestone.Status.CANCELLED).count() == 1
    with pytest.raises(WrongState):
        submits(contract, firm)


def test_a_firm_that_abandons_is_suspended_and_an_owner_is_not(played):
    contract, _owner, firm = played
    for _time in range(2):
        gone = matters.abandon_contract(contract_id=contract.pk, reason="人手不足", by=firm)
    assert (gone.status, gone.charged_to) == (Status.ABANDONED, "firm")
    assert Suspension.objects.get().firm == contract.firm
    other = place.running(market.place())
    where_owner = market.member_of(other.owner)
    matters.abandon_contract(contract_id=other.pk, reason="项目取消", by=where_owner)
    assert Suspension.objects.count() == 1


def test_the_service_centre_records_whom_it_is_charged_to(played, where):
    contract, _owner, _firm = played
    with pytest.raises(DomainError):
        matters.abandon_contract(contract_id=contract.pk, reason="查实", by=where.operator)
    with pytest.raises(NotAllowed):
        matters.abandon_contract(
            contract_id=contract.pk, reason="查实", by=market.member_of(market.organisation(Kind.REGULATOR))
        )
    done = matters.abandon_contract(contract_id=contract.pk, reason="查实", charged_to="owner", by=where.operator)
    assert done.charged_to == "owner"


def test_the_database_refuses_rows_that_cannot_be(played):
    contract, _owner, firm = played
    made = submits(contract, firm)
    rows = Deliverable.objects.filter(pk=made.pk)
    for wrong in (
        {"status": "accepted"},
        {"status": "returned", "reviewed_at": clock.now(), "reviewed_by": firm.user},
        {"silent": True},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)


def url(name, *args):
    return reverse(f"contracts:{name}", args=args)


def test_a_version_by_its_pages(played, where):
    contract, owner, firm = played
    owner_client, firm_client = acting(owner), acting(firm)
    address = url("submit", contract.code, 2)
    assert owner_client.get(address).status_code == 404
    assert firm_client.get(url("submit", contract.code, 1)).status_code == 404
    for name, data in (("x.exe", b"MZ"), ("x.pdf", b"%PDF-1.7 half"), ("x.pdf", b"")):
        assert firm_client.post(address, {"file": SimpleUploadedFile(name, data)}).status_code == 422
    active = b"%PDF-1.7\n/JavaScript (x)\n%%EOF"
    assert firm_client.post(address, {"file": SimpleUploadedFile("x.pdf", active)}).status_code == 422
    assert firm_client.post(address, {"file": SimpleUploadedFile("报告.exe.pdf", pdf())}).status_code == 302
    made = Deliverable.objects.get()
    page = owner_client.get(url("mine", contract.code)).content.decode()
    assert made.code in page
    assert made.sha256 in page
    assert owner_client.post(url("return", made.code), {"reasons": "errors"}).status_code == 422
    assert owner_client.post(url("return", made.code), {"reasons": "errors", "words": "错"}).status_code == 302
    assert owner_client.post(url("accept", made.code)).status_code == 409
    again = firm_client.post(address, {"file": SimpleUploadedFile("x.pdf", pdf())})
    assert again.status_code == 409
    assert "完全相同" in again.content.decode()
    firm_client.post(address, {"file": SimpleUploadedFile("x.pdf", pdf("改后"))})
    last = Deliverable.objects.get(version=2)
    assert owner_client.post(url("accept", last.code)).status_code == 302
    assert owner_client.post(url("accept", last.code)).status_code == 302


def test_the_file_is_for_parties_department_and_regulator_only(played, where):
    contract, owner, firm = played
    made = submits(contract, firm)
    readers = [owner, firm, market.member_of(where.department.organisation)]
    readers.append(market.member_of(market.organisation(Kind.REGULATOR)))
    for by in readers:
        answer = acting(by).get(url("deliverable", made.code))
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content) == pdf()
        assert "sandbox" in answer["Content-Security-Policy"]
    others = [where.operator, market.member_of(market.firm(where).organisation)]
    others += [market.member_of(market.organisation(kind)) for kind in (Kind.OWNER, Kind.DEPARTMENT)]
    for by in others:
        assert acting(by).get(url("deliverable", made.code)).status_code == 404
        assert acting(by).post(url("accept", made.code)).status_code == 404


def test_matters_by_their_pages(played):
    contract, owner, firm = played
    owner_client, firm_client = acting(owner), acting(firm)
    assert owner_client.get(url("matter_propose", contract.code, "input")).status_code == 404
    assert owner_client.get(url("matter_propose", contract.code, "nonsense")).status_code == 404
    for kind in Matter.Kind:
        assert firm_client.get(url("matter_propose", contract.code, kind.value)).status_code == 200
    wrong = firm_client.post(url("matter_propose", contract.code, "change"), {"words": "加", "price": "999999"})
    assert wrong.status_code == 409
    assert "另行选取" in wrong.content.decode()
    assert firm_client.post(url("matter_propose", contract.code, "input"), {"words": "图"}).status_code == 302
    assert firm_client.get(url("matter_answer", contract.code, 1)).status_code == 404
    assert owner_client.post(url("matter_answer", contract.code, 1), {"agrees": "0"}).status_code == 422
    assert owner_client.post(url("matter_answer", contract.code, 1), {"agrees": "1"}).status_code == 302
    assert "等待业主提供资料" in firm_client.get(url("mine", contract.code)).content.decode()
    assert owner_client.post(url("matter_finish", contract.code, 1)).status_code == 302
    given = {"words": "暂停", "charged_to": "statutory"}
    assert owner_client.post(url("matter_propose", contract.code, "suspension"), given).status_code == 302
    assert owner_client.post(url("matter_withdraw", contract.code, 2)).status_code == 302
    assert firm_client.post(url("abandon", contract.code), {}).status_code == 422
    assert firm_client.post(url("abandon", contract.code), {"text": "人手不足"}).status_code == 302
    contract.refresh_from_db()
    assert contract.status == Status.ABANDONED
