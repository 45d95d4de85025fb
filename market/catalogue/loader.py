"""Reading the catalogue's files into the database, again and again without harm.

Rows are found by their codes and brought up to the files; nothing is deleted, so what a round has referred to stays.
A change of the law is a new version with its first day in the files, never another wording of an old one.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from approvals.models import ApprovalItem, District, Function, ItemVersion
from core import changes
from market.domain.search import search_text
from market.models import AdmissionPolicy, NeedRule, QualificationKind, Service, ServiceVersion

FOLDER = Path(__file__).parent
FIRST_DAY = date(2017, 1, 1)
"""From this day on a row holds that names no first day: the catalogue begins with the reform of 2017."""

Row = dict[str, Any]
M = TypeVar("M", bound=Model)


@cache
def read(name: str) -> list[Row]:
    """The rows of one file of the catalogue: districts, functions, qualifications, items, services or rules."""
    with (FOLDER / f"{name}.toml").open("rb") as file:
        (rows,) = tomllib.load(file).values()
    assert isinstance(rows, list)
    return rows


def load_catalogue() -> Counter[str]:
    """Bring the catalogue in the database up to the files; tell how many rows of each model were new or changed."""
    changed: Counter[str] = Counter()
    with transaction.atomic():
        for row in read("districts"):
            _put(District, {"code": row["code"]}, row, changed)
        _put_line(Function, read("functions"), changed)
        _put_line(QualificationKind, read("qualifications"), changed)
        for row in read("items"):
            _put_item(row, changed)
        _put_services(changed)
        for row in read("rules"):
            _put_rule(row, changed)
        for row in read("admission"):
            _put(AdmissionPolicy, {"version": row["version"]}, row, changed)
    return changed


def _put(model: type[M], key: Mapping[str, Any], values: Mapping[str, Any], changed: Counter[str]) -> M:
    """Find a row by its key and bring it up to `values`, writing only where something differs."""
    row = model._default_manager.filter(**key).first()
    if row is None:
        changed[model.__name__] += 1
        return model._default_manager.create(**{**values, **key})
    differing = [name for name, value in values.items() if getattr(row, name) != value]
    if differing:
        changed[model.__name__] += 1
        for name in differing:
            setattr(row, name, values[name])
        row.save(update_fields=differing)
    return row


def _set(row: Model, relation: str, codes: Iterable[str], model: type[Model]) -> None:
    """Let a many-to-many relation be exactly the rows with these codes; an unknown code is an error in the files."""
    wanted = list(codes)
    found = {each.code: each for each in model._default_manager.filter(code__in=wanted)}  # type: ignore[attr-defined]
    getattr(row, relation).set([found[code] for code in wanted])


def _dates(row: Row) -> Row:
    return {"valid_from": row.get("valid_from", FIRST_DAY), "valid_to": row.get("valid_to")}


def _put_line(model: type[M], rows: list[Row], changed: Counter[str]) -> None:
    """Rows that have successors: first all rows, then who follows whom."""
    put = {}
    for row in rows:
        values = {name: value for name, value in row.items() if name not in ("code", "successor")}
        put[row["code"]] = _put(model, {"code": row["code"]}, {**values, **_dates(row)}, changed)
    for row in rows:
        successor = put[row["successor"]] if "successor" in row else None
        _put(model, {"code": row["code"]}, {"successor": successor}, changed)


def _put_item(row: Row, changed: Counter[str]) -> None:
    before = changed.total()
    item = _put(ApprovalItem, {"code": row["code"]}, {"name": row["name"], "name_en": row["name_en"]}, changed)
    for number, version in enumerate(row["versions"], start=1):
        values = {
            "legal_basis": version["legal_basis"],
            "statutory_days": version.get("statutory_days"),
            "committed_days": version.get("committed_days"),
            **_dates(version),
        }
        put = _put(ItemVersion, {"item": item, "number": number}, values, changed)
        _set(put, "functions", version["functions"], Function)
    if changed.total() > before:
        changes.recorded(f"item/{item.code}")


def _put_services(changed: Counter[str]) -> None:
    rows = read("services")
    put = {}
    for row in rows:
        names = {
            "name": row["name"],
            "name_en": row["name_en"],
            "search": search_text(row["code"], row["name"], row["name_en"]),
        }
        put[row["code"]] = _put(Service, {"code": row["code"]}, names, changed)
    for row in rows:
        successor = put[row["successor"]] if "successor" in row else None
        _put(Service, {"code": row["code"]}, {"successor": successor}, changed)
        before = changed.total()
        for number, version in enumerate(row["versions"], start=1):
            _put_service_version(put[row["code"]], number, version, changed)
        if changed.total() > before:
            changes.recorded(f"service/{row['code']}")


def _put_service_version(service: Service, number: int, version: Row, changed: Counter[str]) -> None:
    values = {
        "necessity": version["necessity"],
        "legal_basis": version["legal_basis"],
        "requirement": version["requirement"],
        "standard_days": version.get("standard_days"),
        "note": version.get("note", ""),
        **_dates(version),
    }
    put = _put(ServiceVersion, {"service": service, "number": number}, values, changed)
    _set(put, "items", version["items"], ApprovalItem)
    _set(put, "qualification_kinds", version.get("qualification_kinds", ()), QualificationKind)


def _put_rule(row: Row, changed: Counter[str]) -> None:
    values = {
        "effect": row["effect"],
        "funding": row.get("funding", ""),
        "tendered_projects_only": row.get("tendered_projects_only", False),
        "amount_from": Decimal(row["amount_from"]) if "amount_from" in row else None,
        "legal_basis": row["legal_basis"],
        "explanation": row["explanation"],
        "explanation_en": row["explanation_en"],
        "valid_to": row.get("valid_to"),
    }
    put = _put(NeedRule, {"code": row["code"], "valid_from": row["valid_from"]}, values, changed)
    _set(put, "services", row.get("services", ()), Service)
