"""An installation without an account at Alipay: private money goes by transfer, and every page says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Kind
from contracts.payments.domain import due, paying, requests, transfers
from contracts.payments.keys import AlipayOff, account
from contracts.payments.models import Payment, PaymentRequest
from core.errors import WrongState
from tests import market_place as market
from tests.bidding.browse import acting
from tests.payments import place


@pytest.fixture(autouse=True)
def _off(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.ALIPAY_ENABLED = False


@pytest.fixture
def case(db):
    return place.running(registered=False)


def test_nothing_is_paid_online_and_no_key_is_made_up(case, settings, tmp_path):
    settings.ALIPAY_STATE = tmp_path / "alipay"
    asked = place.asks(case)
    with pytest.raises(WrongState):
        place.opens(asked, case)
    with pytest.raises(AlipayOff):
        account()
    assert not settings.ALIPAY_STATE.exists()
    assert not Payment.objects.exists()


def test_private_money_goes_by_transfer(case):
    asked = place.asks(case)
    sent = transfers.send_transfer(request_id=asked.pk, paid_on=timezone.localdate(), proof=place.scan(), by=case.owner)
    transfers.answer_transfer(transfer_id=sent.pk, arrived=True, by=case.firm)
    assert place.fresh(asked).status == PaymentRequest.Status.PAID


def test_nobody_keeps_money_until_the_acceptance_so_it_is_asked_for_afterwards(db):
    case = place.running(registered=False, accepted=False)
    assert not requests.milestones_to_request(case.firm.organisation).filter(pk=case.milestone.pk).exists()
    case.accept()
    assert requests.milestones_to_request(case.firm.organisation).filter(pk=case.milestone.pk).exists()


def test_beat_asks_nobody(case, settings):
    settings.ALIPAY_ENABLED = True
    requests.set_payee(firm=case.contract.firm, merchant_id=place.MERCHANT, by=case.firm)
    payment = paying.open_payment(request_id=place.asks(case).pk, channel="page", by=case.owner)
    settings.ALIPAY_ENABLED = False
    Payment.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    assert (due.follow_payments(), due.read_bills()) == (0, 0)
    assert place.fresh(payment).is_open


def test_a_notification_is_believed_by_nobody(db):
    answer = Client().post("/payments/alipay/notify/", {"sign": "x", "sign_type": "RSA2", "notify_id": "1"})
    assert answer.content == b"failure"


def test_pages_say_so(case):
    asked = place.asks(case)
    said = "本平台没有开通支付宝在线付款"
    for by in (case.owner, case.firm):
        page = acting(by).get(reverse("payments:request", args=[asked.code])).content.decode()
        assert said in page
        assert "打开支付宝收银台" not in page
    assert "提交转账凭证" in acting(case.owner).get(reverse("payments:request", args=[asked.code])).content.decode()
    assert said in acting(case.firm).get(reverse("payments:firm_desk")).content.decode()
    operator = acting(market.member_of(market.organisation(Kind.OPERATOR)))
    assert said in operator.get(reverse("payments:reconciliation")).content.decode()


def test_the_check_has_a_word_and_no_warning(settings):
    found = [each for each in run_checks() if each.id == "payments.I001"]
    assert [each.is_serious() for each in found] == [False]
    settings.ALIPAY_ENABLED = True
    assert not [each for each in run_checks() if each.id == "payments.I001"]
