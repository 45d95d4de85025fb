"""The log: entries put in order, proofs made, and what an entry adds to the transaction that writes it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from django.db import connection, transaction

from ledger import domain as ledger
from ledger.domain import nodes, sequencer
from ledger.models import QueuedEntry

ENTRIES = 20_000
PROOFS = 2_000
APPENDS = 2_000
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
FILL = """
INSERT INTO ledger_queuedentry (at, type, subject, entry, leaf, sealed_for)
SELECT now(), 'sealed', 'sealed', convert_to(repeat('x', 250) || i, 'UTF8'),
       sha256(convert_to(i::text || random()::text, 'UTF8')), '' FROM generate_series(1, %s) AS i
"""
BARE = "UPDATE ledger_queuedentry SET index = -new.index FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, index) \
WHERE ledger_queuedentry.id = new.id"


@dataclass(frozen=True, kw_only=True)
class Sequenced:
    """How fast entries were integrated in a log of `size`, beside giving them numbers and nothing else."""

    size: int
    per_second: float
    bare: float


def grow(state: Path, *, to: int) -> None:
    """Bring the log to a size."""
    while (missing := to - nodes.size()) > 0:
        _fill(min(missing, 200_000))
        sequencer.sequence(state)


def sequenced(state: Path) -> Sequenced:
    """Integrate and sign ENTRIES more."""
    size = nodes.size()
    bare = ENTRIES / _timed(lambda: _only_numbers(ENTRIES))
    _fill(ENTRIES)
    ours = ENTRIES / _timed(lambda: sequencer.sequence(state))
    return Sequenced(size=size, per_second=ours, bare=bare)


def _fill(count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL, [count])


def _only_numbers(count: int) -> None:
    """The reference: the same rows read and numbered in the same batches, without tree, tiles and signature; then undone."""
    _fill(count)
    for _batch in range(0, count, sequencer.BATCH):
        with transaction.atomic(), connection.cursor() as cursor:
            waiting = QueuedEntry.objects.filter(index=None).order_by("id")
            rows = [pk for pk, _leaf in waiting.values_list("id", "leaf")[: sequencer.BATCH]]
            cursor.execute(BARE, [rows, rows])
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM ledger_queuedentry WHERE index < 0")
        cursor.execute("SET session_replication_role = DEFAULT")


def proofs() -> tuple[float, float]:
    """Inclusion proofs per second over the whole log, and single rows by their index per second."""
    size, rng = nodes.size(), random.Random(1)
    wanted = [rng.randrange(size) for _proof in range(PROOFS)]
    ours = PROOFS / _timed(lambda: [nodes.inclusion(index, size) for index in wanted])
    rows = PROOFS / _timed(lambda: [QueuedEntry.objects.values_list("leaf").get(index=index) for index in wanted])
    return ours, rows


@dataclass(frozen=True, kw_only=True)
class Added:
    """What a transaction with one insert takes, and what an entry or a second insert adds to it; ms, medians."""

    alone: float
    entry: float
    insert: float


def added() -> Added:
    """The three kinds of transaction in turn, so that whatever else the machine does meets each alike."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_row (id bigserial PRIMARY KEY, text text)")
    kinds: tuple[Callable[[], None], ...] = (_nothing, _entry, _insert)
    alone, entry, insert = (
        median(column) * 1000
        for column in zip(*([_timed(partial(_one, also)) for also in kinds] for _turn in range(APPENDS)), strict=True)
    )
    return Added(alone=alone, entry=entry - alone, insert=insert - alone)


def _one(also: Callable[[], None]) -> None:
    with transaction.atomic():
        _insert()
        also()


def _nothing() -> None:
    pass


def _insert() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_row (text) VALUES ('x')")


def _entry() -> None:
    ledger.append("bench", "bench/1", {"n": 1, "text": "x" * 60}, at=AT)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
