"""Template tags of approval cases."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from django import template

from approvals.domain.materials import url_of
from approvals.models import Application, Case

register = template.Library()


@register.simple_tag
def urgency(case: Case, now: datetime) -> str:
    """`late`, `soon` or nothing."""
    return case.urgency_at(now)


@register.simple_tag
def joint_urgency(application: Application, now: datetime) -> str:
    """`late`, `soon` or nothing, by the joint limit."""
    return application.urgency_at(now)


@register.filter
def working_days(length: Fraction | None) -> str:
    """Working days with at most two places, without their sign; nothing for none."""
    if length is None:
        return ""
    whole, hundredths = divmod(round(abs(length) * 100), 100)
    return f"{whole}.{hundredths:02d}".rstrip("0").rstrip(".")


@register.filter
def elsewhere(reference: str) -> str:
    """Where a result that a higher room keeps is read."""
    return url_of(reference)
