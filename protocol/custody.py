"""What the custodian sends to the platform (PROTOCOL §2, §3), as signed notes: its stock of keys, and what it releases.

A stock note has the lines `mingxuan/custodian/stock/v1`, origin, then for each key `<public> <commitment> <n>`.
A release note has the lines `mingxuan/custodian/release/v1`, origin, round, private key, then the codes from the first on.
"""

from dataclasses import dataclass

from protocol.canonical import is_hex
from protocol.note import BadNote, Note, Signer, Verifier, signed

STOCK = "mingxuan/custodian/stock/v1"
RELEASE = "mingxuan/custodian/release/v1"
MOST_KEYS = 200
"""In one note."""
LONGEST_CHAIN = 64


@dataclass(frozen=True, kw_only=True)
class StockedKey:
    """A public key with the commitment to the draw of the round that will use it, both in hex; `n` is the chain's length."""

    public: str
    commitment: str
    n: int


@dataclass(frozen=True, kw_only=True)
class Release:
    """The private key of a round, and its one-time codes in the order of their iterations, in hex."""

    round: str
    private: str
    codes: tuple[str, ...]


def stock_note(keys: list[StockedKey], *, origin: str, signer: Signer) -> str:
    """The note that registers keys."""
    return _note([STOCK, origin, *(f"{key.public} {key.commitment} {key.n}" for key in keys)], signer)


def read_stock(text: str, *, origin: str, custodian: Verifier) -> list[StockedKey]:
    """The keys of a note that the custodian has signed for this log. Raises BadNote for anything else."""
    lines = _lines(text, kind=STOCK, origin=origin, custodian=custodian)
    if len(lines) > MOST_KEYS:
        raise BadNote(f"more than {MOST_KEYS} keys")
    return [_stocked(line) for line in lines]


def release_note(release: Release, *, origin: str, signer: Signer) -> str:
    """The note that releases a round's key and codes."""
    return _note([RELEASE, origin, release.round, release.private, *release.codes], signer)


def read_release(text: str, *, origin: str, custodian: Verifier) -> Release:
    """What a note of the custodian releases. Raises BadNote for anything else; whether it fits is the platform's to check."""
    lines = _lines(text, kind=RELEASE, origin=origin, custodian=custodian)
    if len(lines) < 3 or len(lines) > 2 + LONGEST_CHAIN or not all(is_hex(each, octets=32) for each in lines[1:]):
        raise BadNote("not a release")
    return Release(round=lines[0], private=lines[1], codes=tuple(lines[2:]))


def _note(lines: list[str], signer: Signer) -> str:
    text = "\n".join(lines) + "\n"
    return signed(text, [signer.sign(text)])


def _lines(text: str, *, kind: str, origin: str, custodian: Verifier) -> list[str]:
    read = Note.parse(text)
    if read.signature_by(custodian) is None:
        raise BadNote("the custodian has not signed it")
    lines = read.text.rstrip("\n").split("\n")
    if lines[0] != kind:
        raise BadNote(f"not a note of the kind {kind}")
    if len(lines) < 2 or lines[1] != origin:
        raise BadNote("it is for another log")
    return lines[2:]


def _stocked(line: str) -> StockedKey:
    public, _space, rest = line.partition(" ")
    commitment, _space, length = rest.partition(" ")
    if not is_hex(public, octets=32) or not is_hex(commitment, octets=32):
        raise BadNote("a key or a commitment is not 64 hex digits")
    if not length.isascii() or not length.isdigit() or not 2 <= int(length[:4]) <= LONGEST_CHAIN or len(length) > 2:
        raise BadNote("the length of a chain is not between 2 and 64")
    return StockedKey(public=public, commitment=commitment, n=int(length))
