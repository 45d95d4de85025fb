"""The sealed envelope (PROTOCOL §2): what a bid says, how it is locked, and how it is read again.

A lock is HPKE base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM, no AAD; the wire
form is `enc ‖ ciphertext`. Each party's `info` names the round, the lot and the firm, so that an envelope cannot be moved.
Two locks are two calls: `seal(seal(text, party="platform", …), party="custodian", …)`; `open_both` undoes them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from protocol import canonical

Party = Literal["platform", "custodian"]
PARTIES: tuple[Party, ...] = ("platform", "custodian")
BLOCK = 2048
"""Plaintexts are padded to a multiple of this, so that a length tells nothing of an amount."""
LOCK = 48
"""Octets that a lock adds: the encapsulated key and the tag."""
LONGEST = 2 * BLOCK
"""The longest plaintext: with a third block, two locks and base64 would be more than 8 KiB."""
MOST_DAYS = 9999
AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})\.[0-9]{2}")
MEMBERS = frozenset({"amount", "days", "files", "lot", "nonce", "pad", "round", "uscc"})

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)


class CannotOpen(Exception):
    """The envelope was not sealed to this key, for this round, lot and firm, or was changed on the way."""


class InvalidPlaintext(ValueError):
    """The envelope opened, but what it holds is not a plaintext of PROTOCOL §2. `code` says in which way."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        super().__init__(f"{code}: {detail}" if detail else code)


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """An X25519 key pair, both halves as 64 lower-case hex digits."""

    private: str
    public: str


@dataclass(frozen=True, kw_only=True)
class File:
    """A proposal file: the hex key that opens it, and the SHA-256 of its ciphertext."""

    key: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Plaintext:
    """What a firm said: the amount in yuan (None where none is asked), days, its nonce for the draw, and its files."""

    amount: Decimal | None
    days: int | None
    nonce: str
    files: tuple[File, ...] = ()


def generate_keypair() -> KeyPair:
    """A fresh key pair for one round."""
    private = X25519PrivateKey.generate().private_bytes_raw().hex()
    return KeyPair(private=private, public=public_of(private))


def public_of(private: str) -> str:
    """The public key that belongs to a private one. Raises ValueError for anything but 64 hex digits."""
    return X25519PrivateKey.from_private_bytes(_key(private)).public_key().public_bytes_raw().hex()


def info(party: Party, *, round: str, lot: str, uscc: str) -> bytes:
    """HPKE's `info`: what a lock is bound to."""
    if party not in PARTIES:
        raise ValueError(f"no such party: {party!r}")
    if any("\n" in part for part in (round, lot, uscc)):
        raise ValueError("a round, a lot and a firm are named without line breaks")
    return f"mingxuan/envelope/v1/{party}\n{round}\n{lot}\n{uscc}".encode()


def plaintext(
    *,
    round: str,
    lot: str,
    uscc: str,
    amount: Decimal | None,
    days: int | None,
    nonce: str,
    files: Sequence[File] = (),
) -> bytes:
    """What is locked in: JCS JSON padded to a multiple of 2,048 bytes.

    Raises InvalidPlaintext for what nobody could read.
    """
    printed = None if amount is None else f"{amount:.2f}"
    if printed is not None and Decimal(printed) != amount:
        raise InvalidPlaintext("amount", f"{amount} has more than two places")
    members: dict[str, Any] = {
        "amount": printed,
        "days": days,
        "files": [{"key": file.key, "sha256": file.sha256} for file in files],
        "lot": lot,
        "nonce": nonce,
        "pad": "",
        "round": round,
        "uscc": uscc,
    }
    members["pad"] = "0" * (-len(canonical.encode(members)) % BLOCK)
    written = canonical.encode(members)
    read_plaintext(written, round=round, lot=lot, uscc=uscc)
    return written


def seal(plaintext: bytes, *, public: str, party: Party = "platform", round: str, lot: str, uscc: str) -> bytes:
    """Lock bytes to a party's public key; no two calls give the same bytes. Raises ValueError for a key that is none."""
    return _SUITE.encrypt(plaintext, _public_key(public), info=info(party, round=round, lot=lot, uscc=uscc))


def unseal(envelope: bytes, *, private: str, party: Party = "platform", round: str, lot: str, uscc: str) -> bytes:
    """Undo one lock. Raises CannotOpen for whatever is wrong with the envelope, ValueError for a key that is none."""
    key = _private_key(private)
    bound = info(party, round=round, lot=lot, uscc=uscc)
    try:
        return _SUITE.decrypt(envelope, key, info=bound)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen from error


def open_both(envelope: bytes, *, platform: str, custodian: str, round: str, lot: str, uscc: str) -> Plaintext:
    """Undo both locks with their private keys and read what is inside. Raises CannotOpen, InvalidPlaintext, ValueError."""
    inner = unseal(envelope, private=custodian, party="custodian", round=round, lot=lot, uscc=uscc)
    plain = unseal(inner, private=platform, party="platform", round=round, lot=lot, uscc=uscc)
    return read_plaintext(plain, round=round, lot=lot, uscc=uscc)


def read_plaintext(data: bytes, *, round: str, lot: str, uscc: str) -> Plaintext:
    """What an opened envelope says. Raises InvalidPlaintext for every departure from PROTOCOL §2.

    The codes: those of canonical.NotCanonical, `too_long`, `members`, `pad`, `other_round`, `other_lot`, `other_firm`,
    `amount`, `days`, `nonce`, `files`.
    """
    members = _members(data)
    for name, expected, code in (
        ("round", round, "other_round"),
        ("lot", lot, "other_lot"),
        ("uscc", uscc, "other_firm"),
    ):
        if members[name] != expected:
            raise InvalidPlaintext(code, f"{members[name]!r} in place of {expected!r}")
    if not canonical.is_hex(members["nonce"], octets=32):
        raise InvalidPlaintext("nonce")
    return Plaintext(
        amount=_amount(members["amount"]),
        days=_days(members["days"]),
        nonce=members["nonce"],
        files=_files(members["files"]),
    )


def _members(data: bytes) -> dict[str, Any]:
    if len(data) > LONGEST:
        raise InvalidPlaintext("too_long", f"{len(data)} bytes")
    try:
        members = canonical.decode(data)
    except canonical.NotCanonical as error:
        raise InvalidPlaintext(error.code, error.detail) from error
    if not isinstance(members, dict) or members.keys() != MEMBERS:
        raise InvalidPlaintext("members")
    pad = members["pad"]
    if not isinstance(pad, str) or pad != "0" * len(pad) or len(data) % BLOCK:
        raise InvalidPlaintext("pad")
    return members


def _amount(value: object) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, str) or not AMOUNT.fullmatch(value):
        raise InvalidPlaintext("amount", repr(value))
    return Decimal(value)


def _days(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_DAYS:
        raise InvalidPlaintext("days", repr(value))
    return value


def _files(value: object) -> tuple[File, ...]:
    if not isinstance(value, list):
        raise InvalidPlaintext("files")
    return tuple(_file(each) for each in value)


def _file(value: object) -> File:
    if not isinstance(value, dict) or value.keys() != {"key", "sha256"}:
        raise InvalidPlaintext("files", repr(value))
    if not all(canonical.is_hex(each, octets=32) for each in value.values()):
        raise InvalidPlaintext("files", repr(value))
    return File(key=value["key"], sha256=value["sha256"])


@lru_cache(maxsize=8)  # a round's envelopes are locked with the same two keys, and reading one takes as long as opening
def _private_key(text: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_key(text))


@lru_cache(maxsize=8)
def _public_key(text: str) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(_key(text))


def _key(text: str) -> bytes:
    if not canonical.is_hex(text, octets=32):
        raise ValueError("an X25519 key is 64 lower-case hex digits")
    return bytes.fromhex(text)
