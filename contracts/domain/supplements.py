"""Supplementary agreements: made when a change is agreed, sealed by every party, in force with the last seal.

All of it under the lock of the contract. Price, term, scope, milestones and deadlines stay as they were until then.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from contracts.document import keep_supplement, make_supplement_document, supplement_hash
from contracts.domain.access import demand_lead, demand_owner, demand_party, demand_words, held
from contracts.domain.changing import OVER, Change, end_of, movable, plan_after
from contracts.domain.events import Kind, record
from contracts.domain.filing import await_filing
from contracts.models import Contract, ContractParty, Matter, Supplement, SupplementSeal
from contracts.sealing import sealer
from core import clock
from core.errors import Conflict, WrongState
from ledger import domain as ledger

Status = Supplement.Status


def make_supplement(matter: Matter, change: Change, *, by: Membership, now: datetime) -> Supplement:
    """The supplementary agreement of a change that both sides have agreed to, with its PDF. The contract is held."""
    contract = matter.contract
    number = contract.supplements.count() + 1
    side = ContractParty.Side.OWNER if matter.by_id == contract.owner_id else ContractParty.Side.FIRM
    supplement = Supplement(
        contract=contract,
        matter=matter,
        number=number,
        price_before=contract.price,
        price=change.price,
        days_before=contract.days,
        days=change.days,
        scope=change.scope,
        plan=plan_after(contract, change),
        raised_by=side if change.price > contract.price else "",
        made_at=now,
        due_at=contract.policy.end_of_sealing(now),
    )
    make_supplement_document(supplement, at=now)
    supplement.save()
    data = {"contract": contract.code, "sha256": supplement.sha256, "text": supplement.text_sha256}
    ledger.append("supplement.made", supplement.subject, data | _terms(supplement), at=now)
    record(contract, Kind.SUPPLEMENT_MADE, at=now, by=by.organisation, note=matter.words, supplement=number)
    return supplement


def seal_supplement(*, supplement_id: int, text_sha256: str, by: Membership) -> Supplement:
    """Put the seal of somebody's organisation on a supplementary agreement that it has read; with the last seal it is in force.

    Unchanged where it has sealed before. Raises NotAllowed for others, Conflict for another text or where the milestones
    that it changes were accepted meanwhile, WrongState where it does not wait for seals or the contract does not run.
    """
    with transaction.atomic():
        supplement = _held(supplement_id)
        contract = supplement.contract
        party = demand_party(contract, by)
        if supplement.seals.filter(party=party).exists():
            return supplement
        now = clock.now()
        if supplement.status != Status.WAITING or contract.status != Contract.Status.RUNNING:
            raise WrongState
        if now >= supplement.due_at:
            raise WrongState(_("盖章期限已过，这份补充协议不再生效。"))
        if supplement_hash(supplement) != text_sha256:
            raise Conflict(_("补充协议在您打开页面以后变了。请重新看过再盖章。"), code="changed")
        _demand_still_fits(supplement)
        _seal(supplement, party, by, now)
        if supplement.seals.count() == contract.parties.count():
            _take_effect(supplement, by, now)
        supplement.save()
    return supplement


def withdraw_supplement(*, supplement_id: int, reason: str, by: Membership) -> Supplement:
    """A side that has not sealed yet does not want it any more, and says why. Unchanged if it was withdrawn before."""
    with transaction.atomic():
        supplement = _held(supplement_id)
        contract = supplement.contract
        (demand_owner if by.organisation_id == contract.owner_id else demand_lead)(contract, by)
        if supplement.status == Status.WITHDRAWN:
            return supplement
        if supplement.seals.filter(party__organisation=by.organisation_id).exists():
            raise Conflict(_("本机构已经在补充协议上盖章，不能撤回；对方逾期不盖章的，补充协议自行失效。"))
        _end(supplement, Status.WITHDRAWN, reason=demand_words(reason), by=by, at=clock.now())
    return supplement


def lapse_supplement(*, supplement_id: int, now: datetime) -> Supplement | None:
    """End what was not sealed by everybody within its term. None where there is nothing to end."""
    with transaction.atomic():
        supplement = _held(supplement_id)
        if supplement.status != Status.WAITING or now < supplement.due_at:
            return None
        _end(supplement, Status.LAPSED, reason="", by=None, at=now)
    return supplement


def end_with_contract(contract: Contract, *, by: Membership, at: datetime) -> None:
    """A contract that ends takes what waits for seals with it. The contract is held."""
    waiting = contract.supplements.waiting().first()
    if waiting is not None:
        waiting.contract = contract
        _end(waiting, Status.WITHDRAWN, reason=_("合同终止"), by=by, at=at)


def unsealed_parties(supplement: Supplement) -> list[ContractParty]:
    """Who has not sealed it yet."""
    sealed = supplement.seals.values("party")
    return list(supplement.contract.parties.exclude(pk__in=sealed).select_related("organisation"))


def _seal(supplement: Supplement, party: ContractParty, by: Membership, now: datetime) -> None:
    with supplement.document.open("rb") as file:
        content = file.read()
    sealed = sealer().seal(content, field=party.field, organisation=by.organisation, at=now)
    keep_supplement(supplement, sealed)
    SupplementSeal.objects.create(
        supplement=supplement, party=party, sealed_at=now, sealed_by=by.user, sha256=supplement.sha256
    )
    organisation = party.organisation
    told = ledger.party(organisation.public_code, protected=organisation.is_protected, subject=supplement.subject)
    data = {"party": told, "sha256": supplement.sha256, "side": party.side}
    ledger.append("supplement.sealed", supplement.subject, data, at=now)
    record(
        supplement.contract, Kind.SUPPLEMENT_SEALED, at=now, by=by.organisation, party=party.side,
        supplement=supplement.number,
    )  # fmt: skip


def _demand_still_fits(supplement: Supplement) -> None:
    """Raise Conflict where a milestone whose amount it changes was accepted, or asked to be paid, since it was made."""
    can_move = {each.number for each in movable(supplement.contract)}
    amounts = {each.number: each.amount for each in supplement.contract.milestones.all()}
    for row in supplement.plan:
        if Decimal(row["amount"]) != amounts[row["number"]] and row["number"] not in can_move:
            raise Conflict(
                _("第 %(number)d 期已经验收或申请付款，这份补充协议不能再生效。请撤回，重新商定。")
                % {"number": row["number"]}
            )


def _take_effect(supplement: Supplement, by: Membership, now: datetime) -> None:
    contract = supplement.contract
    Supplement.lifecycle.move(supplement, Status.IN_FORCE)
    supplement.in_force_at = now
    contract.price, contract.days = supplement.price, supplement.days
    contract.scope = supplement.scope or contract.scope
    contract.service_due_at = end_of(contract, contract.days)
    contract.save(update_fields=["price", "days", "scope", "service_due_at"])
    rows = {row["number"]: row for row in supplement.plan}
    for milestone in contract.milestones.all():
        if milestone.status in OVER:
            continue
        milestone.amount, milestone.days = Decimal(rows[milestone.number]["amount"]), rows[milestone.number]["days"]
        milestone.due_at = end_of(contract, milestone.days) if milestone.delivers else milestone.due_at
        milestone.save(update_fields=["amount", "days", "due_at"])
    _finish_matter(supplement, now)
    await_filing(contract, now=now)
    terms = _terms(supplement) | {"sha256": supplement.sha256}
    ledger.append("supplement.in_force", supplement.subject, terms, at=now)
    ledger.append("contract.changed", contract.subject, terms | {"supplement": supplement.number}, at=now)
    raised: dict[str, Any] = {"raised_by": supplement.raised_by} if supplement.raised_by else {}
    record(
        contract, Kind.CHANGED, at=now, by=by.organisation, note=supplement.matter.words,
        supplement=supplement.number, amount=f"{supplement.price:.2f}", days=supplement.days, **raised,
    )  # fmt: skip


def _end(supplement: Supplement, status: str, *, reason: str, by: Membership | None, at: datetime) -> None:
    Supplement.lifecycle.move(supplement, status)
    supplement.ended_at, supplement.end_reason = at, reason
    supplement.save()
    _finish_matter(supplement, at)
    said = {"reason": ledger.blinded(reason, subject=supplement.subject)} if reason else {}
    ledger.append(f"supplement.{status}", supplement.subject, said, at=at)
    by_whom = by.organisation if by is not None else None
    record(
        supplement.contract, Kind.SUPPLEMENT_ENDED, at=at, by=by_whom, note=reason, supplement=supplement.number
    )  # fmt: skip


def _finish_matter(supplement: Supplement, at: datetime) -> None:
    matter = supplement.matter
    Matter.lifecycle.move(matter, Matter.Status.DONE)
    matter.done_at = at
    matter.save(update_fields=["status", "done_at"])


def _terms(supplement: Supplement) -> dict[str, Any]:
    """What the log tells of it: amounts and days, and who raised the price."""
    told = {
        "amount": f"{supplement.price:.2f}",
        "amount_before": f"{supplement.price_before:.2f}",
        "days": supplement.days,
        "days_before": supplement.days_before,
        "scope": bool(supplement.scope),
    }
    return told | ({"raised_by": supplement.raised_by} if supplement.raised_by else {})


def _held(supplement_id: int) -> Supplement:
    contract = held(Supplement.objects.values_list("contract_id", flat=True).get(pk=supplement_id))
    supplement = Supplement.objects.select_for_update(of=["self"]).select_related("matter").get(pk=supplement_id)
    supplement.contract = contract
    return supplement
