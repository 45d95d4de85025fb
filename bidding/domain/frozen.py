"""A round that moves, held: its row, its entrants in their order, and how what is found out of them is written back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import QuerySet

from bidding.models import Entry, Round

FIRST = 1
"""Iteration 1 of the draw serves ranking, coefficient and experts of all lots (PROTOCOL §3)."""
COLUMNS = {
    "eligible": "boolean", "credit": "numeric", "opened": "boolean", "amount": "numeric", "days": "smallint",
    "nonce": "text", "valid": "boolean", "reason": "text", "reason_detail": "text", "scores": "jsonb",
}  # fmt: skip
"""What is found out of an entry, step by step, and its type."""


def locked(round_id: int) -> Round:
    """The round, held against everybody else who would move it."""
    return (
        Round.objects.select_for_update(of=["self"])
        .select_related("need", "policy", "department__organisation", "named__organisation")
        .get(pk=round_id)
    )


def entries_of(round_: Round) -> QuerySet[Entry]:
    """The live entries in a fixed order: by lot, then in ascending USCC."""
    return (
        Entry.objects.live()
        .filter(lot__round=round_)
        .select_related("lot", "firm__organisation", "firm__current")
        .order_by("lot__number", "firm__organisation__uscc")
    )


def write_back(entries: Sequence[Any], *columns: str) -> None:
    """Save some of COLUMNS of many entries in one statement: thousands of them take no longer than their rows.

    `entries`: whatever has those names, and `pk`.
    """
    rows = [{"id": entry.pk, **{name: getattr(entry, name) for name in columns}} for entry in entries]
    with connection.cursor() as cursor:
        cursor.execute(_update(columns), [json.dumps(rows, cls=DjangoJSONEncoder)])


def _update(columns: Sequence[str]) -> str:
    """The statement; its names are those of COLUMNS, nothing comes from outside."""
    given = ", ".join(f"{name} = new.{name}" for name in columns)
    kinds = ", ".join(f"{name} {COLUMNS[name]}" for name in columns)
    rows = f"json_to_recordset(%s) AS new (id bigint, {kinds})"
    return f"UPDATE bidding_entry SET {given} FROM {rows} WHERE bidding_entry.id = new.id"  # noqa: S608


def private_keys(round_: Round) -> dict[str, str]:
    """Both private keys, as the log publishes them."""
    return {"custodian": round_.custodian_private, "platform": round_.platform_private}


def first_code(round_: Round) -> str:
    """The custodian's first code."""
    code: str = round_.codes[FIRST - 1]
    return code
