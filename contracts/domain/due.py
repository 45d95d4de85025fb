"""What beat does with contracts: whatever is due goes as far as it goes, and one that cannot stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from contracts.domain.delivering import accept_by_silence
from contracts.domain.drafting import draft_contract, revoke_contract, to_draft, to_revoke
from contracts.domain.handing import hand_over, recently_accepted
from contracts.domain.supplements import lapse_supplement
from contracts.models import Deliverable, Supplement
from core import clock

logger = logging.getLogger(__name__)


def move_due_contracts(now: datetime | None = None) -> int:
    """Draft what was awarded, end what was given up, accept what nobody answered, lapse what was not sealed.

    Gives the number of steps taken.
    """
    drafted = _each_on_its_own(lambda pk, at: draft_contract(award_id=pk, now=at), to_draft(), now=now)
    revoked = _each_on_its_own(lambda pk, at: revoke_contract(contract_id=pk, now=at), to_revoke(), now=now)
    silent = Deliverable.objects.silent_at(now or clock.now())
    accepted = _each_on_its_own(lambda pk, at: accept_by_silence(deliverable_id=pk, now=at), silent, now=now)
    late = Supplement.objects.lapsed_at(now or clock.now())
    lapsed = _each_on_its_own(lambda pk, at: lapse_supplement(supplement_id=pk, now=at), late, now=now)
    for found in recently_accepted(now or clock.now()):
        hand_over(found)
    return drafted + revoked + accepted + lapsed


def _each_on_its_own(step: Callable[[int, datetime], Any], rows: Any, *, now: datetime | None) -> int:
    moved = 0
    for pk in list(rows.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                moved += step(pk, now or clock.now()) is not None
        except Exception:  # whatever is wrong with one must not keep the others waiting
            logger.exception("contract step %s could not be taken for %s", step, pk)
    return moved
