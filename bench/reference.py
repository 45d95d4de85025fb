"""The reference: Django without anything around it, doing the same work against the same database.

Served by the same granian with the same number of threads. It has no middleware, no session, no permission and no layout:
its firm list runs our query and renders our 30 rows, its entry view runs the statements that ours was seen to run.
"""

from __future__ import annotations

import base64
import json
import os
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.reference_settings")


def firms(request: HttpRequest) -> HttpResponse:
    """The public list's query and its 30 rows, in a page without a layout."""
    from core import clock
    from market.domain import directory
    from market.views.firms import PAGE

    return render(request, "reference_firms.html", {"firms": directory.public_firms(now=clock.now())[:PAGE]})


def entry(request: HttpRequest, number: int) -> HttpResponse:
    """The objects that our view reads, read the same way, and the same locked write: all by Django's ORM, nothing else."""
    from accounts.models import Membership, User
    from bidding.domain.entries import submit_envelope
    from bidding.models import Round
    from market.models import Firm

    given = plans()[number]
    user = User.objects.get(pk=given["user"])
    memberships = Membership.objects.active().filter(user=user).select_related("organisation").order_by("pk")
    (membership,) = list(memberships)
    firm = Firm.objects.select_related("organisation", "current").filter(organisation=membership.organisation)[0]
    round_ = Round.objects.public().get(code=given["round"])
    submit_envelope(
        round_id=round_.pk,
        firm=firm,
        user=user,
        sealed=base64.b64decode(given["envelope"]),
        token_sha256=given["token_sha256"],
    )
    return JsonResponse({"number": number})


def offer(request: HttpRequest, number: int) -> HttpResponse:
    """The statements of our view of an offer by the ORM, with the same locked write and the same row of idempotency."""
    from accounts.models import Membership, User
    from bidding.domain.auction import OfferRefused, place_offer
    from bidding.models import Lot
    from core import clock
    from exchange.models import IdempotentAnswer
    from market.models import Firm

    user = User.objects.get(pk=request.GET["user"])
    memberships = Membership.objects.active().filter(user=user).select_related("organisation").order_by("pk")
    (membership,) = list(memberships)
    lot = Lot.objects.filter(auction__isnull=False).only("pk").get(round__code=request.GET["round"], number="1")
    firm = Firm.objects.only("pk").get(organisation=membership.organisation)
    try:
        with transaction.atomic():
            answer = IdempotentAnswer(membership=membership, key=request.GET["key"], digest="", at=clock.now())
            answer.save()
            taken = place_offer(lot_id=lot.pk, firm=firm, user=user, amount=Decimal(request.GET["amount"]))
            answer.status, answer.body = 201, {"n": taken.n}
            answer.save(update_fields=["status", "body"])
    except OfferRefused as refused:
        return JsonResponse({"code": refused.code}, status=422)
    return JsonResponse({"n": taken.n}, status=201)


def replay(request: HttpRequest, number: int) -> HttpResponse:
    """The very texts of the statements of one accepted entry, in one transaction, without any objects."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in plans()[number]["statements"]:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()
    return JsonResponse({"number": number})


@cache
def plans() -> list[dict[str, Any]]:
    """For each firm: its user, the round, its envelope, and the statements that ours was seen to run."""
    found: list[dict[str, Any]] = json.loads(Path(os.environ["BENCH_STATEMENTS"]).read_text(encoding="utf-8"))
    return found


application = get_wsgi_application()  # loads the models that the addresses below need
# The rows link to the pages of firms, so their addresses are known here too.
urlpatterns = [
    path("firms/", firms),
    path("entry/<int:number>/", entry),
    path("offer/<int:number>/", offer),
    path("replay/<int:number>/", replay),
    path("", include("market.urls")),
]
