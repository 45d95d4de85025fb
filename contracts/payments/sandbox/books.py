"""What the sandbox remembers: trades, refunds, settlements, notifications, and how it was told to behave. One SQLite file."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from core import clock
from core.clock import LOCAL
from core.money import yuan

LOCAL_TIME = "%Y-%m-%d %H:%M:%S"
UNOPENED, WAITING, SUCCESS, CLOSED = "", "WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_CLOSED"
_TABLES = """
CREATE TABLE IF NOT EXISTS trade (
    out_trade_no TEXT PRIMARY KEY, trade_no TEXT UNIQUE, token TEXT UNIQUE, amount TEXT, subject TEXT, merchant_id TEXT,
    notify_url TEXT, return_url TEXT, expires_at TEXT, status TEXT DEFAULT '', created_at TEXT, paid_at TEXT,
    settled TEXT, settle_no TEXT UNIQUE, settled_at TEXT);
CREATE TABLE IF NOT EXISTS refund (
    out_trade_no TEXT, request_no TEXT, amount TEXT, reason TEXT, at TEXT, PRIMARY KEY (out_trade_no, request_no));
CREATE TABLE IF NOT EXISTS notification (
    id INTEGER PRIMARY KEY, out_trade_no TEXT, url TEXT, body TEXT, due_at REAL, tries INTEGER DEFAULT 0,
    state TEXT DEFAULT 'due', answer TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS behaviour (name TEXT PRIMARY KEY, value TEXT);
"""
Row = sqlite3.Row


def now() -> datetime:
    """The wall clock, to the second, as Alipay prints it; the travelling one where a demonstration lives through its past."""
    return (clock.standing() or datetime.now(LOCAL)).astimezone(LOCAL).replace(microsecond=0)


class Books:
    """The one store of a sandbox; one thread at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Several statements that stand or fall together."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def all(self, statement: str, *values: Any) -> list[Row]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def one(self, statement: str, *values: Any) -> Row | None:
        with self._lock:
            found: Row | None = self._database.execute(statement, values).fetchone()
            return found

    # --- trades

    def trade(self, out_trade_no: str) -> Row | None:
        return self.one("SELECT * FROM trade WHERE out_trade_no = ?", out_trade_no)

    def trade_of(self, trade_no: str) -> Row | None:
        return self.one("SELECT * FROM trade WHERE trade_no = ?", trade_no)

    def trade_at(self, token: str) -> Row | None:
        return self.one("SELECT * FROM trade WHERE token = ?", token)

    def put(self, *, out_trade_no: str, amount: str, subject: str, merchant_id: str, **more: str) -> Row:
        """The trade of this order number, made unless there is one."""
        made = now()
        self.one(
            "INSERT INTO trade (out_trade_no, trade_no, token, amount, subject, merchant_id, notify_url, return_url, expires_at,"
            " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(
                out_trade_no,
                f"{made:%Y%m%d}22001{secrets.randbelow(10**15):015d}",
                secrets.token_urlsafe(18),
                amount,
                subject,
            ),
            *(merchant_id, more["notify_url"], more["return_url"], more["expires_at"], made.strftime(LOCAL_TIME)),
        )
        found = self.trade(out_trade_no)
        assert found is not None
        return found

    def move(self, out_trade_no: str, status: str, *, before: tuple[str, ...], paid: bool = False) -> bool:
        """Give a trade another status where it has one of those; say whether it did."""
        paid_at = now().strftime(LOCAL_TIME) if paid else None
        marks = ", ".join("?" for _each in before)
        return bool(
            self.all(
                "UPDATE trade SET status = ?, paid_at = coalesce(?, paid_at)"  # noqa: S608  the marks are ours
                f" WHERE out_trade_no = ? AND status IN ({marks}) RETURNING 1",
                *(status, paid_at, out_trade_no, *before),
            )
        )

    def refunded(self, out_trade_no: str) -> Decimal:
        rows = self.all("SELECT amount FROM refund WHERE out_trade_no = ?", out_trade_no)
        return sum((Decimal(row["amount"]) for row in rows), yuan(0))

    # --- notifications

    def queue(self, *, out_trade_no: str, url: str, body: str, due_at: float, state: str = "due") -> None:
        self.one(
            "INSERT INTO notification (out_trade_no, url, body, due_at, state) VALUES (?, ?, ?, ?, ?)",
            *(out_trade_no, url, body, due_at, state),
        )

    def release(self) -> None:
        """Send what was held back."""
        self.one("UPDATE notification SET state = 'due', due_at = 0 WHERE state = 'held'")

    # --- behaviour

    def behaves(self, name: str) -> str:
        row = self.one("SELECT value FROM behaviour WHERE name = ?", name)
        return str(row["value"]) if row else ""

    def behave(self, **values: str) -> None:
        for name, value in values.items():
            self.one("INSERT OR REPLACE INTO behaviour VALUES (?, ?)", name, value)
