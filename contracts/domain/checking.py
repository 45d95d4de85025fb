"""Whether a PDF that somebody holds is this contract, unchanged, and who has sealed it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.models import Contract, ContractParty, Supplement
from contracts.sealing import Seal, Unreadable, seals_of


class Outcome(StrEnum):
    """What came of comparing a file with a contract."""

    SAME = "same"
    """Byte for byte the contract, or a supplement of it, with all its seals."""
    PARTLY = "partly"
    """One of them as it was before the last seal."""
    CHANGED = "changed"
    """Sealed with our seals, or meant to be, but not what was sealed here."""
    OTHER = "other"
    """No PDF, or one without a seal of this contract's parties."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A document that was sealed here: its hash with all seals, those with only some of them, and which supplement it is."""

    sha256: str
    earlier: frozenset[str]
    supplement: Supplement | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of it, the SHA-256 of the file, its seals, and which of the contract's papers it is, if any."""

    outcome: Outcome
    sha256: str
    seals: list[Seal] = field(default_factory=list)
    paper: Paper | None = None

    @property
    def holds(self) -> bool:
        return self.outcome in (Outcome.SAME, Outcome.PARTLY)


def check_document(contract: Contract, content: bytes) -> Verdict:
    """Compare a file with a sealed contract and its supplements, by the hashes in the log first, then read its seals.

    A file that is byte for byte ours must also bear seals that hold: else our own copy was tampered with, and that shows.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        seals = seals_of(content)
    except Unreadable:
        seals = []
    parties = {each.organisation.public_code: each for each in contract.parties.select_related("organisation")}
    ours = [seal for seal in seals if seal.number in parties]
    hold = bool(seals) and all(seal.holds for seal in seals)
    for paper in _papers(contract, list(parties.values())):
        if hold and sha256 == paper.sha256 and len(ours) == len(parties):
            return Verdict(outcome=Outcome.SAME, sha256=sha256, seals=seals, paper=paper)
        if hold and sha256 in paper.earlier:
            return Verdict(outcome=Outcome.PARTLY, sha256=sha256, seals=seals, paper=paper)
    return Verdict(outcome=Outcome.CHANGED if ours else Outcome.OTHER, sha256=sha256, seals=seals)


def _papers(contract: Contract, parties: list[ContractParty]) -> Iterator[Paper]:
    """The contract, and every supplementary agreement to it, as they were sealed."""
    yield Paper(sha256=contract.sha256, earlier=frozenset({each.sha256 for each in parties} - {"", contract.sha256}))
    for each in contract.supplements.prefetch_related("seals"):
        sealed = {seal.sha256 for seal in each.seals.all()}
        in_force = each.status == Supplement.Status.IN_FORCE
        yield Paper(
            sha256=each.sha256 if in_force else "",
            earlier=frozenset(sealed - {each.sha256} if in_force else sealed),
            supplement=each,
        )
