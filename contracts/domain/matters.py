"""What one side of a running contract puts to the other, and what follows when it agrees (Matter)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Kind as OrganisationKind
from accounts.models import Membership
from bidding.domain.parties import all_of
from contracts.domain import changing, supplements
from contracts.domain.access import demand_lead, demand_operator, demand_owner, demand_words, held
from contracts.domain.events import Kind, record
from contracts.models import Contract, Deliverable, Matter, Milestone
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, WrongState
from ledger import domain as ledger
from market.domain import standing

Status = Matter.Status
K = Matter.Kind
BEGINS = {K.INPUT: Kind.INPUT_ASKED, K.BLOCKED: Kind.BLOCKED, K.SUSPENSION: Kind.SUSPENDED}
ENDS = {K.INPUT: Kind.INPUT_PROVIDED, K.BLOCKED: Kind.UNBLOCKED, K.SUSPENSION: Kind.RESUMED}
SIDES = ("firm", "owner")


def propose_matter(
    *,
    contract_id: int,
    kind: str,
    words: str,
    by: Membership,
    charged_to: str = "",
    price: Decimal | None = None,
    days: int | None = None,
    scope: str = "",
    other: Contract | None = None,
) -> Matter:
    """Put something to the other side. Gives the one of its kind that waits for an answer already, where it is one's own.

    Raises NotAllowed for outsiders and for what only the firm asks, WrongState where the contract does not go on, Conflict
    for a change while a supplementary agreement waits for its seals.
    """
    with transaction.atomic():
        contract = held(contract_id)
        side = _side_of(contract, by)
        if kind in Matter.ASKED_BY_FIRM and side != "firm":
            raise NotAllowed
        _demand_possible(contract, kind)
        waiting = contract.matters.filter(kind=kind, status=Status.OPEN).first()
        if waiting is not None:
            if waiting.by_id == by.organisation_id:
                return waiting
            raise Conflict(_("对方已经提出同一事项，请先答复。"))
        _demand_terms(contract, kind, charged_to=charged_to, other=other)
        now = clock.now()
        change = _demand_change(contract, price, days, scope, now) if kind == K.CHANGE else None
        return Matter.objects.create(
            contract=contract,
            number=contract.matters.count() + 1,
            kind=kind,
            by=by.organisation,
            at=now,
            words=demand_words(words, code="words"),
            charged_to=charged_to if kind in Matter.CHARGED else "",
            price=change.price if change and change.price != contract.price else None,
            days=change.days if change and change.days != contract.days else None,
            scope=change.scope if change else "",
            other=other if kind == K.BLOCKED else None,
        )


def _demand_possible(contract: Contract, kind: str) -> None:
    if not contract.goes_on or (contract.status == Contract.Status.SUSPENDED and kind != K.TERMINATION):
        raise WrongState


def _demand_terms(contract: Contract, kind: str, *, charged_to: str, other: Contract | None) -> None:
    if kind in Matter.CHARGED and charged_to not in Matter.Party.values:
        raise DomainError(_("请选择归责于哪一方。"), code="charged_to")
    if kind == K.BLOCKED and (other is None or other.pk == contract.pk or other.project_id != contract.project_id):
        raise DomainError(_("请选择同一项目的另一份合同。"), code="other")


def _demand_change(
    contract: Contract, price: Decimal | None, days: int | None, scope: str, now: datetime
) -> changing.Change:
    if contract.supplements.waiting().exists():
        raise Conflict(_("还有一份补充协议在等盖章，请先盖章或撤回。"))
    change = changing.change_of(contract, price=price, days=days, scope=scope)
    changing.demand_change(contract, change, now=now)
    return change


def answer_matter(*, matter_id: int, agrees: bool, words: str, by: Membership) -> Matter:
    """The other side agrees, or does not and says why. Unchanged if it has said the same before."""
    with transaction.atomic():
        matter = _held_matter(matter_id)
        contract = matter.contract
        _side_of(contract, by)
        if matter.by_id == by.organisation_id:
            raise NotAllowed
        target = Status.AGREED if agrees else Status.REFUSED
        if matter.status == target:
            return matter
        _demand_possible(contract, matter.kind)
        now = clock.now()
        Matter.lifecycle.move(matter, target)
        matter.answered_at = now
        matter.answer = words.strip()[:500] if agrees else demand_words(words, code="words")
        matter.save()
        if agrees:
            _follow(matter, by, now)
    return matter


def withdraw_matter(*, matter_id: int, by: Membership) -> Matter:
    """Whoever has put it takes it back, before there is an answer. Unchanged if it was taken back before."""
    with transaction.atomic():
        matter = _held_matter(matter_id)
        _side_of(matter.contract, by)
        if matter.by_id != by.organisation_id:
            raise NotAllowed
        if matter.status != Status.WITHDRAWN:
            Matter.lifecycle.move(matter, Status.WITHDRAWN)
            matter.save()
    return matter


def finish_matter(*, matter_id: int, by: Membership) -> Matter:
    """The input is there, or what kept the contract is over: either side says so. Unchanged if it was said before."""
    with transaction.atomic():
        matter = _held_matter(matter_id)
        contract = matter.contract
        side = _side_of(contract, by)
        if matter.status == Status.DONE:
            return matter
        if matter.kind not in ENDS or not contract.goes_on:
            raise WrongState
        now = clock.now()
        Matter.lifecycle.move(matter, Status.DONE)
        matter.done_at = now
        matter.save()
        if matter.kind == K.SUSPENSION:
            _resume(contract, at=now)
        ledger.append(f"contract.{ENDS[K(matter.kind)].value}", contract.subject, {"matter": matter.number}, at=now)
        record(contract, ENDS[K(matter.kind)], at=now, by=by.organisation, party=side, ref=_ref(matter))
    return matter


def _follow(matter: Matter, by: Membership, now: datetime) -> None:
    """What an agreement brings about."""
    contract, kind = matter.contract, K(matter.kind)
    blind = ledger.blinded(matter.words, subject=contract.subject)
    data = {"matter": matter.number, "words": blind}
    if kind in BEGINS:
        # An input counts from when it was asked for; a suspension from when both were agreed.
        since = now if kind == K.SUSPENSION else matter.at
        charged = {"charged_to": matter.charged_to} if matter.charged_to else {}
        if kind == K.SUSPENSION:
            Contract.lifecycle.move(contract, Contract.Status.SUSPENDED)
            contract.save()
        ledger.append(f"contract.{BEGINS[kind].value}", contract.subject, data | charged, at=now)
        record(
            contract, BEGINS[kind], at=since, recorded_at=now, by=matter.by, party=matter.charged_to or "owner",
            note=matter.words, ref=_ref(matter), charged_to=matter.charged_to,
        )  # fmt: skip
    elif kind == K.CHANGE:
        change = _demand_change(contract, matter.price, matter.days, matter.scope, now)
        supplements.make_supplement(matter, change, by=by, now=now)
    else:
        _end(contract, Contract.Status.TERMINATED, charged_to=matter.charged_to, reason=matter.words, by=by, at=now)


def _ref(matter: Matter) -> str:
    """By which the timeline tells one waiting from another: the number, or the line that is waited for."""
    line = matter.other.lines.order_by("number").first() if matter.other is not None else None
    return line.code if line is not None else str(matter.number)


def _resume(contract: Contract, *, at: datetime) -> None:
    """On again: the owner has the whole term anew for what was waiting for it."""
    Contract.lifecycle.move(contract, Contract.Status.RUNNING)
    contract.save()
    waiting = Deliverable.objects.filter(milestone__contract=contract, status=Deliverable.Status.SUBMITTED)
    waiting.update(review_due_at=contract.policy.end_of_silence(at))


def _unpaid(contract: Contract) -> list[Milestone]:
    """The milestones that nobody has accepted yet, the last first."""
    done = (Milestone.Status.ACCEPTED, Milestone.Status.CANCELLED)
    return list(contract.milestones.exclude(status__in=done).order_by("-number"))


def abandon_contract(*, contract_id: int, reason: str, by: Membership, charged_to: str = "") -> Contract:
    """A party gives a running contract up, and it is charged to it; the service centre records it of either.

    A firm that abandons is suspended for the policy's days, with every firm of its consortium. Unchanged if it was abandoned.
    """
    with transaction.atomic():
        contract = held(contract_id)
        if by.organisation.kind == OrganisationKind.OPERATOR:
            demand_operator(by)
        else:
            charged_to = _side_of(contract, by)
        if charged_to not in SIDES:
            raise DomainError(_("请选择归责于哪一方。"), code="charged_to")
        if contract.status == Contract.Status.ABANDONED:
            return contract
        words, now = demand_words(reason), clock.now()
        _end(contract, Contract.Status.ABANDONED, charged_to=charged_to, reason=words, by=by, at=now)
        if charged_to == "firm" and contract.policy.abandon_days:
            until = now + timedelta(days=contract.policy.abandon_days)
            why = _("弃约（%(code)s）") % {"code": contract.code}
            for firm in sorted(all_of(contract.award.lot, contract.firm), key=lambda each: each.pk):
                standing.impose(firm_id=firm.pk, reason=why, until=until, by=by)
    return contract


def _end(contract: Contract, status: str, *, charged_to: str, reason: str, by: Membership, at: datetime) -> None:
    Contract.lifecycle.move(contract, status)
    contract.ended_at, contract.charged_to, contract.end_reason = at, charged_to, reason
    contract.save()
    for milestone in _unpaid(contract):
        Milestone.lifecycle.move(milestone, Milestone.Status.CANCELLED)
        milestone.save()
    contract.matters.filter(status=Status.OPEN).update(status=Status.WITHDRAWN)
    supplements.end_with_contract(contract, by=by, at=at)
    data = {"charged_to": charged_to, "reason": ledger.blinded(reason, subject=contract.subject)}
    ledger.append(f"contract.{status}", contract.subject, data, at=at)
    record(contract, str(status), at=at, by=by.organisation, party=charged_to, note=reason, charged_to=charged_to)


def _side_of(contract: Contract, by: Membership) -> str:
    """Owner or firm; raises NotAllowed for anybody else, and for the members that the lead firm speaks for."""
    if by.organisation_id == contract.owner_id:
        demand_owner(contract, by)
        return "owner"
    demand_lead(contract, by)
    return "firm"


def _held_matter(matter_id: int) -> Matter:
    contract = held(Matter.objects.values_list("contract_id", flat=True).get(pk=matter_id))
    matter = Matter.objects.select_for_update(of=["self"]).select_related("by", "other").get(pk=matter_id)
    matter.contract = contract
    return matter
