"""What beat does: every round whose time has come goes as far as it goes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from bidding.domain.choosing import lapse
from bidding.domain.closing import award_round, close_round, evaluate_round, publish_candidate
from bidding.domain.contracting import contract_round
from bidding.domain.custody import PATIENCE, void_unreleased
from bidding.domain.opening import open_round
from bidding.domain.substitution import recuse_winners, settle
from bidding.models import Round
from core import clock

logger = logging.getLogger(__name__)

Step = Callable[..., Round]


def move_due_rounds(now: datetime | None = None) -> int:
    """Move every round whose time has come as far as it goes; give the number of steps taken.

    Any number of workers may run it at once: each passes by what another holds. One round that cannot be moved is logged
    and stops no other.
    """
    began = now or clock.now()
    rounds = Round.objects
    due: list[tuple[Step, Any]] = [
        (close_round, rounds.due_to_close(now=began)),
        (open_round, rounds.due_to_open()),
        (void_unreleased, rounds.due_to_void(before=began - PATIENCE)),
        (evaluate_round, rounds.due_to_evaluate(now=began)),
        (lapse, rounds.due_to_lapse(now=began)),
        (settle, rounds.due_to_settle()),
        (recuse_winners, rounds.due_to_recuse()),
        (publish_candidate, rounds.due_to_publish()),
        (award_round, rounds.due_to_award(now=began)),
        (contract_round, rounds.due_to_contract()),
    ]
    return sum(_each_on_its_own(step, found, now=now) for step, found in due)


def evaluate_due_rounds(now: datetime | None = None) -> int:
    """Evaluate the rounds whose auctions have come to their end, and whatever else is due; give how many.

    The chronograph of auctions: a beat of its own, so that nothing slow among the other steps keeps an auction waiting.
    """
    return _each_on_its_own(evaluate_round, Round.objects.due_to_evaluate(now=now or clock.now()), now=now)


def _each_on_its_own(step: Step, rounds: Any, *, now: datetime | None) -> int:
    """Without `now` every step has its own, read once the round is held: another may have taken the step before meanwhile."""
    moved = 0
    for pk in list(rounds.order_by("id").values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                if Round.objects.select_for_update(skip_locked=True).filter(pk=pk).values_list("pk", flat=True):
                    before = rounds.filter(pk=pk).values_list("status", flat=True).first()
                    moved += step(round_id=pk, now=now or clock.now()).status != (before or "")
        except Exception:  # whatever is wrong with one round must not keep the others from their deadlines
            logger.exception("round %s could not be moved by %s", pk, step.__name__)
    return moved
