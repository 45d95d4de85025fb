"""Late is said early: whoever has the ball is told at half, at three quarters and at the limit, once for each."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.models import Case
from bidding.models import Award
from core import clock
from core.workdays import Workdays
from market.models import Need
from ratings.lines import Line, Lines
from ratings.measures import due
from ratings.models import Reminder

logger = logging.getLogger(__name__)
BATCH = 200
"""Needs that are held and read together."""


def remind(now: datetime | None = None) -> int:
    """Tell whoever is to be told of any line, and take back what holds no more; give the number of rows that changed.

    Any number of workers may do it at once: each takes the needs that no other holds.
    """
    changed = 0
    for pks in _in_batches(waiting_needs()):
        try:
            changed += remind_of(need_ids=pks, now=now)
        except Exception:  # whatever is wrong with some must not keep the others waiting
            logger.exception("reminders of needs %s to %s could not be told", pks[0], pks[-1])
    return changed


def waiting_needs() -> QuerySet[Need]:
    """Needs in which somebody may have to be told: an award in force, and of some case or contract a date; or told already."""
    awarded = Award.objects.in_force().filter(lot__round__need=OuterRef("pk"))
    standing = Reminder.objects.standing().filter(need=OuterRef("pk"))
    over = Case.objects.filter(
        item=OuterRef("item"),
        project_code=OuterRef("project__code"),
        applicant=OuterRef("project__owner"),
        outcome=Case.Outcome.GRANTED,
    )
    several = Q(contract_lines__number__gt=1) | Q(further__isnull=False)
    return Need.objects.filter((Exists(awarded) & (~Exists(over) | several)) | Exists(standing)).distinct()


def _in_batches(needs: QuerySet[Need]) -> Iterator[list[int]]:
    pks = list(needs.order_by("pk").values_list("pk", flat=True))
    return (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))


def remind_of(*, need_ids: Iterable[int], now: datetime | None = None) -> int:
    """Bring the reminders of some needs up to date; those that another worker holds are left to it."""
    with transaction.atomic():
        held = Need.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(pk__in=need_ids)
        pks = [need.pk for need in held.order_by("pk")]
        if not pks:
            return 0
        at = now or clock.now()
        lines = Lines.of(Need.objects.filter(pk__in=pks).order_by("pk"))
        workdays = lines.workdays(now=at)
        wanted = [each for line in lines for each in _wanted(line, at, workdays)]
        known = {_key(each): each for each in Reminder.objects.filter(need__in=pks)}
        return _take_back(known, wanted, at) + _tell(known, wanted)


Key = tuple[str, str, int, int]


def _key(each: Reminder) -> Key:
    return each.line, each.segment, each.mark, each.organisation_id


def _wanted(line: Line, now: datetime, workdays: Workdays) -> Iterator[Reminder]:
    """What has to be on somebody's desk for a line now."""
    found = line.timeline(now=now)
    holder, waiting = line.holder(found), due(found, line.limits(found), workdays)
    if holder is None or waiting is None:
        return
    ball = waiting.segment.ball
    marks = waiting.warned(now)
    for mark in Reminder.Mark.values[:marks]:
        yield Reminder(
            need=line.need,
            line=line.code,
            organisation=holder,
            kind=ball.kind,
            segment=f"{ball.kind}/{ball.cause}",
            mark=mark,
            limit_at=waiting.limit,
            told_at=now,
            is_latest=mark == marks,
        )


def _take_back(known: dict[Key, Reminder], wanted: list[Reminder], now: datetime) -> int:
    """What nobody has to be told any more is gone from its desk."""
    keep = {_key(each) for each in wanted}
    gone = [each for key, each in known.items() if key not in keep and each.gone_at is None]
    for each in gone:
        each.gone_at, each.is_latest = max(now, each.told_at), False
    Reminder.objects.bulk_update(gone, ["gone_at", "is_latest"])
    return len(gone)


def _tell(known: dict[Key, Reminder], wanted: list[Reminder]) -> int:
    """What is new is told; what was told stands as it is, with the date as it is now, under the later mark."""
    fresh = [each for each in wanted if _key(each) not in known]
    moved = []
    for each in wanted:
        row = known.get(_key(each))
        if row is not None and (row.gone_at, row.limit_at, row.is_latest) != (None, each.limit_at, each.is_latest):
            row.gone_at, row.limit_at, row.is_latest = None, each.limit_at, each.is_latest
            moved.append(row)
    # What stops being the one that is shown goes first: a line shows one.
    for shown in (False, True):
        Reminder.objects.bulk_update(
            [row for row in moved if row.is_latest is shown], ["gone_at", "limit_at", "is_latest"]
        )
    Reminder.objects.bulk_create(fresh)
    return len(fresh) + len(moved)
