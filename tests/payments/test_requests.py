"""Requests to be paid and transfers of public money: who may, when, once, and until when."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Role
from contracts.models import Milestone
from contracts.payments.domain import due, requests, transfers
from contracts.payments.models import Payment, PaymentRequest, Transfer
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, WrongState
from ledger.models import QueuedEntry
from market.models import Project
from tests import market_place as market
from tests.payments import place

Status = PaymentRequest.Status
PUBLIC = Project.Funding.PUBLIC


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def case(db):
    return place.running()


@pytest.fixture
def public(db):
    return place.running(funding=PUBLIC)


def told(request) -> list[str]:
    return list(QueuedEntry.objects.filter(subject=request.subject).order_by("id").values_list("type", flat=True))


def test_a_request_has_the_milestones_amount_and_a_term(case):
    asked = place.asks(case)
    assert asked.code.startswith("F")
    assert (asked.amount, asked.status) == (case.milestone.amount, Status.REQUESTED)
    assert asked.due_at == asked.requested_at + timedelta(days=30)
    assert asked.public_at == asked.due_at + timedelta(days=30)
    assert told(asked) == ["payment.requested"]


def test_the_log_names_no_account_and_no_invoice_number(case):
    asked = place.asks(case)
    entry = bytes(QueuedEntry.objects.get(subject=asked.subject).entry)
    assert asked.contract.code.encode() in entry
    assert place.MERCHANT.encode() not in entry
    assert b"12345678" not in entry


def test_nobody_but_the_firm_asks(case):
    viewer = market.member_of(case.contract.firm.organisation, role=Role.VIEWER)
    for by in (case.owner, viewer, market.member_of(market.firm(market.place()).organisation)):
        with pytest.raises(NotAllowed):
            requests.request_payment(
                milestone_id=case.milestone.pk, invoice_number="12345678", invoice=place.scan(), by=by
            )


def test_a_milestone_is_asked_for_once(case):
    place.asks(case)
    with pytest.raises(Conflict):
        place.asks(case, invoice_number="87654321")


@pytest.mark.django_db(transaction=True)
def test_two_threads_ask_once(in_threads):
    case = place.running()
    outcomes = in_threads(lambda: place.asks(case), lambda: place.asks(case, invoice_number="87654321"))
    assert sorted(type(each).__name__ for each in outcomes) == ["Conflict", "PaymentRequest"]


def test_an_invoice_is_used_once(case):
    place.asks(case)
    other = place.running()
    other.contract.firm = case.contract.firm
    other.contract.save()
    with pytest.raises(Conflict):
        requests.request_payment(
            milestone_id=other.milestone.pk, invoice_number="12345678", invoice=place.scan(), by=case.firm
        )


def test_private_money_may_be_asked_for_ahead_and_its_term_begins_with_the_acceptance(db):
    case = place.running(accepted=False)
    asked = place.asks(case)
    assert asked.due_at is None
    due.begin_terms()
    assert place.fresh(asked).due_at is None
    case.accept()
    assert due.begin_terms() == 1
    assert place.fresh(asked).due_at == Milestone.objects.get(pk=case.milestone.pk).accepted_at + timedelta(days=30)
    assert due.begin_terms() == 0


def test_public_money_is_asked_for_after_the_acceptance_only(db):
    case = place.running(funding=PUBLIC, accepted=False)
    with pytest.raises(WrongState):
        place.asks(case)
    case.accept()
    assert place.asks(case).status == Status.REQUESTED


def test_a_returned_request_is_made_again(case):
    asked = place.asks(case)
    with pytest.raises(DomainError):
        requests.return_request(request_id=asked.pk, reason=" ", by=case.owner)
    for _twice in range(2):
        back = requests.return_request(request_id=asked.pk, reason="发票抬头不对", by=case.owner)
    assert (back.status, told(asked)) == (Status.RETURNED, ["payment.requested", "payment.returned"])
    again = place.asks(case)
    assert again.code != asked.code


def test_the_firm_takes_its_request_back_and_others_do_not(case):
    asked = place.asks(case)
    with pytest.raises(NotAllowed):
        requests.withdraw_request(request_id=asked.pk, by=case.owner)
    assert requests.withdraw_request(request_id=asked.pk, by=case.firm).status == Status.WITHDRAWN
    with pytest.raises(WrongState):
        requests.return_request(request_id=asked.pk, reason="晚了", by=case.owner)


def test_public_money_is_transferred_and_confirmed(public):
    asked = place.asks(public)
    today = timezone.localdate()
    for _twice in range(2):
        sent = transfers.send_transfer(request_id=asked.pk, paid_on=today, proof=place.scan(), by=public.owner)
    assert (place.fresh(asked).status, Transfer.objects.count()) == (Status.REMITTED, 1)
    with pytest.raises(NotAllowed):
        transfers.answer_transfer(transfer_id=sent.pk, arrived=True, by=public.owner)
    for _twice in range(2):
        transfers.answer_transfer(transfer_id=sent.pk, arrived=True, by=public.firm)
    assert place.fresh(asked).status == Status.PAID
    assert told(asked) == ["payment.requested", "payment.remitted", "payment.paid"]
    with pytest.raises(WrongState):
        transfers.answer_transfer(transfer_id=sent.pk, arrived=False, reason="没有", by=public.firm)


def test_a_transfer_that_did_not_come_is_made_again(public):
    asked = place.asks(public)
    today = timezone.localdate()
    sent = transfers.send_transfer(request_id=asked.pk, paid_on=today, proof=place.scan(), by=public.owner)
    transfers.answer_transfer(transfer_id=sent.pk, arrived=False, reason="查无此款", by=public.firm)
    assert place.fresh(asked).status == Status.REQUESTED
    again = transfers.send_transfer(request_id=asked.pk, paid_on=today, proof=place.scan(), by=public.owner)
    assert again.number == 2


@pytest.mark.parametrize("days", [-1, 1])
def test_a_transfer_is_dated_between_the_request_and_today(public, days):
    asked = place.asks(public)
    with pytest.raises(DomainError) as refused:
        transfers.send_transfer(
            request_id=asked.pk,
            paid_on=timezone.localdate() + timedelta(days=days),
            proof=place.scan(),
            by=public.owner,
        )
    assert refused.value.code == "paid_on"
    assert place.fresh(asked).status == Status.REQUESTED


def test_private_money_takes_no_transfer(case):
    asked = place.asks(case)
    with pytest.raises(WrongState):
        transfers.send_transfer(request_id=asked.pk, paid_on=timezone.localdate(), proof=place.scan(), by=case.owner)


def test_overdue_after_the_term_and_public_after_another(case):
    asked = place.asks(case)
    later = asked.due_at + timedelta(days=1, hours=1)
    assert not PaymentRequest.objects.overdue(now=asked.due_at).exists()
    assert PaymentRequest.objects.overdue(now=later).get() == asked
    assert asked.days_overdue(later) == 1
    assert not PaymentRequest.objects.on_public_notice(now=later).exists()
    assert PaymentRequest.objects.on_public_notice(now=asked.public_at + timedelta(seconds=1)).get() == asked


def test_a_firms_number_is_what_alipay_gives(case):
    with pytest.raises(NotAllowed):
        requests.set_payee(firm=case.contract.firm, merchant_id=place.MERCHANT, by=case.owner)
    with pytest.raises(Exception, match="2088"):
        requests.set_payee(firm=case.contract.firm, merchant_id="1234", by=case.firm)


def order(request, case, number=1, **more):
    now = clock.now()
    fields = {
        "order_number": f"{request.code}_{number}",
        "channel": "page",
        "amount": request.amount,
        "merchant_id": place.MERCHANT,
        "opened_at": now,
        "opened_by": case.owner.user,
        "expires_at": now,
        "asked_at": now,
        **more,
    }
    return Payment(request=request, number=number, **fields)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "paid"},
        {"status": "pay_closed"},
        {"refunded": Decimal("999999.00")},
        {"amount": Decimal(0)},
        {"settled_at": "2026-11-25T00:00:00Z"},
        {"status": "refunded", "paid_at": "2026-11-25T00:00:00Z", "trade_no": "1"},
    ],
)
def test_illegal_payments_are_impossible(case, wrong):
    asked = place.asks(case)
    with pytest.raises(IntegrityError), transaction.atomic():
        order(asked, case, **wrong).save()


def test_two_open_or_two_paid_orders_of_a_request_are_impossible(case):
    asked = place.asks(case)
    order(asked, case).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        order(asked, case, 2).save()
    paid = {"status": "paid", "paid_at": clock.now()}
    order(asked, case, 3, trade_no="1", **paid).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        order(asked, case, 4, trade_no="2", **paid).save()
