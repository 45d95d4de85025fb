"""Pages of payments: every error in words and at its field, nobody where they have no business, empty and full."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Kind, Role
from contracts.payments.domain import requests, transfers
from contracts.payments.models import Payment, PaymentRequest
from tests import market_place as market
from tests.bidding.browse import acting, member_client
from tests.payments import place

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def case():
    return place.running()


def at(name, request, **more):
    return reverse(f"payments:{name}", kwargs={"code": request.code, **more})


def ask_at(case):
    return reverse("payments:ask", args=[case.contract.code, case.milestone.number])


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "请填写发票号码"),
        ({"invoice_number": "12"}, "8 位或 20 位"),
        ({"invoice_number": "12345678"}, "请上传发票"),
        ({"invoice_number": "12345678", "invoice": SimpleUploadedFile("a.pdf", b"MZ...")}, "只接受 PDF"),
    ],
)
def test_a_bad_invoice_is_told_at_its_field(case, given, word):
    answer = acting(case.firm).post(ask_at(case), given)
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert not PaymentRequest.objects.exists()


def test_full_width_digits_of_an_invoice_are_digits(case):
    answer = acting(case.firm).post(ask_at(case), {"invoice_number": "１２３４ ５６７８", "invoice": place.scan()})
    assert answer.status_code == 302
    assert PaymentRequest.objects.get().invoice_number == "12345678"
    assert acting(case.firm).get(ask_at(case))["Location"].endswith(f"{PaymentRequest.objects.get().code}/")


def test_files_are_for_the_parties_and_the_regulator(case):
    asked = place.asks(case)
    regulator = member_client(market.organisation(Kind.REGULATOR))
    for client in (acting(case.owner), acting(case.firm), regulator):
        answer = client.get(at("invoice", asked))
        assert b"".join(answer.streaming_content) == place.SCAN
        assert "sandbox" in answer["Content-Security-Policy"]
    other = place.running()
    for client in (acting(other.owner), acting(other.firm), member_client(market.organisation(Kind.OPERATOR))):
        assert client.get(at("invoice", asked)).status_code == 404
        assert client.get(at("request", asked)).status_code == 404


def test_who_only_looks_is_offered_no_step(case):
    asked = place.asks(case)
    viewer = acting(market.member_of(case.owner.organisation, role=Role.VIEWER))
    page = viewer.get(at("request", asked)).content.decode()
    assert "打开支付宝收银台" not in page
    assert viewer.post(at("pay", asked)).status_code == 403
    assert acting(case.firm).post(at("pay", asked)).status_code == 404
    assert not Payment.objects.exists()


def test_an_unknown_way_to_pay_is_not_there(case):
    assert acting(case.owner).post(at("pay", place.asks(case)), {"channel": "cash"}).status_code == 404


def test_without_a_merchant_number_the_owner_is_told(case):
    case = place.running(registered=False)
    asked = place.asks(case)
    assert "还没有填写支付宝二级商户号" in acting(case.owner).get(at("request", asked)).content.decode()
    answer = acting(case.owner).post(at("pay", asked), {"channel": "page"})
    assert answer.status_code == 409
    assert "请联系机构" in answer.content.decode()


def test_when_alipay_is_away_the_page_says_so(case, settings, alipay):
    settings.ALIPAY_GATEWAY = "http://127.0.0.1:9/gateway.do"
    asked = place.asks(case)
    answer = acting(case.owner).post(at("pay", asked), {"channel": "code"})
    assert (answer.status_code, "暂时连不上支付宝" in answer.content.decode()) == (409, True)
    back = acting(case.owner).get(at("returned", asked), follow=True)
    assert (back.status_code, "暂时连不上支付宝" in back.content.decode()) == (200, True)


def test_returning_needs_a_reason(case):
    asked = place.asks(case)
    answer = acting(case.owner).post(at("send_back", asked), {"reason": ""})
    assert (answer.status_code, "请写明理由" in answer.content.decode()) == (422, True)
    assert acting(case.owner).post(at("send_back", asked), {"reason": "抬头不对"}).status_code == 302
    assert "抬头不对" in acting(case.firm).get(at("request", asked)).content.decode()


def test_a_transfer_with_a_wrong_day_is_told_at_the_day():
    case = place.running(funding="public")
    asked = place.asks(case)
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    answer = acting(case.owner).post(at("transfer", asked), {"paid_on": tomorrow, "proof": place.scan()})
    assert answer.status_code == 409
    assert "id_paid_on_error" in answer.content.decode()


def test_a_transfer_that_has_not_come_needs_words():
    case = place.running(funding="public")
    asked = place.asks(case)
    transfers.send_transfer(request_id=asked.pk, paid_on=timezone.localdate(), proof=place.scan(), by=case.owner)
    client = acting(case.firm)
    assert client.post(at("arrived", asked), {}).status_code == 422
    assert client.post(at("arrived", asked), {"arrived": "no"}).status_code == 422
    assert client.post(at("arrived", asked), {"arrived": "no", "reason": "未见"}).status_code == 302
    assert PaymentRequest.objects.get().is_waiting


@pytest.mark.parametrize("amount", ["", "abc", "0", "-1", "1.001", "NaN"])
def test_a_refund_that_is_no_amount_is_told(case, amount):
    asked = place.asks(case)
    Payment.objects.create(
        request=asked, number=1, order_number=f"{asked.code}_1", channel="page", amount=asked.amount, merchant_id=place.MERCHANT,
        opened_at=timezone.now(), opened_by=case.owner.user, expires_at=timezone.now(), asked_at=timezone.now(), status="paid",
        paid_at=timezone.now(), trade_no="1",
    )  # fmt: skip
    answer = acting(case.firm).post(at("refund", asked), {"amount": amount, "reason": "退"})
    assert answer.status_code in (422, 409)
    assert "error-summary" in answer.content.decode()


def test_a_withdrawn_request_is_seen_as_such(case):
    asked = place.asks(case)
    assert acting(case.firm).post(at("withdraw", asked)).status_code == 302
    assert "机构已撤回" in acting(case.owner).get(at("request", asked)).content.decode()


def late(case):
    asked = place.asks(case)
    then = timezone.now() - timedelta(days=100)
    PaymentRequest.objects.filter(pk=asked.pk).update(
        requested_at=then, due_at=then + timedelta(days=30), public_at=then + timedelta(days=60)
    )
    return asked


def test_what_is_late_is_on_the_owners_public_page_only_after_the_second_term(case):
    asked = late(case)
    address = reverse("payments:owner_public", args=[case.owner.organisation.public_code])
    assert asked.code in Client().get(address).content.decode()
    public = reverse("contracts:contract", args=[case.contract.code])
    assert "逾期付款在公示" in Client().get(public).content.decode()
    PaymentRequest.objects.update(public_at=timezone.now() + timedelta(days=1))
    assert asked.code not in Client().get(address).content.decode()
    assert "逾期付款在公示" not in Client().get(public).content.decode()


def test_an_owner_of_whom_nobody_has_asked_anything_has_no_page(case):
    for code in (case.owner.organisation.public_code, "Z1", "nobody"):
        assert Client().get(reverse("payments:owner_public", args=[code])).status_code == 404


def test_the_regulator_sees_what_is_late_and_by_whom(case):
    regulator = member_client(market.organisation(Kind.REGULATOR))
    address = reverse("payments:regulator_desk")
    assert "没有逾期的付款" in regulator.get(address).content.decode()
    asked = late(case)
    page = regulator.get(address).content.decode()
    assert asked.code in page
    assert page.count(case.owner.organisation.name) == 2


def test_lists_do_not_ask_more_for_more_rows(case, django_assert_max_num_queries):
    owner = acting(case.owner)
    for _more in range(3):
        other = place.running()
        asked = place.asks(other)
        PaymentRequest.objects.filter(pk=asked.pk).update(owner=case.owner.organisation)
    with django_assert_max_num_queries(25):
        assert owner.get(reverse("payments:owner_desk")).content.decode().count('class="code">F') == 3


def test_the_contract_shows_its_requests_to_who_may_open_them(case):
    asked = place.asks(case)
    address = reverse("contracts:mine", args=[case.contract.code])
    assert asked.code in acting(case.owner).get(address).content.decode()
    operator = member_client(market.organisation(Kind.OPERATOR))
    assert asked.code not in operator.get(address).content.decode()


@pytest.mark.parametrize(("day", "status"), [("", 422), ("gestern", 422), ("2999-01-01", 422)])
def test_a_day_that_is_none_is_told(day, status):
    operator = member_client(market.organisation(Kind.OPERATOR))
    assert operator.post(reverse("payments:read_bill"), {"day": day}).status_code == status


def test_an_empty_bill_is_read_from_the_page(alipay):
    operator = member_client(market.organisation(Kind.OPERATOR))
    today = timezone.localdate().isoformat()
    page = operator.post(reverse("payments:read_bill"), {"day": today}, follow=True).content.decode()
    assert "0 笔" in page
    assert "全部对上" in page


def test_pages_speak_english(case):
    asked = place.asks(case)
    client = acting(case.owner)
    client.cookies["mingxuan_language"] = "en"
    page = client.get(at("request", asked)).content.decode()
    assert "Open the Alipay cashier" in page
    requests.withdraw_request(request_id=asked.pk, by=case.firm)
    assert "Withdrawn by the firm" in client.get(at("request", asked)).content.decode()
