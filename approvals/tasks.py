"""What beat asks for; the work is in `approvals.domain`."""

from celery import shared_task

from approvals.domain import supervision


@shared_task
def note_late_cases() -> int:
    """Note cases that have become late."""
    return supervision.note_late_cases()
