"""Where the time of decided lines goes: one statement over their segments for every service, district and period.

What everybody reads is made of what is public alone: a natural person's line ends for everybody with the acceptance
(`ratings.rules`), so that it has no whole to be counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import Kind
from core.identifiers import SOLE_TRADER
from core.workdays import LOCAL, midnight
from protocol.scores.exact import half_up, later
from ratings.columns import DECIDED, PARTIES
from ratings.models import TimeSpent

ALL_TIMES = 0x74696D65
"""Key of the advisory lock of who writes all of it."""
NAMES = [str(party) for party in PARTIES]
BEGINNING = datetime(1992, 1, 1, tzinfo=LOCAL)
# The two middle values of an even number are the last of the first half and the one after it.
_SPENT = f"""
WITH period AS (
    SELECT * FROM unnest(%(months)s::int[], %(since)s::timestamptz[]) AS given (months, since)
),
spent AS (
    SELECT line.service_id, line.district_id, line.ended_at, sum(part.worked)::bigint AS whole,
           {
    ", ".join(
        f"COALESCE(sum(part.worked) FILTER (WHERE part.party = {number}), 0) AS {party}"
        for party, number in PARTIES.items()
    )
}
    FROM ratings_linerow AS line
    JOIN accounts_organisation AS owner ON owner.id = line.owner_id
    JOIN ratings_segmentrow AS part ON part.line_id = line.id
    WHERE line.outcome = ANY(%(decided)s) AND line.ended_at >= %(first)s AND line.ended_at < %(until)s
      AND owner.kind <> %(person)s AND COALESCE(owner.uscc NOT LIKE %(sole)s, TRUE)
    GROUP BY line.id
)
SELECT period.months, service_id, district_id, count(*),
       percentile_disc(ARRAY[0.5, 0.500000001, 0.9]) WITHIN GROUP (ORDER BY whole),
       {", ".join(f"div(2 * sum({name}) + count(*), 2 * count(*))::bigint" for name in NAMES)}
FROM spent JOIN period ON spent.ended_at >= period.since
GROUP BY GROUPING SETS (
    (period.months, service_id, district_id), (period.months, service_id), (period.months, district_id), (period.months)
)
"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the columns of `TimeSpent` tell, of a period that began so many months before."""

    months: int
    service: int | None
    district: int | None
    n: int
    median: int
    p90: int
    parties: dict[str, int]


def refresh_times(*, now: datetime) -> int:
    """Compute the time spent in every period anew; give the number of rows. Twice is as good as once."""
    today = now.astimezone(LOCAL).date()
    since = {period: midnight(later(today, -period)) if period else BEGINNING for period in TimeSpent.Period.values}
    rows = [
        TimeSpent(
            period=each.months, service_id=each.service, district_id=each.district, as_of=now, n=each.n,
            median=each.median, p90=each.p90, **each.parties,
        )
        for each in spent(since, until=now)
    ]  # fmt: skip
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ALL_TIMES])
        TimeSpent.objects.all().delete()
        TimeSpent.objects.bulk_create(rows)
    return len(rows)


def spent(since: dict[int, datetime], *, until: datetime) -> list[Spent]:
    """The time of the lines decided before `until` and since each of these moments, by what the moments are called."""
    given: dict[str, Any] = {
        "months": list(since), "since": list(since.values()), "first": min(since.values()), "until": until,
        "decided": list(DECIDED), "person": Kind.PERSON, "sole": f"{SOLE_TRADER}%",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, given)
        return [_read(row) for row in cursor.fetchall()]


def _read(row: Sequence[Any]) -> Spent:
    months, service, district, n, (lower, upper, p90), *parties = row
    return Spent(
        months=months,
        service=service,
        district=district,
        n=n,
        median=lower if n % 2 else half_up(lower + upper, 2),
        p90=p90,
        parties=dict(zip(NAMES, parties, strict=True)),
    )
