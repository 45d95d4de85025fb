"""What django-axes is told of sign-in names."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.models import normalise_username


def username_for_axes(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The sign-in name as it is stored, so that capitals and full width give no further tries."""
    given = (credentials or {}).get("username") or request.POST.get("username") or ""
    return normalise_username(str(given))[:40]
