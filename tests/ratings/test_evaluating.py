"""Evaluating: who may, once, what it becomes with time, and what is noted with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction

from accounts.models import Kind, Role
from contracts.domain import matters
from contracts.models import Contract, Matter
from contracts.payments.domain import requests
from core import clock
from core.errors import DomainError, NotAllowed, NotDue
from ledger.models import QueuedEntry
from protocol import canonical
from ratings.domain import due, evaluating, replying
from ratings.domain.waiting import line_code, lines_to_evaluate
from ratings.models import Burst, Dispute, Evaluation, EvaluationPolicy
from tests import market_place as market
from tests.ratings import lives, saying

pytestmark = pytest.mark.django_db


def entries(found):
    rows = QueuedEntry.objects.filter(subject=found.subject).order_by("id")
    return [canonical.decode(bytes(each.entry)) for each in rows]


def test_outsiders_evaluate_nothing(where):
    own = saying.accepted(where)
    strangers = [
        market.member_of(market.organisation(kind)) for kind in (Kind.OWNER, Kind.PERSON, Kind.DEPARTMENT, Kind.FIRM)
    ]
    strangers += [
        market.member_of(market.organisation(Kind.REGULATOR)),
        market.member_of(own.contract.firm.organisation),
        market.member_of(where.owner.organisation, role=Role.VIEWER),
    ]
    for by in strangers:
        with pytest.raises(NotAllowed):
            saying.evaluates(own, by)
    assert not Evaluation.objects.exists()


def test_nobody_before_the_acceptance_the_department_not_before_its_decision(where):
    contract = saying.running(where)
    with pytest.raises(NotAllowed):
        saying.evaluates(contract.lines.get(), where.owner)
    lives.delivered(contract)
    own, clerk = contract.lines.get(), lives.clerk(where.department)
    assert lines_to_evaluate(where.owner.organisation, now=clock.now()).get() == own
    assert not lines_to_evaluate(clerk.organisation, now=clock.now())
    with pytest.raises(NotAllowed):
        saying.evaluates(own, clerk)
    saying.decided(where, own)
    assert lines_to_evaluate(clerk.organisation, now=clock.now()).get() == own
    assert saying.evaluates(own, clerk).side == "department"
    assert not lines_to_evaluate(clerk.organisation, now=clock.now())


def test_each_side_once_and_the_line_is_called_as_the_timeline_calls_it(where):
    own = saying.accepted(where)
    saying.decided(where, own)
    by_side = [saying.evaluates(own, by) for by in (where.owner, lives.clerk(where.department), where.operator)]
    assert [each.side for each in by_side] == ["owner", "department", "centre"]
    assert {each.line for each in by_side} == {lives.line_of(lives.need_of(own.contract)).code} == {line_code(own)}
    again = saying.evaluates(own, where.owner)
    assert again == by_side[0] and Evaluation.objects.count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        Evaluation.objects.filter(pk=by_side[1].pk).update(side="owner")
    # The other service centre has been here already: nobody writes over what it said.
    with pytest.raises(NotAllowed):
        saying.evaluates(own, market.member_of(market.organisation(Kind.OPERATOR)), quality=1)


def test_too_late_is_not_evaluated(where):
    own = saying.accepted(where)
    late = timedelta(days=EvaluationPolicy.in_force(clock.now()).give_days, seconds=1)
    Contract.objects.filter(pk=own.contract_id).update(completed_at=clock.now() - late)
    assert not lines_to_evaluate(where.owner.organisation, now=clock.now())
    with pytest.raises(NotAllowed):
        saying.evaluates(own, where.owner)


@pytest.mark.parametrize("marks", [{"quality": 101}, {"conduct": -1}, {"attitude": None}, {"charging": True}])
def test_marks_are_whole_numbers_from_0_to_100(where, marks):
    own = saying.accepted(where)
    with pytest.raises(DomainError) as refused:
        saying.evaluates(own, where.owner, **marks)
    assert refused.value.code == next(iter(marks))


@pytest.mark.parametrize(
    "text", ["请致电 13800138000 核实", "电话138-0013-8000", "身份证 ３３０２０３１９９００３０７７７１４", "x" * 1001]
)
def test_what_identifies_a_person_is_not_taken(where, text):
    own = saying.accepted(where)
    with pytest.raises(DomainError):
        saying.evaluates(own, where.owner, text=text)
    assert saying.evaluates(own, where.owner, text="合同 C202611300001 价款 48000.00 元，2026-11-30 交付").text


def test_it_is_edited_until_it_is_public_and_then_final(where):
    own = saying.accepted(where)
    found = saying.evaluates(own, where.owner)
    firm = own.contract.firm.organisation
    assert not Evaluation.objects.public(now=clock.now())
    assert not Evaluation.objects.readable_by(firm, now=clock.now())
    edited = saying.evaluates(own, where.owner, quality=60, text="有返工。")
    assert edited.quality == 60 and edited.edited_at and edited.public_at == found.public_at
    assert saying.evaluates(own, where.owner, quality=60, text="有返工。").edited_at == edited.edited_at
    with pytest.raises(NotDue):
        evaluating.publish_evaluation(evaluation_id=found.pk, now=found.public_at - timedelta(microseconds=1))
    with clock.travelling(found.public_at):
        # Public by the clock, wherever the worker is.
        assert Evaluation.objects.about(firm, now=clock.now()).get() == found
        with pytest.raises(NotDue):
            saying.evaluates(own, where.owner, quality=100)
        assert due.settle_due() == 1 and due.settle_due() == 0
    done = Evaluation.objects.get()
    assert done.status == Evaluation.Status.FINAL and done.quality == 60


def test_the_log_holds_no_mark_before_it_is_public_and_no_words_ever(where):
    own = saying.accepted(where)
    found = saying.evaluates(own, where.owner, text="报告一次通过")
    given = entries(found)
    assert [each["type"] for each in given] == ["evaluation.given"] and "marks" not in given[0]["data"]
    due.settle_due(found.public_at)
    published = entries(found)[-1]
    assert published["data"]["marks"] == saying.MARKS and published["data"]["side"] == "owner"
    assert "报告一次通过" not in str(entries(found))


def test_the_firm_replies_once_after_publication_and_edits_for_a_while(where):
    own = saying.accepted(where)
    found = saying.evaluates(own, where.owner)
    firm = market.member_of(own.contract.firm.organisation)
    with pytest.raises(NotAllowed):
        replying.reply_to(evaluation_id=found.pk, text="谢谢", by=firm)
    with clock.travelling(found.public_at):
        for other in (market.member_of(market.firm(where).organisation), where.owner):
            with pytest.raises(NotAllowed):
                replying.reply_to(evaluation_id=found.pk, text="谢谢", by=other)
        reply = replying.reply_to(evaluation_id=found.pk, text="谢谢", by=firm)
        assert replying.reply_to(evaluation_id=found.pk, text="多谢", by=firm).pk == reply.pk
        assert Evaluation.objects.get().public_reply_at(clock.now()) is None
    with clock.travelling(reply.public_at):
        with pytest.raises(NotDue):
            replying.reply_to(evaluation_id=found.pk, text="再说一句", by=firm)
        assert Evaluation.objects.get().public_reply_at(clock.now()).text == "多谢"
        assert due.settle_due() == 2
    kinds = [each["type"] for each in entries(found)]
    assert kinds == [
        "evaluation.given", "evaluation.replied", "evaluation.reply_edited", "evaluation.published",
        "evaluation.reply_published",
    ]  # fmt: skip


def test_a_reply_comes_in_time_or_not_at_all(where):
    own = saying.accepted(where)
    found = saying.evaluates(own, where.owner)
    firm = market.member_of(own.contract.firm.organisation)
    with clock.travelling(found.reply_until), pytest.raises(NotDue):
        replying.reply_to(evaluation_id=found.pk, text="谢谢", by=firm)


def test_what_stands_between_owner_and_firm_is_noted_with_the_owners_marks_alone(where):
    own = saying.accepted(where)
    firm = market.member_of(own.contract.firm.organisation)
    assert saying.evaluates(own, where.owner).dispute == []
    milestone = own.contract.milestones.filter(delivers=True).get()
    asked = requests.request_payment(
        milestone_id=milestone.pk, invoice_number="1", invoice=saying.scan(), by=firm
    )  # fmt: skip
    edited = saying.evaluates(own, where.owner, quality=10)
    assert edited.dispute == [Dispute.UNPAID]
    assert saying.evaluates(own, where.operator).dispute == []
    type(asked).objects.filter(pk=asked.pk).update(due_at=edited.public_at - timedelta(days=1))
    due.settle_due(edited.public_at)
    # What has been once stays noted, though at the end it is called otherwise.
    assert Evaluation.objects.get(side="owner").dispute == [Dispute.UNPAID, Dispute.OVERDUE]


def test_a_payment_sent_back_or_an_open_matter_is_noted(where):
    own = saying.accepted(where)
    firm = market.member_of(own.contract.firm.organisation)
    milestone = own.contract.milestones.filter(delivers=True).get()
    asked = requests.request_payment(milestone_id=milestone.pk, invoice_number="1", invoice=saying.scan(), by=firm)
    requests.return_request(request_id=asked.pk, reason="发票抬头有误", by=where.owner)
    Contract.objects.filter(pk=own.contract_id).update(status=Contract.Status.RUNNING)
    matters.propose_matter(
        contract_id=own.contract_id, kind=Matter.Kind.TERMINATION, words="解除", charged_to="owner", by=firm
    )  # fmt: skip
    assert saying.evaluates(own, where.owner).dispute == [Dispute.RETURNED, Dispute.MATTER]


@pytest.mark.django_db(transaction=True)
def test_two_of_one_owner_at_one_moment_give_one_evaluation(where, in_threads):
    own = saying.accepted(where)
    others = [market.member_of(where.owner.organisation) for _number in range(3)]
    results = in_threads(*(lambda by=by: saying.evaluates(own, by, quality=70) for by in others))
    assert all(isinstance(each, Evaluation) for each in results), results
    assert Evaluation.objects.count() == 1


# --- bursts ---------------------------------------------------------------------------------------------------------


def test_like_marks_of_one_rater_in_a_short_time_are_a_burst_and_one_more_makes_it_longer(where):
    EvaluationPolicy.objects.update(burst_count=2)
    lines = [saying.accepted(where) for _number in range(3)]
    saying.evaluates(lines[0], where.operator)
    assert not Burst.objects.exists()
    saying.evaluates(lines[1], where.operator)
    burst = Burst.objects.get()
    assert (burst.by, burst.organisation, burst.marks) == (
        "rater",
        where.operator.organisation,
        list(saying.MARKS.values()),
    )
    saying.evaluates(lines[2], where.operator, quality=1)
    assert Burst.objects.get().evaluations.count() == 2
    saying.evaluates(lines[2], where.operator)
    assert Burst.objects.get().evaluations.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_burst_that_comes_at_one_moment_is_seen(where, in_threads):
    EvaluationPolicy.objects.update(burst_count=3)
    lines = [saying.accepted(where) for _number in range(3)]
    in_threads(*(lambda own=own: saying.evaluates(own, where.operator) for own in lines))
    assert Burst.objects.get(by="rater").evaluations.count() == 3


def test_nothing_is_given_for_a_line_that_is_not_there(where):
    with pytest.raises(ObjectDoesNotExist):
        evaluating.evaluate(line_id=0, marks=saying.MARKS, text="", by=where.owner)
