"""Which recorded facts cost a firm points: one small rule for each deed, pure (DOMAIN "The joint score", credit standing).

A rule says whether a fact is a finding, no more. What it costs, for how long and by which basis is dated data
(`DeductionRule`); whether it does is decided by a person after the firm was heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

FIRM = "firm"
REFUSED = "refused"
NOT_ACCEPTED = "case_not_accepted"
DECIDED = "case_decided"
DELIVERABLE = "deliverable"
QUALITY = frozenset({"quality", "contradiction"})
"""Categories of a department's reason that speak of what the deliverable says, not of its form or of what is missing."""


def abandoned(*, charged_to: str) -> bool:
    """A winner that gives its award up, or a firm that gives up a sealed contract; not where the owner is at fault."""
    return charged_to == FIRM


def unsigned(*, due_at: datetime, proposed_at: datetime | None, firm_sealed_at: datetime | None, now: datetime) -> bool:
    """The term for the contract is over, the owner has put a text in time, and the firm has not sealed.

    Contracting is charged to whoever has not sealed, firm first (DOMAIN "One clock"); a firm cannot seal what it was not given.
    """
    return firm_sealed_at is None and proposed_at is not None and proposed_at < due_at <= now


def fee_raised(*, asked: Decimal, price: Decimal) -> bool:
    """More was asked to be paid under a contract than its price."""
    return asked > price


def returned(*, kind: str, outcome: str, fault: str, category: str) -> bool:
    """A department did not accept a case, or refused it, because of what the deliverable says.

    A correction (补正) is none: it lowers E₁ already.
    """
    ends = kind == NOT_ACCEPTED or (kind == DECIDED and outcome == REFUSED)
    return ends and fault == DELIVERABLE and (category in QUALITY or not category)


def late(*, used: Fraction, promised: int, over: int) -> bool:
    """The firm's own time, in working days, is more than `over` beyond what it promised."""
    return used - promised > over


@dataclass(frozen=True, slots=True)
class Held:
    """A qualification that a firm holds or held; without an end it goes on."""

    kind: str
    valid_from: date
    valid_to: date | None

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def lapsed(held: Iterable[Held], *, required: str, day: date) -> date | None:
    """The last day of a qualification that running work requires and that has ended without another of its kind."""
    of_kind = [each for each in held if each.kind == required]
    if any(each.is_valid_on(day) for each in of_kind):
        return None
    return max((each.valid_to for each in of_kind if each.valid_to is not None and each.valid_to < day), default=None)
