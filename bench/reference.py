"""The reference: Django without anything around it, doing the same work against the same database.

Served by the same granian with the same number of threads. It has no middleware, no session, no permission and no layout;
its firm list runs our query and renders our rows, its entry view runs the statements that ours was seen to run.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.reference_settings")

Statement = tuple[str, list[Any]]


def firms(request: HttpRequest) -> HttpResponse:
    """The public list's query and its 30 rows, in a page without a layout."""
    from market.views.firms import first_page

    return render(request, "reference_firms.html", first_page())


def entry(request: HttpRequest) -> HttpResponse:
    """The statements of one accepted entry, in one transaction."""
    number = int(request.GET["n"])
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, parameters in statements()[number]:
            cursor.execute(sql, parameters)
            if cursor.description:
                cursor.fetchall()
    return JsonResponse({"n": number})


_statements: list[list[Statement]] = []


def statements() -> list[list[Statement]]:
    """What was captured, one list of statements for each firm; read once."""
    if not _statements:
        _statements.extend(json.loads(Path(os.environ["BENCH_STATEMENTS"]).read_text()))
    return _statements


urlpatterns = [path("firms/", firms), path("entry/", entry)]
application: WSGIHandler | None = get_wsgi_application() if os.environ.get("BENCH_SERVE") else None
