"""Signed notes (C2SP signed-note), checkpoints (tlog-checkpoint) and timestamped cosignatures (tlog-cosignature)."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.canonical import sha256

ED25519 = 1
COSIGNATURE = 4
"""Kinds of keys: the octet before the public key in a verifier key."""
MARK = "— "
LONGEST = 64 * 1024
_NAME = re.compile(r"[^\s+]+")


class BadNote(ValueError):
    """The note is malformed, or lacks a signature that it must have."""


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """A public key with its name: `<name>+<id in hex>+<base64 of kind ‖ key>` as text."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> "Verifier":
        """Raises BadNote for a text that is no verifier key of a kind known here."""
        name, plus, rest = vkey.strip().partition("+")
        identity, plus_again, encoded = rest.partition("+")
        if not plus or not plus_again or not _NAME.fullmatch(name):
            raise BadNote("not a verifier key")
        raw = _unbase64(encoded)
        if len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
            raise BadNote("a verifier key of an unknown kind")
        found = cls(name=name, kind=raw[0], public=raw[1:])
        if found.identity.hex() != identity:
            raise BadNote("the verifier key's id does not belong to it")
        return found

    @property
    def identity(self) -> bytes:
        """The four octets that name the key in a signature."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public)[:4]

    @property
    def text(self) -> str:
        encoded = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.identity.hex()}+{encoded}"

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether a signature, without the key's id, is this key's over the text."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            message, signature = _cosigned(text, int.from_bytes(signature[:8])), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A named Ed25519 key, from its 32 secret octets; it signs notes, and cosigns checkpoints with a time."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not the name of a key: {name!r}")
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        self.verifier = Verifier(name=name, kind=ED25519, public=public)
        self.cosigner = Verifier(name=name, kind=COSIGNATURE, public=public)

    def sign(self, text: str) -> str:
        """The signature's line over a note's text, which ends with a line break."""
        return _line(self.verifier, self._key.sign(_checked(text).encode()))

    def cosign(self, text: str, *, time: int) -> str:
        """The line of a cosignature over a checkpoint's text, at a Unix time in seconds."""
        return _line(self.cosigner, time.to_bytes(8) + self._key.sign(_cosigned(_checked(text), time)))


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature of a note: the key's name and id, and what follows."""

    name: str
    identity: bytes
    value: bytes

    def by(self, verifier: Verifier) -> bool:
        return self.name == verifier.name and self.identity == verifier.identity


@dataclass(frozen=True, kw_only=True)
class Note:
    """A note's text and its signatures; none of them is checked by reading it."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> "Note":
        """Raises BadNote for what is not a signed note."""
        if len(note) > LONGEST or any(ord(char) < 0x20 and char != "\n" for char in note):
            raise BadNote("too long, or holds control characters")
        text, blank, lines = note.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise BadNote("no signatures")
        return cls(text=text + "\n", signatures=tuple(_signature(line) for line in lines[:-1].split("\n")))

    def signature_by(self, verifier: Verifier) -> bytes | None:
        """The verified signature of a key, None where the note has none. Raises BadNote where it has a false one."""
        for signature in self.signatures:
            if signature.by(verifier):
                if not verifier.accepts(self.text, signature.value):
                    raise BadNote(f"the signature of {verifier.name} is false")
                return signature.value
        return None

    def time_by(self, verifier: Verifier) -> int | None:
        """The Unix time of a key's verified cosignature; see `signature_by`."""
        value = self.signature_by(verifier)
        return None if value is None else int.from_bytes(value[:8])


def signed(text: str, lines: Iterable[str]) -> str:
    """A note from its text and the lines of its signatures."""
    return _checked(text) + "\n" + "".join(lines)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: its origin, how many entries it has, and the root of their tree."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Raises BadNote for a text that is no checkpoint. Further lines are let be."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
            raise BadNote("not a checkpoint")
        root = _unbase64(lines[2])
        if len(root) != 32:
            raise BadNote("the checkpoint's root has not 32 octets")
        return cls(origin=lines[0], size=int(lines[1]), root=root)

    @classmethod
    def verified(cls, note: str, *, log: Verifier) -> "Checkpoint":
        """The checkpoint of a note that the log's key has signed, for the log's own origin. Raises BadNote."""
        read = Note.parse(note)
        if read.signature_by(log) is None:
            raise BadNote("the log has not signed the checkpoint")
        found = cls.read(read.text)
        if found.origin != log.name:
            raise BadNote("the checkpoint is of another log")
        return found


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _line(verifier: Verifier, value: bytes) -> str:
    return f"{MARK}{verifier.name} {base64.b64encode(verifier.identity + value).decode()}\n"


def _checked(text: str) -> str:
    if not text.endswith("\n") or "\n\n" in text:
        raise ValueError("a note's text ends with one line break and has no empty line")
    return text


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(MARK).partition(" ")
    raw = _unbase64(encoded)
    if not line.startswith(MARK) or not space or not _NAME.fullmatch(name) or len(raw) < 5:
        raise BadNote("a malformed signature")
    return Signature(name=name, identity=raw[:4], value=raw[4:])


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("not base64") from error
