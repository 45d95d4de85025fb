"""Lines in the database, as far as a test wants them to have come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from approvals.domain import cases
from approvals.models import Case, Department, Fault, ItemVersion
from contracts.domain.events import record
from contracts.models import Contract
from core import clock
from market.models import Need
from ratings.lines import Line, Lines
from tests import market_place as market
from tests.approvals import office


def line_of(need: Need) -> Line:
    (found,) = Lines.of(Need.objects.filter(pk=need.pk))
    return found


def need_of(contract: Contract) -> Need:
    return contract.award.lot.round.need


def delivered(contract: Contract, *, at: datetime | None = None) -> None:
    """Submitted and accepted at one moment, as its events say."""
    now = at or clock.now()
    last = contract.milestones.order_by("-number").first()
    record(contract, "submitted", at=now, party="firm", milestone=last)
    record(contract, "accepted", at=now, party="owner", milestone=last)


def received(where: market.Place, contract: Contract, **fields: Any) -> Case:
    """The case of a contract's line at its department."""
    ItemVersion.objects.filter(item=where.item).update(committed_days=10, statutory_days=20)
    need = need_of(contract)
    fields.setdefault("project_code", need.project.code)
    return office.received(where, at=clock.now(), by=clerk(where.department), **fields)


def clerk(department: Department) -> Any:
    return office.clerk(department)


def corrected(case: Case) -> None:
    """A correction is asked for because of the deliverable."""
    cases.ask_correction(
        case_id=case.pk, by=clerk(case.department), occurred_at=clock.now(), category="quality",
        fault=Fault.DELIVERABLE, first_time=False, words="补充夜间噪声预测",
    )  # fmt: skip
