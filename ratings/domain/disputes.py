"""What stands between the owner and the firm of a contract, as far as it colours the owner's marks."""

from __future__ import annotations

from datetime import datetime

from contracts.models import Contract, Matter
from contracts.payments.models import PaymentRequest
from ratings.models import Dispute

Status = PaymentRequest.Status


def disputes_of(contract: Contract, *, now: datetime) -> list[str]:
    """The codes of Dispute that hold at `now`, in their order: money that was asked for and not paid, open matters."""
    requests = list(PaymentRequest.objects.filter(milestone__contract=contract).order_by("requested_at", "id"))
    found = set()
    for each in requests:
        if each.status == Status.REQUESTED:
            found.add(Dispute.OVERDUE if each.due_at is not None and each.due_at < now else Dispute.UNPAID)
    # Sent back, and nothing has come in its place.
    last = {each.milestone_id: each for each in requests}
    if any(each.status == Status.RETURNED for each in last.values()):
        found.add(Dispute.RETURNED)
    if Matter.objects.filter(contract=contract, status=Matter.Status.OPEN).exists():
        found.add(Dispute.MATTER)
    return [each for each in Dispute.values if each in found]
