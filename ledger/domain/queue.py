"""Writing to the public log: a change appends its entry to the queue in its own transaction (PROTOCOL §1)."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from core import changes
from ledger.models import Blind, Checkpoint, QueuedEntry
from protocol import canonical, entries

BLIND_OCTETS = 16
SEALED = "sealed"
OFFERS = "auction."
"""What happens inside an auction changes nothing of its round for those who follow it, and every millisecond counts there."""
LOG_ORDER = (F("index").asc(nulls_last=True), "id")
_INSERT = "INSERT INTO ledger_queuedentry (at, type, subject, entry, leaf, sealed_for, event, blind) \
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"


class OutsideTransaction(RuntimeError):
    """The entry and the change that it tells of would not stand or fall together."""


def append(type: str, subject: str, data: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
    """Queue one entry of the log.

    Call it inside the transaction of the change, under the lock of the subject. Raises `entries.EntryTooLarge` beyond
    16 KiB and OutsideTransaction where there is no transaction.
    """
    _demand_transaction()
    written = entries.entry(type=type, subject=subject, data=dict(data), at=at)
    if not type.startswith(OFFERS):
        changes.recorded(subject)
    return _queue(
        QueuedEntry(at=at, type=type, subject=subject, entry=written, leaf=entries.leaf_hash(written), sealed_for="")
    )


def append_sealed(sealed_for: str, event: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
    """Queue an event that says nothing before opening: the log gets its blinded hash only (PROTOCOL §2)."""
    _demand_transaction()
    blind = os.urandom(BLIND_OCTETS)
    sealed = entries.sealed_data(dict(event), blind)
    written = entries.entry(type=SEALED, subject=SEALED, data=sealed, at=at)
    return _queue(
        QueuedEntry(
            at=at,
            type=SEALED,
            subject=SEALED,
            entry=written,
            leaf=entries.leaf_hash(written),
            sealed_for=sealed_for,
            event=canonical.encode(dict(event)),
            blind=blind,
        )
    )


def _queue(row: QueuedEntry) -> QueuedEntry:
    """One statement and no more: this is on the path of everything that anybody does."""
    values: list[Any] = [
        row.at, row.type, row.subject, row.entry, row.leaf, row.sealed_for, row.event, row.blind
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        (row.pk,) = cursor.fetchone()
    row._state.adding = False
    return row


def blinded(value: str, *, subject: str) -> str:
    """The form in which free text and what identifies a person enter the log; the blind is kept until it is erased."""
    _demand_transaction()
    blind = os.urandom(BLIND_OCTETS)
    digest = entries.blinded(value, blind)
    Blind.objects.create(digest=digest, blind=blind, subject=subject)
    return digest


def unblinded(digest: str) -> str | None:
    """The blind of a value that the log holds as this digest, in hex; None where it was erased."""
    row = Blind.objects.filter(digest=digest).first()
    return None if row is None else bytes(row.blind).hex()


def unblinded_all(digests: Collection[str]) -> dict[str, str]:
    """The blinds of several values, in hex, by their digests; without those that were erased."""
    rows = Blind.objects.filter(digest__in=digests) if digests else Blind.objects.none()
    return {row.digest: bytes(row.blind).hex() for row in rows}


def party(code: str, *, protected: bool, subject: str) -> str:
    """An organisation's code as the log may hold it: blinded for natural persons and sole traders."""
    return blinded(code, subject=subject) if protected else code


def published(subject: str, *, without: Collection[str] = ()) -> list[dict[str, Any]]:
    """Index, type and leaf of every entry about a subject, `without` some types, in the order of the log (PROTOCOL §5 `log`).

    Two lots of one subject may be written at the same time, so what has an index stands by it.
    """
    rows = QueuedEntry.objects.filter(subject=subject).exclude(type__in=[SEALED, *without]).order_by(*LOG_ORDER)
    return [
        {"index": index, "type": type, "leaf": bytes(leaf).hex()}
        for index, type, leaf in rows.values_list("index", "type", "leaf")
    ]


def cosigned_with(subject: str, type: str) -> str | None:
    """The first checkpoint that has an entry of this type about a subject, with the custodian's cosignature; None before."""
    entry = QueuedEntry.objects.filter(subject=subject, type=type, index__isnull=False).order_by("id").first()
    if entry is None or entry.index is None:
        return None
    found = Checkpoint.objects.exclude(cosignature="").filter(size__gt=entry.index).order_by("size").first()
    return found.text if found else None


def unsealed(sealed_for: str) -> list[dict[str, Any]]:
    """Blind and event of every sealed entry of a subject (PROTOCOL §5 `events`). Only for what has been opened."""
    rows = QueuedEntry.objects.filter(sealed_for=sealed_for).order_by(*LOG_ORDER)
    return [
        {"index": row.index, "blind": bytes(row.blind or b"").hex(), "event": canonical.decode(bytes(row.event or b""))}
        for row in rows
    ]


def _demand_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransaction
