"""What beat asks for; the work is in `contracts.payments.domain`."""

from celery import shared_task

from contracts.payments.domain import due


@shared_task
def follow_payments() -> int:
    """Ask about open orders, carry out refunds, settle what is accepted; any number of workers may run it at once."""
    return due.follow_payments()


@shared_task
def begin_terms() -> int:
    """Begin the term of what was asked before its acceptance."""
    return due.begin_terms()


@shared_task
def presume_transfers() -> int:
    """Take as arrived what firms have left unanswered."""
    return due.presume_transfers()


@shared_task
def read_bills() -> int:
    """Match our books with Alipay's bills."""
    return due.read_bills()
