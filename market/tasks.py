"""What the market does by itself."""

from celery import shared_task

from market.domain.admission import accept_due_admissions


@shared_task
def move_due_admissions() -> int:
    """Put applications into force whose public notice has run out; as often as one likes."""
    return accept_due_admissions()
