"""The gateway module against the sandbox, over HTTP and with real signatures."""

import json
import zipfile
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone

from contracts.payments import bill, gateway, keys
from contracts.payments.sandbox.server import Sandbox
from tests.payments import buyer

MERCHANT = "2088123412341234"


def order(number="F202611250001_1", amount="1000.00", **more):
    later = timezone.now() + timedelta(minutes=30)
    return gateway.Order(
        **{
            "number": number,
            "amount": Decimal(amount),
            "subject": "环评报告，第 1 期 & “初稿”",
            "merchant_id": MERCHANT,
            "expires_at": later,
            "return_url": "http://localhost/back",
            **more,
        }
    )


def paid(number="F202611250001_1", **more):
    buyer.pays(gateway.pay_url(order(number, **more)))
    return gateway.query(number)


def test_an_order_is_paid_refunded_in_part_and_settled(alipay):
    made = order()
    with pytest.raises(gateway.NoSuchTrade):
        gateway.query(made.number)
    buyer.opens(gateway.pay_url(made))
    assert gateway.query(made.number).status == "WAIT_BUYER_PAY"
    back = buyer.pays(gateway.pay_url(made))
    assert back.startswith("http://localhost/back?")
    trade = gateway.query(made.number)
    assert (trade.is_paid, trade.amount, trade.paid_at is None) == (True, Decimal("1000.00"), False)
    for _again in range(2):
        back_so_far = gateway.refund(
            order_number=made.number, request_no="R1", amount=Decimal("200.00"), reason="退一部分"
        )
        assert back_so_far == Decimal("200.00")
    assert gateway.is_refunded(order_number=made.number, request_no="R1")
    assert not gateway.is_refunded(order_number=made.number, request_no="R2")
    with pytest.raises(gateway.Refused) as refused:
        gateway.settle(trade_no=trade.trade_no, request_no="S1", amount=Decimal("1000.00"))
    assert refused.value.sub_code == "ACQ.INVALID_PARAMETER"
    for _again in range(2):
        assert gateway.settle(trade_no=trade.trade_no, request_no="S1", amount=Decimal("800.00")) == Decimal("800.00")


def test_the_request_names_the_firm_as_payee_and_nobody_else(alipay):
    sent = dict(parse_qsl(urlsplit(gateway.pay_url(order())).query))
    content = json.loads(sent["biz_content"])
    assert content["sub_merchant"] == {"merchant_id": MERCHANT, "merchant_type": "alipay"}
    assert content["settle_info"]["settle_detail_infos"] == [{"amount": "1000.00", "trans_in_type": "defaultSettle"}]
    assert "royalty_info" not in content
    assert sent["notify_url"].endswith("/payments/alipay/notify/")


def test_a_scanned_order_is_paid_and_a_second_payment_is_impossible(alipay):
    code = gateway.precreate(order())
    buyer.pays(code)
    assert gateway.query("F202611250001_1").is_paid
    with pytest.raises(gateway.Refused) as refused:
        gateway.precreate(order())
    assert refused.value.sub_code == "ACQ.TRADE_HAS_SUCCESS"


def test_an_unpaid_order_is_closed_and_not_payable_any_more(alipay):
    with pytest.raises(gateway.NoSuchTrade):
        gateway.close("F202611250001_1")
    url = gateway.pay_url(order())
    cashier = str(buyer.opens(url).url)
    gateway.close("F202611250001_1")
    assert gateway.query("F202611250001_1").is_closed
    httpx.post(f"{cashier}/pay")
    assert gateway.query("F202611250001_1").is_closed


def test_an_order_is_not_payable_after_its_time(alipay):
    late = order(expires_at=timezone.now() - timedelta(seconds=1))
    assert "确认付款" not in buyer.opens(gateway.pay_url(late)).text


def test_the_same_number_with_another_amount_is_refused(alipay):
    buyer.opens(gateway.pay_url(order()))
    assert "ACQ.CONTEXT_INCONSISTENT" in buyer.opens(gateway.pay_url(order(amount="1.00"))).text


def test_our_signature_is_checked(alipay):
    url = gateway.pay_url(order())
    assert "isv.invalid-signature" in httpx.get(url.replace("1000.00", "1.00"), follow_redirects=True).text


def test_a_foreign_key_is_refused_as_alipay_refuses_it(alipay, settings, tmp_path):
    keys.make(tmp_path / "other")
    settings.ALIPAY_APP_KEY = (tmp_path / "other" / keys.APP).read_text()
    settings.ALIPAY_PUBLIC_KEY = keys.public_pem((settings.ALIPAY_STATE / keys.ALIPAY).read_text())
    with pytest.raises(gateway.Refused) as refused:
        gateway.query("F202611250001_1")
    assert refused.value.sub_code == "isv.invalid-signature"


def test_an_answer_that_alipay_did_not_sign_is_not_believed(alipay):
    alipay.behave(api="bad_sign")
    with pytest.raises(gateway.Uncertain):
        gateway.query("F202611250001_1")


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "busy"])
def test_what_moves_money_is_sent_once_and_its_outcome_left_open(alipay, fault):
    paid()
    alipay.behave(api=fault)
    with pytest.raises(gateway.Uncertain):
        gateway.refund(order_number="F202611250001_1", request_no="R1", amount=Decimal("1.00"), reason="退")
    alipay.behave(api="")
    assert gateway.is_refunded(order_number="F202611250001_1", request_no="R1") == (fault == "drop_after")


def test_a_slow_answer_is_waited_for_until_the_timeout(alipay, settings):
    paid()
    alipay.behave(slow="3")
    settings.ALIPAY_TIMEOUT = 0.3
    with pytest.raises(gateway.Uncertain):
        gateway.refund(order_number="F202611250001_1", request_no="R1", amount=Decimal("1.00"), reason="退")


def test_no_line_is_told_apart_from_no_answer(settings, alipay):
    settings.ALIPAY_GATEWAY = "http://127.0.0.1:9/gateway.do"
    with pytest.raises(gateway.Unreachable):
        gateway.query("F202611250001_1")


def test_the_bill_has_what_was_paid_and_refunded(alipay):
    today = timezone.localdate()
    with pytest.raises(gateway.NoBill):
        gateway.bill(today)
    trade = paid()
    gateway.refund(order_number=trade.order_number, request_no="R1", amount=Decimal("0.10"), reason="退")
    lines = bill.read(gateway.bill(today))
    assert [(each.order_number, each.amount, each.is_refund, each.request_no) for each in lines] == [
        ("F202611250001_1", Decimal("1000.00"), False, ""),
        ("F202611250001_1", Decimal("0.10"), True, "R1"),
    ]
    assert lines[0].trade_no == trade.trade_no


PRINTED = """#支付宝业务明细查询
#账号：[20880001]
#----业务明细列表----
{columns}
2019T\t,F1_1\t,交易\t,测试,2019-09-16 10:55:16,2019-09-16 10:55:23,\t,\t,\t,\t,\t,0.01,0.01,{zeros},,0.00\t,0.00,\t,0.00,0.00,
2019T\t,F1_1\t,退款\t,测试,2019-09-16 10:55:16,2019-09-16 10:56:48,\t,\t,\t,\t,\t,-0.01,-0.01,{zeros},,0.00\t,0.00,re_1,0.00,0.00,
#----业务明细列表结束----
#导出时间
"""


def test_a_bill_as_alipay_prints_it_is_read():
    details = PRINTED.format(columns=",".join(bill.COLUMNS), zeros=",".join(["0.00"] * 5))
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.csv", details.encode("gbk"))
        archive.writestr("b.csv", "#支付宝业务汇总查询\r\n门店编号,x\r\n".encode("gbk"))
    first, second = bill.read(zipped.getvalue())
    assert (first.is_refund, first.amount, second.is_refund, second.amount, second.request_no) == (
        False, Decimal("0.01"), True, Decimal("0.01"), "re_1",
    )  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>"])
def test_what_is_no_bill_is_not_read(content):
    with pytest.raises(bill.Unreadable):
        bill.read(content)


@pytest.mark.parametrize("octet", [0x00, 0xFF])
def test_whatever_octet_comes_over_wrong_it_is_read_or_refused(octet):
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", ",".join(bill.COLUMNS).encode("gbk") * 20)
    refused = 0
    for at in range(len(zipped.getvalue())):
        content = bytearray(zipped.getvalue())
        content[at] = octet
        try:
            assert bill.read(bytes(content)) == []
        except bill.Unreadable:
            refused += 1
    assert refused > 200


def test_keys_that_are_none_are_named(settings, alipay):
    settings.ALIPAY_APP_KEY = settings.ALIPAY_PUBLIC_KEY = "AAAA"
    with pytest.raises(ImproperlyConfigured, match="ALIPAY_APP_KEY"):
        gateway.query("F202611250001_1")


def test_the_sandbox_does_not_start_without_debug(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=1"):
        call_command("alipay_sandbox")


def test_the_sandbox_is_told_how_to_behave_on_its_page(alipay):
    assert httpx.post(f"{alipay.url}/behave", data={"notify": "twice", "slow": "0.1"}).status_code == 303
    assert (alipay.books.behaves("notify"), alipay.books.behaves("slow")) == ("twice", "0.1")
    for wrong in ({"notify": "never ever"}, {"slow": "long"}):
        assert httpx.post(f"{alipay.url}/behave", data=wrong).status_code == 422
    paid()
    for language, word in (("zh-CN", "发出扣住的通知"), ("en", "Send what was held back")):
        page = httpx.get(alipay.url, headers={"Accept-Language": language})
        assert (page.status_code, word in page.text, "F202611250001_1" in page.text) == (200, True, True)
    assert httpx.get(f"{alipay.url}/bill/2026-11-25.zip?sign=00").status_code == 403
    assert httpx.get(f"{alipay.url}/cashier/none").status_code == 404


def test_the_books_of_the_sandbox_survive_its_restart(alipay, settings):
    paid()
    again = Sandbox(state=settings.ALIPAY_STATE, host="127.0.0.1", port=0, app_id="1", seller_id="2")
    assert again.books.trade("F202611250001_1")["status"] == "TRADE_SUCCESS"
    again.server.server_close()
    again.books.close()
