"""The sandbox as a server: `gateway.do`, the cashier, bills, and a page that shows and sets how it behaves."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import segno
from django.template.loader import render_to_string
from django.utils import translation

from contracts.payments.sandbox.billing import bill_of
from contracts.payments.sandbox.books import LOCAL_TIME, SUCCESS, UNOPENED, WAITING, Books, Row, now
from contracts.payments.sandbox.interface import Interface, Problem
from contracts.payments.sandbox.notifying import Notifier
from contracts.payments.sandbox.signing import Signing, content

STYLE = Path(__file__).with_name("cashier.css")
LARGEST = 256 * 1024
HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
BEHAVIOUR = {
    "api": ("", "drop_before", "drop_after", "bad_sign", "busy"),
    "notify": ("", "twice", "disorder", "held", "never", "forged", "wrong_amount", "wrong_seller"),
}
"""What it can be told, besides `slow` (seconds before an answer) and `only` (the one method that the faults of `api` concern)."""


class Sandbox:
    """One gateway on one port with one file of books."""

    def __init__(self, *, state: Path, host: str, port: int, app_id: str, seller_id: str) -> None:
        self.books, self.signing = Books(state / "sandbox.sqlite"), Signing(state)
        self.notifier = Notifier(books=self.books, signing=self.signing, app_id=app_id, seller_id=seller_id)
        self.app_id, self.seller_id = app_id, seller_id
        self.ends = threading.Event()
        self.lines: set[socket.socket] = set()
        self.server = ThreadingHTTPServer((host, port), type("Here", (Handler,), {"sandbox": self}))
        self.server.daemon_threads = True
        self.url = f"http://localhost:{self.server.server_address[1]}"
        self.interface = Interface(
            books=self.books, signing=self.signing, notifier=self.notifier, app_id=app_id, url=self.url
        )

    def serve(self) -> None:
        self.notifier.start()
        self.server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        self.ends.set()
        self.server.shutdown()
        self.notifier.stop()
        self.server.server_close()
        for line in list(self.lines):  # what clients keep open would be answered from closed books
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self.books.close()

    def behave(self, **how: str) -> None:
        """From now on, until told otherwise. Raises ValueError for what it does not know."""
        for name, value in how.items():
            known = BEHAVIOUR.get(name)
            if known is not None and value not in known:
                raise ValueError(f"{name}={value}")
        self.books.behave(**how)


class Handler(BaseHTTPRequestHandler):
    """What the server answers."""

    sandbox: Sandbox
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.sandbox.lines.add(self.connection)

    def finish(self) -> None:
        self.sandbox.lines.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Requests carry order numbers and amounts: they are in the books, and need not be in a log too."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        match parts.path.strip("/").split("/"):
            case ["gateway.do"]:
                self._open_cashier(given)
            case ["cashier", token]:
                self._cashier(token)
            case ["bill", name]:
                self._bill(name, given)
            case ["sandbox.css"]:
                self._say(STYLE.read_bytes(), "text/css")
            case [""]:
                self._home()
            case _:
                self._say(b"", "text/plain", status=404)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, LARGEST)).decode("utf-8", "replace")
        given = dict(parse_qsl(body, keep_blank_values=True))
        parts = urlsplit(self.path)
        match parts.path.strip("/").split("/"):
            case ["gateway.do"]:
                self._gateway(dict(parse_qsl(parts.query)) | given)
            case ["cashier", token, "pay"]:
                self._pay(token)
            case ["cashier", token, "leave"]:
                self._leave(token)
            case ["behave"]:
                self._behave(given)
            case ["release"]:
                self.sandbox.books.release()
                self.sandbox.notifier.wake()
                self._go("/")
            case _:
                self._say(b"", "text/plain", status=404)

    # --- the interface

    def _gateway(self, given: Mapping[str, str]) -> None:
        books, only = self.sandbox.books, self.sandbox.books.behaves("only")
        fault = books.behaves("api") if only in ("", given.get("method")) else ""
        self._take_time()
        if fault == "drop_before":
            return self._hang_up()
        answer = self.sandbox.interface.answer(given, fault=fault)
        if fault == "drop_after":
            return self._hang_up()
        return self._say(answer.encode(), "application/json;charset=utf-8")

    def _take_time(self) -> None:
        slow = self.sandbox.books.behaves("slow")
        if slow:
            self.sandbox.ends.wait(float(slow))

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _bill(self, name: str, given: Mapping[str, str]) -> None:
        day = name.removesuffix(".zip")
        right = self.sandbox.signing.sign(day)[:16].encode().hex()
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", day) or given.get("sign") != right:
            return self._say(b"", "text/plain", status=403)
        return self._say(
            bill_of(self.sandbox.books, date.fromisoformat(day), seller_id=self.sandbox.seller_id), "application/zip"
        )

    # --- the cashier

    def _open_cashier(self, given: Mapping[str, str]) -> None:
        try:
            self._go(self.sandbox.interface.cashier_of(given))
        except Problem as problem:
            self._page("problem", {"problem": problem.answer}, status=400)

    def _cashier(self, token: str) -> None:
        trade = self.sandbox.books.trade_at(token)
        if trade is None:
            return self._say(b"", "text/plain", status=404)
        if not self._is_late(trade):
            self.sandbox.books.move(trade["out_trade_no"], WAITING, before=(UNOPENED,))
        trade = self.sandbox.books.trade_at(token)
        assert trade is not None
        address = f"{self._reached()}/cashier/{token}"
        return self._page(
            "cashier",
            {
                "trade": dict(trade),
                "amount": Decimal(trade["amount"]),
                "qr": segno.make(address, error="m").svg_data_uri(scale=5, border=2),
                "can_pay": trade["status"] == WAITING and not self._is_late(trade),
                "is_paid": trade["status"] == SUCCESS,
            },
        )

    def _reached(self) -> str:
        """This server as the browser has reached it: a phone that scans the code has to find the same machine."""
        host = self.headers.get("Host", "")
        return f"http://{host}" if HOST.fullmatch(host) else self.sandbox.url

    def _pay(self, token: str) -> None:
        books, trade = self.sandbox.books, self.sandbox.books.trade_at(token)
        if trade is None:
            return self._say(b"", "text/plain", status=404)
        with books.changing():
            moved = not self._is_late(trade) and books.move(
                trade["out_trade_no"], SUCCESS, before=(WAITING,), paid=True
            )
            if moved:
                self.sandbox.notifier.tell(trade["out_trade_no"])
        return self._leave(token) if moved else self._go(f"/cashier/{token}")

    def _leave(self, token: str) -> None:
        """Back to the shop, with the signed parameters that Alipay adds; a scanned code leads nowhere."""
        trade = self.sandbox.books.trade_at(token)
        if trade is None:
            return self._say(b"", "text/plain", status=404)
        if not trade["return_url"]:
            return self._go(f"/cashier/{token}")
        told = {
            "app_id": self.sandbox.app_id,
            "method": "alipay.trade.page.pay.return",
            "out_trade_no": trade["out_trade_no"],
            "seller_id": self.sandbox.seller_id,
            "timestamp": now().strftime(LOCAL_TIME),
            "total_amount": trade["amount"],
            "trade_no": trade["trade_no"],
        }
        sign = self.sandbox.signing.sign(content(told, without=set()))
        return self._go(f"{trade['return_url']}?{urlencode({**told, 'sign_type': 'RSA2', 'sign': sign})}")

    @staticmethod
    def _is_late(trade: Row) -> bool:
        return bool(trade["expires_at"]) and now().strftime(LOCAL_TIME) >= trade["expires_at"]

    # --- the sandbox itself

    def _home(self) -> None:
        books = self.sandbox.books
        self._page(
            "home",
            {
                "trades": [dict(row) for row in books.all("SELECT * FROM trade ORDER BY created_at DESC LIMIT 50")],
                "notifications": [
                    dict(row) for row in books.all("SELECT * FROM notification ORDER BY id DESC LIMIT 20")
                ],
                "choices": [(name, books.behaves(name), values) for name, values in BEHAVIOUR.items()],
                "slow": books.behaves("slow"),
                "only": books.behaves("only"),
                "seller": self.sandbox.seller_id,
            },
        )

    def _behave(self, given: Mapping[str, str]) -> None:
        try:
            float(given.get("slow") or 0)
            self.sandbox.behave(**{name: given.get(name, "") for name in (*BEHAVIOUR, "slow", "only")})
        except ValueError as wrong:
            return self._say(str(wrong).encode(), "text/plain", status=422)
        return self._go("/")

    def _page(self, name: str, context: dict[str, object], *, status: int = 200) -> None:
        language = "en" if self.headers.get("Accept-Language", "").startswith("en") else "zh-hans"
        with translation.override(language):
            page = render_to_string(f"payments/sandbox/{name}.html", {**context, "language": language})
        self._say(page.encode(), "text/html;charset=utf-8", status=status)

    def _go(self, where: str) -> None:
        self.send_response(303)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _say(self, body: bytes, kind: str, *, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action *"
        )
        self.end_headers()
        self.wfile.write(body)
