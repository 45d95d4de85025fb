"""What beat asks for; the work is in `ratings.domain`."""

from celery import shared_task

from ratings.domain import refreshing, reminders


@shared_task
def remind() -> int:
    """Tell whoever has the ball that its time runs out; any number of workers may do it at once."""
    return reminders.remind()


@shared_task
def refresh_lines() -> int:
    """Let the rows of lines follow what was recorded; any number of workers may do it at once."""
    return refreshing.refresh_stale()
