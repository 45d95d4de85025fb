"""What beat does with payments: ask, close, refund, settle, begin terms, presume, read bills. One that fails stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from contracts.payments import bill
from contracts.payments.domain import paying, reconciling, refunds, requests, settling, transfers
from contracts.payments.models import Payment, PaymentRequest, Refund, Transfer
from core import clock
from core.errors import DomainError

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=20)
AT_ONCE = 50
"""Steps of one kind in one run: the next run goes on where this one stopped."""
BILLS_FROM_HOUR = 10
"""Alipay has the bill of yesterday by then."""


def follow_payments() -> int:
    """Whatever is under way with Alipay, one step further; give how many steps were taken. Nothing without Alipay."""
    if not settings.ALIPAY_ENABLED:
        return 0
    to_ask = Payment.objects.to_ask_about(now=clock.now(), every=EVERY)
    pending, to_settle = Refund.objects.pending(), Payment.objects.to_settle()
    asked = _each(lambda pk: paying.follow(payment_id=pk), to_ask.values_list("pk", flat=True)[:AT_ONCE])
    back = _each(lambda pk: refunds.carry_out(refund_id=pk), pending.values_list("pk", flat=True)[:AT_ONCE])
    settled = _each(lambda pk: settling.settle_payment(payment_id=pk), to_settle.values_list("pk", flat=True)[:AT_ONCE])
    return asked + back + settled


def begin_terms() -> int:
    """Give a term to every request whose milestone is accepted by now."""
    found = PaymentRequest.objects.without_a_term().order_by("id").values_list("pk", flat=True)
    return _each(lambda pk: requests.begin_term(request_id=pk), list(found))


def presume_transfers() -> int:
    """Take as arrived what firms have left unanswered for the whole term."""
    found = Transfer.objects.unanswered_at(clock.now()).values_list("pk", flat=True)[:AT_ONCE]
    return _each(lambda pk: transfers.presume_arrival(transfer_id=pk), found)


def read_bills() -> int:
    """Read the bills of past days that were not read yet, and match once more what did not fit."""
    if not settings.ALIPAY_ENABLED or timezone.localtime(clock.now()).hour < BILLS_FROM_HOUR:
        return 0
    read = _each(lambda day: reconciling.reconcile(day=day), reconciling.days_to_read())
    reconciling.rematch()
    return read


def _each(step: Callable[[Any], object], found: Iterable[Any]) -> int:
    done = 0
    for each in list(found):
        try:
            step(each)
            done += 1
        except (DomainError, bill.Unreadable) as problem:  # Alipay is away, or does not want: the next run asks again
            logger.warning("%s is left for later: %s", each, getattr(problem, "code", problem))
        except Exception:  # whatever is wrong with one must not keep the others waiting
            logger.exception("%s could not be taken further", each)
    return done
