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

Status = Round.Status
MOVES = (Status.ANNOUNCED, Status.CLOSED, Status.OPENED, Status.EVALUATED, Status.CANDIDATE, Status.AWARDED)
"""In these a round goes on by itself when its time comes."""
Step = Callable[..., Round]


def move_due_rounds(now: datetime | None = None) -> int:
    """Move every round whose time has come as far as it goes; give the number of steps taken.

    Any number of workers may run it at once: each passes by what another holds. One round that cannot be moved is logged
    and stops no other.
    """
    began = now or clock.now()
    rounds = Round.objects
    due: list[tuple[Status, Step, Any]] = [
        (Status.ANNOUNCED, close_round, rounds.due_to_close(now=began)),
        (Status.CLOSED, open_round, rounds.due_to_open()),
        (Status.CLOSED, void_unreleased, rounds.due_to_void(before=began - PATIENCE)),
        (Status.OPENED, evaluate_round, rounds.due_to_evaluate(now=began)),
        (Status.OPENED, lapse, rounds.due_to_lapse(now=began)),
        (Status.EVALUATED, settle, rounds.due_to_settle()),
        (Status.EVALUATED, recuse_winners, rounds.due_to_recuse()),
        (Status.EVALUATED, publish_candidate, rounds.due_to_publish()),
        (Status.CANDIDATE, award_round, rounds.due_to_award(now=began)),
        (Status.AWARDED, contract_round, rounds.due_to_contract()),
    ]
    steps, running = 0, _running()
    for status, step, found in due:
        if status in running and (moved := _each_on_its_own(step, found, now=now)):
            steps, running = steps + moved, _running()
    return steps


def _running() -> set[str]:
    """In which states there are rounds at all on which time has an effect: mostly in few of them."""
    return set(Round.objects.filter(status__in=MOVES).order_by().values_list("status", flat=True).distinct())


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
