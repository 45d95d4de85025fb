"""Credit standing (信用分): 60 % joint score, 30 % evaluations, 10 % conduct, less deductions (DOMAIN "The joint score")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from protocol.scores.exact import CHINA, HUNDRED, half_up, later
from protocol.scores.figures import FULL
from protocol.scores.policy import CONDUCT, EVALUATIONS, GRADES, JOINT, DeductionRule, Policy

DIMENSIONS = ("quality", "timeliness", "attitude", "charging", "conduct")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What one rater said of a firm after a line (评价): up to five dimensions, each 0 to 100; rater: a code within a role.

    line: empty where it would lead to a natural person.
    """

    line: str
    firm: str
    role: str
    rater: str
    dimensions: Mapping[str, int]

    def __post_init__(self) -> None:
        """Raises ValueError for no dimension, an unknown one, or a mark outside 0 to 100."""
        if not self.dimensions or not set(self.dimensions) <= set(DIMENSIONS):
            raise ValueError(f"{self.line}: an evaluation has some of {', '.join(DIMENSIONS)}")
        if not all(0 <= mark <= HUNDRED for mark in self.dimensions.values()):
            raise ValueError(f"{self.line}: marks are 0 to 100")

    @property
    def mark(self) -> int:
        """The mean of the dimensions that were marked, in hundredths."""
        return half_up(HUNDRED * sum(self.dimensions.values()), len(self.dimensions))


@dataclass(frozen=True, slots=True, kw_only=True)
class Centred:
    """An evaluation beside what its rater usually gives (hundredths): mark − rater_mean + everybody's, within 0 to 100."""

    evaluation: Evaluation
    rater_mean: int
    adjusted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What the evaluations of a firm come to, in hundredths. `roles` has the raters that there are."""

    everybody: int
    centred: tuple[Centred, ...]
    roles: Mapping[str, int]
    value: int


def everybodys_mean(evaluations: Iterable[Evaluation], policy: Policy) -> int:
    """The mean mark of all evaluations of all firms; the policy's while there are none."""
    marks = [each.mark for each in evaluations]
    return half_up(sum(marks), len(marks)) if marks else policy.marks_unknown


def raters_means(evaluations: Iterable[Evaluation], everybody: int, policy: Policy) -> dict[tuple[str, str], int]:
    """The mean of each rater, by role and rater, shrunk to everybody's with 5 marks."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for each in evaluations:
        found[each.role, each.rater].append(each.mark)
    k = policy.rater_marks
    return {rater: half_up(sum(marks) + k * everybody, len(marks) + k) for rater, marks in found.items()}


def centred(mark: int, rater_mean: int, everybody: int) -> int:
    """A mark freed of its rater's habit."""
    return min(FULL, max(0, mark - rater_mean + everybody))


def weighed(roles: Mapping[str, int], everybody: int, policy: Policy) -> int:
    """5 : 3 : 2 over the roles that are there; everybody's mean where there is none."""
    total = sum(policy.raters[role] for role in roles)
    return half_up(sum(policy.raters[role] * value for role, value in roles.items()), total) if roles else everybody


def evaluated(
    own: Iterable[Evaluation], raters: Mapping[tuple[str, str], int], everybody: int, policy: Policy
) -> Evaluated:
    """The evaluations of one firm, from the means that `everybodys_mean` and `raters_means` made of all firms'."""
    rows = sorted(own, key=lambda each: (each.line, each.role, each.rater))
    marks = tuple(
        Centred(evaluation=each, rater_mean=mean, adjusted=centred(each.mark, mean, everybody))
        for each in rows
        for mean in [raters[each.role, each.rater]]
    )
    roles = by_role((each.evaluation.role, each.adjusted) for each in marks)
    return Evaluated(everybody=everybody, centred=marks, roles=roles, value=weighed(roles, everybody, policy))


def by_role(marks: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The mean of the adjusted marks of each role."""
    found: dict[str, list[int]] = defaultdict(list)
    for role, adjusted in marks:
        found[role].append(adjusted)
    return {role: half_up(sum(values), len(values)) for role, values in sorted(found.items())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """Points taken for a failing (扣分), hundredths, from a day to a day, both inclusive; repair moves `until` forward.

    code: what the log calls it. to_d: while it is in force the firm is in the last grade, whatever its points (直接评为 D 级).
    """

    reason: str
    points: int
    start: date
    until: date
    code: str = ""
    to_d: bool = False

    @classmethod
    def by(cls, rule: DeductionRule, start: date) -> Deduction:
        """What a rule takes from a day on."""
        return cls(reason=rule.reason, points=rule.points, start=start, until=later(start, rule.months))

    def in_force(self, as_of: datetime) -> bool:
        return self.start <= as_of.astimezone(CHINA).date() <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Parts, result and grade; all but the grade in hundredths."""

    joint: int
    evaluations: int
    conduct: int
    deducted: int
    value: int
    grade: str
    by_decision: bool


def standing(
    *,
    joint: int | None,
    evaluations: int,
    conduct: int,
    deductions: Iterable[Deduction],
    policy: Policy,
    as_of: datetime,
) -> Standing:
    """The standing at a moment. joint None: no line counts yet, and the firm is taken to be as usual (75)."""
    own = policy.par * HUNDRED if joint is None else joint
    running = [each for each in deductions if each.in_force(as_of)]
    deducted, by_decision = sum(each.points for each in running), any(each.to_d for each in running)
    value = max(0, together(own, evaluations, conduct, policy) - deducted)
    grade = GRADES[-1] if by_decision else policy.grade(value)
    return Standing(
        joint=own,
        evaluations=evaluations,
        conduct=conduct,
        deducted=deducted,
        value=value,
        grade=grade,
        by_decision=by_decision,
    )


def together(joint: int, evaluations: int, conduct: int, policy: Policy) -> int:
    """The weighted parts, in hundredths."""
    parts = {JOINT: joint, EVALUATIONS: evaluations, CONDUCT: conduct}
    return half_up(sum(policy.standing[name] * value for name, value in parts.items()), HUNDRED)
