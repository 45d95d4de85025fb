"""From the award to a text that both sides have agreed to: drafted by the platform, edited by the owner, agreed by the firm.

Price, term in working days and parties come from the award and are never edited.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Membership
from bidding.domain.parties import all_of, parties_of
from bidding.models import Award, Round
from contracts.document import make_document, text_hash
from contracts.domain.access import demand_lead, demand_owner, demand_unsealed, demand_words, held
from contracts.domain.events import Kind, record
from contracts.domain.plan import Step, demand_plan, one_for_each, steps_of
from contracts.models import Contract, ContractLine, ContractParty, ContractPolicy, ContractTemplate, Milestone
from core import clock
from core.codes import Letter, next_code
from core.errors import Conflict, DomainError
from market.domain.combining import versions_on
from market.models import Need

Status = Contract.Status
SCOPE_LENGTH = 5000


def to_draft() -> QuerySet[Award]:
    """Awards in force for which there is no contract yet."""
    states = [Round.Status.AWARDED, Round.Status.CONTRACTED]
    return Award.objects.in_force().filter(contract=None, lot__round__status__in=states).order_by("issued_at", "id")


def draft_contract(*, award_id: int, now: datetime | None = None) -> Contract | None:
    """The contract of an award, from the template of its service. The one that is there where there is one.

    None where the award is not in force any more.
    """
    with transaction.atomic():
        award = (
            Award.objects.select_for_update(of=["self"])
            .select_related("lot__round__service", "lot__round__owner", "firm__organisation")
            .get(pk=award_id)
        )
        if (there := Contract.objects.filter(award=award).first()) is not None:
            return there
        if award.revoked_at is not None or award.lot.round.status == Round.Status.VOID:
            return None
        now = now or clock.now()
        contract = _contract(award, now)
        _add_parties(contract, award)
        lines = _add_lines(contract, award.lot.round.need)
        steps = steps_of(contract.template.plan, price=contract.price, days=contract.days)
        _put_plan(contract, one_for_each(steps, {line.number: line.service.name for line in lines}))
        record(contract, Kind.DRAFTED, at=now, party="platform")
    return contract


def _add_lines(contract: Contract, need: Need) -> list[ContractLine]:
    """A line for each service and item of the need, under the same numbers."""
    return ContractLine.objects.bulk_create(
        ContractLine(
            contract=contract,
            number=part.number,
            need=need,
            project=need.project,
            service=part.service,
            item=part.item,
            department=part.department,
        )
        for part in need.parts
    )


def _contract(award: Award, now: datetime) -> Contract:
    round_ = award.lot.round
    # A text that was written for one service says nothing of the others: for several it is the common one.
    template = ContractTemplate.of(None if len(round_.services) > 1 else round_.service, now=now)
    return Contract.objects.create(
        code=next_code(Letter.CONTRACT, at=now),
        award=award,
        project=round_.need.project,
        owner=round_.owner,
        firm=award.firm,
        service=round_.service,
        template=template,
        policy=ContractPolicy.in_force(now),
        title=f"{round_.title} · {award.lot.title}" if award.lot.title else round_.title,
        scope=round_.need.requirement,
        clauses=template.clauses,
        price=award.amount,
        days=award.days or round_.need.days or _standard_days(round_, now) or template.days,
        drafted_at=now,
        due_at=award.contract_due_at,
    )


def _standard_days(round_: Round, now: datetime) -> int | None:
    """The longest of its services: the one term covers all of them."""
    versions = versions_on(round_.services, now.astimezone(clock.LOCAL).date()).values()
    return max((each.standard_days for each in versions if each.standard_days), default=None)


def _add_parties(contract: Contract, award: Award) -> None:
    shares = {party.firm_id: party.share for party in parties_of(award.lot, award.firm)}
    parties = [ContractParty(contract=contract, number=1, side=ContractParty.Side.OWNER, organisation=contract.owner)]
    for number, firm in enumerate(all_of(award.lot, award.firm), start=2):
        parties.append(
            ContractParty(
                contract=contract,
                number=number,
                side=ContractParty.Side.FIRM,
                organisation=firm.organisation,
                share=shares.get(firm.pk, ""),
            )
        )
    ContractParty.objects.bulk_create(parties)


def _put_plan(contract: Contract, steps: Collection[Step]) -> None:
    contract.milestones.all().delete()
    made = Milestone.objects.bulk_create(
        Milestone(
            contract=contract,
            number=number,
            name=step.name.strip(),
            amount=step.amount,
            days=step.days,
            delivers=step.delivers,
        )
        for number, step in enumerate(steps, start=1)
    )
    lines = {line.number: line for line in contract.lines.all()}
    named = Milestone.lines.through
    named.objects.bulk_create(
        named(milestone=milestone, contractline=lines[number])
        for milestone, step in zip(made, steps, strict=True)
        for number in sorted(set(step.lines))
        if len(lines) > 1
    )


def edit_contract(*, contract_id: int, scope: str, steps: Collection[Step], by: Membership) -> Contract:
    """The owner's own part of a draft: what is to be done, and by which milestones it is paid."""
    with transaction.atomic():
        contract = held(contract_id)
        demand_owner(contract, by)
        demand_unsealed(contract, Status.DRAFT)
        scope = scope.strip()
        if not scope:
            raise DomainError(_("请写明服务内容。"), code="scope")
        if len(scope) > SCOPE_LENGTH:
            raise DomainError(_("服务内容最多 %(most)d 个字。") % {"most": SCOPE_LENGTH}, code="scope")
        contract.scope = scope
        contract.save(update_fields=["scope"])
        _put_plan(contract, _demanded(contract, steps))
    return contract


def _step_of(milestone: Milestone) -> Step:
    return Step(
        name=milestone.name,
        amount=milestone.amount,
        days=milestone.days,
        delivers=milestone.delivers,
        lines=tuple(sorted(line.number for line in milestone.lines.all())),
    )


def _demanded(contract: Contract, steps: Collection[Step]) -> list[Step]:
    numbers = [line.number for line in contract.lines.all()]
    return demand_plan(steps, price=contract.price, days=contract.days, lines=numbers)


def propose_contract(*, contract_id: int, by: Membership) -> Contract:
    """The owner hands the text to the firm. Unchanged if it was handed over before."""
    with transaction.atomic():
        contract = held(contract_id)
        demand_owner(contract, by)
        if contract.status == Status.PROPOSED:
            return contract
        demand_unsealed(contract, Status.DRAFT)
        if not contract.scope.strip():
            raise DomainError(_("请先写明服务内容。"), code="scope")
        _demanded(contract, [_step_of(each) for each in contract.milestones.prefetch_related("lines")])
        now = clock.now()
        Contract.lifecycle.move(contract, Status.PROPOSED)
        contract.proposed_at, contract.change_asked = now, ""
        contract.save()
        record(contract, Kind.PROPOSED, at=now, by=by.organisation, party="owner")
    return contract


def ask_for_change(*, contract_id: int, text: str, by: Membership) -> Contract:
    """The firm does not agree yet and says why; the owner edits and proposes again."""
    with transaction.atomic():
        contract = held(contract_id)
        demand_lead(contract, by)
        demand_unsealed(contract, Status.PROPOSED)
        now = clock.now()
        contract.change_asked = demand_words(text)
        Contract.lifecycle.move(contract, Status.DRAFT)
        contract.save()
        record(contract, Kind.CHANGE_ASKED, at=now, by=by.organisation, party="firm", note=contract.change_asked)
    return contract


def agree_to_contract(*, contract_id: int, text_sha256: str, by: Membership) -> Contract:
    """The firm agrees to the text that it has read; from now on it stands, as a PDF that waits for its seals.

    Raises Conflict where the text is another than the one that was read. Unchanged if it was agreed before.
    """
    with transaction.atomic():
        contract = held(contract_id)
        demand_lead(contract, by)
        if contract.status == Status.AGREED and contract.text_sha256 == text_sha256:
            return contract
        demand_unsealed(contract, Status.PROPOSED)
        demand_same_text(contract, text_sha256)
        now = clock.now()
        Contract.lifecycle.move(contract, Status.AGREED)
        contract.agreed_at = now
        make_document(contract, at=now)
        contract.save()
        record(contract, Kind.AGREED, at=now, by=by.organisation, party="firm")
    return contract


def reopen_contract(*, contract_id: int, reason: str, by: Membership) -> Contract:
    """Either side takes an agreed text back, until the first has sealed it."""
    with transaction.atomic():
        contract = held(contract_id)
        (demand_owner if by.organisation_id == contract.owner_id else demand_lead)(contract, by)
        demand_unsealed(contract, Status.AGREED)
        if contract.parties.exclude(sealed_at=None).exists():
            raise Conflict(_("已有一方盖章，合同文本不能再改。"))
        words, now = demand_words(reason), clock.now()
        Contract.lifecycle.move(contract, Status.DRAFT)
        contract.text_sha256 = ""
        if by.organisation_id != contract.owner_id:
            contract.change_asked = words
        contract.save()
        record(contract, Kind.REOPENED, at=now, by=by.organisation, note=words)
    return contract


def demand_same_text(contract: Contract, text_sha256: str) -> None:
    """Raise Conflict unless the text is the one that somebody has read."""
    if text_hash(contract) != text_sha256:
        raise Conflict(_("合同文本在您打开页面以后改过了。请重新看过再确认。"), code="changed")


def revoke_contract(*, contract_id: int, now: datetime) -> Contract:
    """End what was never sealed by all, because the winner has walked away or the round is void. Unchanged otherwise."""
    with transaction.atomic():
        contract = held(contract_id)
        gone = contract.award.revoked_at is not None or contract.award.lot.round.status == Round.Status.VOID
        if not gone or not contract.is_unsealed:
            return contract
        Contract.lifecycle.move(contract, Status.REVOKED)
        contract.ended_at = now
        contract.save()
        record(contract, Kind.REVOKED, at=now, party="platform")
    return contract


def to_revoke() -> QuerySet[Contract]:
    void = Q(award__lot__round__status=Round.Status.VOID)
    return Contract.objects.filter(
        Q(award__revoked_at__isnull=False) | void, status__in=Contract.BEFORE_SEALING
    ).order_by("id")
