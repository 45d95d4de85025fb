"""A life before it is written: who takes part, and what happens when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import Membership, Organisation, User
from approvals.models import ApprovalItem, Department, District
from market.models import Firm, Project, Service


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a firm seals into its envelope, and when."""

    firm: Firm
    user: User
    amount: Decimal
    days: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """One announcement of a need. One to which nobody comes fails, and is announced again."""

    drafted: datetime
    submitted: datetime
    announced: datetime
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that happens to a contract or a case; `more` is what is said with it."""

    at: datetime
    kind: str
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Life:
    """A life as far as it has come: no act of it lies in the future.

    `firm` is the user who acts for the winner, `clerk` the one who acts for the department. Kinds of acts are those of
    `fulfilling.ACTS` and `approving.ACTS`.
    """

    owner: Membership
    operator: Membership
    clerk: User
    firm: Membership
    service: Service
    item: ApprovalItem
    department: Department
    district: District
    project: str
    address: str
    funding: Project.Funding
    requirement: str
    budget: Decimal
    days: int
    announcements: tuple[Announcement, ...]
    contract: tuple[Act, ...] = ()
    case: tuple[Act, ...] = ()

    @property
    def owner_organisation(self) -> Organisation:
        return self.owner.organisation
