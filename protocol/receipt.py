"""Receipts (PROTOCOL §1): what somebody takes home at once, and can hold against the platform later."""

from dataclasses import dataclass
from datetime import datetime

from protocol.canonical import is_hex, read_timestamp, timestamp
from protocol.note import BadNote, Note, Signer, Verifier, signed

KIND = "mingxuan/receipt/v1"
GRACE_SECONDS = 60
"""An entry that is not in the log so long after its receipt is proof against the platform."""


def key_name(origin: str) -> str:
    """The name of the key that signs receipts of a log."""
    return f"{origin}/receipt"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The leaf hash of a sealed entry and the blind of its event, both in hex, and its time."""

    origin: str
    leaf: str
    blind: str
    at: datetime

    def signed(self, signer: Signer) -> str:
        """The receipt as a signed note."""
        text = "\n".join([KIND, self.origin, self.leaf, self.blind, timestamp(self.at)]) + "\n"
        return signed(text, [signer.sign(text)])

    @classmethod
    def verified(cls, note: str, *, key: Verifier) -> "Receipt":
        """The receipt of a note that the platform has signed. Raises BadNote for anything else."""
        read = Note.parse(note)
        if read.signature_by(key) is None:
            raise BadNote("the receipt is not signed by this platform")
        lines = read.text.split("\n")
        if len(lines) != 6 or lines[0] != KIND or key.name != key_name(lines[1]):
            raise BadNote("not a receipt")
        if not is_hex(lines[2], octets=32) or not is_hex(lines[3], octets=16):
            raise BadNote("not a receipt")
        try:
            at = read_timestamp(lines[4])
        except ValueError as error:
            raise BadNote("not a receipt") from error
        return cls(origin=lines[1], leaf=lines[2], blind=lines[3], at=at)
