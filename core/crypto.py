"""Encryption at rest and blind look-up of what identifies a person.

The keys live outside the database (`settings.FIELD_KEY`, `settings.LOOKUP_KEY`, 32 bytes each), so a copy of the
database alone opens nothing. `FIELD_KEY` may also be a list: the first key seals, every key opens (rotation).
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION = b"\x01"
KEY_ID = 4
NONCE = 12
HEAD = len(VERSION) + KEY_ID + NONCE


class CannotOpen(Exception):
    """The bytes were not sealed for this purpose with a key that we hold, or were changed."""


def _keys() -> list[bytes]:
    configured: bytes | list[bytes] = settings.FIELD_KEY
    keys = [configured] if isinstance(configured, bytes) else list(configured)
    if not keys or any(len(key) != 32 for key in keys):
        raise ValueError("FIELD_KEY must be 32 bytes, or a list of keys of 32 bytes")
    return keys


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"mingxuan/key-id/v1\n" + key).digest()[:KEY_ID]


def seal_bytes(plain: bytes, *, purpose: str) -> bytes:
    """Encrypt with AES-256-GCM, bound to `purpose`: version ‖ key id ‖ nonce ‖ ciphertext."""
    key = _keys()[0]
    head = VERSION + _key_id(key)
    nonce = os.urandom(NONCE)
    return head + nonce + AESGCM(key).encrypt(nonce, plain, head + purpose.encode())


def open_bytes(sealed: bytes, *, purpose: str) -> bytes:
    """Decrypt what `seal_bytes` made for the same purpose; raise CannotOpen otherwise."""
    head, nonce, body = sealed[: HEAD - NONCE], sealed[HEAD - NONCE : HEAD], sealed[HEAD:]
    for key in _keys():
        if head != VERSION + _key_id(key):
            continue
        try:
            return AESGCM(key).decrypt(nonce, body, head + purpose.encode())
        except InvalidTag:
            break
    raise CannotOpen(purpose)


def lookup_hash(value: str, *, field: str) -> str:
    """Return the HMAC-SHA256, in hex, under which a value of `field` can be found without being stored."""
    message = f"mingxuan/lookup/v1\n{field}\n{value}".encode()
    return hmac.new(settings.LOOKUP_KEY, message, hashlib.sha256).hexdigest()
