"""What became of the leads of each rule: how many there were, confirmed, dismissed, and what follows for its precision."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from oversight.models import Alert
from oversight.precision import Precision, precision

Status = Alert.Status


@dataclass(frozen=True, slots=True)
class Record:
    """The leads of one rule so far. Dismissed ones and those that an inquiry refuted count against it."""

    rule: str
    found: int
    standing: int
    waiting: int
    in_inquiry: int
    confirmed: int
    dismissed: int
    refuted: int
    changed_at: datetime | None

    @property
    def against(self) -> int:
        return self.dismissed + self.refuted

    @property
    def precision(self) -> Precision:
        return precision(self.confirmed, self.confirmed + self.against)


def records(rules: Collection[str]) -> dict[str, Record]:
    """The record of each of these rules, by one query."""
    rows = (
        Alert.objects.filter(rule__in=rules)
        .order_by()
        .values("rule")
        .annotate(
            found=Count("pk"),
            standing=Count("pk", filter=Q(gone_at=None)),
            changed=Max("changed_at"),
            **{status.value: Count("pk", filter=Q(status=status)) for status in Status},
        )
    )
    known: dict[str, dict[str, object]] = {row["rule"]: dict(row) for row in rows}
    return {rule: _record(rule, known.get(rule, {})) for rule in rules}


def _record(rule: str, row: dict[str, object]) -> Record:
    def number(name: str) -> int:
        return int(row.get(name, 0))  # type: ignore[call-overload, no-any-return]

    return Record(
        rule=rule,
        found=number("found"),
        standing=number("standing"),
        waiting=number("new"),
        in_inquiry=number("in_inquiry"),
        confirmed=number("confirmed"),
        dismissed=number("dismissed"),
        refuted=number("refuted"),
        changed_at=row.get("changed"),  # type: ignore[arg-type]
    )
