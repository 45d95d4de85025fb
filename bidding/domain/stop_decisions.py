"""What a regulator decides on a stopped round: it goes on, with the firm or without it, or is void."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction

from accounts.models import Membership
from bidding.domain import live
from bidding.domain.access import demand_regulator
from bidding.domain.choosing import go_on_after_stop
from bidding.domain.frozen import locked
from bidding.domain.reasons import demand_reason
from bidding.domain.rounds import end_round
from bidding.domain.stops import is_stopped, party_of
from bidding.domain.substitution import recuse
from bidding.models import Objection, Round, Stop
from core import clock
from core.errors import WrongState
from ledger import domain as ledger

Status = Round.Status
Outcome = Stop.Outcome


def decide_stop(*, stop_id: int, outcome: str, text: str, by: Membership) -> Stop:
    """A regulator lets a stopped round go on, with the firm or without it, or voids it; the reason is public.

    Without it: nothing that was drawn or computed changes; where the firm has won or wins, the next one follows as if it had
    walked away, and it pays nothing. The firm's own objection is answered with it. Unchanged where the same was decided before.
    Raises NotAllowed, WrongState.
    """
    with transaction.atomic():
        round_ = locked(Stop.objects.values_list("round_id", flat=True).get(pk=stop_id))
        stop = Stop.objects.select_for_update(of=["self"]).select_related("firm__organisation").get(pk=stop_id)
        stop.round = round_
        demand_regulator(by, firms=[stop.firm])
        if stop.outcome == outcome:
            return stop
        if not stop.is_pending or outcome not in Outcome.values:
            raise WrongState
        now = clock.now()
        stop.outcome, stop.decision, stop.decided_at = outcome, demand_reason(text), now
        stop.decided_by = by.organisation
        stop.save()
        told = {
            "outcome": outcome,
            "party": party_of(stop),
            "reason": ledger.blinded(stop.decision, subject=round_.subject),
        }
        ledger.append("round.stop_decided", round_.subject, told, at=now)
        _answer_objection(stop, by, now)
        if outcome == Outcome.VOIDED:
            end_round(round_, Status.VOID, reason=stop.decision, at=now)
        elif outcome == Outcome.SET_ASIDE:
            recuse(round_, at=now)
        if not is_stopped(round_):
            go_on_after_stop(round_, at=now)
        transaction.on_commit(partial(live.changed, round_))
    return stop


def _answer_objection(stop: Stop, by: Membership, now: datetime) -> None:
    """What the firm has said about it is answered with the same words; where the round is void there is nothing to answer."""
    own = Objection.objects.filter(round=stop.round, objector=stop.firm.organisation_id, status=Objection.Status.FILED)
    answers = {Outcome.KEPT: Objection.Status.SUSTAINED, Outcome.SET_ASIDE: Objection.Status.DISMISSED}
    answer = answers.get(Outcome(stop.outcome))
    if answer is not None:
        own.filter(ground=Objection.Ground.RECUSAL).update(
            status=answer, decision=stop.decision, decided_at=now, decided_by=by.organisation
        )
