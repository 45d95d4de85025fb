"""The tree of the log as the database holds it: tiles, roots and proofs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import connection
from django.db.models import Max

from ledger.models import QueuedEntry
from protocol import tiles, tree
from protocol.tree import Node

T = TypeVar("T")
_FETCH = "SELECT level, number, hashes FROM ledger_tile \
WHERE (level, number) IN (SELECT * FROM unnest(%s::smallint[], %s::bigint[]))"


def size() -> int:
    """How many entries are integrated."""
    last: int | None = QueuedEntry.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def root(at: int) -> bytes:
    """The root of the tree of the first `at` entries."""
    return _with_tiles(lambda node: tree.root_of(at, node))


def inclusion(index: int, at: int) -> list[bytes]:
    """The proof that an entry is in the tree of `at`. Raises ValueError beyond it."""
    return _with_tiles(lambda node: tree.inclusion_proof(index, at, node))


def consistency(old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` goes on from that of `old`. Raises ValueError where it cannot."""
    return _with_tiles(lambda node: tree.consistency_proof(old, new, node))


def several(indexes: Iterable[int], at: int) -> list[bytes]:
    """One proof for several entries of the tree of `at`."""
    wanted = list(indexes)
    return _with_tiles(lambda node: tree.multiproof(wanted, at, node))


def _with_tiles(compute: Callable[[Node], T]) -> T:
    """A computation on the tree, with one query for all the tiles that it needs: at most a few dozen, whatever the size."""
    held = fetch(tiles.needed(compute))
    return compute(tiles.nodes_from(lambda level, number: held.get((level, number), b"")))


def fetch(wanted: Iterable[tiles.Tile]) -> dict[tiles.Tile, bytes]:
    """The hashes of tiles that are there, by their primary keys in one statement."""
    chosen = list(wanted)
    with connection.cursor() as cursor:
        cursor.execute(_FETCH, [[level for level, _number in chosen], [number for _level, number in chosen]])
        return {(level, number): bytes(hashes) for level, number, hashes in cursor.fetchall()}
