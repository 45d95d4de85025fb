"""What beat asks for; the work is in `bidding.domain`."""

from celery import shared_task

from bidding.domain import due


@shared_task
def move_due_rounds() -> int:
    """Move every round whose time has come; any number of workers may run it at once."""
    return due.move_due_rounds()
