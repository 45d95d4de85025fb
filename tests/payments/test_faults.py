"""Everything that can go wrong between two houses that hand over money, each over HTTP and with real signatures.

After each case the books match: what Alipay has, our rows have, and what the bill says, too.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from contracts.payments import gateway
from contracts.payments.domain import due, paying, reconciling, refunds, requests, settling
from contracts.payments.models import BillRow, Irregularity, Payment, PaymentRequest, Refund
from core.errors import Conflict, DomainError, NotAllowed
from ledger.models import QueuedEntry
from tests import alipay as alipay_for_tests
from tests.live import environment
from tests.payments import buyer, place
from tests.running import eventually

pytestmark = [pytest.mark.django_db(transaction=True)]

Status = Payment.Status


@pytest.fixture(autouse=True)
def _site(settings, live_server, tmp_path):
    settings.SITE_URL = live_server.url
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def case(alipay):
    return place.running()


@pytest.fixture
def asked(case):
    return place.asks(case)


@pytest.fixture
def order(asked, case):
    return place.opens(asked, case)


def pays(payment):
    return buyer.pays(gateway.pay_url(paying.order_of(payment)))


def heard(alipay, payment, *, answer="success"):
    """Wait until every notification of an order that was sent has this answer."""

    def all_answered():
        rows = alipay.books.all("SELECT * FROM notification WHERE out_trade_no = ? AND tries > 0", payment.order_number)
        return (
            rows
            and all(row["answer"] == answer for row in rows)
            and not alipay.books.all("SELECT 1 FROM notification WHERE state = 'due' AND tries = 0")
        )

    eventually(all_answered, seconds=20)


def events(request):
    found = QueuedEntry.objects.filter(subject=request.subject).order_by("id")
    return [each.removeprefix("payment.") for each in found.values_list("type", flat=True)]


def demand_books_matched(alipay):
    """Row by row: Alipay's trades, refunds and settlements are ours, and the bill leaves nothing unmatched on either side."""
    trades = alipay.books.all("SELECT * FROM trade WHERE paid_at IS NOT NULL")
    ours = {each.order_number: each for each in Payment.objects.paid()}
    assert {row["out_trade_no"] for row in trades} == set(ours)
    for row in trades:
        payment = ours[row["out_trade_no"]]
        assert (Decimal(row["amount"]), row["trade_no"]) == (payment.amount, payment.trade_no)
        assert alipay.books.refunded(row["out_trade_no"]) == payment.refunded
        assert (row["settled"], row["settle_no"]) == (
            str(payment.settle_amount) if payment.settled_at else None,
            payment.settle_no,
        )
    reconciling.reconcile(day=timezone.localdate())
    assert not BillRow.objects.unmatched().exists()
    assert not reconciling.payments_not_billed().exists()
    assert not reconciling.refunds_not_billed().exists()
    paid_requests = PaymentRequest.objects.filter(status=PaymentRequest.Status.PAID)
    assert all(each.payments.filter(status=Status.PAID).count() == 1 for each in paid_requests)


# --- notifications


@pytest.mark.parametrize("how", ["", "twice", "disorder"])
def test_a_notification_counts_once(alipay, asked, order, how):
    alipay.behave(notify=how)
    pays(order)
    heard(alipay, order)
    assert place.fresh(asked).status == PaymentRequest.Status.PAID
    assert events(asked) == ["requested", "paid"]
    demand_books_matched(alipay)


def test_the_notification_comes_before_the_browser(alipay, asked, order):
    back = pays(order)
    heard(alipay, order)
    assert back.startswith(f"{django_settings.SITE_URL}/desk/payments/{asked.code}/returned/?")
    assert place.fresh(order).status == Status.PAID
    demand_books_matched(alipay)


def test_the_browser_comes_before_the_notification(alipay, asked, order):
    alipay.behave(notify="held")
    pays(order)
    assert paying.follow(payment_id=order.pk).status == Status.PAID
    httpx.post(f"{alipay.url}/release")
    heard(alipay, order)
    assert events(asked) == ["requested", "paid"]
    demand_books_matched(alipay)


def test_a_notification_that_never_comes_is_asked_for(alipay, asked, order):
    alipay.behave(notify="never")
    pays(order)
    Payment.objects.update(asked_at=timezone.now() - timedelta(minutes=1))
    assert due.follow_payments() >= 1
    assert place.fresh(asked).status == PaymentRequest.Status.PAID
    demand_books_matched(alipay)


def test_what_neither_notification_nor_question_found_the_bill_finds(alipay, asked, order):
    alipay.behave(notify="never")
    pays(order)
    Payment.objects.filter(pk=order.pk).update(status=Status.CLOSED, closed_at=timezone.now())
    reconciling.reconcile(day=timezone.localdate())
    assert place.fresh(asked).status == PaymentRequest.Status.PAID
    demand_books_matched(alipay)


def test_a_forged_notification_changes_nothing(alipay, asked, order):
    alipay.behave(notify="forged")
    pays(order)
    heard(alipay, order, answer="failure")
    assert place.fresh(order).status == Status.OPEN
    assert not Irregularity.objects.exists()
    paying.follow(payment_id=order.pk)
    demand_books_matched(alipay)


@pytest.mark.parametrize(("how", "finding"), [("wrong_amount", "amount"), ("wrong_seller", "seller")])
def test_a_signed_notification_that_does_not_fit_is_kept_and_not_acted_on(alipay, asked, order, how, finding):
    alipay.behave(notify=how)
    pays(order)
    heard(alipay, order, answer="failure")
    assert place.fresh(order).status == Status.OPEN
    assert Irregularity.objects.get().finding == finding
    paying.follow(payment_id=order.pk)
    demand_books_matched(alipay)


def test_the_door_for_notifications_answers_only_two_words(live_server):
    url = f"{live_server.url}/payments/alipay/notify/"
    for body in ({}, {"sign": "AAAA", "sign_type": "RSA2"}, {"sign": "é", "sign_type": "RSA2", "total_amount": "1"}):
        answer = httpx.post(url, data=body)
        assert (answer.status_code, answer.text) == (200, "failure")
    assert httpx.get(url).status_code == 405


# --- two tabs, two threads, two channels


def test_two_tabs_pay_one_order(alipay, asked, case, order):
    assert place.opens(asked, case) == order
    with pytest.raises(Conflict):
        place.opens(asked, case, "code")
    pays(order)
    with pytest.raises(AssertionError, match="TRADE_HAS_SUCCESS"):
        pays(order)
    heard(alipay, order)
    demand_books_matched(alipay)


def test_two_threads_open_one_order(alipay, asked, case, in_threads):
    first, second = in_threads(lambda: place.opens(asked, case, "code"), lambda: place.opens(asked, case, "code"))
    assert first == second
    assert place.fresh(first).qr_code
    buyer.pays(place.fresh(first).qr_code)
    heard(alipay, first)
    demand_books_matched(alipay)


def test_notification_question_and_return_at_one_moment(alipay, asked, order, in_threads):
    alipay.behave(notify="never")
    pays(order)
    outcomes = in_threads(*[lambda: paying.follow(payment_id=order.pk)] * 4)
    assert {each.status for each in outcomes} == {Status.PAID}
    assert events(asked) == ["requested", "paid"]
    demand_books_matched(alipay)


def test_nobody_but_the_owner_opens_an_order(alipay, asked, case):
    for by in (case.firm, place.running().owner):
        with pytest.raises(NotAllowed):
            paying.open_payment(request_id=asked.pk, channel="page", by=by)


def test_without_a_number_at_alipay_there_is_a_clear_word(alipay):
    case = place.running(registered=False)
    with pytest.raises(DomainError) as refused:
        place.opens(place.asks(case), case)
    assert refused.value.code == "payee"


# --- orders that end, and what is paid nevertheless


def test_a_stale_order_is_closed_at_alipay_and_the_next_one_paid(alipay, asked, case, order):
    cashier = str(buyer.opens(gateway.pay_url(paying.order_of(order))).url)
    Payment.objects.filter(pk=order.pk).update(
        expires_at=timezone.now() - timedelta(hours=1), asked_at=timezone.now() - timedelta(hours=1)
    )
    due.follow_payments()
    assert place.fresh(order).status == Status.CLOSED
    httpx.post(f"{cashier}/pay")
    following = place.opens(asked, case)
    assert following.order_number.endswith("_2")
    pays(following)
    heard(alipay, following)
    assert place.fresh(asked).status == PaymentRequest.Status.PAID
    demand_books_matched(alipay)


def test_an_order_that_nobody_opened_is_closed_after_its_time(alipay, order):
    due.follow_payments()
    assert place.fresh(order).status == Status.OPEN
    Payment.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    assert paying.follow(payment_id=order.pk).status == Status.CLOSED


def test_what_is_paid_twice_goes_back(alipay, asked, case, order):
    """Given up before anybody opened its cashier, so that Alipay knows nothing to close, and paid all the same."""
    link = gateway.pay_url(paying.order_of(order))
    paying.cancel_payment(payment_id=order.pk, by=case.owner)
    following = place.opens(asked, case, "code")
    buyer.pays(following.qr_code)
    heard(alipay, following)
    buyer.pays(link)
    eventually(lambda: place.fresh(order).status == Status.SURPLUS, seconds=20)
    due.follow_payments()
    assert place.fresh(order).status == Status.REFUNDED
    assert place.fresh(following).status == Status.PAID
    assert events(asked) == ["requested", "paid", "surplus", "refunded", "settled"]
    demand_books_matched(alipay)


def test_what_is_paid_for_a_request_taken_back_goes_back(alipay, asked, case, order):
    link = gateway.pay_url(paying.order_of(order))
    with pytest.raises(Conflict):
        requests.withdraw_request(request_id=asked.pk, by=case.firm)
    paying.cancel_payment(payment_id=order.pk, by=case.owner)
    requests.withdraw_request(request_id=asked.pk, by=case.firm)
    buyer.pays(link)
    eventually(lambda: place.fresh(order).status == Status.SURPLUS, seconds=20)
    due.follow_payments()
    assert place.fresh(order).status == Status.REFUNDED
    demand_books_matched(alipay)


def test_an_order_given_up_while_it_is_paid_is_paid(alipay, asked, case, order):
    alipay.behave(notify="never")
    pays(order)
    assert paying.cancel_payment(payment_id=order.pk, by=case.owner).status == Status.PAID
    demand_books_matched(alipay)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "busy", "bad_sign"])
def test_a_code_that_did_not_come_is_asked_for_again_with_the_same_order(alipay, asked, case, fault):
    alipay.behave(api=fault)
    with pytest.raises(gateway.Uncertain):
        place.opens(asked, case, "code")
    alipay.behave(api="")
    order = place.opens(asked, case, "code")
    assert (Payment.objects.count(), bool(order.qr_code)) == (1, True)
    buyer.pays(order.qr_code)
    heard(alipay, order)
    demand_books_matched(alipay)


# --- refunds and settlements


@pytest.fixture
def paid(alipay, order):
    pays(order)
    heard(alipay, order)
    return place.fresh(order)


def gives_back(payment, case, amount):
    asked = refunds.ask_refund(payment_id=payment.pk, amount=Decimal(amount), reason="少做了一部分", by=case.firm)
    return asked, lambda: refunds.carry_out(refund_id=asked.pk)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "busy", "bad_sign"])
def test_a_refund_whose_answer_is_lost_is_made_once(alipay, asked, paid, case, fault):
    _refund, carry_out = gives_back(paid, case, "100.00")
    alipay.behave(api=fault, only="alipay.trade.refund")
    with pytest.raises(gateway.Uncertain):
        carry_out()
    assert place.fresh(paid).refunded == 0
    with pytest.raises(Conflict):
        gives_back(paid, case, "100.00")
    alipay.behave(api="", only="")
    due.follow_payments()
    assert place.fresh(paid).refunded == Decimal("100.00")
    assert events(asked).count("refunded") == 1
    demand_books_matched(alipay)


def test_a_refund_carried_out_by_two_threads_is_made_once(alipay, asked, paid, case, in_threads):
    _refund, carry_out = gives_back(paid, case, "100.00")
    assert {each.status for each in in_threads(carry_out, carry_out)} == {Refund.Status.DONE}
    assert place.fresh(paid).refunded == Decimal("100.00")
    demand_books_matched(alipay)


def test_two_threads_do_not_give_back_more_than_there_is(alipay, paid, case, in_threads):
    whole = str(paid.amount)
    outcomes = in_threads(lambda: gives_back(paid, case, whole), lambda: gives_back(paid, case, whole))
    assert sum(isinstance(each, Conflict) for each in outcomes) == 1
    due.follow_payments()
    assert place.fresh(paid).status == Status.REFUNDED
    assert place.fresh(paid.request).status == PaymentRequest.Status.REFUNDED
    demand_books_matched(alipay)


@pytest.mark.parametrize("amount", ["0", "-1", "999999999.00"])
def test_no_more_and_no_less_is_given_back(paid, case, amount):
    with pytest.raises(DomainError) as refused:
        gives_back(paid, case, amount)
    assert refused.value.code == "amount"


def test_the_owner_gives_back_nothing(paid, case):
    with pytest.raises(NotAllowed):
        refunds.ask_refund(payment_id=paid.pk, amount=Decimal("1.00"), reason="退", by=case.owner)


@pytest.mark.parametrize("fault", ["", "drop_before", "drop_after", "busy", "bad_sign"])
def test_what_is_accepted_is_settled_once_less_what_was_refunded(alipay, asked, paid, case, fault):
    _refund, carry_out = gives_back(paid, case, "100.00")
    carry_out()
    alipay.behave(api=fault, only="alipay.trade.settle.confirm")
    due.follow_payments()
    alipay.behave(api="", only="")
    due.follow_payments()
    due.follow_payments()
    settled = place.fresh(paid)
    assert (settled.settle_amount, settled.settled_at is None) == (paid.amount - 100, False)
    assert events(asked).count("settled") == 1
    demand_books_matched(alipay)


def test_nothing_is_settled_before_the_acceptance(alipay):
    case = place.running(accepted=False)
    order = place.opens(place.asks(case), case)
    pays(order)
    heard(alipay, order)
    due.follow_payments()
    assert settling.settle_payment(payment_id=order.pk).settled_at is None
    case.accept()
    due.follow_payments()
    assert place.fresh(order).settled_at is not None
    demand_books_matched(alipay)


def test_a_settlement_under_way_keeps_refunds_waiting_and_afterwards_they_come_from_the_firm(alipay, paid, case):
    alipay.behave(api="drop_after", only="alipay.trade.settle.confirm")
    due.follow_payments()
    with pytest.raises(Conflict):
        gives_back(paid, case, "100.00")
    alipay.behave(api="", only="")
    due.follow_payments()
    _refund, carry_out = gives_back(paid, case, "100.00")
    carry_out()
    assert place.fresh(paid).refunded == Decimal("100.00")


def test_what_a_cancelled_milestone_holds_the_owner_takes_back(alipay):
    case = place.running(accepted=False)
    order = place.opens(place.asks(case), case)
    pays(order)
    heard(alipay, order)
    type(case.milestone).objects.filter(pk=case.milestone.pk).update(status="cancelled")
    asked = refunds.ask_refund(payment_id=order.pk, amount=order.amount, reason="不再履行", by=case.owner)
    assert refunds.carry_out(refund_id=asked.pk).status == Refund.Status.DONE
    demand_books_matched(alipay)


# --- a process that dies

KILLED = """
import os, signal, django
django.setup()
from contracts.payments import gateway
from contracts.payments.domain import {module}
name, real = {call!r}, getattr(gateway, {call!r})
def and_dies(*args, **kwargs):
    real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(gateway, name, and_dies)
{statement}
"""


def killed_after(call, module, statement):
    """Run a statement in a process of its own that is killed as soon as Alipay has done what it asked, before it is written."""
    told = {**environment(_Somewhere()), **alipay_for_tests.environment(django_settings.SITE_URL)}
    told["DJANGO_SETTINGS_MODULE"] = "config.settings"
    script = KILLED.format(call=call, module=module, statement=statement)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=django_settings.BASE_DIR, env=told, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


class _Somewhere:
    port = socket_port = 0
    url = "http://localhost"


def test_killed_between_the_refund_and_its_commit(alipay, asked, paid, case):
    refund, _carry_out = gives_back(paid, case, "100.00")
    killed_after("refund", "refunds", f"refunds.carry_out(refund_id={refund.pk})")
    assert alipay.books.refunded(paid.order_number) == Decimal("100.00")
    assert place.fresh(refund).status == Refund.Status.PENDING
    due.follow_payments()
    assert place.fresh(paid).refunded == Decimal("100.00")
    demand_books_matched(alipay)


def test_killed_between_the_settlement_and_its_commit(alipay, paid):
    killed_after("settle", "settling", f"settling.settle_payment(payment_id={paid.pk})")
    assert place.fresh(paid).is_settling
    due.follow_payments()
    assert place.fresh(paid).settled_at is not None
    demand_books_matched(alipay)


def test_killed_between_making_a_code_and_keeping_it(alipay, asked, case):
    order = place.opens(asked, case)
    Payment.objects.filter(pk=order.pk).update(channel="code")
    killed_after("precreate", "paying", f"paying._with_code(paying.Payment.objects.get(pk={order.pk}))")
    order = place.opens(asked, case, "code")
    assert order.qr_code
    buyer.pays(order.qr_code)
    heard(alipay, order)
    demand_books_matched(alipay)


# --- the bill


def test_a_bill_row_that_we_do_not_know_is_seen_until_it_is_known(alipay, paid):
    alipay.books.put(
        out_trade_no="X1",
        amount="5.00",
        subject="x",
        merchant_id=place.MERCHANT,
        notify_url="",
        return_url="",
        expires_at="",
    )
    alipay.books.move("X1", "TRADE_SUCCESS", before=("",), paid=True)
    for _twice in range(2):
        reconciling.reconcile(day=timezone.localdate())
    row = BillRow.objects.unmatched().get()
    assert (row.order_number, row.finding) == ("X1", BillRow.Finding.UNKNOWN)
    assert BillRow.objects.count() == 2


def test_a_payment_that_the_bill_does_not_have_is_seen(alipay, paid):
    alipay.books.one("UPDATE trade SET paid_at = NULL")
    reconciling.reconcile(day=timezone.localdate())
    assert reconciling.payments_not_billed().get() == paid
    reconciling.reconcile(day=timezone.localdate() - timedelta(days=1))


def test_another_amount_in_the_bill_is_seen(alipay, paid):
    alipay.books.one("UPDATE trade SET amount = '1.00'")
    reconciling.reconcile(day=timezone.localdate())
    assert BillRow.objects.unmatched().get().finding == BillRow.Finding.AMOUNT
    assert reconciling.payments_not_billed().get() == paid


def test_past_days_are_read_once(alipay, paid):
    Payment.objects.update(opened_at=timezone.now() - timedelta(days=3))
    today = timezone.localdate()
    assert reconciling.days_to_read() == [today - timedelta(days=each) for each in (3, 2, 1)]
    for day in reconciling.days_to_read():
        reconciling.reconcile(day=day)
    assert reconciling.days_to_read() == []


def test_a_bill_that_was_not_made_yet_is_read_again(alipay, paid):
    """Alipay says of it that there is none, as of a day without trade."""
    yesterday = timezone.now() - timedelta(days=1)
    there = alipay.books.one("UPDATE trade SET paid_at = NULL RETURNING trade_no")["trade_no"]
    Payment.objects.update(opened_at=yesterday, paid_at=yesterday)
    day = timezone.localdate(yesterday)
    reconciling.reconcile(day=day)
    assert reconciling.payments_not_billed().get() == paid
    assert reconciling.days_to_read() == [day]
    alipay.books.one("UPDATE trade SET paid_at = ? WHERE trade_no = ?", f"{day} 12:00:00", there)
    reconciling.reconcile(day=day)
    assert reconciling.days_to_read() == []
    assert not reconciling.payments_not_billed().exists()
