"""What beat asks for; the work is in `approvals.domain`."""

from celery import shared_task

from approvals.domain import early, supervision


@shared_task
def note_late_cases() -> int:
    """Note cases, and joint approvals, that have become late."""
    return supervision.note_late_cases() + supervision.note_late_applications()


@shared_task
def expire_early_events() -> int:
    """Give up events that have waited for their case for their whole term."""
    return early.expire()
