"""What the custodian says of the log: cosignatures of checkpoints, and that it is there at all."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError, NotAllowed
from ledger.domain import keys
from ledger.models import Checkpoint, Witness
from protocol import note

TOLERANCE_SECONDS = 300
"""How far the custodian's clock may be ahead of ours before somebody should look."""


def cosign(text: str) -> Checkpoint:
    """Keep the custodian's cosignature of one of our checkpoints; the first one counts, a later one says that it is there.

    `text` is the checkpoint as a note, with the cosignature among its signatures. Raises NotAllowed where it is not the
    custodian's, DomainError where it is of no checkpoint of ours or from the future.
    """
    verifier = keys.custodian()
    if verifier is None:
        raise NotAllowed
    try:
        read = note.Note.parse(text)
        time = read.time_by(verifier)
        claimed = note.Checkpoint.read(read.text)
    except note.BadNote as bad:
        raise NotAllowed(_("见证签名无效：%(why)s。") % {"why": bad}) from bad
    if time is None:
        raise NotAllowed(_("没有见证方的签名。"))
    now = clock.now()
    if time > now.timestamp() + TOLERANCE_SECONDS:
        raise DomainError(_("见证签名的时间在将来。"), code="future")
    with transaction.atomic():
        ours = Checkpoint.objects.select_for_update().filter(size=claimed.size).first()
        if ours is None or bytes(ours.root) != claimed.root or claimed.origin != keys.log_signer().name:
            raise DomainError(_("这不是本日志的检查点。"), code="unknown_checkpoint")
        if not ours.cosignature:
            ours.cosignature = next(
                line + "\n" for line in text.splitlines() if line.startswith(f"{note.MARK}{verifier.name} ")
            )
            ours.cosigned_at = datetime.fromtimestamp(time, UTC)
            ours.save(update_fields=["cosignature", "cosigned_at"])
        seen(at=now, size=claimed.size)
    return ours


def seen(*, at: datetime, size: int | None = None) -> None:
    """Note that the custodian was here."""
    verifier = keys.custodian()
    assert verifier is not None
    changed = {"seen_at": at, "vkey": verifier.text} | ({} if size is None else {"size": size})
    Witness.objects.update_or_create(name=verifier.name, defaults=changed)
