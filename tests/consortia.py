"""Consortia by the handful, for tests: proposed, confirmed, entered."""

from __future__ import annotations

from typing import Any

from bidding.domain import consortia, entries
from bidding.domain.consortia import Part
from bidding.models import Consortium, ConsortiumParty, Round
from market.models import Firm
from tests import market_place as market

MOST = 3


def announced(where: market.Place, *, most: int | None = MOST, **terms: Any) -> Round:
    """A round that takes consortia of up to `most` firms."""
    return market.announced(where, consortium_most=most, **terms)


def proposes(round_: Round, lead: Firm, *members: Firm) -> Consortium:
    return consortia.propose(
        round_id=round_.pk,
        lead=Part(firm=lead, share="总体设计"),
        members=[Part(firm=each, share=f"第 {n} 部分的勘察") for n, each in enumerate(members, start=1)],
        by=market.member_of(lead.organisation),
    )


def answers(consortium: Consortium, who: Firm, *, confirms: bool = True) -> ConsortiumParty:
    return consortia.answer(key=consortium.key, confirms=confirms, by=market.member_of(who.organisation))


def formed(round_: Round, lead: Firm, *members: Firm) -> Consortium:
    """A consortium that everybody has confirmed."""
    made = proposes(round_, lead, *members)
    for each in members:
        answers(made, each)
    return made


def enters(round_: Round, lead: Firm, *members: Firm, amount: str | None = None) -> entries.Receipt:
    """A consortium is formed and its lead firm enters for it."""
    formed(round_, lead, *members)
    return market.enters(round_, lead, amount)
