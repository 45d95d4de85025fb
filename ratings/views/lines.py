"""The time of lines: a page of its own, and the fragment that pages of lower rooms load."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from core import clock
from ratings.finding import lines_for
from ratings.pictures import shown


@require_safe
def lines(request: HttpRequest, code: str) -> HttpResponse:
    """The lines of a need, a contract, a case or a project."""
    return _private(render(request, "ratings/lines.html", _context(request, code)))


@require_safe
def part(request: HttpRequest, code: str) -> HttpResponse:
    """The same without the page around it."""
    return _private(render(request, "ratings/part.html", _context(request, code)))


def _context(request: HttpRequest, code: str) -> dict[str, Any]:
    reader = getattr(request, "organisation", None)
    found, now = lines_for(code, reader), clock.now()
    rows = shown(found.lines, reader, now=now)
    return {"code": code, "title": found.title, "is_project": found.is_project, "rows": rows, "now": now}


def _private(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    patch_cache_control(response, private=True, no_cache=True)
    return response
