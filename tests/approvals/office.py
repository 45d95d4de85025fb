"""An approving department with somebody at its desk, and cases of the place's item at its table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Membership
from approvals.domain import cases
from approvals.models import Case, Department, ItemVersion
from core.clock import LOCAL
from tests import market_place as market

MONDAY = datetime(2026, 11, 2, 9, tzinfo=LOCAL)
"""No holidays follow for weeks."""


def on(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of November 2026; the 2nd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=LOCAL)


def place(*, committed: int | None = 10, statutory: int | None = 20) -> market.Place:
    where = market.place()
    ItemVersion.objects.filter(item=where.item).update(committed_days=committed, statutory_days=statutory)
    return where


def clerk(department: Department, **fields: Any) -> Membership:
    """Somebody who works at a department's desk."""
    return market.member_of(department.organisation, **fields)


def received(where: market.Place, *, at: datetime | None = MONDAY, by: Membership | None = None, **fields: Any) -> Case:
    """A case that was handed in on paper."""
    given = {
        "item": where.item,
        "applicant": where.owner.organisation,
        "project_name": "厂房扩建项目",
        "filed_in": where.district,
        "district": where.district,
        **fields,
    }
    return cases.register_case(by=by or clerk(where.department), department=where.department, occurred_at=at, **given)


def accepted(where: market.Place, *, by: Membership, at: datetime | None = None) -> Case:
    case = received(where, at=at or MONDAY, by=by)
    return cases.accept_case(case_id=case.pk, by=by, occurred_at=(at or MONDAY) + timedelta(hours=1))
