"""The lock under which everything about one request happens, and who may take which step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.files.base import File

from accounts.models import WRITERS, Membership
from contracts.payments.models import PaymentRequest
from core.errors import NotAllowed
from core.uploads import sha256_of
from ledger import domain as ledger

MOST_BY_ALIPAY = Decimal("100000000.00")
"""The largest amount of one order."""


def held(request_id: int) -> PaymentRequest:
    """The request, held against everybody else who would change it or one of its payments."""
    return (
        PaymentRequest.objects.select_for_update(of=["self"])
        .select_related("owner", "firm__organisation", "firm__payee", "milestone__contract__project")
        .get(pk=request_id)
    )


def demand_owner(request: PaymentRequest, by: Membership) -> None:
    if by.organisation_id != request.owner_id or by.role not in WRITERS:
        raise NotAllowed


def demand_firm(request: PaymentRequest, by: Membership) -> None:
    if by.organisation_id != request.firm.organisation_id or by.role not in WRITERS:
        raise NotAllowed


def pays_by_transfer(request: PaymentRequest) -> bool:
    """Public money goes from bank to bank, what is more than one order of Alipay can hold, and everything without Alipay."""
    return not settings.ALIPAY_ENABLED or request.is_public_money or request.amount > MOST_BY_ALIPAY


def named(file: File[bytes], name: str) -> File[bytes]:
    """A checked file under a name of ours: names that people give to files stay out of the storage."""
    file.name = f"{name}.{(file.name or '').rpartition('.')[2]}"
    return file


def digest_of(file: File[bytes]) -> str:
    return sha256_of(file)


def log(step: str, request: PaymentRequest, *, at: Any, **more: Any) -> None:
    """Tell the log of a step: which contract and milestone by code and number, amounts, nothing about accounts."""
    milestone = request.milestone
    data = {"contract": milestone.contract.code, "milestone": milestone.number, **more}
    ledger.append(f"payment.{step}", request.subject, data, at=at)
