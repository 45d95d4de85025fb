"""What evaluations come to at a moment (`protocol.scores.standing`): of many firms in one statement, of one firm mark by mark.

Everything is whole hundredths, rounded where `protocol.scores` rounds, so both ways give the same; a test holds them together.
An evaluation counts from the moment that it is public, whether or not the worker has been there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from market.models import Firm
from protocol.scores.policy import Policy
from protocol.scores.standing import Evaluated, Evaluation, evaluated
from ratings.models import Dimension
from ratings.models import Evaluation as Given

HALF_UP = "(2 * ({part})::bigint + ({whole})::bigint) / (2 * ({whole})::bigint)"
# Five marks of 0 to 100: their mean in hundredths is twenty times their sum, exactly.
_USUAL = f"""
WITH public AS NOT MATERIALIZED (
    SELECT firm_id, side, rater_id, 20 * (quality + timeliness + attitude + charging + conduct)::bigint AS mark
    FROM ratings_evaluation WHERE public_at <= %(at)s
),
everybody AS (
    SELECT CASE WHEN count(*) = 0 THEN %(unknown)s
           ELSE {HALF_UP.format(part="sum(mark)", whole="greatest(count(*), 1)")} END AS mean
    FROM public
),
own AS (SELECT firm_id, side, rater_id, mark FROM public WHERE firm_id = ANY(%(firms)s)),
rater AS (
    SELECT side, rater_id,
           {HALF_UP.format(part="sum(mark) + %(shrunk)s * min(everybody.mean)", whole="count(*) + %(shrunk)s")} AS mean
    FROM public CROSS JOIN everybody
    WHERE (side, rater_id) IN (SELECT side, rater_id FROM own)
    GROUP BY side, rater_id
)
"""  # noqa: S608
_VALUES = f"""
{_USUAL},
centred AS (
    SELECT own.firm_id, own.side, least(10000, greatest(0, own.mark - rater.mean + everybody.mean)) AS adjusted
    FROM own JOIN rater USING (side, rater_id) CROSS JOIN everybody
)
SELECT everybody.mean, role.firm_id, role.side, role.mean
FROM everybody LEFT JOIN (
    SELECT firm_id, side, {HALF_UP.format(part="sum(adjusted)", whole="count(*)")} AS mean
    FROM centred GROUP BY firm_id, side
) AS role ON true
"""  # noqa: S608
_RATERS = f"""{_USUAL}
SELECT everybody.mean, rater.side, rater.rater_id, rater.mean FROM everybody LEFT JOIN rater ON true
"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Everybody's mean mark, and of each firm that has marks the mean of each kind of rater, by primary key."""

    everybody: int
    roles: dict[int, dict[str, int]] = field(default_factory=dict)


def marks_at(firms: Collection[Firm], policy: Policy, at: datetime) -> Marks:
    """What the evaluations of some firms that are public at a moment come to, in one statement."""
    rows = _asked(_VALUES, [firm.pk for firm in firms], policy, at)
    found = Marks(everybody=rows[0][0])
    for _everybody, firm, side, mean in rows:
        if firm is not None:
            found.roles.setdefault(firm, {})[side] = mean
    return found


def opened_marks(firm: Firm, policy: Policy, at: datetime) -> Evaluated:
    """The same of one firm, mark by mark. Lines of natural persons are not told: they would lead to them."""
    rows = _asked(_RATERS, [firm.pk], policy, at)
    raters = {(side, str(rater)): mean for _everybody, side, rater, mean in rows if side is not None}
    given = Given.objects.public(now=at).filter(firm=firm).select_related("need__project__owner").order_by("id")
    own = [
        Evaluation(
            line="" if each.need.project.owner.is_protected else each.line,
            firm=firm.uscc,
            role=each.side,
            rater=str(each.rater_id),
            dimensions=dict(zip(Dimension.values, each.marks, strict=True)),
        )
        for each in given
    ]
    return evaluated(own, raters, rows[0][0], policy)


def _asked(statement: str, firms: list[int], policy: Policy, at: datetime) -> list[Any]:
    given: dict[str, Any] = {"firms": firms, "at": at, "unknown": policy.marks_unknown, "shrunk": policy.rater_marks}
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows: list[Any] = cursor.fetchall()
    return rows
