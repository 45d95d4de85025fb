"""What beat does with evaluations and deductions: publish, expire, look for what costs points. One that fails stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from core import clock
from ratings.domain.deductions import expire
from ratings.domain.evaluating import publish_evaluation
from ratings.domain.replying import publish_reply
from ratings.models import Deduction, Evaluation, EvaluationReply

logger = logging.getLogger(__name__)
AT_ONCE = 500


def settle_due(now: datetime | None = None) -> int:
    """Write down what time has made final: evaluations, replies, deductions; give how many steps were taken."""
    at = now or clock.now()
    replies = EvaluationReply.objects.filter(published_at=None, public_at__lte=at).order_by("public_at", "id")
    published = _each(lambda pk: publish_evaluation(evaluation_id=pk, now=at), Evaluation.objects.to_publish(now=at))
    replied = _each(lambda pk: publish_reply(reply_id=pk, now=at), replies)
    expired = _each(lambda pk: expire(deduction_id=pk, now=at), Deduction.objects.to_expire(now=at))
    return published + replied + expired


def _each(step: Callable[[int], object], rows: QuerySet[Any]) -> int:
    done = 0
    for pk in list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            step(pk)
            done += 1
        except Exception:  # whatever is wrong with one must not keep the others waiting
            logger.exception("%s could not be settled", pk)
    return done
