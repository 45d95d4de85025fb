"""A firm's and a department's score as everybody may open it: the figures, line by line, of the moment of the kept score.

What is computed for a version of a score is kept in the cache under it; the page and the file show the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from approvals.models import Department
from core import clock
from core.workdays import midnight
from market.models import Firm
from protocol import canonical
from protocol.scores.departments import DepartmentScore as DepartmentFigures
from protocol.scores.exact import HUNDRED
from protocol.scores.file import department_file, firm_file
from protocol.scores.firms import FirmScore as FirmFigures
from protocol.scores.lines import judge
from protocol.scores.policy import Policy
from protocol.scores.standing import evaluated, standing
from ratings.domain import scored, single
from ratings.models import DepartmentScore, FirmScore, ScorePolicy
from ratings.raising import Raise, raises_most

KEPT = 86_400
"""Seconds in the cache; a new version has a key of its own."""
FULL_CONDUCT = 100 * HUNDRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Which score is in force: of what moment, and by which rules."""

    as_of: datetime
    rules: ScorePolicy

    @property
    def key(self) -> str:
        return f"{self.as_of.timestamp():.6f}:{self.rules.pk}"

    @property
    def policy(self) -> Policy:
        return self.rules.as_policy()


def version_of_firm(firm: Firm) -> Version:
    """The version of a firm's scores; of today's first moment where no line counts."""
    return _version(FirmScore.objects.filter(firm=firm, month=None).select_related("policy").first())


def version_of_department(department: Department) -> Version:
    """The version of a department's scores."""
    return _version(DepartmentScore.objects.filter(department=department, month=None).select_related("policy").first())


def _version(row: FirmScore | DepartmentScore | None) -> Version:
    if row is not None:
        return Version(as_of=row.as_of, rules=row.policy)
    now = clock.now()
    return Version(as_of=midnight(timezone.localdate(now)), rules=ScorePolicy.in_force(now))


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmOpened:
    """A firm's figures with its lines, and what would raise them. as_of: the score's moment, or that of a later line."""

    figures: FirmFigures
    policy: Policy
    as_of: datetime
    raised: Raise | None


def firm_opened(firm: Firm, version: Version) -> FirmOpened:
    """The figures of a firm under a version, line by line."""
    lines = scored.opened_lines_of_firm(firm.pk, now=version.as_of)
    # A line may have ended in the seconds since the score was made, before the score has followed.
    ends = [each.ended for each in lines if each.ended is not None] + [
        piece.end for each in lines for piece in each.segments
    ]
    as_of = max([version.as_of, *ends])
    policy = version.policy
    known = single.known_habits(lines, policy)
    judged = judge(lines, policy, as_of=as_of, known=known)
    usual = single.norms_of_services({each.line.service for each in judged}, policy)
    figures = single.score_of_firm(firm.uscc, judged, usual, policy)
    own = figures.overall
    raised = None
    if own is not None:
        raised = raises_most(lines, score=own.score, known=known, usual=usual, policy=policy, as_of=as_of)
    return FirmOpened(figures=figures, policy=policy, as_of=as_of, raised=raised)


def department_figures(department: Department, version: Version) -> tuple[DepartmentFigures, datetime]:
    """The figures of a department under a version, case by case, and their moment."""
    lines = scored.lines_of_departments([department.pk], now=version.as_of)
    as_of = max([version.as_of, *(each.decided_at for each in lines if each.decided_at is not None)])
    return single.score_of_department(department.code, lines, version.policy, as_of=as_of), as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFile:
    """A score file as it is sent."""

    content: bytes
    etag: str


def file_of_firm(firm: Firm, version: Version) -> ScoreFile:
    """`/firms/<uscc>/score.json`. Nobody evaluates yet: the standing has everybody's mean and full conduct."""
    key = f"score:firm:{firm.pk}:{version.key}"
    known: ScoreFile | None = cache.get(key)
    return known if known is not None else _kept(key, _firm_record(firm, version))


def file_of_department(department: Department, version: Version) -> ScoreFile:
    """`/departments/<code>/score.json`."""
    key = f"score:department:{department.pk}:{version.key}"
    known: ScoreFile | None = cache.get(key)
    if known is not None:
        return known
    figures, as_of = department_figures(department, version)
    return _kept(key, department_file(figures, policy=version.policy, as_of=as_of))


def _firm_record(firm: Firm, version: Version) -> dict[str, Any]:
    opened = firm_opened(firm, version)
    policy = opened.policy
    marks = evaluated([], {}, policy.marks_unknown, policy)
    overall = opened.figures.overall
    return firm_file(
        opened.figures,
        policy=policy,
        as_of=opened.as_of,
        evaluations=marks,
        deductions=[],
        standing=standing(
            joint=overall.score if overall is not None else None,
            evaluations=marks.value,
            conduct=FULL_CONDUCT,
            deductions=[],
            policy=policy,
            as_of=opened.as_of,
        ),
    )


def _kept(key: str, record: dict[str, Any]) -> ScoreFile:
    content = canonical.encode(record)
    made = ScoreFile(content=content, etag=f'"{hashlib.sha256(content).hexdigest()}"')
    cache.set(key, made, timeout=KEPT)
    return made
