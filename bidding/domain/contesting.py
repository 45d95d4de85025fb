"""A firm that is kept out of a round for a tie may say that this is wrong (回避有误); the regulator decides, at once.

Whether the firm has entered plays no part before closing, so that an objection tells nobody of an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Membership
from bidding.domain import stop_decisions
from bidding.domain.access import demand_regulator
from bidding.domain.eligibility import reasons_against
from bidding.domain.objections import TEXT_LENGTH, demand_room, keep, locked, log, with_its_round, worded
from bidding.domain.reasons import LENGTH, Reason
from bidding.domain.stops import STOPPED_IN, kept, reasons_of
from bidding.models import Entry, Objection, Round, Stop
from core import clock, codes, worktime
from core.errors import NotAllowed, NotDue, WrongState
from market.models import Firm

Status = Objection.Status


def contestable(round_: Round, firm: Firm, *, at: datetime) -> list[Reason]:
    """The ties for which a firm is kept out of a round, as far as it may object to them now.

    While the round takes entries: where nothing else keeps the firm out. Later: of a stop that waits, or of its own entry that
    closing has set aside, up to the award.
    """
    if round_.takes_entries_at(at):
        reasons = reasons_against(firm=firm, round_=round_, at=at)
        return reasons if all(each.is_recusal for each in reasons) else []
    if round_.status not in STOPPED_IN:
        return []
    stop = Stop.objects.filter(round=round_, firm=firm, outcome="").first()
    if stop is not None:
        return reasons_of(stop.reasons)
    own = Entry.objects.live().filter(lot__round=round_, firm=firm, eligible=False).first()
    told = Reason(code=own.reason, detail=own.reason_detail) if own is not None else None
    return [told] if told is not None and told.is_recusal else []


def contest(*, round_id: int, text: str, files: Sequence[File[bytes]], by: Membership) -> Objection:
    """Object to being kept out of a round for a tie. A round that has a candidate is not awarded before the decision.

    Raises NotAllowed for anybody but a firm, NotDue where no tie keeps it out that can be objected to now, Conflict while
    another objection of it waits.
    """
    with transaction.atomic():
        round_ = locked(round_id)
        firm = Firm.objects.select_related("organisation", "current").filter(organisation=by.organisation_id).first()
        if by.role not in WRITERS or firm is None or round_.announced_at is None:
            raise NotAllowed
        now = clock.now()
        if not (reasons := contestable(round_, firm, at=now)):
            raise NotDue(_("现在没有可以提出异议的回避事项。"))
        demand_room(round_, by.organisation, None)
        assert round_.policy is not None
        objection = Objection.objects.create(
            round=round_,
            ground=Objection.Ground.RECUSAL,
            recusal=[kept(each) for each in reasons],
            code=codes.next_code(codes.Letter.OBJECTION, at=now),
            objector=by.organisation,
            filed_by=by.user,
            filed_at=now,
            text=worded(text, TEXT_LENGTH),
            answer_due_at=worktime.add_working_days(now, round_.policy.objection_days),
        )
        for number, file in enumerate(files, start=1):
            keep(objection, number, file)
        log("filed", objection, by, text=objection.text, at=now, ground="recusal")
    return objection


def settle(*, objection_id: int, sustained: bool, text: str, by: Membership) -> Objection:
    """The regulator finds that the firm need not step aside, or that it must; of a stopped round that decides the stop.

    Found to be wrong before closing, the tie keeps the firm out of this round no more; whether it is wrong elsewhere is for the
    graph and its exceptions. After closing nothing of what was frozen changes. Unchanged where the same was decided before.
    """
    target = Status.SUSTAINED if sustained else Status.DISMISSED
    with transaction.atomic():
        objection = with_its_round(objection_id)
        firm = Firm.objects.filter(organisation=objection.objector_id)
        demand_regulator(by, firms=list(firm))
        if not objection.is_about_recusal:
            raise WrongState
        if objection.status == target:
            return objection
        if not objection.is_pending:
            raise WrongState
        stop = Stop.objects.filter(round=objection.round_id, firm__in=firm, outcome="").first()
        now, words = clock.now(), worded(text, LENGTH)
        Objection.of_recusal.move(objection, target)
        objection.decision, objection.decided_at, objection.decided_by = words, now, by.organisation
        objection.save()
        told = "sustain" if sustained else "dismiss"
        log("decided", objection, by, text=words, at=now, decision=told)
        if stop is not None:
            outcome = Stop.Outcome.KEPT if sustained else Stop.Outcome.SET_ASIDE
            stop_decisions.decide_stop(stop_id=stop.pk, outcome=outcome, text=words, by=by)
    return objection
