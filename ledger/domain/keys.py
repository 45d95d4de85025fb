"""The keys of the log: the platform's own from the environment, the custodian's as it was pinned."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from protocol.note import COSIGNATURE, ED25519, BadNote, Signer, Verifier
from protocol.receipt import key_name


def log_signer() -> Signer:
    """Signs checkpoints; its name is the log's origin."""
    return Signer(settings.LEDGER_ORIGIN, settings.LEDGER_KEY)


def receipt_signer() -> Signer:
    """Signs receipts."""
    return Signer(key_name(settings.LEDGER_ORIGIN), settings.RECEIPT_KEY)


def custodian() -> Verifier | None:
    """The custodian's key for cosignatures, or None where none is pinned yet.

    Pinned by the setting `CUSTODIAN_VKEY`, or by the file `CUSTODIAN_VKEY_FILE` that an embedded custodian leaves.
    Raises ImproperlyConfigured for a text that is none.
    """
    text = settings.CUSTODIAN_VKEY or _read(settings.CUSTODIAN_VKEY_FILE)
    if not text:
        return None
    try:
        found = Verifier.parse(text)
    except BadNote as bad:
        raise ImproperlyConfigured(f"CUSTODIAN_VKEY cannot be used: {bad}.") from bad
    if found.kind != COSIGNATURE:
        raise ImproperlyConfigured("CUSTODIAN_VKEY must be a key for cosignatures.")
    return found


def custodian_notes() -> Verifier | None:
    """The same key of the custodian, for the notes that it signs: stock and releases."""
    pinned = custodian()
    return None if pinned is None else Verifier(name=pinned.name, kind=ED25519, public=pinned.public)


def _read(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() if path else ""
    except FileNotFoundError:
        return ""
