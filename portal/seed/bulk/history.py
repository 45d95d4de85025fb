"""Two years of a city before today, written a cohort of rounds at a time, in step with what else happens in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from bidding.models import CustodianKey, Round
from core import worktime
from core.clock import LOCAL
from portal.seed.bulk import approving, fulfilling, selecting
from portal.seed.bulk.imagining import Imagination
from portal.seed.bulk.journal import Journal
from portal.seed.bulk.selecting import Lived

DAY = timedelta(days=1)
SINCE = 760 * DAY
"""How far back it goes."""
UNTIL = 12 * DAY
"""How long ago the last round was announced, so that it is closed."""
MOST = 80
"""Rounds of a cohort: each takes a key, and the custodian keeps a hundred in stock."""
LEAST = 8
"""Rounds of a cohort where there are few, so that the custodian is not called for one."""
FAILS = 0.04
"""The part of needs to which nobody comes the first time."""


@dataclass(kw_only=True)
class History:
    """So many lives, spread evenly."""

    imagination: Imagination
    count: int
    now: datetime
    rng: Random
    attend: Callable[[], None]

    def lives(self) -> Iterator[datetime]:
        """The moments at which something is written; between them the rest of the city goes on."""
        journal, again = Journal(), dict[date, list[Lived]]()
        days = self.days()
        for number, day in enumerate(days):
            cohort = again.pop(day, [])
            for _each in range(number, self.count, len(days)):
                second = days[number + 2] if number + 2 < len(days) and self.rng.random() < FAILS else None
                lived = Lived(self.imagination.life(day, again=second))
                cohort.append(lived)
                if second is not None:
                    again.setdefault(second, []).append(lived)
            yield from self._cohort(day, cohort, journal)
        yield self.now
        journal.flush(self.now)

    def days(self) -> list[date]:
        """The days on which cohorts are announced, a week apart where there are enough, first to last."""
        first, last = (self.now - SINCE).astimezone(LOCAL).date(), (self.now - UNTIL).astimezone(LOCAL).date()
        cohorts = max(min((last - first) // (7 * DAY), self.count // LEAST), -(-self.count // MOST), 1)
        days = dict.fromkeys(first + (last - first) * number // max(cohorts - 1, 1) for number in range(cohorts))
        return [day for day in days if worktime.is_working(day)]

    def _cohort(self, day: date, cohort: list[Lived], journal: Journal) -> Iterator[datetime]:
        if not cohort:
            return
        yield datetime.combine(day, time(8, 30), tzinfo=LOCAL)
        if CustodianKey.objects.filter(round=None).count() < len(cohort):
            self.attend()
        selecting.announce(cohort, journal)
        yield (evening := datetime.combine(day, time(18, 30), tzinfo=LOCAL))
        journal.flush(evening)
        self.attend()
        selecting.receive(cohort, journal, rng=self.rng)
        yield max(each.round.closes_at for each in cohort if each.round.closes_at) + timedelta(minutes=1)
        selecting.close(cohort, journal)
        awarded = selecting.decide(cohort, journal, now=self.now, attend=self.attend)
        fulfilled = fulfilling.fulfil(awarded, journal)
        approving.approve(fulfilled, journal, rng=self.rng)
        assert not [each for each in cohort if each.round.status == Round.Status.CLOSED]
