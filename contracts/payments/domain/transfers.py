"""Public money: the owner transfers it from bank to bank and shows the proof, the firm says whether it has come."""

from __future__ import annotations

from datetime import date, datetime, time

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership
from contracts.payments.domain.access import demand_firm, demand_owner, digest_of, held, log, named, pays_by_transfer
from contracts.payments.models import PaymentRequest, Transfer
from core import clock
from core.errors import DomainError, WrongState
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
            sent_by=by.user,
        )
        request.save()
        log("remitted", request, at=now, amount=f"{request.amount:.2f}", proof=transfer.sha256)
    return transfer


def answer_transfer(*, transfer_id: int, arrived: bool, reason: str = "", by: Membership) -> Transfer:
    """The firm says whether the money has come. Unchanged where it has said the same before; raises WrongState for the other."""
    target = Status.CONFIRMED if arrived else Status.DENIED
    with transaction.atomic():
        request = held(Transfer.objects.values_list("request_id", flat=True).get(pk=transfer_id))
        transfer = Transfer.objects.select_for_update().get(pk=transfer_id)
        demand_firm(request, by)
        if transfer.status == target:
            return transfer
        Transfer.lifecycle.move(transfer, target)
        now, said = clock.now(), reason.strip()
        if not arrived and not 0 < len(said) <= REASON_LENGTH:
            raise DomainError(_("请写明理由，最多 %(most)d 个字。") % {"most": REASON_LENGTH}, code="reason")
        transfer.answered_at, transfer.answered_by, transfer.reason = now, by.user, said
        transfer.save()
        PaymentRequest.lifecycle.move(
            request, PaymentRequest.Status.PAID if arrived else PaymentRequest.Status.REQUESTED
        )
        if arrived:
            request.paid_at = _on(transfer.paid_on, now)
            log("paid", request, at=now, amount=f"{transfer.amount:.2f}", by="transfer")
        else:
            log("not_arrived", request, at=now, reason=ledger.blinded(said, subject=request.subject))
        request.save()
    return transfer


def _on(day: date, now: datetime) -> datetime:
    """The day on which the owner has paid, which is what its term is measured by; never after now."""
    return min(datetime.combine(day, time(12), tzinfo=clock.LOCAL), now)
