"""Sealing an agreed text: each party once, in any order; with the last seal the contract is in force."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Membership
from bidding.domain import contracting
from bidding.models import Round
from contracts.document import keep_document, lines_told
from contracts.domain.access import Side, demand_party, demand_unsealed, held
from contracts.domain.drafting import demand_same_text
from contracts.domain.events import Kind, record
from contracts.domain.filing import await_filing
from contracts.models import Contract, ContractParty, Milestone
from contracts.sealing import sealer
from core import clock, worktime
from core.errors import WrongState
from ledger import domain as ledger

Status = Contract.Status


def seal_contract(*, contract_id: int, text_sha256: str, by: Membership) -> Contract:
    """Put the seal of somebody's organisation on the text that it has read. Unchanged where it has sealed before.

    Raises Conflict where the text is another by now, WrongState where it is not agreed, the firm has walked away or the
    round is void.
    """
    with transaction.atomic():
        award_id = Contract.objects.values_list("award_id", flat=True).get(pk=contract_id)
        round_ = contracting.hold_round_of(award_id)
        contract = held(contract_id)
        party = demand_party(contract, by)
        if party.sealed_at is not None:
            return contract
        demand_unsealed(contract, Status.AGREED)
        if round_.status == Round.Status.VOID:
            raise WrongState
        demand_same_text(contract, text_sha256)
        now = clock.now()
        _seal(contract, party, by, now)
        if not contract.parties.filter(sealed_at=None).exists():
            _begin(contract, now)
            contracting.sign_award(award_id=award_id, now=now)
        contract.save()
    return contract


def _seal(contract: Contract, party: ContractParty, by: Membership, now: datetime) -> None:
    with contract.document.open("rb") as file:
        content = file.read()
    keep_document(contract, sealer().seal(content, field=party.field, organisation=by.organisation, at=now))
    party.sealed_at, party.sealed_by, party.sha256 = now, by.user, contract.sha256
    party.save()
    told = {"party": _told(contract, party), "sha256": contract.sha256, "side": party.side}
    ledger.append("contract.sealed", contract.subject, told, at=now)
    whole = not contract.parties.filter(side=party.side, sealed_at=None).exists()
    kind = Kind.SEALED if whole else Kind.MEMBER_SEALED
    record(contract, kind, at=now, by=by.organisation, party=party.side)


def _begin(contract: Contract, now: datetime) -> None:
    """In force: the terms run, and what is due with the sealing may be paid."""
    Contract.lifecycle.move(contract, Status.RUNNING)
    contract.sealed_at = now
    contract.service_due_at = worktime.add_working_days(now, contract.days)
    for milestone in contract.milestones.all():
        if milestone.delivers:
            Milestone.lifecycle.move(milestone, Milestone.Status.WORKING)
            milestone.due_at = worktime.add_working_days(now, milestone.days)
        else:
            Milestone.lifecycle.move(milestone, Milestone.Status.ACCEPTED)
            milestone.due_at = milestone.accepted_at = now
        milestone.save()
    award = contract.award
    parties = [
        {"party": _told(contract, each), "side": each.side}
        for each in contract.parties.select_related("organisation").order_by("number")
    ]
    data = {
        "amount": f"{contract.price:.2f}",
        "award": award.code,
        "days": contract.days,
        **lines_told(contract),
        "parties": parties,
        "round": award.lot.round.code,
        "sha256": contract.sha256,
    }
    ledger.append("contract.in_force", contract.subject, data, at=now)
    record(contract, Kind.CONTRACT_SEALED, at=now, party="line")
    await_filing(contract, now=now)


def _told(contract: Contract, party: ContractParty) -> str:
    organisation = party.organisation
    return ledger.party(organisation.public_code, protected=organisation.is_protected, subject=contract.subject)


def waiting_parties(contract: Contract) -> list[ContractParty]:
    """Who has not sealed an agreed text yet, the firm's side first."""
    parties = contract.parties.filter(sealed_at=None).select_related("organisation")
    return sorted(parties, key=lambda party: (party.side != Side.FIRM, party.number))
