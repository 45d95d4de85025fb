"""Alipay, for everybody else in the house: the one module that imports its SDK.

The SDK signs and knows the names; its transport opens port 80 or 443 whatever the address says, so what it has signed is sent
with httpx. Every answer and every notification is believed only with Alipay's signature (RSA2) over the very bytes that came.

What asks is repeated when the line breaks. What moves money is sent once: whoever called repeats it later with the same
key (order number, request number), which Alipay answers without doing it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import httpx
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.domain.AlipayDataDataserviceBillDownloadurlQueryModel import (
    AlipayDataDataserviceBillDownloadurlQueryModel,
)
from alipay.aop.api.domain.AlipayTradeCloseModel import AlipayTradeCloseModel
from alipay.aop.api.domain.AlipayTradeFastpayRefundQueryModel import AlipayTradeFastpayRefundQueryModel
from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
from alipay.aop.api.domain.AlipayTradePrecreateModel import AlipayTradePrecreateModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.domain.AlipayTradeSettleConfirmModel import AlipayTradeSettleConfirmModel
from alipay.aop.api.request.AlipayDataDataserviceBillDownloadurlQueryRequest import (
    AlipayDataDataserviceBillDownloadurlQueryRequest,
)
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import AlipayTradeFastpayRefundQueryRequest
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradePrecreateRequest import AlipayTradePrecreateRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.request.AlipayTradeSettleConfirmRequest import AlipayTradeSettleConfirmRequest
from alipay.aop.api.util.SignatureUtils import get_sign_content, verify_with_rsa
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from contracts.payments.keys import Account, account
from contracts.payments.ways import other_way
from core import clock
from core.errors import DomainError, Text
from core.money import yuan

LOCAL_TIME = "%Y-%m-%d %H:%M:%S"
CONNECT_SECONDS = 5.0
READS = 3
"""How often a question is asked before the line counts as down."""
LARGEST_BILL = 64 * 1024 * 1024
LONGEST_HELD = "90d"
"""How long Alipay keeps paid money for the acceptance before it settles by itself (settle_period_time)."""
OK, BUSY = "10000", "20000"
BUSY_SUB_CODES = frozenset({"ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "isp.unknow-error", "aop.unknow-error"})
NO_TRADE = "ACQ.TRADE_NOT_EXIST"
NO_BILL = frozenset({"isp.bill_not_exist", "BILL_NOT_EXIST", "NO_BILL_DATA"})
IN_WORDS: dict[str, Text] = {
    "isv.invalid-signature": _("支付宝不认可本平台的签名，请联系服务中心。"),
    "ACQ.TRADE_HAS_SUCCESS": _("这笔订单已经付过款。"),
    "ACQ.TRADE_HAS_CLOSE": _("这笔订单已经关闭。"),
    "ACQ.TRADE_STATUS_ERROR": _("这笔订单的状态不允许这一操作。"),
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": _("退款金额超过了可退的金额。"),
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": _("收款机构的支付宝余额不足，不能退款。"),
    "ACQ.INVALID_PARAMETER": _("支付宝不接受这笔订单的内容，请联系服务中心。"),
    "ACQ.SELLER_BEEN_BLOCKED": _("收款机构的支付宝商户号被冻结，请与机构联系。"),
    "ACQ.SUB_MERCHANT_INVALID": _("收款机构的支付宝商户号无效，请机构核对后重新填写。"),
}


class GatewayError(DomainError):
    """Alipay did not do what was asked, or did not say that it did."""

    code = "alipay"
    default_message = _("支付宝没有完成这一操作，请稍后再试。")


class Unreachable(GatewayError):
    """There is no line to Alipay: nothing was done."""

    code = "alipay_unreachable"
    default_message = _("暂时连不上支付宝，什么都没有发生，请稍后再试。")


class Uncertain(GatewayError):
    """The line broke after sending, or the answer cannot be believed: it may have been done. Ask, or repeat with the same key."""

    code = "alipay_uncertain"
    default_message = _("支付宝没有及时答复，系统正在核对结果，请不要重复付款。")


class Refused(GatewayError):
    """Alipay said no; `sub_code` is its own word for why."""

    code = "alipay_refused"

    def __init__(self, sub_code: str) -> None:
        self.sub_code = sub_code
        super().__init__(IN_WORDS.get(sub_code))


class NoSuchTrade(Refused):
    """Alipay knows no trade of this number: nobody has opened its cashier."""


class NoBill(Refused):
    """There is no bill of this day: nothing was traded, or it is not made yet."""


class Forged(GatewayError):
    """Alipay's signature does not fit what came."""

    code = "alipay_forged"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be paid to whom: `merchant_id` is the firm's number as sub-merchant, `expires_at` the last moment to pay."""

    number: str
    amount: Decimal
    subject: str
    merchant_id: str
    expires_at: datetime
    return_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Trade:
    """What Alipay says of an order, asked or notified. Amounts in yuan."""

    order_number: str
    trade_no: str
    status: str
    amount: Decimal
    paid_at: datetime | None

    @property
    def is_paid(self) -> bool:
        return self.status in {"TRADE_SUCCESS", "TRADE_FINISHED"}

    @property
    def is_closed(self) -> bool:
        return self.status == "TRADE_CLOSED"


@dataclass(frozen=True, kw_only=True)
class Notification(Trade):
    """A notification with a signature that fits; whether it is meant for us, and right, is for the caller to check."""

    notify_id: str
    app_id: str
    seller_id: str


def pay_url(order: Order) -> str:
    """The address of Alipay's cashier for an order (alipay.trade.page.pay); nothing is sent before a browser opens it."""
    request = AlipayTradePagePayRequest(
        AlipayTradePagePayModel.from_alipay_dict({**_order(order), "product_code": "FAST_INSTANT_TRADE_PAY"})
    )
    request.return_url = order.return_url
    return f"{account().gateway}?{_signed(request)}"


def precreate(order: Order) -> str:
    """Make an order that is paid by scanning (alipay.trade.precreate); give what the QR code says."""
    request = AlipayTradePrecreateRequest(AlipayTradePrecreateModel.from_alipay_dict(_order(order)))
    return str(_do(request, "alipay.trade.precreate")["qr_code"])


def query(order_number: str) -> Trade:
    """What became of an order. Raises NoSuchTrade where nobody has opened it."""
    model = AlipayTradeQueryModel.from_alipay_dict({"out_trade_no": order_number})
    return _trade(_ask(AlipayTradeQueryRequest(model), "alipay.trade.query"))


def close(order_number: str) -> None:
    """Close an order that is not paid. Raises NoSuchTrade, or Refused where it is paid."""
    model = AlipayTradeCloseModel.from_alipay_dict({"out_trade_no": order_number})
    _do(AlipayTradeCloseRequest(model), "alipay.trade.close")


def refund(*, order_number: str, request_no: str, amount: Decimal, reason: str, settle_no: str = "") -> Decimal:
    """Give back part or all of what was paid; give all that has been given back. The same `request_no` gives back once only.

    `settle_no`: the request number of the settlement, where there was one.
    """
    content = {
        "out_trade_no": order_number,
        "out_request_no": request_no,
        "refund_amount": str(yuan(amount)),
        "refund_reason": reason,
        "related_settle_confirm_no": settle_no,
    }
    request = AlipayTradeRefundRequest(AlipayTradeRefundModel.from_alipay_dict(content))
    return _amount(_do(request, "alipay.trade.refund")["refund_fee"])


def is_refunded(*, order_number: str, request_no: str) -> bool:
    """Whether a refund has been made."""
    model = AlipayTradeFastpayRefundQueryModel.from_alipay_dict(
        {"out_trade_no": order_number, "out_request_no": request_no}
    )
    said = _ask(AlipayTradeFastpayRefundQueryRequest(model), "alipay.trade.fastpay.refund.query")
    return said.get("refund_status") == "REFUND_SUCCESS"


def settle(*, trade_no: str, request_no: str, amount: Decimal) -> Decimal:
    """Hand what was paid, less what was refunded, to the firm (alipay.trade.settle.confirm); give the amount settled."""
    content = {"trade_no": trade_no, "out_request_no": request_no, "settle_info": _settle_info(amount)}
    request = AlipayTradeSettleConfirmRequest(AlipayTradeSettleConfirmModel.from_alipay_dict(content))
    return _amount(_do(request, "alipay.trade.settle.confirm")["settle_amount"])


def bill(day: date) -> bytes:
    """The bill of a past day, a zip of CSV files. Raises NoBill."""
    model = AlipayDataDataserviceBillDownloadurlQueryModel.from_alipay_dict(
        {"bill_type": "trade", "bill_date": day.isoformat()}
    )
    said = _ask(
        AlipayDataDataserviceBillDownloadurlQueryRequest(model), "alipay.data.dataservice.bill.downloadurl.query"
    )
    return _download(str(said["bill_download_url"]))


def read_notification(posted: Mapping[str, str]) -> Notification:
    """What a notification says, once Alipay's signature fits all of it. Raises Forged."""
    signed = {name: value for name, value in posted.items() if name not in {"sign", "sign_type"}}
    if posted.get("sign_type") != "RSA2":
        raise Forged
    _verify(get_sign_content(signed).encode(), posted.get("sign", ""), account())
    try:
        trade = _trade(posted)
        return Notification(
            **vars(trade),
            notify_id=posted["notify_id"],
            app_id=posted["app_id"],
            seller_id=posted["seller_id"],
        )
    except (KeyError, Uncertain) as wrong:
        raise Forged from wrong


def _order(order: Order) -> dict[str, Any]:
    return {
        "out_trade_no": order.number,
        "total_amount": str(yuan(order.amount)),
        "subject": order.subject[:256],
        "time_expire": order.expires_at.astimezone(clock.LOCAL).strftime(LOCAL_TIME),
        "sub_merchant": {"merchant_id": order.merchant_id, "merchant_type": "alipay"},
        "settle_info": _settle_info(order.amount) | {"settle_period_time": LONGEST_HELD},
    }


def _settle_info(amount: Decimal) -> dict[str, Any]:
    """To the account that the sub-merchant gave when it registered; nowhere else, and never to ours."""
    return {"settle_detail_infos": [{"trans_in_type": "defaultSettle", "amount": str(yuan(amount))}]}


def _signed(request: Any) -> str:
    """A request as one signed form. The SDK dates it by this process's own clock, which Django sets to Shanghai's time."""
    us = account()
    config = AlipayClientConfig()
    config.app_id, config.server_url = us.app_id, us.gateway
    config.app_private_key, config.alipay_public_key = us.app_key, us.alipay_key
    request.notify_url = f"{settings.SITE_URL}/payments/alipay/notify/"
    return str(DefaultAlipayClient(config).sdk_execute(request))


def _ask(request: Any, method: str) -> dict[str, Any]:
    """A question, which may be asked again when the line breaks."""
    for left in range(READS - 1, -1, -1):
        try:
            return _do(request, method)
        except (Unreachable, Uncertain):
            if not left:
                raise
    raise AssertionError


def _do(request: Any, method: str) -> dict[str, Any]:
    """Send once. Raises Unreachable, Uncertain or Refused."""
    said = _answer(_send(_signed(request)), method.replace(".", "_") + "_response")
    code, sub_code = str(said.get("code", "")), str(said.get("sub_code", ""))
    if code == OK:
        return said
    if code == BUSY or sub_code in BUSY_SUB_CODES:
        raise Uncertain
    if sub_code == NO_TRADE:
        raise NoSuchTrade(sub_code)
    raise (NoBill if sub_code in NO_BILL else Refused)(sub_code)


@cache
def _line() -> httpx.Client:
    """One pool of connections for the life of the process; whatever a proxy in the environment says goes for it too."""
    return httpx.Client(limits=httpx.Limits(max_connections=20, max_keepalive_connections=10))


def _times() -> httpx.Timeout:
    return httpx.Timeout(settings.ALIPAY_TIMEOUT, connect=CONNECT_SECONDS)


def _send(body: str) -> bytes:
    if (way := other_way()) is not None:
        return way.post(body)
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
    try:
        answer = _line().post(account().gateway, content=body, headers=headers, timeout=_times())
        answer.raise_for_status()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as broken:
        raise Unreachable from broken
    except httpx.HTTPError as broken:
        raise Uncertain from broken
    return answer.content


def _download(url: str) -> bytes:
    if (way := other_way()) is not None:
        return way.get(url)
    try:
        with _line().stream("GET", url, timeout=_times()) as answer:
            answer.raise_for_status()
            content = bytearray()
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > LARGEST_BILL:
                    raise Uncertain(_("支付宝的账单过大，没有读取。"))
    except httpx.HTTPError as broken:
        raise Unreachable from broken
    return bytes(content)


def _answer(content: bytes, member: str) -> dict[str, Any]:
    """What Alipay says under `member`, once its signature fits the bytes of just that. Raises Uncertain."""
    try:
        text = content.decode("utf-8")
        start = text.index(":", text.index(f'"{member}"')) + 1
        start += len(text[start:]) - len(text[start:].lstrip())
        said, end = json.JSONDecoder().raw_decode(text, start)
        sign = json.loads(text)["sign"]
        _verify(text[start:end].encode(), sign, account())
    except (ValueError, KeyError, TypeError, Forged) as wrong:
        raise Uncertain from wrong
    if not isinstance(said, dict):
        raise Uncertain
    return said


def _verify(content: bytes, sign: str, us: Account) -> None:
    """Raises Forged unless Alipay signed these bytes."""
    try:
        fits = verify_with_rsa(us.alipay_key, content, sign)
    except Exception as wrong:  # the SDK lets through whatever its libraries raise for a signature that is none
        raise Forged from wrong
    if not fits:
        raise Forged


def _trade(said: Mapping[str, Any]) -> Trade:
    try:
        paid = said.get("send_pay_date") or said.get("gmt_payment")
        return Trade(
            order_number=str(said["out_trade_no"]),
            trade_no=str(said["trade_no"]),
            status=str(said["trade_status"]),
            amount=_amount(said["total_amount"]),
            paid_at=datetime.strptime(str(paid), LOCAL_TIME).replace(tzinfo=clock.LOCAL) if paid else None,
        )
    except (KeyError, ValueError) as wrong:
        raise Uncertain from wrong


def _amount(said: Any) -> Decimal:
    try:
        amount = yuan(str(said))
    except InvalidOperation as wrong:
        raise Uncertain from wrong
    if not amount.is_finite():
        raise Uncertain
    return amount
