"""The owner's desk: its rounds, and what to do next with each."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import OWNER_KINDS
from accounts.rules import ActingRequest, acting_as
from bidding.discussion import held_by_objections
from bidding.models import Question, Round
from bidding.stages import ball
from core import clock
from market.models import Project


@require_safe
@acting_as(*OWNER_KINDS)
@never_cache
def desk(request: ActingRequest) -> HttpResponse:
    """Every round of the owner, the latest first; of a running one nothing that others could not know."""
    now = clock.now()
    rows = (
        Round.objects.of_owner(request.organisation)
        .for_list()
        .prefetch_related("successors")
        .order_by("-created_at", "-id")
    )
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    own = [each.pk for each in page.object_list]
    asked = Question.objects.to_answer(now=now).filter(round__in=own).order_by().values_list("round")
    waiting = dict(asked.annotate(n=Count("pk")))
    held = held_by_objections(page.object_list)
    each: Any
    for each in page.object_list:
        each.waiting, each.held = waiting.get(each.pk, 0), held.get(each.pk)
        each.shown_status, each.ball = each.status_at(now), ball(each, now=now, held=each.held)
        each.may_again = each.status == Round.Status.FAILED and not each.is_second and not each.successors.all()
    context = {"page": page, "now": now, "has_project": Project.objects.of(request.organisation).exists()}
    return render(request, "bidding/owner_desk.html", context)
