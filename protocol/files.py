"""Proposal files (PROTOCOL §2): AES-256-GCM with a key of each file's own, the 96-bit random IV first."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol.canonical import sha256_hex
from protocol.envelope import CannotOpen, File

IV_OCTETS = 12
TAG_OCTETS = 16
MOST_FILES = 5
LARGEST = 20 * 1024 * 1024
"""Octets of a file before it is encrypted."""
LARGEST_CIPHERTEXT = IV_OCTETS + LARGEST + TAG_OCTETS


def encrypt_file(content: bytes) -> tuple[bytes, File]:
    """The ciphertext that is uploaded, and what goes into the envelope. Raises ValueError for a file that is too large."""
    if not 0 < len(content) <= LARGEST:
        raise ValueError(f"a file has 1 to {LARGEST} bytes, not {len(content)}")
    key, iv = os.urandom(32), os.urandom(IV_OCTETS)
    ciphertext = iv + AESGCM(key).encrypt(iv, content, None)
    return ciphertext, File(key=key.hex(), sha256=sha256_hex(ciphertext))


def decrypt_file(ciphertext: bytes, file: File) -> bytes:
    """The file again. Raises CannotOpen for another ciphertext than the envelope names, or one that its key does not open."""
    if sha256_hex(ciphertext) != file.sha256 or len(ciphertext) < IV_OCTETS + TAG_OCTETS:
        raise CannotOpen
    try:
        return AESGCM(bytes.fromhex(file.key)).decrypt(ciphertext[:IV_OCTETS], ciphertext[IV_OCTETS:], None)
    except InvalidTag as error:
        raise CannotOpen from error
