"""Contracts for tests: from an award to every state in which one can be."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile

from accounts.models import Membership
from bidding.models import Award, Round
from contracts.document import text_hash
from contracts.domain import delivering, drafting, matters, sealing
from contracts.models import Contract, Deliverable, Matter, Supplement
from core import clock
from tests import market_place as market


def awarded(where: market.Place, *, amount: str = "48000.00", **terms: Any) -> Award:
    """The award of a round that has been lived through."""
    round_ = market.lived(where, amounts=[amount], **terms)
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now())
    market.move_on()
    return Award.objects.get(lot__round=round_)


def drafted(where: market.Place, **terms: Any) -> Contract:
    contract = drafting.draft_contract(award_id=awarded(where, **terms).pk)
    assert contract is not None
    return contract


def people(where: market.Place, contract: Contract) -> tuple[Membership, Membership]:
    """Somebody of the owner, and of the firm."""
    return where.owner, market.member_of(contract.firm.organisation)


def proposed(where: market.Place, **terms: Any) -> Contract:
    return drafting.propose_contract(contract_id=drafted(where, **terms).pk, by=where.owner)


def agreed(where: market.Place, **terms: Any) -> Contract:
    contract = proposed(where, **terms)
    return drafting.agree_to_contract(
        contract_id=contract.pk, text_sha256=text_hash(contract), by=people(where, contract)[1]
    )


def seal(contract: Contract, by: Membership) -> Contract:
    return sealing.seal_contract(contract_id=contract.pk, text_sha256=text_hash(contract), by=by)


def running(where: market.Place, **terms: Any) -> Contract:
    """Sealed by everybody."""
    contract = agreed(where, **terms)
    for party in contract.parties.order_by("-number"):
        contract = seal(contract, market.member_of(party.organisation))
    return contract


def supplemented(where: market.Place, contract: Contract) -> Supplement:
    """A supplementary agreement about five more days, which waits for its seals."""
    owner, firm = people(where, contract)
    asked = matters.propose_matter(
        contract_id=contract.pk, kind=Matter.Kind.CHANGE, words="增加一个专题", days=contract.days + 5, by=firm
    )
    matters.answer_matter(matter_id=asked.pk, agrees=True, words="", by=owner)
    return asked.supplement


def content(contract: Contract) -> bytes:
    """The PDF as it is now."""
    with contract.document.open("rb") as file:
        return bytes(file.read())


def pdf(text: str = "报告") -> bytes:
    return b"%PDF-1.7\n" + text.encode() + b"\n%%EOF\n"


def submits(contract: Contract, by: Membership | None = None, text: str = "报告") -> Deliverable:
    """The next version of what the contract delivers."""
    return delivering.submit_deliverable(
        milestone_id=contract.milestones.get(delivers=True).pk,
        content=ContentFile(pdf(text)),
        kind="application/pdf",
        by=by or market.member_of(contract.firm.organisation),
    )
