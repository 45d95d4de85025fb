"""The red and black lists as everybody reads them. Standings come from whoever knows them: the scores register here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from market.models import Firm, Suspension
from ratings.honours import Charge, Standing, red
from ratings.models import ConductPolicy, Deduction

Source = Callable[[datetime], Sequence[Standing]]

_sources: list[Source] = []


def register(source: Source) -> Source:
    """Name the source of standings at a moment: every firm that may be on the red list; there is one."""
    _sources[:] = [source]
    return source


def black_deductions(*, now: datetime) -> QuerySet[Deduction]:
    """Deductions that put a firm on the black list, the latest first."""
    rows = Deduction.objects.standing(now=now).filter(listed=True)
    return rows.for_list().order_by("-decided_at", "-id")


def black_suspensions(*, now: datetime) -> QuerySet[Suspension]:
    """Suspensions that run, the latest first."""
    rows = Suspension.objects.running(now=now).select_related("firm__organisation", "ordered_by__organisation")
    return rows.order_by("-since", "-id")


def red_list(*, now: datetime) -> list[tuple[Firm, Standing]]:
    """The firms on the red list with their standing, the best first."""
    standings = list(_sources[0](now)) if _sources else []
    if not standings:
        return []
    codes = {each.uscc for each in standings}
    chosen = red(standings, charges(codes, now=now), months=ConductPolicy.in_force(now).red_months, now=now)
    firms = Firm.objects.listed().filter(organisation__uscc__in={each.uscc for each in chosen})
    known = {each.uscc: each for each in firms.select_related("organisation")}
    return [(known[each.uscc], each) for each in chosen if each.uscc in known]


def charges(usccs: Collection[str], *, now: datetime) -> list[Charge]:
    """What runs against these firms at `now`: deductions and suspensions."""
    mine = Q(firm__organisation__uscc__in=usccs)
    found = [
        Charge(uscc=each.firm.uscc, listed=each.listed, since=each.decided_at, until=each.until)
        for each in Deduction.objects.standing(now=now).filter(mine).select_related("firm__organisation")
        if each.decided_at is not None
    ]
    running = Suspension.objects.running(now=now).filter(mine).select_related("firm__organisation")
    return found + [
        Charge(uscc=each.firm.uscc, listed=True, since=each.since, until=each.until) for each in running
    ]  # fmt: skip
