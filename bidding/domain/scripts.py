"""The script that seals bids, in the log: whoever is handed another one can show it (PROTOCOL §2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from django.contrib.staticfiles import finders
from django.db import transaction

from core import clock
from ledger import domain as ledger
from ledger.models import QueuedEntry
from protocol.canonical import sha256_hex

SEALING = "dist/seal.js"
SUBJECT = "script/seal.js"
PUBLISHED = "script.published"


@dataclass(frozen=True, kw_only=True)
class PublishedScript:
    """The SHA-256 of the script's bytes, and where the log says so; `index` is None until it is integrated."""

    sha256: str
    index: int | None


def published_script() -> PublishedScript | None:
    """The newest one that the log has."""
    entry = QueuedEntry.objects.filter(subject=SUBJECT).order_by("-id").first()
    if entry is None:
        return None
    return PublishedScript(sha256=json.loads(bytes(entry.entry))["data"]["sha256"], index=entry.index)


def publish_script() -> bool:
    """Write the hash of the script that is served into the log, unless it is the last one there; whether it was written.

    Raises FileNotFoundError where the front end has not been built.
    """
    found = finders.find(SEALING)
    if not isinstance(found, str):
        raise FileNotFoundError(SEALING)
    digest = sha256_hex(Path(found).read_bytes())
    with transaction.atomic():
        known = published_script()
        if known is not None and known.sha256 == digest:
            return False
        ledger.append(PUBLISHED, SUBJECT, {"name": "seal.js", "sha256": digest}, at=clock.now())
    return True
