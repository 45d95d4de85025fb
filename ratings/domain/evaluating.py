"""Evaluating a firm after a line: given, edited for a while, then public and final."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from contracts.models import Contract, ContractLine
from core import clock, codes
from core.errors import DomainError, NotAllowed, NotDue
from core.uploads import sha256_of
from ledger import domain as ledger
from protocol import canonical
from ratings.domain import marking
from ratings.domain.access import SIDES, demand_kind, public_words
from ratings.domain.bursts import note_bursts
from ratings.domain.disputes import disputes_of
from ratings.domain.waiting import line_code, lines_of
from ratings.models import Dimension, Dispute, Evaluation, EvaluationPolicy, Side
from ratings.models.evaluations import MOST

Status = Evaluation.Status


def evaluate(
    *, line_id: int, marks: Mapping[str, int], text: str, by: Membership, evidence: File[bytes] | None = None
) -> Evaluation:
    """Evaluate the firm of a contract's line, or edit what one has given, until it is public.

    `marks`: 0 to 100 for every Dimension. A file takes the place of the one before. Raises NotAllowed for whoever may not
    evaluate this line (now), NotDue once it is public, DomainError for marks or words that cannot be taken.
    """
    with transaction.atomic():
        own = _held_line(line_id)
        demand_kind(by, tuple(SIDES))
        now, side = clock.now(), SIDES[by.organisation.kind]
        given, said = _marks(marks), public_words(text, required=False)
        known = (
            Evaluation.objects.select_for_update(of=["self"])
            .filter(contract=own.contract, number=own.number, side=side)
            .first()
        )
        if known is None:
            return _give(own, side, given, said, evidence, by=by, at=now)
        if known.rater_id != by.organisation_id:
            raise NotAllowed
        return _edit(known, given, said, evidence, at=now)


def _give(
    own: ContractLine, side: Side, marks: dict[str, int], text: str, evidence: File[bytes] | None,
    *, by: Membership, at: datetime,
) -> Evaluation:  # fmt: skip
    if not lines_of(by.organisation, now=at).filter(pk=own.pk).exists():
        raise NotAllowed(_("这一事项现在不能由贵方评价：还没有办结，或者已过评价期限。"))
    policy, contract = EvaluationPolicy.in_force(at), own.contract
    public_at = policy.end_of(policy.edit, since=at)
    found = Evaluation(
        code=codes.next_code(codes.Letter.EVALUATION, at=at),
        line=line_code(own),
        need=contract.award.lot.round.need,
        contract=contract,
        number=own.number,
        firm=contract.firm,
        service=own.service,
        side=side,
        rater=by.organisation,
        policy=policy,
        text=text,
        dispute=disputes_of(contract, now=at) if side == Side.OWNER else [],
        given_at=at,
        given_by=by.user,
        public_at=public_at,
        reply_until=policy.end_of(policy.reply, since=public_at),
        **marks,
    )
    _attach(found, evidence)
    found.save()
    _log("given", found, at=at)
    note_bursts(found, at=at)
    return found


def _edit(
    found: Evaluation, marks: dict[str, int], text: str, evidence: File[bytes] | None, *, at: datetime
) -> Evaluation:
    before = {name: getattr(found, name) for name in (*Dimension.values, "text")}
    if before == {**marks, "text": text} and evidence is None:
        return found
    if found.is_public_at(at):
        raise NotDue(_("评价已经公开，不能再修改。"))
    for name, value in marks.items():
        setattr(found, name, value)
    found.text, found.edited_at = text, at
    _attach(found, evidence)
    _note_disputes(found, at=at)
    found.save()
    _log("edited", found, at=at)
    note_bursts(found, at=at)
    return found


def publish_evaluation(*, evaluation_id: int, now: datetime) -> Evaluation:
    """Write down that an evaluation is final, with its marks in the log. Unchanged if it was done; NotDue before."""
    with transaction.atomic():
        found = _held(evaluation_id)
        if found.status == Status.FINAL:
            return found
        if not found.is_public_at(now):
            raise NotDue
        Evaluation.lifecycle.move(found, Status.FINAL)
        found.published_at = now
        _note_disputes(found, at=found.public_at)
        found.save()
        data = _facts(found) | {
            "marks": dict(zip(Dimension.values, found.marks, strict=True)),
            "text": ledger.blinded(found.text, subject=found.subject) if found.text else None,
            "evidence": found.evidence_sha256 or None,
            "dispute": found.dispute,
        }
        ledger.append("evaluation.published", found.subject, data, at=now)
        marking.mark_scores([(found.firm_id, None)])
    return found


def _note_disputes(found: Evaluation, *, at: datetime) -> None:
    """What has stood between the parties at any time while the marks could be edited stays noted."""
    if found.side == Side.OWNER:
        held = {*found.dispute, *disputes_of(found.contract, now=at)}
        found.dispute = [each for each in Dispute.values if each in held]


def _marks(marks: Mapping[str, int]) -> dict[str, int]:
    given = {name: marks.get(name) for name in Dimension.values}
    for name, value in given.items():
        if type(value) is not int or not 0 <= value <= MOST:
            raise DomainError(_("每一项填 0 到 100 的整数。"), code=name)
    return {name: value for name, value in given.items() if value is not None}


def _attach(found: Evaluation, evidence: File[bytes] | None) -> None:
    """Under a name of ours: names that people give to files stay out of the storage."""
    if evidence is None:
        return
    evidence.name = f"{found.code}.{(evidence.name or '').rpartition('.')[2]}"
    found.evidence_sha256 = sha256_of(evidence)
    found.evidence = evidence


def _log(step: str, found: Evaluation, *, at: datetime) -> None:
    """Before it is public the log holds that there is something, and a digest of what."""
    content = {"evidence": found.evidence_sha256, "marks": list(found.marks), "text": found.text}
    sealed = ledger.blinded(canonical.encode(content).decode(), subject=found.subject)
    ledger.append(f"evaluation.{step}", found.subject, _facts(found) | {"content": sealed}, at=at)


def _facts(found: Evaluation) -> dict[str, Any]:
    firm = found.firm
    return {
        "line": found.line,
        "contract": found.contract.code,
        "side": found.side,
        "firm": ledger.party(firm.uscc, protected=firm.organisation.is_protected, subject=found.subject),
    }


def _held_line(line_id: int) -> ContractLine:
    """A line whose contract is held, so that two of one side do not evaluate it at once."""
    contract_id = ContractLine.objects.values_list("contract_id", flat=True).get(pk=line_id)
    contract = (
        Contract.objects.select_for_update(of=["self"], no_key=True)
        .select_related("award__lot__round__need", "firm__organisation", "owner")
        .get(pk=contract_id)
    )
    own = ContractLine.objects.select_related("service", "project", "item").get(pk=line_id)
    own.contract = contract
    return own


def _held(evaluation_id: int) -> Evaluation:
    rows = Evaluation.objects.select_for_update(of=["self"]).select_related("contract", "firm__organisation", "rater")
    return rows.get(pk=evaluation_id)
