"""Writing to the public log: a change appends its entry to the queue in its own transaction (PROTOCOL §1)."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from ledger.models import Blind, Checkpoint, QueuedEntry
from protocol import canonical, entries

BLIND_OCTETS = 16
BATCH = 1000
SEALED = "sealed"
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
    return _queue(written(type, subject, data, at=at))


def written(type: str, subject: str, data: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
    """An entry as it would be queued; `append_all` queues many at once."""
    entry = entries.entry(type=type, subject=subject, data=dict(data), at=at)
    return QueuedEntry(at=at, type=type, subject=subject, entry=entry, leaf=entries.leaf_hash(entry), sealed_for="")


def append_sealed(sealed_for: str, event: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
    """Queue an event that says nothing before opening: the log gets its blinded hash only (PROTOCOL §2)."""
    _demand_transaction()
    return _queue(written_sealed(sealed_for, event, at=at))


def written_sealed(sealed_for: str, event: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
    """A sealed entry as it would be queued."""
    blind = os.urandom(BLIND_OCTETS)
    sealed = entries.sealed_data(dict(event), blind)
    row = written(SEALED, SEALED, sealed, at=at)
    row.sealed_for, row.event, row.blind = sealed_for, canonical.encode(dict(event)), blind
    return row


def append_all(rows: Sequence[QueuedEntry], blinds: Sequence[Blind]) -> None:
    """Queue many written entries in their order, with the blinds of what they hold blinded: how whole histories are taken in."""
    _demand_transaction()
    Blind.objects.bulk_create(blinds, batch_size=BATCH)
    QueuedEntry.objects.bulk_create(rows, batch_size=BATCH)


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
    row = written_blind(value, subject=subject)
    row.save(force_insert=True)
    return row.digest


def written_blind(value: str, *, subject: str) -> Blind:
    """A value blinded anew, as it would be kept."""
    blind = os.urandom(BLIND_OCTETS)
    return Blind(digest=entries.blinded(value, blind), blind=blind, subject=subject)


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
