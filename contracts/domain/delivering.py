"""What the firm delivers, and what the owner says of it; silence for the policy's term is acceptance."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.files import File as StoredFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Organisation
from contracts.domain.access import demand_lead, demand_owner, demand_words, held
from contracts.domain.events import Kind, record
from contracts.domain.handing import hand_over
from contracts.models import QUALITY, Contract, Deliverable, Milestone, Reason
from core import clock
from core.codes import Letter, next_code
from core.errors import Conflict, DomainError, NotDue, WrongState
from core.uploads import SUFFIXES, sha256_of
from ledger import domain as ledger

Status = Deliverable.Status
NOTE_LENGTH = 500


def submit_deliverable(*, milestone_id: int, content: Any, kind: str, by: Membership, note: str = "") -> Deliverable:
    """The next version of what a milestone delivers: a file whose content was checked, streamed to its place.

    The same file again is the version that waits for the owner already. Raises NotAllowed for anybody but the firm,
    WrongState where the contract does not run or the milestone takes nothing now.
    """
    sha256 = sha256_of(content)
    name = ""
    try:
        with transaction.atomic():
            milestone = _held_milestone(milestone_id)
            contract = milestone.contract
            demand_lead(contract, by)
            waiting = milestone.deliverables.filter(status=Status.SUBMITTED).first()
            if waiting is not None and waiting.sha256 == sha256:
                return waiting
            if not contract.delivers_now or not milestone.takes_deliverables:
                raise WrongState
            if milestone.deliverables.filter(sha256=sha256).exists():
                raise Conflict(_("这个文件与以前提交过的版本完全相同。"), code="same")
            now = clock.now()
            code = next_code(Letter.DELIVERABLE, at=now)
            name = default_storage.save(f"deliverables/{contract.code}/{code}{SUFFIXES[kind]}", StoredFile(content))
            made = _keep(milestone, code=code, file=name, kind=kind, sha256=sha256, at=now, by=by, note=note)
            _tell(made, "submitted", {"sha256": sha256, "size": made.size, "version": made.version}, at=now)
            record(
                contract, Kind.SUBMITTED, at=now, by=by.organisation, party="firm", milestone=milestone,
                deliverable=made.code, version=made.version,
            )  # fmt: skip
            return made
    except BaseException:
        if name:
            default_storage.delete(name)
        raise


def _keep(
    milestone: Milestone, *, code: str, file: str, kind: str, sha256: str, at: datetime, by: Membership, note: str
) -> Deliverable:
    made = Deliverable.objects.create(
        milestone=milestone,
        version=milestone.deliverables.count() + 1,
        code=code,
        file=file,
        kind=kind,
        size=default_storage.size(file),
        sha256=sha256,
        note=note.strip()[:NOTE_LENGTH],
        submitted_at=at,
        submitted_by=by.user,
        review_due_at=milestone.contract.policy.end_of_silence(at),
    )
    if milestone.status in Milestone.TAKES:
        Milestone.lifecycle.move(milestone, Milestone.Status.SUBMITTED)
        milestone.save()
    return made


def accept_deliverable(*, deliverable_id: int, by: Membership) -> Deliverable:
    """The owner accepts what waits for it. Unchanged if it was accepted before."""
    with transaction.atomic():
        found = _held_deliverable(deliverable_id)
        demand_owner(found.milestone.contract, by)
        if found.status == Status.ACCEPTED:
            return found
        _demand_reviewable(found)
        return _accept(found, at=clock.now(), by=by)


def accept_by_silence(*, deliverable_id: int, now: datetime) -> Deliverable:
    """The term has passed without an answer. Unchanged where there was one; raises NotDue before."""
    with transaction.atomic():
        found = _held_deliverable(deliverable_id)
        if found.status != Status.SUBMITTED or not found.milestone.contract.delivers_now:
            return found
        if now < found.review_due_at:
            raise NotDue
        return _accept(found, at=now, by=None)


def _accept(found: Deliverable, *, at: datetime, by: Membership | None) -> Deliverable:
    Deliverable.lifecycle.move(found, Status.ACCEPTED)
    found.reviewed_at, found.reviewed_by, found.silent = at, by.user if by else None, by is None
    found.save()
    milestone = found.milestone
    if milestone.status == Milestone.Status.SUBMITTED:
        Milestone.lifecycle.move(milestone, Milestone.Status.ACCEPTED)
        milestone.accepted_at = at
    milestone.revision_asked_at = None
    milestone.save()
    _tell(found, "accepted", {"silent": found.silent, "version": found.version}, at=at)
    record(
        milestone.contract, Kind.ACCEPTED, at=at, by=by.organisation if by else None, party="owner",
        milestone=milestone, deliverable=found.code, silent=found.silent,
    )  # fmt: skip
    _complete(milestone.contract, at=at)
    hand_over(found)
    return found


def _complete(contract: Contract, *, at: datetime) -> None:
    done = (Milestone.Status.ACCEPTED, Milestone.Status.CANCELLED)
    if contract.status != Contract.Status.RUNNING or contract.milestones.exclude(status__in=done).exists():
        return
    Contract.lifecycle.move(contract, Contract.Status.COMPLETED)
    contract.completed_at = at
    contract.save()
    ledger.append("contract.completed", contract.subject, {}, at=at)
    record(contract, Kind.COMPLETED, at=at, party="line")


def return_deliverable(*, deliverable_id: int, reasons: Collection[str], words: str, by: Membership) -> Deliverable:
    """The owner gives back what it does not accept, with categories and in words. Unchanged if it was returned before.

    It counts against the firm's quality where one of the categories does.
    """
    with transaction.atomic():
        found = _held_deliverable(deliverable_id)
        demand_owner(found.milestone.contract, by)
        if found.status == Status.RETURNED:
            return found
        _demand_reviewable(found)
        chosen = [reason for reason in Reason.values if reason in set(reasons)]
        if not chosen:
            raise DomainError(_("请至少选择一类原因。"), code="reasons")
        told, now = demand_words(words, code="words"), clock.now()
        Deliverable.lifecycle.move(found, Status.RETURNED)
        found.reviewed_at, found.reviewed_by = now, by.user
        found.reasons, found.quality, found.words = chosen, bool(QUALITY & set(chosen)), told
        found.save()
        milestone = found.milestone
        if milestone.status == Milestone.Status.SUBMITTED:
            Milestone.lifecycle.move(milestone, Milestone.Status.RETURNED)
            milestone.save()
        blind = ledger.blinded(told, subject=milestone.contract.subject)
        data = {"quality": found.quality, "reasons": chosen, "version": found.version, "words": blind}
        _tell(found, "returned", data, at=now)
        record(
            milestone.contract, Kind.RETURNED, at=now, by=by.organisation, party="owner", milestone=milestone,
            note=told, deliverable=found.code, quality=found.quality,
        )  # fmt: skip
    return found


def ask_for_revision(*, milestone_id: int, words: str, by: Membership) -> Milestone:
    """An expert review asks for a revision of what was accepted: the firm delivers once more, what may be paid stays so.

    Told by the owner, or by a department of one of the lines that it is for. Unchanged where one is asked for already.
    """
    with transaction.atomic():
        milestone = _held_milestone(milestone_id)
        contract = milestone.contract
        if milestone not in served_by(contract, by.organisation):
            demand_owner(contract, by)
        if milestone.revision_asked_at is not None:
            return milestone
        open_ = contract.status in (Contract.Status.RUNNING, Contract.Status.COMPLETED)
        if not open_ or milestone.status != Milestone.Status.ACCEPTED or not milestone.delivers:
            raise WrongState
        told, now = demand_words(words), clock.now()
        milestone.revision_asked_at = now
        milestone.save()
        data = {"milestone": milestone.number, "words": ledger.blinded(told, subject=contract.subject)}
        ledger.append("deliverable.revision_asked", contract.subject, data, at=now)
        record(
            contract, Kind.REVIEW_REVISION_ASKED, at=now, by=by.organisation, party="statutory", milestone=milestone,
            note=told,
        )  # fmt: skip
    return milestone


def served_by(contract: Contract, department: Organisation) -> list[Milestone]:
    """The milestones of a contract that are for a line on which this department decides."""
    lines = list(contract.lines.filter(department__organisation=department))
    milestones = contract.milestones.filter(delivers=True).prefetch_related("lines") if lines else ()
    return [each for each in milestones if any(each.serves(line) for line in lines)]


def _demand_reviewable(found: Deliverable) -> None:
    if found.status != Status.SUBMITTED or not found.milestone.contract.delivers_now:
        raise WrongState


def _tell(found: Deliverable, what: str, data: dict[str, Any], *, at: datetime) -> None:
    told = {"deliverable": found.code, "milestone": found.milestone.number, **data}
    ledger.append(f"deliverable.{what}", found.milestone.contract.subject, told, at=at)


def _held_milestone(milestone_id: int) -> Milestone:
    contract = held(Milestone.objects.values_list("contract_id", flat=True).get(pk=milestone_id))
    milestone = Milestone.objects.select_for_update(of=["self"]).get(pk=milestone_id)
    milestone.contract = contract
    return milestone


def _held_deliverable(deliverable_id: int) -> Deliverable:
    milestone = _held_milestone(Deliverable.objects.values_list("milestone_id", flat=True).get(pk=deliverable_id))
    found = Deliverable.objects.select_for_update(of=["self"]).get(pk=deliverable_id)
    found.milestone = milestone
    return found
