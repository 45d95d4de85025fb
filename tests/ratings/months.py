"""Bulletins for tests."""

from __future__ import annotations

from datetime import date

from core import clock
from ratings.domain import bulletins
from ratings.domain.bulletin_figures import figures_of
from ratings.models import Bulletin

OCTOBER = date(2026, 10, 1)


def made(month: date = OCTOBER) -> Bulletin:
    """One that waits for its publication."""
    now = clock.now()
    content = figures_of(month, now=now)
    return Bulletin.objects.create(month=month, content=content, made_at=now, publishes_at=now)


def published(month: date = OCTOBER) -> Bulletin:
    """One that everybody may read."""
    return bulletins.publish(bulletin_id=made(month).pk)
