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


def append_all(told: Sequence[tuple[str, str, Mapping[str, Any]]], *, at: datetime) -> None:
    """Queue several entries, each its type, subject and data, in their order and by one statement. As `append` otherwise."""
    database = _in_transaction()
    values: list[Any] = []
    for type_, subject, data in told:
        written = entries.entry(type=type_, subject=subject, data=dict(data), at=at)
        values += [at, type_, subject, written, entries.leaf_hash(written)]
    for subject in dict.fromkeys(subject for _type, subject, _data in told):
        changes.recorded(subject)
    if values:
        rows = ", ".join(["(%s, %s, %s, %s, %s, '')"] * len(told))
        with database.cursor() as cursor:
            cursor.execute(f"{_INTO} VALUES {rows}", values)


def append_sealed(sealed_for: str, event: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
    """Queue an event that says nothing before opening: the log gets its blinded hash only (PROTOCOL §2).

    Returns the entry, of which the receipt is made.
    """
    database = _in_transaction()
    blind = os.urandom(BLIND_OCTETS)
    told = canonical.encode(event)
    written = entries.entry(type=SEALED, subject=SEALED, data=entries.sealed_data(event, blind), at=at)
    leaf = entries.leaf_hash(written)
    row = QueuedEntry(
        at=at,
        type=SEALED,
        subject=SEALED,
        entry=written,
        leaf=leaf,
        sealed_for=sealed_for,
        event=told,
        blind=blind,
    )
    with _prepared(database) as cursor:
        cursor.execute(_SEAL, (at, SEALED, SEALED, written, leaf, sealed_for, told, blind))
        (row.pk,) = cursor.fetchone()
    row._state.adding = False
    return row


def blinded(value: str, *, subject: str) -> str:
    """The form in which free text and what identifies a person enter the log; the blind is kept until it is erased."""
    database = _in_transaction()
    blind = os.urandom(BLIND_OCTETS)
    digest = entries.blinded(value, blind)
    with _prepared(database) as cursor:
        cursor.execute(_BLIND, (digest, blind, subject))
    return digest


def blinded_all(values: Collection[str], *, subject: str) -> list[str]:
    """The same for several values, by one statement."""
    _in_transaction()
    blinds = [os.urandom(BLIND_OCTETS) for _value in values]
    digests = [entries.blinded(value, blind) for value, blind in zip(values, blinds, strict=True)]
    Blind.objects.bulk_create(
        Blind(digest=digest, blind=blind, subject=subject) for digest, blind in zip(digests, blinds, strict=True)
    )
    return digests


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
