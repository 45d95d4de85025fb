"""Other rules tried on the whole history (试算): everybody's score, rank and grade beside those in force. Nothing changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from approvals.models import Department
from core import clock
from core.errors import DomainError
from market.models import Firm
from protocol import canonical
from protocol.scores.figures import Score
from protocol.scores.policy import Policy
from protocol.scores.standing import standing, weighed
from ratings.domain import scored
from ratings.domain.access import OVERSEERS, demand_kind
from ratings.domain.marks import marks_at
from ratings.domain.standings import FULL_CONDUCT, in_force_at, taken
from ratings.models import PolicyTrial, ScorePolicy
from ratings.models.trials import UNTRIED
from ratings.scoring.columns import Columns
from ratings.scoring.whole import whole

logger = logging.getLogger(__name__)
SHOWN = 200
"""Rows that a result keeps of firms, and of departments: those that move most."""
Status = PolicyTrial.Status
Json = dict[str, Any]


def numbers_of(rules: ScorePolicy) -> Json:
    """The numbers of some rules as a trial keeps them."""
    return {
        field.name: value if isinstance(value := getattr(rules, field.name), int | list) else str(value)
        for field in ScorePolicy._meta.fields
        if field.name not in UNTRIED
    }


def rules_of(numbers: Mapping[str, Any]) -> ScorePolicy:
    """Rules that have these numbers, not kept anywhere."""
    names = {field.name: field for field in ScorePolicy._meta.fields}
    given = {name: names[name].to_python(value) for name, value in numbers.items()}
    return ScorePolicy(
        version="trial", legal_basis="–", valid_from=ScorePolicy.objects.earliest("valid_from").valid_from, **given
    )


def ask(*, numbers: Mapping[str, Any], by: Membership) -> PolicyTrial:
    """Ask for a trial; one at a time, for each reads every line of the city.

    Raises NotAllowed for whoever does not oversee, DomainError while another waits.
    """
    demand_kind(by, OVERSEERS)
    with transaction.atomic():
        now = clock.now()
        rules = ScorePolicy.objects.select_for_update(no_key=True).get(pk=ScorePolicy.in_force(now).pk)
        if PolicyTrial.objects.filter(status=Status.WAITING).exists():
            raise DomainError(_("还有一次试算没有完成，请等它完成以后再提出。"), code="waiting")
        return PolicyTrial.objects.create(numbers=dict(numbers), beside=rules, asked_at=now, asked_by=by.user)


def run_waiting() -> int:
    """Do the trials that wait; give how many were done. Any number of workers may do it at once."""
    done = 0
    while _run_one():
        done += 1
    return done


def _run_one() -> bool:
    with transaction.atomic():
        waiting = PolicyTrial.objects.select_for_update(skip_locked=True, of=("self",)).filter(status=Status.WAITING)
        trial = waiting.select_related("beside").order_by("id").first()
        if trial is None:
            return False
        try:
            with transaction.atomic():
                trial.result = tried(rules_of(trial.numbers), trial.beside, now=clock.now())
                trial.status, trial.done_at = Status.DONE, clock.now()
        except Exception:  # numbers by which nothing can be computed: whoever asked is told, and nobody else waits
            logger.exception("trial %s failed", trial.pk)
            trial.status, trial.result, trial.done_at = Status.FAILED, None, clock.now()
        trial.save(update_fields=["status", "result", "done_at"])
    return True


def tried(other: ScorePolicy, rules: ScorePolicy, *, now: datetime) -> Json:
    """Everybody by other rules beside those in force, at one moment: counts, and the rows that move most."""
    lines = Columns.of(scored.city_lines(now=now))
    before, after = (each.as_policy() for each in (rules, other))
    old, new = (whole(lines, policy, as_of=now) for policy in (before, after))
    firms = _moves(lines.names.firm, old.firms.overall, new.firms.overall)
    departments = _moves(lines.names.department, old.departments.overall, new.departments.overall)
    grades = _graded(firms, before, after, now)
    names = dict(Department.objects.values_list("code", "organisation__name"))
    return {
        "as_of": canonical.timestamp(now),
        "lines": len(lines),
        "grades": grades,
        "firms": _result(firms),
        "departments": _result(departments, names),
    }


@dataclass(slots=True, kw_only=True)
class Move:
    """How somebody's score (hundredths) and rank would move; a rank is None for the provisional."""

    code: str
    score: tuple[int, int]
    low: tuple[int, int]
    high: tuple[int, int]
    rank: tuple[int | None, int | None]
    grade: tuple[str, str] = ("", "")
    name: str = ""

    @property
    def by(self) -> int:
        return self.score[1] - self.score[0]


def _moves(codes: Any, old: Mapping[int, Score | None], new: Mapping[int, Score | None]) -> list[Move]:
    both = {codes[who]: (score, after) for who, score in old.items() if score and (after := new.get(who))}
    ranks = [_ranks({code: pair[place] for code, pair in both.items()}) for place in (0, 1)]
    return [
        Move(
            code=code,
            score=(pair[0].score, pair[1].score),
            low=(pair[0].interval[0], pair[1].interval[0]),
            high=(pair[0].interval[1], pair[1].interval[1]),
            rank=(ranks[0].get(code), ranks[1].get(code)),
        )
        for code, pair in sorted(both.items())
    ]


def _ranks(scores: Mapping[str, Score]) -> dict[str, int]:
    """Places by evidence, as the league has them."""
    ranked = [(-score.interval[0], -score.score, code) for code, score in scores.items() if score.ranked]
    return {code: place for place, (_low, _score, code) in enumerate(sorted(ranked), 1)}


def _graded(moves: Iterable[Move], before: Policy, after: Policy, now: datetime) -> Json:
    """Give firms their names and grades; how many go from which grade to which. Deductions are the same by both rules."""
    found = {each.code: each for each in moves}
    firms = list(Firm.objects.filter(organisation__uscc__in=found).select_related("organisation"))
    against = {pk: taken(own) for pk, own in in_force_at(firms, now).items()}
    both = [(policy, marks_at(firms, policy, now)) for policy in (before, after)]
    counts: dict[str, int] = {}
    for firm in firms:
        move = found[firm.uscc]
        old, new = (
            standing(
                joint=joint,
                evaluations=weighed(marks.roles.get(firm.pk, {}), marks.everybody, policy),
                conduct=FULL_CONDUCT,
                deductions=against[firm.pk],
                policy=policy,
                as_of=now,
            ).grade
            for joint, (policy, marks) in zip(move.score, both, strict=True)
        )
        move.name, move.grade = firm.organisation.public_name, (old, new)
        counts[old + new] = counts.get(old + new, 0) + 1
    return counts


def _result(moves: list[Move], names: Mapping[str, str] | None = None) -> Json:
    """Counts, and the rows that move most, the largest move first."""
    most = sorted(moves, key=lambda each: (-abs(each.by), each.code))[:SHOWN]
    return {
        "all": len(moves),
        "risen": sum(each.by > 0 for each in moves),
        "fallen": sum(each.by < 0 for each in moves),
        "ranks": sum(each.rank[0] != each.rank[1] for each in moves),
        "rows": [
            {
                "code": each.code, "name": each.name or (names or {}).get(each.code, each.code), "score": list(each.score),
                "low": list(each.low), "high": list(each.high), "rank": list(each.rank), "grade": list(each.grade),
            }
            for each in most
        ],
    }  # fmt: skip
