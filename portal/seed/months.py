"""The months behind the demo city: their scores as a nightly run would have kept them, and their bulletins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from core import worktime
from core.clock import LOCAL
from core.workdays import midnight
from protocol.scores.exact import later
from ratings.domain import bulletins
from ratings.domain.refreshing import refresh_stale
from ratings.domain.whole_city import keep_month

MONTHS = 6
NIGHT, MORNING = timedelta(minutes=20), time(6, 5)


def months(*, now: datetime) -> Iterator[datetime]:
    """The last night of each month; the morning on which its bulletin is made, and that on which it is published.

    What was still running in such a night, and late, is left out of that month's scores (decision 26).
    """
    this = now.astimezone(LOCAL).date().replace(day=1)
    for month in (later(this, -back) for back in range(MONTHS, 0, -1)):
        over = later(month, 1)
        yield (night := midnight(over - timedelta(days=1)) + NIGHT)
        refresh_stale()
        keep_month(month, at=night)
        yield (morning := datetime.combine(bulletins.first_working_day(over), MORNING, tzinfo=LOCAL))
        bulletins.settle_bulletins(now=morning)
        yield (due := worktime.add_working_days(morning, bulletins.FOREWORD_DAYS))
        bulletins.settle_bulletins(now=due)
