"""The score files (PROTOCOL §6): the same bytes for everybody, and nothing at all where the reader has them already."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from approvals.models import Department
from core import clock
from core.ratelimit import limited
from market.domain import directory
from market.models import Firm
from ratings.domain import published
from ratings.domain.published import ScoreFile


def public_firm(uscc: str) -> Firm:
    """A firm that everybody may read, or 404."""
    found: Firm = get_object_or_404(directory.public_firms(now=clock.now()), organisation__uscc=uscc.upper())
    return found


def public_department(code: str) -> Department:
    """A department, past ones too, or 404."""
    found: Department = get_object_or_404(Department.objects.select_related("organisation", "district"), code=code)
    return found


@require_safe
@limited("scores", "240/m", methods=("GET",))
def firm(request: HttpRequest, uscc: str) -> HttpResponse:
    """`/firms/<uscc>/score.json`."""
    found = public_firm(uscc)
    return _sent(request, published.file_of_firm(found, published.version_of_firm(found)))


@require_safe
@limited("scores", "240/m", methods=("GET",))
def department(request: HttpRequest, code: str) -> HttpResponse:
    """`/departments/<code>/score.json`."""
    found = public_department(code)
    return _sent(request, published.file_of_department(found, published.version_of_department(found)))


def _sent(request: HttpRequest, file: ScoreFile) -> HttpResponse:
    response = HttpResponse(file.content, content_type="application/json")
    response["ETag"] = file.etag
    response["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, no_cache=True)
    answer = get_conditional_response(request, etag=file.etag, response=response)
    assert isinstance(answer, HttpResponse)
    return answer
