"""Template tags of approval cases."""

from __future__ import annotations

from datetime import datetime

from django import template

from approvals.models import Case

register = template.Library()


@register.simple_tag
def urgency(case: Case, now: datetime) -> str:
    """`late`, `soon` or nothing."""
    return case.urgency_at(now)
