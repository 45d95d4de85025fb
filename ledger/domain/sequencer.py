"""The sequencer: gives queued entries their places in batches, and signs what has come of it (PROTOCOL §1).

Two steps, each of which may be killed at any point. `integrate` gives indexes and writes tiles in one transaction.
`sign_head` then signs the tree that has been committed: first into a file of its own outside the database, then into the
database. So nothing is ever signed that the database could still lose, and a database that has lost or changed something
since is noticed before anything more is signed.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from core import clock
from ledger.domain import keys, nodes
from ledger.models import Checkpoint, QueuedEntry
from protocol import note, tiles

BATCH = 4096
LOCK = 0x6D78_6C6F_67
"""The advisory lock under which entries get their places: "mxlog"."""

_NUMBER = "UPDATE ledger_queuedentry SET index = new.index FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, index) \
WHERE ledger_queuedentry.id = new.id"
_KEEP = (
    "INSERT INTO ledger_tile (level, number, hashes) SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[]) \
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes"
)


class Refused(Exception):
    """The database does not go on from what was signed: nothing is signed until somebody has looked into it."""


def integrate(*, limit: int = BATCH) -> int:
    """Give the next entries of the queue their places, in the order of their ids; tell how many.

    An id that becomes visible later (its transaction took longer) is simply in a later batch. Two at once wait for each other.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        waiting = list(QueuedEntry.objects.filter(index=None).order_by("id").values_list("id", "leaf")[:limit])
        if waiting:
            begin = nodes.size()
            cursor.execute(_NUMBER, [[pk for pk, _leaf in waiting], list(range(begin, begin + len(waiting)))])
            grown = _grown(begin, [bytes(leaf) for _pk, leaf in waiting])
            cursor.execute(
                _KEEP,
                [[level for level, _n in grown], [number for _l, number in grown], list(grown.values())],
            )
    return len(waiting)


def _grown(begin: int, leaves: list[bytes]) -> dict[tiles.Tile, bytes]:
    """The tiles that change when leaves are put behind the first `begin`, with all their hashes."""
    grown: dict[tiles.Tile, bytes] = {}
    level, first, hashes = 0, begin, leaves
    while hashes:
        number, width = divmod(first, tiles.WIDTH)
        held = nodes.fetch([(level, number)])[level, number] if width else b""
        row = held + b"".join(hashes)
        above = []
        for at in range(0, len(row), tiles.WIDTH * tiles.HASH):
            tile = row[at : at + tiles.WIDTH * tiles.HASH]
            grown[level, number + at // (tiles.WIDTH * tiles.HASH)] = tile
            if len(tile) == tiles.WIDTH * tiles.HASH:
                above.append(tiles.tile_root(tile))
        level, first, hashes = level + 1, first // tiles.WIDTH, above
    return grown


def sign_head(state: Path, *, at: datetime | None = None) -> Checkpoint | None:
    """Sign the tree as it is committed, unless that was done; give the checkpoint, None while the log is empty.

    Raises Refused where the database does not go on from the checkpoint that `state` keeps.
    """
    signer, size = keys.log_signer(), nodes.size()
    kept = _kept(state, signer.verifier)
    last = Checkpoint.objects.order_by("-size").first()
    _demand_continuation(kept, size, last)
    if not size:
        return None
    head = note.Checkpoint(origin=signer.name, size=size, root=nodes.root(size))
    if kept is None or kept.size < size:
        _keep(state, note.signed(head.text, [signer.sign(head.text)]))
    elif last is not None and last.size == size:
        return last
    text = (state / "checkpoint").read_text(encoding="utf-8")
    signed, _made = Checkpoint.objects.get_or_create(
        size=size, defaults={"root": head.root, "note": text, "at": at or clock.now()}
    )
    return signed


def _demand_continuation(kept: note.Checkpoint | None, size: int, last: Checkpoint | None) -> None:
    if kept is None:
        if last is not None:
            raise Refused("the database has signed checkpoints, and the file of the last one is missing; restore it")
        return
    if kept.size > size:
        raise Refused(f"{kept.size} entries were signed, the database has {size}: it was set back")
    if nodes.root(kept.size) != kept.root:
        raise Refused(f"the first {kept.size} entries are not those that were signed")


def _kept(state: Path, verifier: note.Verifier) -> note.Checkpoint | None:
    try:
        text = (state / "checkpoint").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        return note.Checkpoint.verified(text, log=verifier)
    except note.BadNote as bad:
        raise Refused(f"the file of the last checkpoint cannot be trusted: {bad}") from bad


def _keep(state: Path, text: str) -> None:
    """Write the file whole or not at all, and only then go on."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = state / "checkpoint.new"
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(state / "checkpoint")
    folder = os.open(state, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sequence(state: Path) -> int:
    """Integrate everything that is visible now and sign it; tell how many entries that were."""
    integrated = 0
    while (batch := integrate()) > 0:
        integrated += batch
        sign_head(state)
    if not integrated:
        sign_head(state)  # what an earlier one had integrated and was killed before signing
    return integrated
