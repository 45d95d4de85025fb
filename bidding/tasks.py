"""What beat asks for; the work is in `bidding.domain`."""

from celery import shared_task

from bidding.domain import due


@shared_task
def move_due_rounds() -> int:
    """Move every round whose time has come; any number of workers may run it at once."""
    return due.move_due_rounds()


@shared_task
def end_auctions() -> int:
    """Evaluate every round whose auctions have come to their end; any number of workers may run it at once."""
    return due.evaluate_due_rounds()
