"""Entries of the public log (PROTOCOL §1): their bytes, their leaf hashes, and the forms in which secrets enter."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from protocol.canonical import encode, sha256, sha256_hex, timestamp

VERSION = 1
MAX_OCTETS = 16 * 1024
"""The size of an entry in a bundle is a big-endian uint16; PROTOCOL §1 stays well below it."""
BLIND_OCTETS = 16
LEAF_PREFIX = b"\x00"


class EntryTooLarge(ValueError):
    """The entry is longer than 16 KiB; what may grow belongs in as a count and a SHA-256."""


def entry(*, type: str, subject: str, data: Mapping[str, Any], at: datetime) -> bytes:
    """One entry: the RFC 8785 form of `{"at", "data", "subject", "type", "v"}`.

    Raises EntryTooLarge beyond 16 KiB, ValueError for a naive time, canonical.NotCanonical for what JSON cannot hold.
    """
    written = encode({"at": timestamp(at), "data": data, "subject": subject, "type": type, "v": VERSION})
    if len(written) > MAX_OCTETS:
        raise EntryTooLarge(f"{type} about {subject} takes {len(written)} bytes, {MAX_OCTETS} are allowed")
    return written


def leaf_hash(entry: bytes) -> bytes:
    """The entry's hash in the Merkle tree (RFC 6962): `SHA-256(0x00 ‖ entry)`."""
    return sha256(LEAF_PREFIX + entry)


def blinded(value: str, blind: bytes) -> str:
    """`SHA-256(blind ‖ value)` in hex: what stands in the log for a value that must stay erasable."""
    return sha256_hex(_checked(blind) + value.encode("utf-8"))


def sealed_data(event: Mapping[str, Any], blind: bytes) -> dict[str, str]:
    """The `data` of a sealed entry, `{"c": "<SHA-256(blind ‖ JCS(event))>"}`: it says nothing before the event is told."""
    return {"c": sha256_hex(_checked(blind) + encode(event))}


def _checked(blind: bytes) -> bytes:
    if len(blind) != BLIND_OCTETS:
        raise ValueError(f"a blind has {BLIND_OCTETS} bytes, not {len(blind)}")
    return blind
