"""What beat asks for; the work is elsewhere."""

from celery import shared_task

from exchange import writing


@shared_task
def forget_answers() -> int:
    """Forget the API's answers of more than a day ago."""
    return writing.forget_answers()
