"""Our books beside Alipay's bill of the day: row by row, and nothing that does not fit stays unseen."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from contracts.payments import bill, gateway
from contracts.payments.domain import paying
from contracts.payments.models import BillDay, BillRow, Payment, Refund
from core import clock
from core.errors import DomainError

logger = logging.getLogger(__name__)

Finding = BillRow.Finding
DAYS_BACK = 14
BATCH = 1000


def reconcile(*, day: date) -> BillDay:
    """Read the bill of a day and match it; again only adds what is new. Raises GatewayError, or bill.Unreadable."""
    try:
        zipped = gateway.bill(day)
        lines = bill.read(zipped)
    except gateway.NoBill:
        zipped, lines = b"", []
    with transaction.atomic():
        kept, _made = BillDay.objects.get_or_create(day=day, defaults={"read_at": clock.now()})
        kept = BillDay.objects.select_for_update().get(pk=kept.pk)
        rows = [_row(kept, number, line) for number, line in enumerate(lines, start=1)]
        BillRow.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
        kept.read_at, kept.rows = clock.now(), len(rows)
        kept.sha256 = hashlib.sha256(zipped).hexdigest() if zipped else ""
        kept.save()
    rematch()
    return kept


def _row(day: BillDay, number: int, line: bill.Line) -> BillRow:
    return BillRow(
        day=day,
        number=number,
        trade_no=line.trade_no[:64],
        order_number=line.order_number[:64],
        is_refund=line.is_refund,
        request_no=line.request_no[:64] if line.is_refund else "",
        amount=line.amount,
        at=line.at,
    )


def rematch() -> int:
    """Match what does not fit yet; give how many rows still do not. What the bill has as paid is asked about first."""
    for payment_id in _paid_only_there():
        try:
            paying.follow(payment_id=payment_id)
        except DomainError as problem:
            logger.warning("payment %s of the bill could not be asked about: %s", payment_id, problem.code)
    while _match_batch():
        pass
    return BillRow.objects.unmatched().count()


def _paid_only_there() -> list[int]:
    orders = BillRow.objects.unmatched().filter(is_refund=False).values("order_number")
    return list(Payment.objects.filter(order_number__in=orders, paid_at=None).values_list("pk", flat=True))


@transaction.atomic
def _match_batch() -> int:
    """Give a finding to rows that have none yet, and try the others once more; give how many were new."""
    new = list(BillRow.objects.filter(finding=Finding.NEW).order_by("id").select_for_update(skip_locked=True)[:BATCH])
    old = BillRow.objects.exclude(finding__in=["", Finding.NEW]).order_by("id").select_for_update(skip_locked=True)
    rows = new or list(old[:BATCH])
    _match([row for row in rows if not row.is_refund], _payments(rows))
    _match([row for row in rows if row.is_refund], _refunds(rows))
    BillRow.objects.bulk_update(rows, ["finding"], batch_size=BATCH)
    return len(new)


def _payments(rows: Iterable[BillRow]) -> dict[str, Payment]:
    found = Payment.objects.filter(order_number__in={row.order_number for row in rows}).select_for_update()
    return {payment.order_number: payment for payment in found}


def _refunds(rows: Iterable[BillRow]) -> dict[str, Refund]:
    found = Refund.objects.filter(request_no__in={row.request_no for row in rows if row.is_refund}).select_for_update()
    return {refund.request_no: refund for refund in found}


def _match(rows: Sequence[BillRow], known: dict[str, Payment] | dict[str, Refund]) -> None:
    matched = []
    for row in rows:
        ours = known.get(row.request_no if row.is_refund else row.order_number)
        row.finding = _finding(row, ours)
        if ours is not None and not row.finding:
            ours.bill_row = row
            matched.append(ours)
    if matched:
        type(matched[0]).objects.bulk_update(matched, ["bill_row"], batch_size=BATCH)  # type: ignore[arg-type]


def _finding(row: BillRow, ours: Payment | Refund | None) -> str:
    if ours is None:
        return Finding.UNKNOWN
    if isinstance(ours, Refund):
        if ours.status != Refund.Status.DONE:
            return Finding.UNPAID
    elif ours.paid_at is None:
        return Finding.UNPAID
    elif ours.trade_no != row.trade_no:
        return Finding.UNKNOWN
    return "" if ours.amount == row.amount else Finding.AMOUNT


def payments_not_billed() -> QuerySet[Payment]:
    """What our books have as paid on a day whose bill does not have it."""
    read = BillDay.objects.filter(day=OuterRef("paid_at__date"))
    rows = Payment.objects.paid().filter(Exists(read), bill_row=None)
    return rows.select_related("request__owner", "request__firm__organisation").order_by("paid_at", "id")


def refunds_not_billed() -> QuerySet[Refund]:
    """What our books have as refunded on a day whose bill does not have it."""
    read = BillDay.objects.filter(day=OuterRef("done_at__date"))
    rows = Refund.objects.done().filter(Exists(read), bill_row=None)
    return rows.select_related("payment__request__owner", "payment__request__firm__organisation").order_by(
        "done_at", "id"
    )


def days_to_read() -> list[date]:
    """The past days whose bill was not read, since the first order and at most two weeks back; the oldest first.

    A day is read again while our books have more than its bill had: Alipay says the same of a bill that is not made yet.
    """
    first = Payment.objects.order_by("opened_at").values_list("opened_at", flat=True).first()
    if first is None:
        return []
    today = timezone.localdate(clock.now())
    begin = max(timezone.localdate(first), today - timedelta(days=DAYS_BACK))
    days = [begin + timedelta(days=each) for each in range((today - begin).days)]
    read = set(BillDay.objects.filter(day__in=days).values_list("day", flat=True))
    short = {timezone.localdate(at) for at in payments_not_billed().values_list("paid_at", flat=True) if at}
    short |= {timezone.localdate(at) for at in refunds_not_billed().values_list("done_at", flat=True) if at}
    return [day for day in days if day not in read or day in short]
