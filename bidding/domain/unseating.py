"""An expert who sits in a round steps aside when a tie becomes known meanwhile, as one steps aside by oneself (PROTOCOL §3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bidding.domain import panels
from bidding.domain.experts import tied_experts
from bidding.domain.frozen import locked
from bidding.domain.stops import taking_part
from bidding.models import Round, Seat
from core import clock


def look_again(*, now: datetime | None = None) -> int:
    """Give every running seat of an expert who is tied to the next in the pool; how many there were."""
    at = now or clock.now()
    sitting = Seat.objects.running().filter(lot__round__status=Round.Status.OPENED)
    rounds = sitting.order_by("lot__round").values_list("lot__round", flat=True).distinct()
    return sum(unseat_tied(round_id=pk, now=at) for pk in list(rounds))


def unseat_tied(*, round_id: int, now: datetime) -> int:
    """The same in one round. The marks of whoever leaves are deleted; those that were submitted stay."""
    with transaction.atomic():
        round_ = locked(round_id)
        if round_.status != Round.Status.OPENED:
            return 0
        seats = list(Seat.objects.running().filter(lot__round=round_).select_related("expert__user", "lot"))
        firms = {firm.pk: firm for own in taking_part([round_])[round_.pk].values() for firm in own}
        experts = list({seat.expert_id: seat.expert for seat in seats}.values())
        tied = tied_experts(experts, round_, list(firms.values()), at=now)
        gone = [seat for seat in seats if seat.expert_id in tied]
        for seat in gone:
            panels.dismiss(
                round_, seat, Seat.Status.CONFLICT, at=now, reason=_("系统发现与有关单位存在关联，应当回避。")
            )
        if gone:
            round_.marks_due_at = None  # so that beat goes on with it as soon as the code is there
            round_.save(update_fields=["marks_due_at"])
    return len(gone)
