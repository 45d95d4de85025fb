"""Objections in the public notice of a candidate: filed, answered, escalated to the regulator, decided.

While one is pending its round is not awarded (`Objection.objects.pending`, `closing.award_round`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Membership, Organisation
from bidding.domain import live
from bidding.domain.access import demand_operator, demand_regulator, firms_in
from bidding.domain.rounds import end_round
from bidding.models import Entry, Lot, Objection, ObjectionFile, Round
from core import clock, codes, worktime
from core.errors import Conflict, DomainError, NotAllowed, NotDue, WrongState
from core.texts import visible
from core.uploads import sha256_of
from ledger import domain as ledger
from protocol import canonical

Status = Objection.Status
TEXT_LENGTH = 2_000
REASON_LENGTH = 500
"""Of an answer and a decision: where they end the round they are its public reason (Round.reason)."""
MOST_FILES = 5
PER_PARTY = 3
"""Objections of one party to one round."""
ESCALATED_IN = (Round.Status.CANDIDATE, Round.Status.AWARDED)


class Decision(StrEnum):
    """What a regulator may order on a complaint."""

    STOP = "stop"
    DISMISS = "dismiss"
    VOID = "void"


def rounds_to_object_to(organisation: Organisation) -> QuerySet[Round]:
    """Rounds with a candidate, past or present, in which this organisation has a say: its own, or entered by or for it."""
    parties = Q(firm__organisation=organisation) | Q(consortium__parties__firm__organisation=organisation)
    entered = Entry.objects.live().filter(parties).values("lot__round")
    rounds = Round.objects.public().filter(candidate_at__isnull=False).for_list().select_related("policy")
    return rounds.filter(Q(owner=organisation) | Q(pk__in=entered))


def file_objection(
    *, round_id: int, text: str, files: Sequence[File[bytes]], by: Membership, lot: Lot | None = None
) -> Objection:
    """Object to the candidate of a round in its public notice, for a firm that entered it or its owner, with up to 5 files;
    of a round with several lots to the candidate of one `lot`, or to all.

    The award waits from here on. Raises NotAllowed for anybody else, NotDue outside the notice, Conflict while an objection
    of the same party to the same waits for its answer or beyond 3 of them.
    """
    with transaction.atomic():
        round_ = locked(round_id)
        if by.role not in WRITERS or not rounds_to_object_to(by.organisation).filter(pk=round_id).exists():
            raise NotAllowed
        now = clock.now()
        if not takes_objections_at(round_, now):
            raise NotDue(_("异议只在中选公示期内提出。"))
        text = worded(text, TEXT_LENGTH)
        if len(files) > MOST_FILES:
            raise DomainError(_("最多 %(most)d 个文件。") % {"most": MOST_FILES}, code="files")
        if lot is not None and (lot.round_id != round_.pk or not round_.has_lots):
            raise DomainError(_("请选择这次比选的标段。"), code="lot")
        demand_room(round_, by.organisation, lot)
        assert round_.policy is not None
        objection = Objection.objects.create(
            round=round_,
            lot=lot,
            code=codes.next_code(codes.Letter.OBJECTION, at=now),
            objector=by.organisation,
            filed_by=by.user,
            filed_at=now,
            text=text,
            answer_due_at=worktime.add_working_days(now, round_.policy.objection_days),
        )
        kept = [keep(objection, number, file) for number, file in enumerate(files, start=1)]
        digest = canonical.sha256_hex(canonical.encode([each.sha256 for each in kept]))
        log("filed", objection, by, text=text, at=now, files={"count": len(kept), "sha256": digest})
    return objection


def takes_objections_at(round_: Round, now: datetime) -> bool:
    """Whether a round's candidate is on public notice at `now`."""
    until = round_.candidate_until
    return round_.status == Round.Status.CANDIDATE and until is not None and now < until


def answer_objection(
    *, objection_id: int, outcome: Objection.Status, text: str, by: Membership, charged_to: str = ""
) -> Objection:
    """The service centre's answer: rejected, upheld without effect on the result, or upheld, which voids the round.

    `charged_to`: at whose fault it is void, if anybody's. Late is not too late.
    Unchanged where the same outcome was given before; raises WrongState for another one.
    """
    with transaction.atomic():
        objection = with_its_round(objection_id)
        demand_operator(by, firms=firms_in(objection.round))
        if objection.is_about_recusal:
            raise WrongState(_("对回避的异议由监管部门处理。"))
        if objection.status == outcome and outcome in (Status.REJECTED, Status.NO_EFFECT, Status.UPHELD):
            return objection
        _demand_running(objection)
        if outcome not in (Status.REJECTED, Status.NO_EFFECT, Status.UPHELD):
            raise WrongState
        Objection.lifecycle.move(objection, outcome)
        now, policy = clock.now(), objection.round.policy
        assert policy is not None
        objection.answer, objection.answered_at = worded(text, REASON_LENGTH), now
        objection.answered_by = by.organisation
        charged = _charge(objection, charged_to)
        objection.complaint_until = worktime.add_working_days(now, policy.complaint_days)
        objection.save()
        log("answered", objection, by, text=objection.answer, at=now, outcome=str(outcome), **charged)
        if outcome == Status.UPHELD:
            end_round(objection.round, Round.Status.VOID, reason=objection.answer, at=now)
    return objection


def escalate_objection(*, objection_id: int, text: str, by: Membership) -> Objection:
    """Complain to the regulator about the answer, for the objector and within the policy's days.

    A round that is not awarded yet waits again. Unchanged if it was done before; raises NotDue too late.
    """
    with transaction.atomic():
        objection = with_its_round(objection_id)
        if by.organisation_id != objection.objector_id or by.role not in WRITERS:
            raise NotAllowed
        if objection.escalated_at is not None:
            return objection
        now, round_ = clock.now(), objection.round
        Objection.lifecycle.move(objection, Status.ESCALATED)
        if round_.status not in ESCALATED_IN:
            raise WrongState(_("这次比选已经结束，不能再投诉。"))
        if not is_in_time_to_complain(objection, now):
            raise NotDue(_("投诉期限已过。"))
        assert round_.policy is not None
        objection.complaint, objection.escalated_at = worded(text, TEXT_LENGTH), now
        objection.decision_due_at = worktime.add_working_days(now, round_.policy.decision_days)
        objection.save()
        log("escalated", objection, by, text=objection.complaint, at=now)
    return objection


def may_escalate_at(objection: Objection, now: datetime) -> bool:
    """Whether its objector may complain at `now`."""
    allowed = Objection.lifecycle.allows(objection.status, Status.ESCALATED)
    return allowed and objection.round.status in ESCALATED_IN and is_in_time_to_complain(objection, now)


def is_in_time_to_complain(objection: Objection, now: datetime) -> bool:
    return objection.complaint_until is not None and now < objection.complaint_until


def decide_objection(
    *, objection_id: int, decision: Decision, text: str, by: Membership, charged_to: str = ""
) -> Objection:
    """The regulator's order: stop the round until decided, dismiss the complaint so that it goes on, or void the round.

    Unchanged where it was ordered before; raises WrongState where nothing is to be decided.
    """
    target = {
        Decision.STOP: Status.STOPPED,
        Decision.DISMISS: Status.DISMISSED,
        Decision.VOID: Status.SUSTAINED,
    }[decision]
    with transaction.atomic():
        objection = with_its_round(objection_id)
        demand_regulator(by, firms=firms_in(objection.round))
        if objection.is_about_recusal:
            raise WrongState
        if objection.status == target:
            return objection
        _demand_running(objection)
        Objection.lifecycle.move(objection, target)
        now, said = clock.now(), worded(text, REASON_LENGTH)
        if decision == Decision.STOP:
            objection.stop_reason, objection.stopped_at = said, now
            objection.stopped_by = by.organisation
        else:
            objection.decision, objection.decided_at = said, now
            objection.decided_by = by.organisation
        charged = _charge(objection, charged_to)
        objection.save()
        log("decided", objection, by, text=said, at=now, decision=str(decision), **charged)
        if decision == Decision.VOID:
            end_round(objection.round, Round.Status.VOID, reason=said, at=now)
    return objection


def _charge(objection: Objection, party: str) -> dict[str, str]:
    """Put down at whose fault a round is void; what the log is told of it."""
    if party not in ("", *Objection.Party.values):
        raise DomainError(_("请选择责任方。"), code="charged_to")
    objection.charged_to = party if objection.status in (Status.UPHELD, Status.SUSTAINED) else ""
    return {"charged_to": objection.charged_to} if objection.charged_to else {}


def locked(round_id: int) -> Round:
    """The round, held: every step about an objection takes it first."""
    return Round.objects.select_for_update(of=["self"]).select_related("policy", "owner").get(pk=round_id)


def with_its_round(objection_id: int) -> Objection:
    """An objection under the lock of its round, which every step about it takes first; both can be changed."""
    round_ = locked(Objection.objects.values_list("round_id", flat=True).get(pk=objection_id))
    objection = (
        Objection.objects.select_for_update(of=["self"])
        .select_related("objector", "answered_by", "lot")
        .get(pk=objection_id)
    )
    objection.round = round_
    return objection


def _demand_running(objection: Objection) -> None:
    if objection.is_moot:
        raise WrongState(_("这次比选已经结束，这项异议随之终止。"))


def demand_room(round_: Round, objector: Organisation, lot: Lot | None) -> None:
    """Raise Conflict while an objection of the same party to the same waits, and beyond PER_PARTY."""
    own = Objection.objects.filter(round=round_, objector=objector)
    if own.filter(status=Status.FILED, lot=lot).exists():
        raise Conflict(_("贵方已有一项异议在等待答复。"))
    if own.count() >= PER_PARTY:
        raise Conflict(
            _("对一次比选最多提 %(most)d 项异议；对答复不满意的，可以向监管部门投诉。") % {"most": PER_PARTY}
        )


def keep(objection: Objection, number: int, file: File[bytes]) -> ObjectionFile:
    """Store a checked file under the objection's code: names that people give to files stay out of the storage."""
    file.name = f"{objection.code}-{number}.{(file.name or '').rpartition('.')[2]}"
    return ObjectionFile.objects.create(objection=objection, number=number, file=file, sha256=sha256_of(file))


def log(step: str, objection: Objection, by: Membership, *, text: str, at: datetime, **more: Any) -> None:
    """Tell the log and the round's watchers of a step: who took it by code, what was written blinded."""
    round_, party = objection.round, by.organisation
    data = {
        "code": objection.code,
        "party": ledger.blinded(party.public_code, subject=round_.subject),
        "text": ledger.blinded(text, subject=round_.subject),
        **({"lot": objection.lot.number} if objection.lot is not None else {}),
        **more,
    }
    ledger.append(f"objection.{step}", round_.subject, data, at=at)
    transaction.on_commit(partial(live.changed, round_))


def worded(text: str, length: int) -> str:
    """What somebody must write, without space around it. Raises DomainError where it is empty or too long."""
    said = visible(text)
    if not said:
        raise DomainError(_("请写明理由。"), code="text")
    if len(said) > length:
        raise DomainError(_("最多 %(length)d 个字。") % {"length": length}, code="text")
    return said
