"""The reference: Django without anything around it, doing the same work against the same database.

Served by the same granian with the same number of threads. It has no middleware, no session, no permission and no layout:
its firm list runs our query and renders our 30 rows, its entry view runs the statements that ours was seen to run.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

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
    """The statements of one accepted entry, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements()[number]:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()
    return JsonResponse({"number": number})


@cache
def statements() -> list[list[str]]:
    """What ours was seen to run, a list for each firm."""
    found: list[list[str]] = json.loads(Path(os.environ["BENCH_STATEMENTS"]).read_text(encoding="utf-8"))
    return found


# The rows link to the pages of firms, so their addresses are known here too.
urlpatterns = [path("firms/", firms), path("entry/<int:number>/", entry), path("", include("market.urls"))]
application = get_wsgi_application()
