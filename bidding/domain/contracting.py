"""What bidding is told of contracts: an award was signed, and a round whose awards all are is done."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction

from bidding.domain import live
from bidding.domain.frozen import locked
from bidding.models import Award, Round
from core.errors import WrongState
from ledger import domain as ledger

Status = Round.Status


def hold_round_of(award_id: int) -> Round:
    """The round of an award, held: whoever signs a contract takes it before the contract, as walking away does."""
    return locked(Award.objects.values_list("lot__round_id", flat=True).get(pk=award_id))


def sign_award(*, award_id: int, now: datetime) -> Round:
    """Every party has sealed the contract of an award. Unchanged if it was told before.

    From now on its firm cannot walk away from the lot; the last award of a round moves it on. Raises WrongState where the
    firm has walked away, or the round is void.
    """
    with transaction.atomic():
        round_ = hold_round_of(award_id)
        award = Award.objects.select_for_update(of=["self"]).get(pk=award_id)
        if award.signed_at is not None:
            return round_
        if award.revoked_at is not None or round_.status == Status.VOID:
            raise WrongState
        award.signed_at = now
        award.save(update_fields=["signed_at"])
        return contract_round(round_id=round_.pk, now=now)


def contract_round(*, round_id: int, now: datetime) -> Round:
    """Move an awarded round on when the contracts of all its awards are signed; unchanged while one is not."""
    with transaction.atomic():
        round_ = locked(round_id)
        awards = Award.objects.in_force().filter(lot__round=round_)
        if round_.status != Status.AWARDED or not awards.exists() or awards.filter(signed_at=None).exists():
            return round_
        Round.lifecycle.move(round_, Status.CONTRACTED)
        round_.contracted_at = now
        round_.save()
        codes = list(awards.order_by("lot__number").values_list("code", flat=True))
        ledger.append("round.contracted", round_.subject, {"notices": codes}, at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_
