"""The draw (PROTOCOL §3): the process of draft-thomson-elegy-vrs-00 with SHA-256.

What is text and what is bytes, as in the draft's own programs:

- the hash chain runs over bytes: `H^1(secret) = SHA-256(secret)`, `H^2` hashes the 32 bytes of `H^1`, never their hex;
- commitment and one-time codes are written down as 64 lower-case hex digits, and their 32 bytes are the salt;
- `randomness` and labels are text and enter as UTF-8;
- positions are compared as bytes, which is the same as comparing their lower-case hex.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol.canonical import is_hex, sha256

CHAIN_LENGTH = 16
"""n of PROTOCOL §3: 15 codes, since the secret itself is never used."""


class CodesUsedUp(Exception):
    """The chain has no further one-time code; the lot that asks for it fails."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one label came to stand: `position` is the 32 bytes in hex, by which labels are sorted."""

    label: str
    position: str


def hashed(value: bytes, times: int) -> bytes:
    """`H^times(value)`."""
    for _ in range(times):
        value = sha256(value)
    return value


def commitment(secret: bytes, *, n: int = CHAIN_LENGTH) -> str:
    """`H^n(secret)` in hex, published before anything random is known."""
    return hashed(secret, n).hex()


def one_time_code(secret: bytes, *, iteration: int, n: int = CHAIN_LENGTH) -> str:
    """`H^(n-i)(secret)` in hex, the code of the i-th iteration, i from 1.

    Raises CodesUsedUp where the code would be the secret itself or beyond.
    """
    if iteration < 1:
        raise ValueError("iterations count from 1")
    if iteration >= n:
        raise CodesUsedUp(f"a chain of {n} has {n - 1} codes, number {iteration} was asked for")
    return hashed(secret, n - iteration).hex()


def code_belongs(code: str, *, iteration: int, committed: str, n: int = CHAIN_LENGTH) -> bool:
    """Whether `code`, hashed `iteration` times, gives the commitment: what anybody can check without the secret."""
    if not (is_hex(code, octets=32) and is_hex(committed, octets=32) and 1 <= iteration < n):
        return False
    return hashed(bytes.fromhex(code), iteration).hex() == committed


def randomness(contributions: Mapping[str, str], *, sources: Iterable[str] = ()) -> str:
    """The randomness string of one lot.

    `contributions` gives for each frozen entrant, by label, its nonce if its envelope opened into a well-formed
    plaintext (one that `envelope.read_plaintext` accepts, whether or not the bid is valid), else the SHA-256 of its
    ciphertext; 64 hex digits either way. They are taken in ascending label order, each followed by `/`; then the value
    of each public source in the announced order, followed by `/`. Raises ValueError for a contribution of another form.
    """
    for label, value in contributions.items():
        if not is_hex(value, octets=32):
            raise ValueError(f"the contribution of {label} is not 64 hex digits")
    ordered = [contributions[label] for label in sorted(contributions, key=_utf8)]
    return "".join(f"{value}/" for value in [*ordered, *sources])


def positions(*, code: str, randomness: str, labels: Iterable[str]) -> list[Place]:
    """Every label with its position, in the order of the draw.

    PRK = HKDF-Extract(salt = the code's 32 bytes, IKM = randomness); position = HKDF-Expand(PRK, info = label, L = 32).
    Raises ValueError for a malformed code or a label that stands twice.
    """
    if not is_hex(code, octets=32):
        raise ValueError("a one-time code is 64 hex digits")
    known = list(labels)
    if len(set(known)) != len(known):
        raise ValueError("a label stands twice")
    prk = hmac.digest(bytes.fromhex(code), _utf8(randomness), hashlib.sha256)
    # HKDF-Expand for L = 32 is its first block alone: T(1) = HMAC(PRK, info ‖ 0x01).
    placed = [
        Place(label=each, position=hmac.digest(prk, _utf8(each) + b"\x01", hashlib.sha256).hex()) for each in known
    ]
    return sorted(placed, key=lambda place: (place.position, _utf8(place.label)))


def order(*, code: str, randomness: str, labels: Iterable[str]) -> list[str]:
    """The labels in the order of the draw; see `positions`."""
    return [place.label for place in positions(code=code, randomness=randomness, labels=labels)]


def in_lot(labels: Iterable[str], *, lot: str, lots: int) -> list[str]:
    """Labels as they enter the draw: with `<lot>:` before each when the round has several lots."""
    return [f"{lot}:{label}" for label in labels] if lots > 1 else list(labels)


def out_of_lot(labels: Iterable[str], *, lot: str, lots: int) -> list[str]:
    """The opposite of `in_lot`. Raises ValueError for a label of another lot."""
    if lots <= 1:
        return list(labels)
    prefix = f"{lot}:"
    drawn = list(labels)
    if strange := [label for label in drawn if not label.startswith(prefix)]:
        raise ValueError(f"labels of another lot: {strange}")
    return [label.removeprefix(prefix) for label in drawn]


def _utf8(text: str) -> bytes:
    return text.encode("utf-8")
