"""Errors for programs as `application/problem+json` (RFC 9457), where no framework answers."""

from __future__ import annotations

from django.http import JsonResponse
from django.utils.functional import Promise

CONTENT_TYPE = "application/problem+json"


def problem(status: int, title: str | Promise, detail: str) -> JsonResponse:
    """One problem, in the words that a page would use."""
    body = {"type": "about:blank", "title": str(title), "status": status, "detail": detail}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
