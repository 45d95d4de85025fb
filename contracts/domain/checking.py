"""Whether a PDF that somebody holds is this contract, unchanged, and who has sealed it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.models import Contract
from contracts.sealing import Seal, Unreadable, seals_of


class Outcome(StrEnum):
    """What came of comparing a file with a contract."""

    SAME = "same"
    """Byte for byte the contract with all its seals."""
    PARTLY = "partly"
    """The contract as it was before the last seal."""
    CHANGED = "changed"
    """Sealed with our seals, or meant to be, but not what was sealed here."""
    OTHER = "other"
    """No PDF, or one without a seal of this contract's parties."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of it, the SHA-256 of the file, and its seals."""

    outcome: Outcome
    sha256: str
    seals: list[Seal] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.outcome in (Outcome.SAME, Outcome.PARTLY)


def check_document(contract: Contract, content: bytes) -> Verdict:
    """Compare a file with a sealed contract, by its hash in the log first, and then read its seals by themselves.

    A file that is byte for byte ours must also bear seals that hold: else our own copy was tampered with, and that shows.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        seals = seals_of(content)
    except Unreadable:
        seals = []
    parties = {each.organisation.public_code: each for each in contract.parties.select_related("organisation")}
    ours = [seal for seal in seals if seal.number in parties]
    if sha256 == contract.sha256 and ours and len(ours) == len(parties) and all(seal.holds for seal in seals):
        return Verdict(outcome=Outcome.SAME, sha256=sha256, seals=seals)
    known = {each.sha256 for each in parties.values()} - {"", contract.sha256}
    if sha256 in known and all(seal.holds for seal in seals):
        return Verdict(outcome=Outcome.PARTLY, sha256=sha256, seals=seals)
    return Verdict(outcome=Outcome.CHANGED if ours else Outcome.OTHER, sha256=sha256, seals=seals)
