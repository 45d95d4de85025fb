"""When a round closes and how long its candidate stands: the policy's lengths on the working-day clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from bidding.models import Policy
from core import clock, worktime

CONTRACT_DAYS = 10
"""Working days from the award notice to the contract (DOMAIN "A round")."""


def closing_of(policy: Policy, length: int, *, announced_at: datetime) -> datetime:
    """The deadline of a notice of `length` in the policy's unit.

    A notice of N working days runs to the end of the N-th; the round closes on the working day after it, at the policy's
    closing time, so that the whole notice has passed.
    """
    if policy.unit == Policy.Unit.MINUTES:
        return announced_at + timedelta(minutes=length)
    end = worktime.add_working_days(announced_at, length).astimezone(clock.LOCAL)
    day = end.date()
    while not worktime.is_working(day):
        day += timedelta(days=1)
    return datetime.combine(day, policy.closing_time, tzinfo=clock.LOCAL)


def end_of_marking(policy: Policy, *, drawn_at: datetime) -> datetime:
    """By when an expert who was drawn has to submit, or is replaced."""
    if policy.unit == Policy.Unit.MINUTES:
        return drawn_at + timedelta(minutes=policy.marking_days)
    return worktime.add_working_days(drawn_at, policy.marking_days)


def end_of_candidate_notice(policy: Policy, *, published_at: datetime) -> datetime:
    """The end of the public notice of a candidate (中选公示)."""
    if policy.unit == Policy.Unit.MINUTES:
        return published_at + timedelta(minutes=policy.candidate_notice)
    return worktime.add_working_days(published_at, policy.candidate_notice)
