"""Receipts of entries, and what becomes of them: the proof that the entry is in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError
from ledger.domain import keys, nodes
from ledger.models import Checkpoint, QueuedEntry
from protocol.note import BadNote
from protocol.receipt import GRACE_SECONDS, Receipt


@dataclass(frozen=True, kw_only=True)
class Inclusion:
    """What a receipt has become. Without an index it is not in the log yet; `overdue` is proof against the platform."""

    receipt: Receipt
    index: int | None = None
    checkpoint: Checkpoint | None = None
    proof: tuple[bytes, ...] = ()
    overdue: bool = False


def receipt_for(entry: QueuedEntry) -> str:
    """The receipt of a sealed entry, as a signed note: the same bytes whenever it is asked for."""
    receipt = Receipt(
        origin=keys.log_signer().name,
        leaf=bytes(entry.leaf).hex(),
        blind=bytes(entry.blind or b"").hex(),
        at=entry.at,
    )
    return receipt.signed(keys.receipt_signer())


def inclusion_of(text: str) -> Inclusion:
    """Look for a receipt's entry in the signed log. Raises DomainError for a text that is no receipt of ours."""
    try:
        lines = [line.strip() for line in text.strip().splitlines()]  # pasted text comes with other line ends
        receipt = Receipt.verified("\n".join(lines) + "\n", key=keys.receipt_signer().verifier)
    except BadNote as bad:
        raise DomainError(_("这不是本平台签发的回执：内容不完整，或被改动过。"), code="not_a_receipt") from bad
    signed = Checkpoint.objects.order_by("-size").first()
    entry = QueuedEntry.objects.filter(leaf=bytes.fromhex(receipt.leaf), index__isnull=False).order_by("index").first()
    if signed is None or entry is None or entry.index is None or entry.index >= signed.size:
        overdue = clock.now() > receipt.at + timedelta(seconds=GRACE_SECONDS)
        return Inclusion(receipt=receipt, overdue=overdue)
    proof = nodes.inclusion(entry.index, signed.size)
    return Inclusion(receipt=receipt, index=entry.index, checkpoint=signed, proof=tuple(proof))
