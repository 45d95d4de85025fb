"""Bulletins for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

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


def full(uscc: str) -> dict[str, Any]:
    """Figures with rows in every table, and names that are longer than a column."""
    score = {"n": 3, "score": 7391, "low": 6783, "high": 7999, "ranked": True, "first_pass": 50, "efficiency": 10800,
             "policy": "2017", "as_of": "2026-11-01T00:00:00.000Z"}  # fmt: skip
    time = {"n": 4, "median": 4520, "p90": 9000, "parties": dict.fromkeys(
        ("platform", "firm", "owner", "department", "statutory", "line"), 700)}  # fmt: skip
    long = "宁波某某工程咨询与环境影响评价研究院股份有限公司"
    return {
        "v": 1,
        "month": "2026-10",
        "made_at": "2026-11-02T22:00:00.000Z",
        "city": {"awarded": 3, "sealed": 2, "time": time, "scores": {"firms": score, "departments": score}},
        "services": {"all": 1, "rows": [{"code": "S1", "name": long, "name_en": "A long name", **time}]},
        "departments": {"all": 1, "decided": 5, "late": 2, "overdue": 1, "running": 1, "rows": [
            {"code": "D1", "name": long, "n": 5, "late": 2, "overdue": 1, "running": 1, "first_pass": 80, "score": score}]},
        "firms": {"all": 9, "ranked": 1, "rows": [{"uscc": uscc, "name": long, **score}]},
        "listed": {"all": 2, "rows": [
            {"uscc": uscc, "name": long, "kind": "abandoned", "points": 20, "since": "2026-10-01T00:00:00.000Z",
             "until": "2027-10-01T00:00:00.000Z"},
            {"uscc": uscc, "name": long, "kind": "suspended", "points": None, "since": "2026-10-01T00:00:00.000Z",
             "until": None}]},
        "owners": {"all": 1, "rows": [
            {"code": uscc, "name": long, "n": 2, "sum": "1234567.80", "oldest": "2026-08-01T00:00:00.000Z"}]},
    }  # fmt: skip
