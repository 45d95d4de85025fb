"""Template tags of approval cases."""

from __future__ import annotations

from datetime import datetime

from django import template

from approvals.domain.materials import url_of
from approvals.models import Case

register = template.Library()


@register.simple_tag
def urgency(case: Case, now: datetime) -> str:
    """`late`, `soon` or nothing."""
    return case.urgency_at(now)


@register.filter
def elsewhere(reference: str) -> str:
    """Where a result that a higher room keeps is read."""
    return url_of(reference)
