"""What somebody may do with a contract now: what its pages offer, and nothing that its domain would refuse."""

from __future__ import annotations

from accounts.models import WRITERS, Membership
from contracts.domain.supplements import unsealed_parties
from contracts.models import Contract, Matter, Supplement
from core import clock

Status = Contract.Status


def actions_for(contract: Contract, by: Membership) -> set[str]:
    """Names of steps, as their addresses have them."""
    if by.role not in WRITERS or contract.award.revoked_at is not None:
        return set()
    party = next((each for each in contract.parties.all() if each.organisation_id == by.organisation_id), None)
    if party is None:
        return set()
    is_owner, leads = party.side == "owner", by.organisation_id == contract.firm.organisation_id
    match contract.status:
        case Status.DRAFT if is_owner:
            return {"edit", "propose"}
        case Status.PROPOSED if leads:
            return {"agree", "change"}
        case Status.AGREED:
            sealed = any(each.sealed_at for each in contract.parties.all())
            may = {"seal"} if party.sealed_at is None else set()
            return may | ({"reopen"} if not sealed and (is_owner or leads) else set())
    return _going_on(contract, is_owner=is_owner) if is_owner or leads else set()


def _going_on(contract: Contract, *, is_owner: bool) -> set[str]:
    delivery = {"review", "revision"} if is_owner else {"submit"}
    match contract.status:
        case Status.RUNNING:
            return delivery | {"matters", "abandon"}
        case Status.SUSPENDED:
            return {"matters", "abandon"}
        case Status.COMPLETED:
            return delivery
    return set()


def kinds_for(contract: Contract, by: Membership, actions: set[str]) -> list[Matter.Kind]:
    """What somebody may put to the other side now."""
    if "matters" not in actions:
        return []
    if contract.status == Status.SUSPENDED:
        return [Matter.Kind.TERMINATION]
    # One change after the other: what is agreed is sealed or withdrawn first.
    busy = {Matter.Kind.CHANGE} if contract.supplements.waiting().exists() else set()
    own = set(Matter.ASKED_BY_FIRM) if by.organisation_id == contract.owner_id else set()
    return [kind for kind in Matter.Kind if kind not in own | busy]


def supplement_steps(supplement: Supplement, by: Membership) -> set[str]:
    """What somebody may do with a supplementary agreement now: `seal`, `withdraw`, both or nothing."""
    contract = supplement.contract
    if not supplement.is_waiting or by.role not in WRITERS:
        return set()
    if by.organisation_id not in {each.organisation_id for each in unsealed_parties(supplement)}:
        return set()
    speaks = by.organisation_id in (contract.owner_id, contract.firm.organisation_id)
    in_time = contract.status == Status.RUNNING and clock.now() < supplement.due_at
    return ({"seal"} if in_time else set()) | ({"withdraw"} if speaks else set())
