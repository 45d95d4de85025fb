"""Lines in the database, as far as a test wants them to have come."""

from __future__ import annotations

from typing import Any

from approvals.domain import cases
from approvals.models import Case, Department, Fault, ItemVersion
from contracts.domain import delivering, matters
from contracts.models import Contract, Deliverable, Matter
from core import clock
from market.models import Need
from ratings.lines import Line, Lines
from tests import market_place as market
from tests.approvals import office
from tests.contracts import place


def line_of(need: Need) -> Line:
    (found,) = Lines.of(Need.objects.filter(pk=need.pk))
    return found


def need_of(contract: Contract) -> Need:
    return contract.award.lot.round.need


def delivered(contract: Contract) -> None:
    """Submitted and accepted."""
    accept(place.submits(contract))


def accept(deliverable: Deliverable) -> None:
    owner = market.member_of(deliverable.milestone.contract.owner)
    delivering.accept_deliverable(deliverable_id=deliverable.pk, by=owner)


def waits(contract: Contract, kind: str, **fields: Any) -> Matter:
    """One side asks for something, and the other agrees."""
    firm, owner = market.member_of(contract.firm.organisation), market.member_of(contract.owner)
    asked = matters.propose_matter(contract_id=contract.pk, kind=kind, words="缺总平面图", by=firm, **fields)
    return matters.answer_matter(matter_id=asked.pk, agrees=True, words="", by=owner)


def goes_on(matter: Matter) -> None:
    matters.finish_matter(matter_id=matter.pk, by=market.member_of(matter.contract.owner))


def received(where: market.Place, contract: Contract, **fields: Any) -> Case:
    """The case of a contract's line at its department."""
    ItemVersion.objects.filter(item=where.item).update(committed_days=10, statutory_days=20)
    need = need_of(contract)
    fields.setdefault("project_code", need.project.code)
    return office.received(where, at=clock.now(), by=clerk(where.department), **fields)


def clerk(department: Department) -> Any:
    return office.clerk(department)


def corrected(case: Case, *, deliverable: str = "") -> None:
    """A correction is asked for because of the deliverable, of several the named one."""
    cases.ask_correction(
        case_id=case.pk, by=clerk(case.department), occurred_at=clock.now(), category="quality",
        fault=Fault.DELIVERABLE, deliverable=deliverable, first_time=False, words="补充夜间噪声预测",
    )  # fmt: skip
