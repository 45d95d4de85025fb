"""Evidence as it is at a moment: canonical JSON of all leads of an inquiry, and how it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.identifiers import is_sole_trader
from oversight.models import Inquiry, Party
from protocol import canonical


def evidence_of(inquiry: Inquiry, *, at: datetime) -> str:
    """What the leads say now. Natural persons are in it by primary key alone, and sole traders by theirs."""
    alerts = inquiry.alerts.select_related("department").prefetch_related("firms__organisation", "rounds")
    told = {
        "at": canonical.timestamp(at),
        "inquiry": inquiry.code,
        "alerts": [
            {
                "rule": alert.rule,
                "weight": alert.weight,
                "found_at": canonical.timestamp(alert.found_at),
                "stands": alert.gone_at is None,
                "firms": sorted(_called(firm.organisation) for firm in alert.firms.all()),
                "department": alert.department.code if alert.department else None,
                "rounds": sorted(each.code for each in alert.rounds.all()),
                "evidence": _exact(alert.evidence),
            }
            for alert in alerts.order_by("rule", "key", "id")
        ],
    }
    return canonical.encode(told).decode()


def people_in(evidence: Any) -> set[int]:
    """The primary keys of the parties on all paths in some evidence, natural persons among them."""
    return set(_ends(evidence))


def names_of_people(evidence: Any) -> dict[int, str]:
    """The names of natural persons and sole traders on the paths, for those who may read them and to keep them out of print."""
    rows = Party.objects.filter(pk__in=people_in(evidence))
    named = {row.pk: row.name if is_sole_trader(row.uscc) else row.person_name for row in rows}
    return {pk: name for pk, name in named.items() if name}


def _ends(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name == "path" and isinstance(each, list):
                yield from (step[end] for step in each for end in ("tail", "head"))
            else:
                yield from _ends(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ends(each)


def _called(organisation: Any) -> str:
    return f"organisation/{organisation.pk}" if is_sole_trader(organisation.uscc) else str(organisation.uscc or "")


def _exact(value: Any) -> Any:
    """Fractions of numbers as text, so that the bytes do not depend on who writes them."""
    if isinstance(value, Mapping):
        return {str(name): _exact(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(each) for each in value]
    return str(Decimal(repr(value))) if isinstance(value, float) else value
