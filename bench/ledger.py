"""The log: entries put in order, proofs made, and what an entry adds to the transaction that writes it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from django.db import connection, transaction

from core import clock
from ledger import domain as ledger
from ledger.domain import nodes, sequencer
from ledger.models import QueuedEntry

ENTRIES = 20_000
PROOFS = 2_000
APPENDS = 2_000
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


def added_milliseconds() -> tuple[float, float]:
    """What `append` adds to a transaction that does one insert, and what the insert alone takes; both in ms, medians."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_row (id bigserial PRIMARY KEY, text text)")
    with_entry = [_timed(lambda: _one(append=True)) for _ in range(APPENDS)]
    without = [_timed(lambda: _one(append=False)) for _ in range(APPENDS)]
    return (median(with_entry) - median(without)) * 1000, median(without) * 1000


def _one(*, append: bool) -> None:
    now = clock.standing() or clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_row (text) VALUES ('x')")
        if append:
            ledger.append("bench", "bench/1", {"n": 1, "text": "x" * 60}, at=now)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
