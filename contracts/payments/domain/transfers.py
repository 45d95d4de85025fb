"""Public money: the owner transfers it from bank to bank and shows the proof, the firm says whether it has come.

A firm that says nothing for the policy's term is taken to have it, and may object for another term (docs/decisions, 25).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership
from contracts.payments.domain.access import demand_firm, demand_owner, digest_of, held, log, named, pays_by_transfer
from contracts.payments.models import PaymentPolicy, PaymentRequest, Transfer
from core import clock
from core.errors import DomainError, NotDue, WrongState
from ledger import domain as ledger

Status = Transfer.Status
REASON_LENGTH = 500


def send_transfer(*, request_id: int, paid_on: date, proof: File[bytes], by: Membership) -> Transfer:
    """The owner has transferred the amount, and shows it. Unchanged where it has said so before and waits for the firm."""
    with transaction.atomic():
        request = held(request_id)
        demand_owner(request, by)
        if waiting := request.transfers.filter(status=Status.SENT).first():
            return waiting
        if not pays_by_transfer(request):
            raise WrongState(_("社会资金由支付宝支付，不收转账凭证。"))
        PaymentRequest.lifecycle.move(request, PaymentRequest.Status.REMITTED)
        now = clock.now()
        if not timezone.localdate(request.requested_at) <= paid_on <= timezone.localdate(now):
            raise DomainError(_("转账日期在申请付款之后、今天之前（含当日）。"), code="paid_on")
        number = request.transfers.count() + 1
        transfer = Transfer.objects.create(
            request=request,
            number=number,
            amount=request.amount,
            paid_on=paid_on,
            proof=named(proof, f"{request.code}-transfer-{number}"),
            sha256=digest_of(proof),
            sent_at=now,
            confirm_by=now + timedelta(days=PaymentPolicy.in_force(now).confirm_days),
            sent_by=by.user,
        )
        request.save()
        log("remitted", request, at=now, amount=f"{request.amount:.2f}", proof=transfer.sha256)
    return transfer


def answer_transfer(*, transfer_id: int, arrived: bool, reason: str = "", by: Membership) -> Transfer:
    """The firm says whether the money has come; of what counts as arrived by its silence, too, within the term for that.

    Unchanged where it has said the same before; raises WrongState for the other, NotDue for an objection that is too late.
    """
    target = Status.CONFIRMED if arrived else Status.DENIED
    with transaction.atomic():
        request, transfer = _held(transfer_id)
        demand_firm(request, by)
        if transfer.status == target:
            return transfer
        now, said = clock.now(), reason.strip()
        if transfer.is_presumed and not arrived and not transfer.takes_objection_at(now):
            raise NotDue(_("提出异议的期限已过：这笔转账已视为到账。双方仍可协商或依法处理。"))
        was_presumed = transfer.is_presumed
        Transfer.lifecycle.move(transfer, target)
        if not arrived and not 0 < len(said) <= REASON_LENGTH:
            raise DomainError(_("请写明理由，最多 %(most)d 个字。") % {"most": REASON_LENGTH}, code="reason")
        transfer.answered_at, transfer.answered_by, transfer.reason = now, by.user, said
        transfer.save()
        if arrived:
            _pay(request, transfer, now, was_presumed=was_presumed)
        else:
            _take_back(request, now, was_presumed=was_presumed)
            log("not_arrived", request, at=now, reason=ledger.blinded(said, subject=request.subject))
        request.save()
    return transfer


def presume_arrival(*, transfer_id: int, now: datetime | None = None) -> Transfer | None:
    """Take a transfer as arrived whose firm was silent for the whole term; marked as that wherever it is shown.

    None where there is nothing to presume: it is answered, or the term is not over.
    """
    with transaction.atomic():
        request, transfer = _held(transfer_id)
        now = now or clock.now()
        if not transfer.is_sent or now < transfer.confirm_by:
            return None
        Transfer.lifecycle.move(transfer, Status.PRESUMED)
        PaymentRequest.lifecycle.move(request, PaymentRequest.Status.PAID)
        transfer.presumed_at = now
        transfer.object_until = now + timedelta(days=PaymentPolicy.in_force(now).object_days)
        transfer.save()
        request.paid_at = _on(transfer.paid_on, now)
        request.save()
        log("presumed", request, at=now, amount=f"{transfer.amount:.2f}", proof=transfer.sha256)
    return transfer


def _pay(request: PaymentRequest, transfer: Transfer, now: datetime, *, was_presumed: bool) -> None:
    if not was_presumed:
        PaymentRequest.lifecycle.move(request, PaymentRequest.Status.PAID)
        request.paid_at = _on(transfer.paid_on, now)
    log("paid", request, at=now, amount=f"{transfer.amount:.2f}", by="transfer")


def _take_back(request: PaymentRequest, now: datetime, *, was_presumed: bool) -> None:
    """Waiting again, from the term that it had. Who was told for weeks that it had paid is not named in public at once."""
    PaymentRequest.lifecycle.move(request, PaymentRequest.Status.REQUESTED)
    request.paid_at = None
    if was_presumed and request.public_at is not None:
        again = now + timedelta(days=PaymentPolicy.in_force(now).public_after_days)
        request.public_at = max(request.public_at, again)


def _held(transfer_id: int) -> tuple[PaymentRequest, Transfer]:
    request = held(Transfer.objects.values_list("request_id", flat=True).get(pk=transfer_id))
    return request, Transfer.objects.select_for_update().get(pk=transfer_id)


def _on(day: date, now: datetime) -> datetime:
    """The day on which the owner has paid, which is what its term is measured by; never after now."""
    return min(datetime.combine(day, time(12), tzinfo=clock.LOCAL), now)
