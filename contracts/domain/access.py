"""Who may take which step, and the contract held while it is taken."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import WRITERS, Kind, Membership
from contracts.models import Contract, ContractParty
from core.errors import DomainError, NotAllowed, WrongState

Side = ContractParty.Side
LENGTH = 500


def held(contract_id: int) -> Contract:
    """The contract, held against everybody else who would change it. Whoever needs its round too takes that first."""
    return (
        Contract.objects.select_for_update(of=["self"])
        .select_related("award__lot__round", "owner", "firm__organisation", "service", "project", "policy", "template")
        .get(pk=contract_id)
    )


def demand_party(contract: Contract, by: Membership, *sides: str) -> ContractParty:
    """The party for which somebody acts. Raises NotAllowed for everybody else, and for those who only look."""
    party = contract.parties.filter(organisation=by.organisation_id, side__in=sides or Side.values).first()
    if party is None or by.role not in WRITERS:
        raise NotAllowed
    return party


def demand_lead(contract: Contract, by: Membership) -> None:
    """Raise NotAllowed unless somebody acts for the firm itself: in a consortium its lead firm speaks for all."""
    if by.organisation_id != contract.firm.organisation_id or by.role not in WRITERS:
        raise NotAllowed


def demand_owner(contract: Contract, by: Membership) -> None:
    if by.organisation_id != contract.owner_id or by.role not in WRITERS:
        raise NotAllowed


def demand_operator(by: Membership) -> None:
    if by.organisation.kind != Kind.OPERATOR or by.role not in WRITERS:
        raise NotAllowed


def demand_unsealed(contract: Contract, *statuses: str) -> None:
    """Raise WrongState unless the contract is in one of these states and its award still stands."""
    if contract.status not in statuses or contract.award.revoked_at is not None:
        raise WrongState


def demand_words(text: str, *, most: int = LENGTH, code: str = "reason") -> str:
    """What somebody must write, without space around it. Raises DomainError where there is nothing or too much."""
    words = text.strip()
    if not words:
        raise DomainError(_("请写明原因。"), code=code)
    if len(words) > most:
        raise DomainError(_("最多 %(most)d 个字。") % {"most": most}, code=code)
    return words
