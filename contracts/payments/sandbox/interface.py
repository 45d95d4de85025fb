"""The sandbox's side of `gateway.do`: it believes only what its client has signed, and does what Alipay's documents say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from contracts.payments.sandbox.books import CLOSED, LOCAL_TIME, SUCCESS, UNOPENED, WAITING, Books, Row, now
from contracts.payments.sandbox.notifying import Notifier
from contracts.payments.sandbox.signing import Signing
from core.clock import LOCAL
from core.money import yuan

NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
MERCHANT = re.compile(r"2088[0-9]{12}")
LARGEST = Decimal(100_000_000)
ASKED_WITHIN = timedelta(minutes=15)
INVALID = "ACQ.INVALID_PARAMETER"
Answer = dict[str, Any]


class Problem(Exception):
    """An answer that says no. `code` 40004: the business; 40002: the request itself."""

    def __init__(self, sub_code: str, sub_msg: str, *, code: str = "40004") -> None:
        super().__init__(sub_code)
        self.answer: Answer = {
            "code": code,
            "msg": "Business Failed" if code == "40004" else "Invalid Arguments",
            "sub_code": sub_code,
            "sub_msg": sub_msg,
        }


class Interface:
    """Every method that Mingxuan uses."""

    def __init__(self, *, books: Books, signing: Signing, notifier: Notifier, app_id: str, url: str) -> None:
        self._books, self._signing, self._notifier = books, signing, notifier
        self._app_id, self._url = app_id, url
        self._methods: dict[str, Callable[[Mapping[str, str], Answer], Answer]] = {
            "alipay.trade.precreate": self._precreate,
            "alipay.trade.query": self._query,
            "alipay.trade.close": self._close,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._refund_query,
            "alipay.trade.settle.confirm": self._settle,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill,
        }

    def cashier_of(self, given: Mapping[str, str]) -> str:
        """The path of the cashier for a signed `alipay.trade.page.pay`. Raises Problem."""
        content = self._checked(given)
        if given.get("method") != "alipay.trade.page.pay" or content.get("product_code") != "FAST_INSTANT_TRADE_PAY":
            raise Problem(INVALID, "product_code")
        return f"/cashier/{self._put(given, content)['token']}"

    def answer(self, given: Mapping[str, str], *, fault: str = "") -> str:
        """The signed answer to a request, as text; `fault` spoils it."""
        method = given.get("method", "")
        try:
            content = self._checked(given)
            if method not in self._methods:
                raise Problem("isv.invalid-method", "不存在的方法名", code="40002")
            if fault == "busy":
                raise Problem("ACQ.SYSTEM_ERROR", "系统错误", code="20000")
            with self._books.changing():
                said = {"code": "10000", "msg": "Success", **self._methods[method](given, content)}
        except Problem as problem:
            said = problem.answer
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        sign = self._signing.sign(text if fault != "bad_sign" else text + " ")
        return f'{{"{method.replace(".", "_")}_response":{text},"sign":"{sign}"}}'

    def _checked(self, given: Mapping[str, str]) -> Answer:
        if given.get("app_id") != self._app_id:
            raise Problem("isv.invalid-app-id", "无效的AppID参数", code="40002")
        if given.get("sign_type") != "RSA2" or not self._signing.is_clients(given):
            raise Problem("isv.invalid-signature", "验签出错，建议检查签名字符串或私钥与应用公钥是否匹配", code="40002")
        try:
            asked = datetime.strptime(given.get("timestamp", ""), LOCAL_TIME).replace(tzinfo=LOCAL)
            content = json.loads(given["biz_content"])
        except (ValueError, KeyError):
            raise Problem("isv.invalid-parameter", "timestamp, biz_content", code="40002") from None
        at = datetime.now(LOCAL)  # the clock of those who sign never travels
        if not at - ASKED_WITHIN < asked < at + ASKED_WITHIN and given["method"] != "alipay.trade.page.pay":
            raise Problem("isv.invalid-timestamp", "非法的时间戳参数", code="40002")
        if not isinstance(content, dict):
            raise Problem("isv.invalid-parameter", "biz_content", code="40002")
        return content

    def _put(self, given: Mapping[str, str], content: Answer) -> Row:
        """The trade of an order, which must be the same order every time."""
        number, amount = str(content.get("out_trade_no", "")), _amount(content.get("total_amount"))
        merchant = content.get("sub_merchant", {}).get("merchant_id", "")
        details = content.get("settle_info", {}).get("settle_detail_infos", [])
        if not NUMBER.fullmatch(number) or not content.get("subject") or not 0 < amount <= LARGEST:
            raise Problem(INVALID, "out_trade_no, subject, total_amount")
        if not MERCHANT.fullmatch(merchant):
            raise Problem("ACQ.SUB_MERCHANT_INVALID", "二级商户不存在或未完成进件")
        if (
            len(details) != 1
            or details[0].get("trans_in_type") != "defaultSettle"
            or _amount(details[0].get("amount")) != amount
        ):
            raise Problem(INVALID, "settle_info")
        known = self._books.trade(number)
        if known is not None and (known["amount"], known["merchant_id"]) != (str(amount), merchant):
            raise Problem("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        if known is not None and known["status"] in (SUCCESS, CLOSED):
            raise Problem("ACQ.TRADE_HAS_SUCCESS" if known["status"] == SUCCESS else "ACQ.TRADE_HAS_CLOSE", "")
        return self._books.put(
            out_trade_no=number,
            amount=str(amount),
            subject=content["subject"],
            merchant_id=merchant,
            notify_url=given.get("notify_url", ""),
            return_url=given.get("return_url", ""),
            expires_at=str(content.get("time_expire", "")),
        )

    def _precreate(self, given: Mapping[str, str], content: Answer) -> Answer:
        trade = self._put(given, content)
        return {"out_trade_no": trade["out_trade_no"], "qr_code": f"{self._url}/cashier/{trade['token']}"}

    def _query(self, _given: Mapping[str, str], content: Answer) -> Answer:
        trade = self._found(content)
        return {
            "out_trade_no": trade["out_trade_no"],
            "trade_no": trade["trade_no"],
            "trade_status": trade["status"],
            "total_amount": trade["amount"],
            "buyer_logon_id": "dem***@example.com",
            **({"send_pay_date": trade["paid_at"]} if trade["paid_at"] else {}),
        }

    def _close(self, _given: Mapping[str, str], content: Answer) -> Answer:
        trade = self._found(content)
        if trade["status"] == SUCCESS:
            raise Problem("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        self._books.move(trade["out_trade_no"], CLOSED, before=(WAITING,))
        return {"out_trade_no": trade["out_trade_no"], "trade_no": trade["trade_no"]}

    def _refund(self, _given: Mapping[str, str], content: Answer) -> Answer:
        trade, amount = self._found(content), _amount(content.get("refund_amount"))
        number, request_no = trade["out_trade_no"], str(content.get("out_request_no", ""))
        before = self._books.one("SELECT * FROM refund WHERE out_trade_no = ? AND request_no = ?", number, request_no)
        if before is not None and Decimal(before["amount"]) != amount:
            raise Problem("ACQ.DISCORDANT_REPEAT_REQUEST", "同一退款号的金额不一致")
        if before is None:
            if trade["status"] != SUCCESS or not request_no or amount <= 0:
                raise Problem("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
            if trade["settle_no"] and content.get("related_settle_confirm_no") != trade["settle_no"]:
                raise Problem(INVALID, "related_settle_confirm_no")
            if self._books.refunded(number) + amount > Decimal(trade["amount"]):
                raise Problem("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
            self._books.one(
                "INSERT INTO refund VALUES (?, ?, ?, ?, ?)",
                *(number, request_no, str(amount), content.get("refund_reason", ""), now().strftime(LOCAL_TIME)),
            )
            if self._books.refunded(number) == Decimal(trade["amount"]):
                self._books.move(number, CLOSED, before=(SUCCESS,))
            self._notifier.tell(number, refund=request_no)
        return {
            "out_trade_no": number,
            "trade_no": trade["trade_no"],
            "fund_change": "N" if before else "Y",
            "refund_fee": str(self._books.refunded(number)),
        }

    def _refund_query(self, _given: Mapping[str, str], content: Answer) -> Answer:
        trade = self._found(content)
        made = self._books.one(
            "SELECT * FROM refund WHERE out_trade_no = ? AND request_no = ?",
            *(trade["out_trade_no"], content.get("out_request_no", "")),
        )
        told = {"refund_status": "REFUND_SUCCESS", "refund_amount": made["amount"]} if made else {}
        return {"out_trade_no": trade["out_trade_no"], "trade_no": trade["trade_no"], **told}

    def _settle(self, _given: Mapping[str, str], content: Answer) -> Answer:
        trade = self._books.trade_of(str(content.get("trade_no", "")))
        details = content.get("settle_info", {}).get("settle_detail_infos", [])
        request_no = str(content.get("out_request_no", ""))
        if trade is None:
            raise Problem("ACQ.TRADE_NOT_EXIST", "交易不存在")
        if trade["settle_no"] != request_no:
            if trade["status"] != SUCCESS or trade["settle_no"] or not request_no:
                raise Problem("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
            left = Decimal(trade["amount"]) - self._books.refunded(trade["out_trade_no"])
            if len(details) != 1 or _amount(details[0].get("amount")) != left:
                raise Problem(INVALID, "结算金额须等于交易金额减去已退款金额")
            self._books.one(
                "UPDATE trade SET settle_no = ?, settled = ?, settled_at = ? WHERE trade_no = ?",
                *(request_no, str(left), now().strftime(LOCAL_TIME), trade["trade_no"]),
            )
            trade = self._books.trade_of(trade["trade_no"])
            assert trade is not None
        return {"trade_no": trade["trade_no"], "out_request_no": request_no, "settle_amount": trade["settled"]}

    def _bill(self, _given: Mapping[str, str], content: Answer) -> Answer:
        """As Alipay's, except that the present day has a bill too, so that a demonstration need not wait for tomorrow."""
        day = str(content.get("bill_date", ""))
        if content.get("bill_type") != "trade" or not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            raise Problem("isp.unknow-error", "bill_type, bill_date")
        refunds = "SELECT 1 FROM refund WHERE at LIKE ? LIMIT 1"
        if not self._books.one("SELECT 1 FROM trade WHERE paid_at LIKE ? LIMIT 1", f"{day}%") and not self._books.one(
            refunds, f"{day}%"
        ):
            raise Problem("isp.bill_not_exist", "账单不存在")
        return {"bill_download_url": f"{self._url}/bill/{day}.zip?sign={self._signing.sign(day)[:16].encode().hex()}"}

    def _found(self, content: Answer) -> Row:
        trade = self._books.trade(str(content.get("out_trade_no", "")))
        if trade is None or trade["status"] == UNOPENED:
            raise Problem("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return trade


def _amount(said: Any) -> Decimal:
    try:
        amount = Decimal(str(said))
    except InvalidOperation:
        raise Problem(INVALID, "amount") from None
    if not amount.is_finite() or amount != yuan(amount):
        raise Problem(INVALID, "amount")
    return yuan(amount)
