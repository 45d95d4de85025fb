"""The sandbox's daily bill: everything that was paid and refunded on a day."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from contracts.payments import bill
from contracts.payments.sandbox.books import LOCAL_TIME, Books, Row
from core.clock import LOCAL


def bill_of(books: Books, day: date, *, seller_id: str) -> bytes:
    """A zip as Alipay makes it."""
    paid = books.all("SELECT * FROM trade WHERE paid_at LIKE ? ORDER BY paid_at", f"{day}%")
    back = books.all(
        "SELECT refund.*, trade_no, subject FROM refund JOIN trade USING (out_trade_no) WHERE at LIKE ? ORDER BY at",
        f"{day}%",
    )
    lines = [_line(row, row["amount"], row["paid_at"]) for row in paid]
    lines += [_line(row, row["amount"], row["at"], request_no=row["request_no"]) for row in back]
    return bill.write(lines, day=day, seller_id=seller_id)


def _line(row: Row, amount: str, at: str, *, request_no: str = "") -> bill.Line:
    return bill.Line(
        trade_no=row["trade_no"],
        order_number=row["out_trade_no"],
        is_refund=bool(request_no),
        amount=Decimal(amount),
        request_no=request_no,
        at=datetime.strptime(at, LOCAL_TIME).replace(tzinfo=LOCAL),
        subject=row["subject"],
    )
