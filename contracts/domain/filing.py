"""Sealed contracts on file (合同备案): the service centre compares them with the award, files them or says what is amiss."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from contracts.domain.access import demand_operator, demand_words, held
from contracts.domain.events import Kind, record
from contracts.models import Contract, Filing
from core import clock
from core.codes import Letter, next_code
from core.errors import DomainError
from ledger import domain as ledger


def await_filing(contract: Contract, *, now: datetime) -> Filing:
    """A contract that has just come into force waits for the centre, and so does a change of one that is on file; within the
    transaction that seals it.
    """
    due_at = contract.policy.end_of_filing(now)
    filing, made = Filing.objects.select_for_update().get_or_create(contract=contract, defaults={"due_at": due_at})
    if not made and filing.is_filed:
        filing.due_at, filing.filed_at, filing.filed_by = due_at, None, None
        filing.remark, filing.remarked_at = "", None
        filing.save()
    return filing


def file_contract(*, contract_id: int, by: Membership) -> Filing:
    """The centre files a contract under a number of its own, with the changes that are in force. Unchanged where it is filed.

    Raises NotAllowed for everybody but the centre, DomainError for a contract that was never sealed.
    """
    with transaction.atomic():
        contract, filing = _held(contract_id, by)
        if filing.is_filed:
            return filing
        now = clock.now()
        filing.number = filing.number or next_code(Letter.FILING, at=now)
        filing.filed_at, filing.filed_by = now, by.user
        filing.save()
        record(contract, Kind.FILED, at=now, by=by.organisation, number=filing.number)
        data: dict[str, Any] = {"number": filing.number, "sha256": contract.sha256}
        last = contract.supplements.in_force().order_by("number").last()
        if last is not None:
            data |= {"supplement": last.number, "supplement_sha256": last.sha256}
        ledger.append("contract.filed", contract.subject, data, at=now)
    return filing


def remark_on_filing(*, contract_id: int, text: str, by: Membership) -> Filing:
    """The centre says what does not agree with the award, for the parties to mend. Raises DomainError where it is filed."""
    with transaction.atomic():
        contract, filing = _held(contract_id, by)
        if filing.is_filed:
            raise DomainError(_("这份合同已经备案。"), code="filed")
        words, now = demand_words(text), clock.now()
        if words == filing.remark:
            return filing
        filing.remark, filing.remarked_at = words, now
        filing.save()
        record(contract, Kind.FILING_REMARKED, at=now, by=by.organisation, note=words)
    return filing


def _held(contract_id: int, by: Membership) -> tuple[Contract, Filing]:
    demand_operator(by)
    contract = held(contract_id)
    filing = Filing.objects.select_for_update().filter(contract=contract).first()
    if filing is None:
        raise DomainError(_("合同盖章齐全以后才能备案。"), code="unsealed")
    return contract, filing
