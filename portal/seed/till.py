"""The demonstration's Alipay: the sandbox that runs beside it later, on the same books, without the network between.

Orders are signed, answered and checked as always; only that the buyer's phone is missing, and the clock is the city's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.db import transaction

from contracts.payments import gateway, keys
from contracts.payments.domain import paying
from contracts.payments.models import Payment
from contracts.payments.sandbox.billing import bill_of
from contracts.payments.sandbox.books import SUCCESS, UNOPENED, WAITING, Books
from contracts.payments.sandbox.interface import Interface
from contracts.payments.sandbox.notifying import Notifier
from contracts.payments.sandbox.signing import Signing
from contracts.payments.ways import by_way_of

BOOKS = "sandbox.sqlite"


class Till:
    """The sandbox as the platform's gateway reaches it, and as a buyer does."""

    def __init__(self, folder: Path) -> None:
        self.books = Books(folder / BOOKS)
        signing, app_id, self.seller_id = Signing(folder), settings.ALIPAY_APP_ID, settings.ALIPAY_SELLER_ID
        self.notifier = Notifier(books=self.books, signing=signing, app_id=app_id, seller_id=self.seller_id)
        self.interface = Interface(
            books=self.books,
            signing=signing,
            notifier=self.notifier,
            app_id=app_id,
            url=f"http://localhost:{settings.ALIPAY_PORT}",
        )

    def post(self, body: str) -> bytes:
        return self.interface.answer(dict(parse_qsl(body, keep_blank_values=True))).encode()

    def get(self, url: str) -> bytes:
        return bill_of(self.books, date.fromisoformat(Path(urlsplit(url).path).stem), seller_id=self.seller_id)

    def pay(self, payment: Payment) -> Payment:
        """The buyer opens the cashier of an order and confirms; then we ask what became of it."""
        given = dict(parse_qsl(urlsplit(gateway.pay_url(paying.order_of(payment))).query))
        trade = self.books.trade_at(self.interface.cashier_of(given).rpartition("/")[2])
        assert trade is not None
        self.books.move(trade["out_trade_no"], WAITING, before=(UNOPENED,))
        self.books.move(trade["out_trade_no"], SUCCESS, before=(WAITING,), paid=True)
        self.notifier.tell(trade["out_trade_no"])
        return paying.follow(payment_id=payment.pk)

    def pay_unknown(self) -> None:
        """Somebody pays an order that is none of ours: only the bill tells of it."""
        number = "K2026X0001"
        self.books.put(
            out_trade_no=number,
            amount="680.00",
            subject="未知订单（演示）",
            merchant_id="2088000000009999",
            notify_url="",
            return_url="",
            expires_at="",
        )
        self.books.move(number, SUCCESS, before=(UNOPENED,), paid=True)

    def days(self) -> list[date]:
        """The days on which something was paid or given back."""
        rows = self.books.all("SELECT paid_at FROM trade WHERE paid_at IS NOT NULL UNION SELECT at FROM refund")
        return sorted({date.fromisoformat(row[0][:10]) for row in rows})

    def close(self) -> None:
        """What was told is known already, so nothing is sent when the sandbox starts."""
        self.books.one("UPDATE notification SET state = 'done', tries = 1, answer = 'success' WHERE state = 'due'")
        self.books.close()


@contextmanager
def open_till() -> Iterator[Till | None]:
    """A sandbox on copies of its files, which are put in place with the city; None where real money is paid."""
    if not settings.ALIPAY_IS_SANDBOX:
        yield None
        return
    keys.make(settings.ALIPAY_STATE)
    folder = Path(mkdtemp(dir=settings.ALIPAY_STATE))
    try:
        for name in (keys.APP, keys.ALIPAY):
            shutil.copy2(settings.ALIPAY_STATE / name, folder / name)
        till = Till(folder)
        with by_way_of(till):
            yield till
        till.close()
    except BaseException:
        shutil.rmtree(folder)
        raise
    transaction.on_commit(partial(_put_in_place, folder))


def _put_in_place(folder: Path) -> None:
    (folder / BOOKS).replace(settings.ALIPAY_STATE / BOOKS)
    shutil.rmtree(folder)
