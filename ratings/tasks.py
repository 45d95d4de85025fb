"""What beat asks for; the work is in `ratings.domain`."""

from celery import shared_task

from ratings.domain import bulletins, due, finding, refreshing, reminders, scoring, trials, whole_city


@shared_task
def remind() -> int:
    """Tell whoever has the ball that its time runs out; any number of workers may do it at once."""
    return reminders.remind()


@shared_task
def refresh_lines() -> int:
    """Let the rows of lines follow what was recorded, and scores the lines; any number of workers may do it at once."""
    followed = refreshing.refresh_stale()
    scoring.refresh_marked()
    return followed


@shared_task
def settle_due() -> int:
    """Publish evaluations and replies whose edit window is over, end deductions that are over."""
    return due.settle_due()


@shared_task
def find_deeds() -> int:
    """Propose deductions for what the rooms have recorded since."""
    return finding.propose_found()


@shared_task
def refresh_scores() -> int:
    """Compute every score anew; give how many scores of firms there are."""
    return whole_city.refresh_all().firms


@shared_task
def settle_bulletins() -> int:
    """Make the bulletin of the month that is over, publish what nobody has published in time."""
    return bulletins.settle_bulletins()


@shared_task
def try_policies() -> int:
    """Do the trials of other rules that somebody has asked for."""
    return trials.run_waiting()
