"""What waits for an organisation in evaluations and deductions: the fragment that its desk's first page loads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Kind, Organisation
from accounts.rules import ActingRequest, acting_as
from core import clock
from ratings.domain.access import OVERSEERS, SIDES
from ratings.domain.waiting import lines_to_evaluate
from ratings.models import Deduction, Evaluation
from ratings.views.evaluations import READERS

Text = str | Promise
Status = Deduction.Status


@dataclass(frozen=True)
class Waiting:
    """So many of something wait; `url` leads to them."""

    label: Text
    count: int
    url: str


@require_safe
@acting_as(*READERS)
@never_cache
def part(request: ActingRequest) -> HttpResponse:
    """Nothing at all where nothing waits."""
    found = [each for each in waiting_for(request.organisation, now=clock.now()) if each.count]
    return render(request, "ratings/waiting_part.html", {"waiting": found})


def waiting_for(organisation: Organisation, *, now: datetime) -> list[Waiting]:
    """What this organisation is reminded of."""
    evaluations, conduct = reverse("ratings:evaluations"), reverse("ratings:deductions")
    mine = Deduction.objects.readable_by(organisation)
    found = []
    if organisation.kind in SIDES:
        count = lines_to_evaluate(organisation, now=now).count()
        found.append(Waiting(_("办结的事项等贵方评价机构"), count, evaluations))
    if organisation.kind == Kind.FIRM:
        unanswered = Evaluation.objects.about(organisation, now=now).filter(reply=None, reply_until__gt=now)
        found.append(Waiting(_("新公开的评价可以回复"), unanswered.count(), evaluations))
        noticed = mine.filter(status=Status.NOTICED, state_until__gt=now)
        found.append(Waiting(_("扣分告知等贵方陈述申辩"), noticed.count(), conduct))
    if organisation.kind in OVERSEERS:
        decide = mine.filter(status=Status.HEARD) | mine.filter(status=Status.NOTICED, state_until__lte=now)
        found += [
            Waiting(_("发现的行为等待告知机构"), mine.filter(status=Status.PROPOSED).count(), conduct),
            Waiting(_("扣分等待决定"), decide.count(), conduct),
            Waiting(_("信用修复申请等待决定"), mine.filter(status=Status.REPAIR_ASKED).count(), conduct),
        ]
    if organisation.kind == Kind.REGULATOR:
        found.append(Waiting(_("申诉等待处理"), mine.filter(status=Status.APPEALED).count(), conduct))
    return found
