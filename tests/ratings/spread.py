"""Putting the moments of a life that took a minute some days apart, as it would have been."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from approvals.models import Case, CaseEvent
from bidding.models import Award, Round
from contracts.models import Contract, ContractEvent
from core import clock


def spread(contract: Contract, case: Case) -> None:
    """All that the timeline reads of a line, each three days after the last, the last of them yesterday or before."""
    rows: list[tuple[Any, Any, str]] = [
        (Round, Round.objects.get(pk=contract.award.lot.round_id), "announced_at"),
        (Award, contract.award, "issued_at"),
    ]
    rows += [(ContractEvent, each, "at") for each in contract.events.order_by("at", "pk")]
    rows += [(CaseEvent, each, "occurred_at") for each in case.events.order_by("number")]
    start = clock.now() - timedelta(days=3 * len(rows))
    for number, (model, row, field) in enumerate(rows):
        model.objects.filter(pk=row.pk).update(**{field: start + timedelta(days=3 * number)})
    limit = start + timedelta(days=3 * len(rows) + 4)
    Case.objects.filter(pk=case.pk, ended_at=None).update(due_at=limit, soon_at=limit - timedelta(days=2))
