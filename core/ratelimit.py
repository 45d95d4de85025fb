"""Limits on what costs: so many requests of one visitor in a window of time, counted in the cache that all processes share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

View = Callable[..., HttpResponseBase]
WINDOWS = {"s": 1, "m": 60, "h": 3600}


def by_address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def by_user(request: HttpRequest) -> str:
    """The person, or the address of who is not signed in."""
    return f"user{request.user.pk}" if request.user.is_authenticated else by_address(request)


def limited(
    name: str, rate: str, *, by: Callable[[HttpRequest], str] = by_address, methods: tuple[str, ...] = ("POST",)
) -> Callable[[View], View]:
    """Answer 429 with a page in the visitor's words beyond `rate`, such as `30/m`: requests in a second, minute or hour."""
    most, _slash, window = rate.partition("/")
    seconds = WINDOWS[window]

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if (
                settings.RATE_LIMITS
                and request.method in methods
                and _count(f"limit:{name}:{by(request)}", seconds) > int(most)
            ):
                response = render(request, "429.html", {"seconds": seconds}, status=429)
                response["Retry-After"] = str(seconds)
                return response
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def _count(key: str, seconds: int) -> int:
    """Count one more; the first of a window starts it."""
    if cache.add(key, 1, timeout=seconds):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # the window ended in between
        cache.set(key, 1, timeout=seconds)
        return 1
