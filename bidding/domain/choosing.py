"""The owner's choice, where the method leaves one: from the short list, with reasons that everybody will read (PROTOCOL §4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from bidding.domain import stops
from bidding.domain.access import demand_owner
from bidding.domain.closing import evaluate_round
from bidding.domain.frozen import locked
from bidding.domain.reasons import demand_reason
from bidding.domain.rounds import end_round
from bidding.models import Round, Stop
from core import clock, worktime
from core.errors import DomainError, WrongState
from protocol.methods import METHODS


def choose(
    *, round_id: int, uscc: str, reason: str, reasons: Mapping[str, str], by: Membership, lot: str = "1"
) -> Round:
    """Pick a firm from a lot's short list; with the last lot the round is evaluated.

    `reasons` say it firm by firm where the method asks for that (`proposal`), for all on the short list. The same choice again
    changes nothing. Raises NotAllowed for anybody but the owner, WrongState unless the round waits for a choice, DomainError
    for a firm that is not on the list or a reason that is missing.
    """
    with transaction.atomic():
        round_ = Round.objects.select_for_update().get(pk=round_id)
        demand_owner(round_, by)
        target = round_.lots.get(number=lot)
        chosen = {
            "uscc": uscc,
            "reason": demand_reason(reason),
            "reasons": _reasons(round_, target.short_list, reasons),
        }
        if target.choice == chosen:
            return round_
        if round_.status != Round.Status.OPENED or round_.choice_due_at is None or target.choice is not None:
            raise WrongState
        if round_.choice_due_at <= clock.now():
            raise WrongState(_("选定期限已过，这次比选按流标处理。"))
        stops.demand_running(round_)
        if uscc not in target.short_list:
            raise DomainError(_("只能从候选名单里选。"), code="not_listed")
        if round_.stops.filter(outcome=Stop.Outcome.SET_ASIDE, firm__organisation__uscc=uscc).exists():
            raise DomainError(_("监管部门已决定这家机构回避，请选其他机构。"), code="set_aside")
        target.choice = chosen
        target.save(update_fields=["choice"])
        return evaluate_round(round_id=round_id, now=clock.now())


def lapse(*, round_id: int, now: datetime) -> Round:
    """Fail a round whose owner has let the term of the choice pass: firms that have shown their prices do not wait for ever.

    Unchanged where it was chosen, or while the round is stopped.
    """
    with transaction.atomic():
        round_ = locked(round_id)
        due = round_.choice_due_at
        if round_.status == Round.Status.OPENED and due is not None and due <= now and not stops.is_stopped(round_):
            reason = _("业主逾期未从候选名单中选定，流标。")
            end_round(round_, Round.Status.FAILED, reason=reason, failure="not_chosen", at=now)
    return round_


def go_on_after_stop(round_: Round, *, at: datetime) -> None:
    """A locked round that waited for its owner: the term begins anew, and where all on a short list step aside it fails."""
    if round_.status != Round.Status.OPENED or round_.choice_due_at is None:
        return
    gone = set(round_.stops.filter(outcome=Stop.Outcome.SET_ASIDE).values_list("firm__organisation__uscc", flat=True))
    if any(set(lot.short_list) <= gone for lot in round_.lots.filter(choice__isnull=True).exclude(short_list=[])):
        reason = _("候选名单上的机构均应回避，流标。")
        end_round(round_, Round.Status.FAILED, reason=reason, failure="nobody_left", at=at)
        return
    assert round_.policy is not None
    round_.choice_due_at = worktime.add_working_days(at, round_.policy.choice_days)
    round_.save(update_fields=["choice_due_at"])


def _reasons(round_: Round, short_list: list[str], given: Mapping[str, str]) -> dict[str, str]:
    if round_.method != METHODS["proposal"].code:
        return {}
    missing = [uscc for uscc in short_list if not given.get(uscc, "").strip()]
    if missing:
        raise DomainError(_("请为每一份方案写明选或不选的理由。"), code="reasons")
    return {uscc: demand_reason(given[uscc]) for uscc in short_list}
