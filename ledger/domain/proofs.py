"""The proof that goes with a public record: that everything it says of the log stands in one cosigned checkpoint."""

from __future__ import annotations

import base64
from typing import Any

from django.db.models import Q

from ledger.domain import keys, nodes
from ledger.domain.queue import LOG_ORDER
from ledger.models import Checkpoint, QueuedEntry
from protocol.note import Checkpoint as Head


def proof_of(subject: str, *, with_sealed: bool, earlier: list[str]) -> dict[str, Any] | None:
    """Entries about a subject, and one proof for all of them in the first cosigned checkpoint that has the last of them.

    `with_sealed` adds the sealed ones to the proof: only for what has been opened. `earlier` are notes of checkpoints that are
    shown to be its beginnings. None while not everything is cosigned.
    """
    about = Q(subject=subject) | Q(sealed_for=subject) if with_sealed else Q(subject=subject)
    rows = list(QueuedEntry.objects.filter(about).order_by(*LOG_ORDER))
    indexes = [row.index for row in rows if row.index is not None]
    if not rows or len(indexes) < len(rows):
        return None
    signed = Checkpoint.objects.exclude(cosignature="").filter(size__gt=max(indexes)).order_by("size").first()
    pinned = keys.custodian()
    if signed is None or pinned is None:
        return None
    sizes = [Head.read(note).size for note in earlier]
    return {
        "log": keys.log_signer().verifier.text,
        "custodian": pinned.text,
        "checkpoint": signed.text,
        "entries": [{"index": row.index, "entry": bytes(row.entry).decode()} for row in rows if not row.sealed_for],
        "hashes": _base64(nodes.several(indexes, signed.size)),
        "consistency": [
            {"size": size, "hashes": _base64(nodes.consistency(size, signed.size))}
            for size in sorted(set(sizes))
            if size <= signed.size
        ],
    }


def _base64(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]
