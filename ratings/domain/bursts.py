"""Noting bursts of like marks for oversight: by one rater, or about one firm."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import Organisation
from ratings.bursts import Given, burst_around
from ratings.models import Burst, Evaluation


def note_bursts(found: Evaluation, *, at: datetime) -> list[Burst]:
    """Look for bursts around an evaluation that was given or edited, and note them; one that goes on is the same row.

    Rater and firm are held meanwhile, so that of evaluations that come at one moment the last sees the others.
    """
    both = sorted({found.rater_id, found.firm.organisation_id})
    list(Organisation.objects.select_for_update(no_key=True).filter(pk__in=both).order_by("pk"))
    noted = []
    for by, organisation_id, about in (
        (Burst.By.RATER, found.rater_id, Q(rater=found.rater_id)),
        (Burst.By.FIRM, found.firm.organisation_id, Q(firm=found.firm_id)),
    ):
        burst = _note(found, by, organisation_id, about, at=at)
        if burst is not None:
            noted.append(burst)
    return noted


def _note(found: Evaluation, by: Burst.By, organisation_id: int, about: Q, *, at: datetime) -> Burst | None:
    within = timedelta(hours=found.policy.burst_hours)
    span = (found.given_at - within, found.given_at + within)
    rows = {each.pk: each for each in Evaluation.objects.filter(about, given_at__range=span)}
    given = [Given(each.pk, each.marks, each.given_at) for each in rows.values()]
    own = Given(found.pk, found.marks, found.given_at)
    window = burst_around(given, own, count=found.policy.burst_count, within=within)
    if not window:
        return None
    marks, first, last = list(found.marks), window[0].at, window[-1].at
    known = (
        Burst.objects.filter(by=by, organisation=organisation_id, marks=marks)
        .filter(last_at__gte=first, first_at__lte=last)
        .order_by("-last_at")
        .first()
    )
    burst = known or Burst(
        by=by, organisation_id=organisation_id, marks=marks, first_at=first, last_at=last, found_at=at
    )
    burst.first_at, burst.last_at = min(burst.first_at, first), max(burst.last_at, last)
    burst.save()
    burst.evaluations.add(*(each.key for each in window))
    return burst
