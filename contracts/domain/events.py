"""Writing down what happened to a contract: one row for its history and the timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import Organisation
from contracts.models import Contract, ContractEvent, Milestone
from core import changes

Kind = ContractEvent.Kind


def record(
    contract: Contract,
    kind: str,
    *,
    at: datetime,
    recorded_at: datetime | None = None,
    by: Organisation | None = None,
    party: str = "",
    milestone: Milestone | None = None,
    note: str = "",
    **data: Any,
) -> ContractEvent:
    """Write one event down; `at` is when it counts from, `recorded_at` now where that was earlier."""
    changes.recorded(contract.subject)
    return ContractEvent.objects.create(
        contract=contract,
        kind=kind,
        at=at,
        recorded_at=recorded_at or at,
        by=by,
        party=party,
        milestone=milestone,
        note=note,
        data=data,
    )
