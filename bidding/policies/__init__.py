"""The policies of selection rounds, and of what is kept at entry, as data of the project, and their loader."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from bidding.models import Policy, TracePolicy

FOLDER = Path(__file__).parent


def load_policies() -> int:
    """Add the policies that are not there yet and tell how many; one in force is never altered, rounds have promised it."""
    return _add(_read("policies")) + _add_traces(_read("traces"))


def load_demo_policy(*, valid_from: date) -> int:
    """Add the demonstration's policy, in force from a day on."""
    return _add([{**row, "valid_from": valid_from} for row in _read("demo")])


def _read(name: str) -> list[dict[str, Any]]:
    with (FOLDER / f"{name}.toml").open("rb") as file:
        rows: list[dict[str, Any]] = tomllib.load(file)["policies"]
    return rows


@transaction.atomic
def _add(rows: list[dict[str, Any]]) -> int:
    known = set(Policy.objects.values_list("version", flat=True))
    fresh = [Policy(**row) for row in rows if row["version"] not in known]
    return len(Policy.objects.bulk_create(fresh))


@transaction.atomic
def _add_traces(rows: list[dict[str, Any]]) -> int:
    known = set(TracePolicy.objects.values_list("valid_from", flat=True))
    fresh = [TracePolicy(**row) for row in rows if row["valid_from"] not in known]
    return len(TracePolicy.objects.bulk_create(fresh))
