"""What beat asks for; the work is in `contracts.domain`."""

from celery import shared_task

from contracts.domain import due


@shared_task
def move_due_contracts() -> int:
    """Draft what was awarded, end what was given up, and whatever else is due; any number of workers may run it at once."""
    return due.move_due_contracts()
