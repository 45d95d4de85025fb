"""The life of a deduction: proposed, noticed, heard, decided, appealed, repaired, expired.

`Deduction.lifecycle` says which step may follow which. Every step is written down with its words and files, and in the log:
blinded until there is a decision, since an accusation is nobody's business yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Kind, Membership, Organisation
from bidding.models import Round
from contracts.models import Contract
from core import clock, codes
from core.errors import Conflict, DomainError, NotAllowed, NotDue, WrongState
from core.uploads import sha256_of
from ledger import domain as ledger
from market.models import Firm
from protocol import canonical
from ratings.domain import marking
from ratings.domain.access import OVERSEERS, demand_kind, words
from ratings.models import ConductPolicy, Deduction, DeductionEvent, DeductionFile, DeductionRule

Status = Deduction.Status
Step = DeductionEvent.Kind
MOST_FILES = 5
MOVES_POINTS = (Step.DECIDED, Step.APPEAL_UPHELD, Step.REPAIRED, Step.EXPIRED)
"""Steps after which the firm's standing is another."""
PUBLIC_FROM = (Status.IN_FORCE, Status.APPEALED, Status.REVOKED, Status.REPAIR_ASKED, Status.REPAIRED, Status.EXPIRED)
"""In these states everybody may know whom it is about."""


def propose(
    *, firm: Firm, kind: str, source: str, occurred_at: datetime, facts: Mapping[str, str],
    contract: Contract | None = None, round_: Round | None = None, now: datetime | None = None,
    by: Membership | None = None, text: str = "", files: Sequence[File[bytes]] = (),
) -> Deduction | None:  # fmt: skip
    """Propose a deduction for a recorded fact, by rule or (`by`) by service centre or regulator. The one that is there already.

    None where the deed cost nothing on its day, or is too old for the policy.
    """
    with transaction.atomic():
        if by is not None:
            demand_kind(by, OVERSEERS)
            text = words(text)
        held = Firm.objects.select_for_update(of=["self"], no_key=True).select_related("organisation").get(pk=firm.pk)
        same = Q(source=source) if contract is None else Q(source=source) | Q(source=f"report/{contract.code}")
        known = Deduction.objects.filter(same, firm=held, kind=kind).first()
        if known is not None:
            return known
        at = now or clock.now()
        policy, rule = ConductPolicy.in_force(at), DeductionRule.of(kind, at=occurred_at)
        if rule is None or occurred_at < at - timedelta(days=policy.look_back_days):
            return None
        found = Deduction.objects.create(
            code=codes.next_code(codes.Letter.DEDUCTION, at=at),
            kind=kind,
            firm=held,
            source=source,
            contract=contract,
            round=round_,
            facts=dict(facts),
            occurred_at=occurred_at,
            rule=rule,
            policy=policy,
            points=rule.points,
            listed=rule.listed,
            to_d=rule.to_d,
            proposed_at=at,
        )
        _write(found, Step.PROPOSED, at=at, by=by.organisation if by else None, text=text, files=files)
    return found


def report_deed(
    *, contract: Contract, kind: str, occurred_at: datetime, text: str, files: Sequence[File[bytes]], by: Membership
) -> Deduction:
    """Service centre or regulator: propose for the firm of a contract what no rule can find, a fee raised in secret for one.

    Raises Conflict where it was proposed before, DomainError where it costs nothing.
    """
    demand_kind(by, OVERSEERS)
    if occurred_at > clock.now():
        raise DomainError(_("发生时间不能在现在之后。"), code="occurred_at")
    source = f"report/{contract.code}"
    with transaction.atomic():
        if Deduction.objects.filter(firm=contract.firm_id, kind=kind, contract=contract).exists():
            raise Conflict(_("这份合同的同一行为已经提出过扣分。"))
        facts = {"contract": contract.code}
        found = propose(
            firm=contract.firm, kind=kind, source=source, occurred_at=occurred_at, facts=facts, contract=contract,
            by=by, text=text, files=files,
        )  # fmt: skip
    if found is None:
        raise DomainError(_("这一行为发生时不扣分，或者已过追溯期。"), code="occurred_at")
    return found


def notice(*, deduction_id: int, text: str, by: Membership) -> Deduction:
    """Tell the firm what it is charged with, and by when it may say something (告知). Unchanged if it was told."""
    with transaction.atomic():
        found = _held(deduction_id)
        demand_kind(by, OVERSEERS)
        if found.noticed_at is not None:
            return found
        now = clock.now()
        Deduction.lifecycle.move(found, Status.NOTICED)
        found.noticed_at, found.state_until = now, found.policy.end_of(found.policy.state, since=now)
        found.save()
        _write(found, Step.NOTICED, at=now, by=by.organisation, text=words(text, required=False))
    return found


def state(*, deduction_id: int, text: str, files: Sequence[File[bytes]], by: Membership) -> Deduction:
    """The firm's statement (陈述申辩), once and within its term. Unchanged if it was made; raises NotDue too late."""
    with transaction.atomic():
        found = _held(deduction_id)
        _demand_firm(found, by)
        if found.stated_at is not None:
            return found
        now = clock.now()
        if found.status == Status.NOTICED and not found.may_be_stated_at(now):
            raise NotDue(_("已过陈述申辩期限。"))
        Deduction.lifecycle.move(found, Status.HEARD)
        found.stated_at = now
        found.save()
        _write(found, Step.STATED, at=now, by=by.organisation, text=words(text), files=files)
    return found


def decide(*, deduction_id: int, deducts: bool, text: str, by: Membership) -> Deduction:
    """Deduct, or drop it, with reasons (决定): after the statement or its term; before a notice it may only be dropped.

    Unchanged where the same was decided before.
    """
    with transaction.atomic():
        found = _held(deduction_id)
        demand_kind(by, OVERSEERS)
        target = Status.IN_FORCE if deducts else Status.DROPPED
        if found.status == target:
            return found
        now, said = clock.now(), words(text)
        if found.is_decided:
            raise WrongState
        if found.status == Status.NOTICED and not found.may_be_decided_at(now):
            raise NotDue(_("机构的陈述申辩期限未到。"))
        Deduction.lifecycle.move(found, target)
        found.decided_at, found.decided_by = now, by.user
        if deducts:
            policy = found.policy
            found.until = months_after(now, found.rule.months)
            found.appeal_until = policy.end_of(policy.appeal, since=now)
            found.repair_from = now + timedelta(days=policy.repair_after_days)
        else:
            found.ended_at = now
        found.save()
        _write(found, Step.DECIDED if deducts else Step.DROPPED, at=now, by=by.organisation, text=said)
    return found


def appeal(*, deduction_id: int, text: str, files: Sequence[File[bytes]], by: Membership) -> Deduction:
    """Appeal to the regulator (申诉), once. The deduction stands until that is decided. Raises NotDue too late."""
    with transaction.atomic():
        found = _held(deduction_id)
        _demand_firm(found, by)
        if found.status == Status.APPEALED:
            return found
        now = clock.now()
        if found.status == Status.IN_FORCE and not found.may_be_appealed_at(now):
            raise NotDue(_("已过申诉期限，或者已经申诉过一次。"))
        Deduction.lifecycle.move(found, Status.APPEALED)
        found.appealed_at = now
        found.save()
        _write(found, Step.APPEALED, at=now, by=by.organisation, text=words(text), files=files)
    return found


def decide_appeal(*, deduction_id: int, upheld: bool, text: str, by: Membership) -> Deduction:
    """The regulator upholds an appeal, and the deduction is revoked, or rejects it. Never by who decided the deduction."""
    with transaction.atomic():
        found = _held(deduction_id)
        demand_kind(by, (Kind.REGULATOR,))
        step = Step.APPEAL_UPHELD if upheld else Step.APPEAL_REJECTED
        if found.status != Status.APPEALED and found.events.filter(kind=step).exists():
            return found
        if found.decided_by_id == by.user_id:
            raise NotAllowed(_("作出扣分决定的人不能处理对它的申诉，请由另一位工作人员处理。"))
        now, said = clock.now(), words(text)
        if found.status != Status.APPEALED:
            raise WrongState
        Deduction.lifecycle.move(found, Status.REVOKED if upheld else Status.IN_FORCE)
        found.ended_at = now if upheld else None
        found.save()
        _write(found, step, at=now, by=by.organisation, text=said)
    return found


def ask_repair(*, deduction_id: int, text: str, files: Sequence[File[bytes]], by: Membership) -> Deduction:
    """The firm asks for the deduction to end early, with proof that it has put things right (信用修复)."""
    with transaction.atomic():
        found = _held(deduction_id)
        _demand_firm(found, by)
        if found.status == Status.REPAIR_ASKED:
            return found
        now = clock.now()
        if found.status == Status.IN_FORCE and not found.may_be_repaired_at(now):
            raise NotDue(_("还没有到可以申请信用修复的时间。"))
        if not files:
            raise DomainError(_("请附上已经纠正的证明材料。"), code="evidence")
        Deduction.lifecycle.move(found, Status.REPAIR_ASKED)
        found.repair_asked_at = now
        found.save()
        _write(found, Step.REPAIR_ASKED, at=now, by=by.organisation, text=words(text), files=files)
    return found


def decide_repair(*, deduction_id: int, repaired: bool, text: str, by: Membership) -> Deduction:
    """Service centre or regulator: end the deduction early, or not; then the firm may ask again after the same time."""
    with transaction.atomic():
        found = _held(deduction_id)
        demand_kind(by, OVERSEERS)
        if found.status == (Status.REPAIRED if repaired else Status.IN_FORCE) and found.repair_asked_at is not None:
            return found
        now, said = clock.now(), words(text)
        if found.status != Status.REPAIR_ASKED:
            raise WrongState
        Deduction.lifecycle.move(found, Status.REPAIRED if repaired else Status.IN_FORCE)
        if repaired:
            found.ended_at = now
        else:
            found.repair_from = now + timedelta(days=found.policy.repair_after_days)
        found.save()
        _write(found, Step.REPAIRED if repaired else Step.REPAIR_REFUSED, at=now, by=by.organisation, text=said)
    return found


def expire(*, deduction_id: int, now: datetime) -> Deduction:
    """Write down that a deduction is over by time. Unchanged if it is not in force any more; raises NotDue before."""
    with transaction.atomic():
        found = _held(deduction_id)
        if found.status != Status.IN_FORCE:
            return found
        if found.costs_at(now):
            raise NotDue
        Deduction.lifecycle.move(found, Status.EXPIRED)
        found.ended_at = now
        found.save()
        _write(found, Step.EXPIRED, at=now, by=None)
    return found


def _write(
    found: Deduction, step: Step, *, at: datetime, by: Organisation | None, text: str = "",
    files: Sequence[File[bytes]] = (),
) -> None:  # fmt: skip
    """A step in the history, with its files, and in the log."""
    if len(files) > MOST_FILES:
        raise DomainError(_("最多 %(most)d 个文件。") % {"most": MOST_FILES}, code="evidence")
    if step in MOVES_POINTS:
        marking.mark_scores([(found.firm_id, None)])
    event = DeductionEvent.objects.create(
        deduction=found, number=found.events.count() + 1, kind=step, at=at, by=by, words=text
    )
    kept = [_keep(event, number, file) for number, file in enumerate(files, start=1)]
    ledger.append(f"deduction.{step.value}", found.subject, _told(found, text, kept), at=at)


def _told(found: Deduction, text: str, files: Sequence[DeductionFile]) -> dict[str, Any]:
    firm, public = found.firm, found.status in PUBLIC_FROM
    protected = firm.organisation.is_protected or not public
    data: dict[str, Any] = {"firm": ledger.party(firm.uscc, protected=protected, subject=found.subject)}
    if text:
        data["text"] = ledger.blinded(text, subject=found.subject)
    if files:
        digest = canonical.sha256_hex(canonical.encode([each.sha256 for each in files]))
        data["files"] = {"count": len(files), "sha256": digest}
    if public and found.until is not None:
        until = canonical.timestamp(found.until)
        data |= {"kind": found.kind, "points": found.points, "listed": found.listed, "to_d": found.to_d, "until": until}
    return data


def _keep(event: DeductionEvent, number: int, file: File[bytes]) -> DeductionFile:
    """Under a name of ours: names that people give to files stay out of the storage."""
    suffix = (file.name or "").rpartition(".")[2]
    file.name = f"{event.deduction.code}-{event.number}-{number}.{suffix}"
    return DeductionFile.objects.create(event=event, number=number, file=file, sha256=sha256_of(file))


def _demand_firm(found: Deduction, by: Membership) -> None:
    demand_kind(by, (Kind.FIRM,))
    if by.organisation_id != found.firm.organisation_id or found.noticed_at is None:
        raise NotAllowed


def _held(deduction_id: int) -> Deduction:
    rows = Deduction.objects.select_for_update(of=["self"]).select_related("firm__organisation", "policy", "rule")
    return rows.get(pk=deduction_id)


def months_after(at: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of a shorter month, at the end of that day (24:00)."""
    local = at.astimezone(clock.LOCAL)
    whole = local.year * 12 + local.month - 1 + months
    first = local.replace(year=whole // 12, month=whole % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return min(first + timedelta(days=local.day), following)
