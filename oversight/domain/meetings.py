"""Who enters rounds with whom: counted every night against what activity explains (CL5), by period and service.

A page reads what is kept here, so that its work does not grow with the years. Rounds of older systems are not in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet

from bidding.models import Entry, Lot, Round
from core import clock
from market.models import Firm
from oversight.domain import gathering
from oversight.domain.holding import MEETINGS, hold
from oversight.models import Meeting, Network
from oversight.screens import meeting
from oversight.screens.bids import Bids, Ints
from protocol.scores.exact import later

MOST = 200
"""Pairs that are kept of each period and service, the most surprising first."""
ROLLING = {"12m": 12, "36m": 36}
"""Periods that end today, in months."""
YEARS = 5
"""Calendar years that are kept, the present one among them."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """A range of dates, both inclusive."""

    code: str
    since: date
    until: date


def periods(today: date) -> list[Period]:
    """What is counted, the usual one first."""
    rolling = [Period(code=code, since=_before(today, months), until=today) for code, months in ROLLING.items()]
    years = range(today.year, today.year - YEARS, -1)
    return [*rolling, *(Period(code=str(year), since=date(year, 1, 1), until=date(year, 12, 31)) for year in years)]


def _before(today: date, months: int) -> date:
    """The first day of the month so many months ago."""
    return later(today.replace(day=1), -months)


def count_anew(*, now: datetime | None = None) -> int:
    """Count every period and service anew in the place of what was kept; give how many pairs are kept. Safe to repeat."""
    at = now or clock.now()
    with transaction.atomic():
        hold(MEETINGS)
        gathered = gathering.rounds(historical=False)
        bids, firms = gathered.bids(), np.array(gathered.keys(), np.int64)
        Meeting.objects.all().delete()
        Network.objects.all().delete()
        kept = 0
        for period in periods(at.astimezone(clock.LOCAL).date()):
            within = (bids.day >= period.since.toordinal()) & (bids.day <= period.until.toordinal())
            for service, some in _by_service(bids.only(within)):
                kept += _keep(period, service, some, firms, at)
    return kept


def _by_service(bids: Bids) -> Iterator[tuple[int | None, Bids]]:
    """All of the bids, and those of each service."""
    if bids.rounds:
        yield None, bids
    for service in np.unique(bids.segment).tolist():
        yield service, bids.only(bids.segment == service)


def _keep(period: Period, service: int | None, bids: Bids, firms: Ints, at: datetime) -> int:
    """Keep one network; `firms` has the key of each number."""
    pairs = meeting.pairs(bids)
    tied = pairs.tied
    above = pairs.met[tied] - pairs.expected[tied]
    order = tied[np.lexsort((pairs.high[tied], pairs.low[tied], -above, pairs.p[tied]))][:MOST]
    network = Network.objects.create(
        period=period.code, since=period.since, until=period.until, service_id=service, rounds=bids.rounds,
        firms=int((bids.activity > 0).sum()), pairs=len(pairs.met), tied=len(tied), at=at,
    )  # fmt: skip
    Meeting.objects.bulk_create(
        [_row(network, place, pairs, number, bids, firms) for place, number in enumerate(order.tolist(), start=1)]
    )
    return len(order)


def _row(network: Network, place: int, pairs: meeting.Pairs, number: int, bids: Bids, firms: Ints) -> Meeting:
    ends = sorted((int(firms[each]), int(bids.activity[each])) for each in (pairs.low[number], pairs.high[number]))
    (low, bids_low), (high, bids_high) = ends
    return Meeting(
        network=network, place=place, low_id=low, high_id=high, met=int(pairs.met[number]),
        expected=f"{pairs.expected[number]:.1f}", bids_low=bids_low, bids_high=bids_high,
    )  # fmt: skip


def met_in(one: Firm, other: Firm) -> QuerySet[Lot]:
    """The lots of which everything is public and in which both of two firms were, the latest first."""
    disclosed = ~Q(round__status=Round.Status.VOID) | Q(round__evaluated_at__isnull=False)
    lots = Lot.objects.filter(disclosed, round__opened_at__isnull=False, round__status__in=gathering.PUBLIC)
    for firm in (one, other):
        lots = lots.filter(pk__in=Entry.objects.live().filter(firm=firm, opened=True).values("lot"))
    return lots.order_by("-round__opened_at", "-pk")
