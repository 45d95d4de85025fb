"""Writing to the public log: a change appends its entry to the queue in its own transaction (PROTOCOL §1)."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import F

from core import changes
from ledger.models import Blind, Checkpoint, QueuedEntry
from protocol import canonical, entries

BLIND_OCTETS = 16
BATCH = 1000
SEALED = "sealed"
OFFERS = "auction."
"""What happens inside an auction changes nothing of its round for those who follow it, and every millisecond counts there."""
LOG_ORDER = (F("index").asc(nulls_last=True), "id")
_INTO = "INSERT INTO ledger_queuedentry (at, type, subject, entry, leaf, sealed_for)"
_APPEND = f"{_INTO} VALUES (%s, %s, %s, %s, %s, '')"
_SEAL = "INSERT INTO ledger_queuedentry (at, type, subject, entry, leaf, sealed_for, event, blind) \
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"
_BLIND = "INSERT INTO ledger_blind (digest, blind, subject) VALUES (%s, %s, %s)"


class OutsideTransaction(RuntimeError):
    """The entry and the change that it tells of would not stand or fall together."""


def append(type: str, subject: str, data: Mapping[str, Any], *, at: datetime) -> None:
    """Queue one entry of the log.

    Call it inside the transaction of the change, under the lock of the subject. Raises `entries.EntryTooLarge` beyond
    16 KiB and OutsideTransaction where there is no transaction.
    """
    database = _in_transaction()
    written = entries.entry(type=type, subject=subject, data=dict(data), at=at)
    if not type.startswith(OFFERS):
        changes.recorded(subject)
    with _prepared(database) as cursor:
        cursor.execute(_APPEND, (at, type, subject, written, entries.leaf_hash(written)))


def written(type: str, subject: str, data: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
    """An entry as it would be queued; `append_all` queues many at once."""
    entry = entries.entry(type=type, subject=subject, data=dict(data), at=at)
    return QueuedEntry(at=at, type=type, subject=subject, entry=entry, leaf=entries.leaf_hash(entry), sealed_for="")


def append_all(rows: Sequence[QueuedEntry], blinds: Sequence[Blind] = ()) -> None:
    """Queue written entries in their order, with the blinds of what they hold blinded, by as few statements as can be.

    As `append` otherwise.
    """
    _in_transaction()
    for subject in dict.fromkeys(row.subject for row in rows if not row.type.startswith(OFFERS)):
        changes.recorded(subject)
    Blind.objects.bulk_create(blinds, batch_size=BATCH)
    QueuedEntry.objects.bulk_create(rows, batch_size=BATCH)


def append_sealed(sealed_for: str, event: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
    """Queue an event that says nothing before opening: the log gets its blinded hash only (PROTOCOL §2).

    Returns the entry, of which the receipt is made.
    """
    database = _in_transaction()
    row = written_sealed(sealed_for, event, at=at)
    values: tuple[Any, ...] = (at, SEALED, SEALED, row.entry, row.leaf, sealed_for, row.event, row.blind)
    with _prepared(database) as cursor:
        cursor.execute(_SEAL, values)
        (row.pk,) = cursor.fetchone()
    row._state.adding = False
    return row


def written_sealed(sealed_for: str, event: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
    """A sealed entry as it would be queued."""
    blind = os.urandom(BLIND_OCTETS)
    row = written(SEALED, SEALED, entries.sealed_data(event, blind), at=at)
    row.sealed_for, row.event, row.blind = sealed_for, canonical.encode(event), blind
    return row


def blinded(value: str, *, subject: str) -> str:
    """The form in which free text and what identifies a person enter the log; the blind is kept until it is erased."""
    database = _in_transaction()
    blind = os.urandom(BLIND_OCTETS)
    digest = entries.blinded(value, blind)
    with _prepared(database) as cursor:
        cursor.execute(_BLIND, (digest, blind, subject))
    return digest


def written_blind(value: str, *, subject: str) -> Blind:
    """A value blinded anew, as it would be kept: for `append_all`."""
    blind = os.urandom(BLIND_OCTETS)
    return Blind(digest=entries.blinded(value, blind), blind=blind, subject=subject)


def _in_transaction() -> BaseDatabaseWrapper:
    """The connection of this thread. Raises OutsideTransaction where it has no transaction open."""
    database = connections[DEFAULT_DB_ALIAS]
    if not database.in_atomic_block:
        raise OutsideTransaction
    return database


def _prepared(database: BaseDatabaseWrapper) -> CursorWrapper:
    """A cursor whose statements the session plans once (`prepare_threshold` in the settings).

    What is written here is on the path of everything that anybody does, and a third of its time went into putting values into
    the statement's text and into reading and planning that anew, which Django's own cursors cannot do without.
    """
    database.ensure_connection()
    wrapped: CursorWrapper = database._prepare_cursor(ServerBindingCursor(database.connection))  # type: ignore
    return wrapped


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


def lasting_party(code: str, *, protected: bool) -> str:
    """An organisation's code as subjects of the log may hold it: blinded once, so that all entries about it have one subject."""
    if not protected:
        return code
    whose = f"party/{code}"
    known = Blind.objects.filter(subject=whose).order_by("pk").values_list("digest", flat=True).first()
    return known or blinded(code, subject=whose)


def published(subject: str, *, without: Collection[str] = ()) -> list[dict[str, Any]]:
    """Index, type and leaf of every entry about a subject, `without` some types, in the order of the log (PROTOCOL §5 `log`).

    Two lots of one subject may be written at the same time, so what has an index stands by it.
    """
    rows = QueuedEntry.objects.filter(subject=subject).exclude(type__in=[SEALED, *without]).order_by(*LOG_ORDER)
    return [
        {"index": index, "type": type, "leaf": bytes(leaf).hex()}
        for index, type, leaf in rows.values_list("index", "type", "leaf")
    ]


def cosigned_with(subject: str, type: str) -> Checkpoint | None:
    """The first checkpoint with the custodian's cosignature that has an entry of this type about a subject; None before."""
    entry = QueuedEntry.objects.filter(subject=subject, type=type, index__isnull=False).order_by("id").first()
    if entry is None or entry.index is None:
        return None
    return Checkpoint.objects.exclude(cosignature="").filter(size__gt=entry.index).order_by("size").first()


def unsealed(sealed_for: str) -> list[dict[str, Any]]:
    """Blind and event of every sealed entry of a subject (PROTOCOL §5 `events`). Only for what has been opened."""
    rows = QueuedEntry.objects.filter(sealed_for=sealed_for).order_by(*LOG_ORDER)
    return [
        {"index": row.index, "blind": bytes(row.blind or b"").hex(), "event": canonical.decode(bytes(row.event or b""))}
        for row in rows
    ]
