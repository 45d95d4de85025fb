"""A firm's and a department's score as everybody may open it: the figures, line by line, of the moment of the kept score.

What is computed for a version of a score is kept in the cache under it; the page and the file show the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from approvals.models import Department
from core import clock
from core.workdays import LOCAL, midnight
from market.models import Firm
from protocol import canonical
from protocol.scores.departments import DepartmentScore as DepartmentFigures
from protocol.scores.exact import HUNDRED
from protocol.scores.file import department_file, firm_file
from protocol.scores.firms import FirmScore as FirmFigures
from protocol.scores.lines import judge
from protocol.scores.policy import DeductionRule as Rule
from protocol.scores.policy import Policy
from protocol.scores.standing import Evaluated, Standing, standing
from ratings.domain import scored, single
from ratings.domain.marks import opened_marks
from ratings.domain.standings import FULL_CONDUCT, in_force_at, moment_of, taken
from ratings.models import Deduction, DeductionRule, DepartmentScore, FirmScore, ScorePolicy
from ratings.raising import Raise, raises_most

KEPT = 86_400
"""Seconds in the cache; a new version has a key of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Which score is in force: of what moment, and by which rules; of a firm also when its standing has last changed."""

    as_of: datetime
    rules: ScorePolicy
    standing_at: datetime | None = None

    @property
    def key(self) -> str:
        standing = f":{self.standing_at.timestamp():.6f}" if self.standing_at else ""
        return f"{self.as_of.timestamp():.6f}:{self.rules.pk}{standing}"

    @property
    def policy(self) -> Policy:
        return self.rules.as_policy()


def version_of_firm(firm: Firm) -> Version:
    """The version of a firm's scores; of today's first moment where no line counts."""
    found = _version(FirmScore.objects.filter(firm=firm, month=None).select_related("policy").first())
    return replace(found, standing_at=moment_of(firm, since=found.as_of, now=clock.now()))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOpened:
    """A firm's standing with every mark and every deduction that made it, and its moment."""

    standing: Standing
    evaluations: Evaluated
    deductions: tuple[Deduction, ...]
    at: datetime


def standing_opened(firm: Firm, opened: FirmOpened, version: Version) -> StandingOpened:
    """The standing that goes with opened scores: of the moment of the version, but not before that of the scores."""
    at = max(opened.as_of, version.standing_at or opened.as_of)
    marks, against = opened_marks(firm, opened.policy, at), in_force_at([firm], at)[firm.pk]
    overall = opened.figures.overall
    return StandingOpened(
        standing=standing(
            joint=overall.score if overall is not None else None,
            evaluations=marks.value,
            conduct=FULL_CONDUCT,
            deductions=taken(against),
            policy=opened.policy,
            as_of=at,
        ),
        evaluations=marks,
        deductions=tuple(against),
        at=at,
    )


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
    """`/firms/<uscc>/score.json`."""
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
    stands = standing_opened(firm, opened, version)
    day = stands.at.astimezone(LOCAL).date()
    return firm_file(
        opened.figures,
        policy=replace(opened.policy, deductions=_deduction_rules(day)),
        as_of=opened.as_of,
        evaluations=stands.evaluations,
        deductions=taken(stands.deductions),
        standing=stands.standing,
        standing_at=stands.at,
    )


def _deduction_rules(day: date) -> tuple[Rule, ...]:
    """What a failing costs on a day, as the score file prints it with the policy."""
    rows = DeductionRule.objects.valid_at(day).order_by("kind", "-valid_from", "-id").distinct("kind")
    return tuple(Rule(reason=each.kind, points=each.points * HUNDRED, months=each.months) for each in rows)


def _kept(key: str, record: dict[str, Any]) -> ScoreFile:
    content = canonical.encode(record)
    made = ScoreFile(content=content, etag=f'"{hashlib.sha256(content).hexdigest()}"')
    cache.set(key, made, timeout=KEPT)
    return made
