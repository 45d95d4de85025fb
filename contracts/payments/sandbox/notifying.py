"""Notifications of the sandbox: signed forms, sent until the answer is `success`, or otherwise where it was told so."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

import httpx

from contracts.payments.sandbox.books import LOCAL_TIME, SUCCESS, WAITING, Books, Row, now
from contracts.payments.sandbox.signing import Signing, content

logger = logging.getLogger(__name__)

AGAIN_AFTER = (2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds between the attempts; Alipay's own are minutes and hours (4m, 10m, 10m, 1h, 2h, 6h, 15h)."""
HELD = {"held", "never"}


class Notifier:
    """Tells the client what became of a trade, from a thread of its own."""

    def __init__(self, *, books: Books, signing: Signing, app_id: str, seller_id: str) -> None:
        self._books, self._signing = books, signing
        self._app_id, self._seller_id = app_id, seller_id
        self._wake = threading.Condition()
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._ends = True
            self._wake.notify_all()
        self._thread.join(timeout=10)

    def tell(self, out_trade_no: str, *, refund: str = "") -> None:
        """Queue the notifications of what has just happened, as the sandbox was told to behave."""
        trade = self._books.trade(out_trade_no)
        assert trade is not None
        how = self._books.behaves("notify")
        match how:
            case "twice":
                bodies = [self._body(trade, refund=refund)] * 2
            case "disorder":
                bodies = [self._body(trade, refund=refund), self._body(trade, status=WAITING)]
            case "forged":
                bodies = [self._body(trade, refund=refund, forged=True)]
            case "wrong_amount":
                bodies = [self._body(trade, refund=refund, amount="0.01")]
            case "wrong_seller":
                bodies = [self._body(trade, refund=refund, seller="2088999999999999")]
            case _:
                bodies = [self._body(trade, refund=refund)]
        for body in bodies:
            self._books.queue(
                out_trade_no=out_trade_no,
                url=trade["notify_url"],
                body=body,
                due_at=time.time(),
                state=how if how in HELD else "due",
            )
        self.wake()

    def wake(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _body(
        self,
        trade: Row,
        *,
        refund: str = "",
        status: str = "",
        amount: str = "",
        seller: str = "",
        forged: bool = False,
    ) -> str:
        at = now().strftime(LOCAL_TIME)
        told = {
            "notify_time": at,
            "notify_type": "trade_status_sync",
            "notify_id": f"{now():%Y%m%d}{secrets.token_hex(13)}",
            "app_id": self._app_id,
            "charset": "utf-8",
            "version": "1.0",
            "trade_no": trade["trade_no"],
            "out_trade_no": trade["out_trade_no"],
            "seller_id": seller or self._seller_id,
            "buyer_id": "2088102146225135",
            "buyer_logon_id": "dem***@example.com",
            "trade_status": status or trade["status"],
            "total_amount": amount or trade["amount"],
            "subject": trade["subject"],
            "gmt_create": trade["created_at"],
        }
        if trade["paid_at"] and told["trade_status"] == SUCCESS:
            told["gmt_payment"] = trade["paid_at"]
        if refund:
            total = self._books.refunded(trade["out_trade_no"])
            told |= {"gmt_refund": at, "out_biz_no": refund, "refund_fee": str(Decimal(total))}
        sign = self._signing.sign(content(told, without=set()))
        if forged:
            told["total_amount"] = "0.01"
        return urlencode({**told, "sign_type": "RSA2", "sign": sign})

    def _run(self) -> None:
        with httpx.Client(timeout=10) as line:
            while not self._ends:
                due = self._books.all(
                    "SELECT * FROM notification WHERE state = 'due' AND due_at <= ? ORDER BY id LIMIT 20", time.time()
                )
                for row in due:
                    self._send(line, row)
                if not due:
                    with self._wake:
                        if not self._ends:
                            self._wake.wait(timeout=0.2)

    def _send(self, line: httpx.Client, row: Row) -> None:
        try:
            answer = line.post(row["url"], data=dict(parse_qsl(row["body"], keep_blank_values=True))).text.strip()
        except httpx.HTTPError as broken:
            answer = type(broken).__name__
        tries = row["tries"] + 1
        state = "done" if answer == "success" else "due" if tries <= len(AGAIN_AFTER) else "given_up"
        wait = AGAIN_AFTER[min(tries, len(AGAIN_AFTER)) - 1]
        logger.info("notification of %s: %s", row["out_trade_no"], answer[:80])
        self._books.one(
            "UPDATE notification SET tries = ?, state = ?, due_at = ?, answer = ? WHERE id = ?",
            *(tries, state, time.time() + wait, answer[:80], row["id"]),
        )
