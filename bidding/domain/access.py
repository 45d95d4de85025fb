"""Who may take which step: by the membership that acts, checked again inside every state change."""

from __future__ import annotations

from accounts.models import WRITERS, Kind, Membership
from bidding.models import Round
from core.errors import NotAllowed


def demand_owner(round_: Round, by: Membership) -> None:
    """Raise NotAllowed unless `by` acts for the round's owner and may do more than look."""
    if by.organisation_id != round_.owner_id or by.role not in WRITERS:
        raise NotAllowed


def demand_operator(by: Membership) -> None:
    """Raise NotAllowed unless `by` acts for the service centre and may do more than look."""
    if by.organisation.kind != Kind.OPERATOR or by.role not in WRITERS:
        raise NotAllowed
