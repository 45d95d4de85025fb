"""What a city may set about scores (评分规则): pure, with the names and forms in which a score file prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from protocol.scores.exact import HUNDRED, TEN_THOUSAND, fixed, read_fixed

OWNER, DEPARTMENT, CENTRE = "owner", "department", "centre"
JOINT, EVALUATIONS, CONDUCT = "joint", "evaluations", "conduct"
GRADES = ("A", "B", "C", "D")
WHOLE = (
    "par", "half_life_months", "m", "habit_cases", "firms_for_mean", "ranked_from", "spread_from", "rater_marks",
)  # fmt: skip
"""Members that are whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeductionRule:
    """What a failing costs: hundredths of a point, for so many months (扣分项)."""

    reason: str
    points: int
    months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the rules of scoring, in force from a day to a day, both inclusive.

    par: points for J = 1. cap and return_factor in hundredths; interval_factor in thousandths (1.645: nine times in ten).
    spread_unknown (ten-thousandths) stands for the standard deviation of J while a service has fewer than spread_from lines
    more than firms. marks_unknown (hundredths) stands for everybody's mean while nobody has marked anybody.
    """

    version: str
    valid_from: date
    valid_until: date | None = None
    legal_basis: str
    par: int = 75
    half_life_months: int = 12
    m: int = 5
    cap: int = 150
    return_factor: int = 90
    habit_cases: int = 5
    firms_for_mean: int = 3
    ranked_from: int = 5
    interval_factor: int = 1645
    spread_unknown: int = 2_500
    spread_from: int = 10
    rater_marks: int = 5
    marks_unknown: int = 7_500
    standing: Mapping[str, int]
    raters: Mapping[str, int]
    grades: Mapping[str, int]  # hundredths from which each holds; below the last: D
    deductions: tuple[DeductionRule, ...] = ()
    suspension_months: tuple[int, ...] = (3, 6, 12)

    def __post_init__(self) -> None:
        """Raises ValueError for numbers by which nothing could be computed."""
        positive = (self.par, self.half_life_months, self.cap, self.return_factor, self.m, self.interval_factor)
        lowering = self.return_factor <= HUNDRED and all(value >= 0 for value in self.grades.values())
        if min(positive) < 1 or not lowering or self.cap > 10 * HUNDRED or self.par > HUNDRED:
            raise ValueError(
                "a policy has positive numbers, a factor of at most 1, a cap of at most 10, a par of at most 100"
            )
        if set(self.standing) != {JOINT, EVALUATIONS, CONDUCT} or sum(self.standing.values()) != HUNDRED:
            raise ValueError("the parts of the standing are joint, evaluations and conduct, and sum to 100")
        if set(self.raters) != {OWNER, DEPARTMENT, CENTRE} or min(self.raters.values()) < 1:
            raise ValueError("raters are owner, department and centre, each with a weight")
        if list(self.grades) != list(GRADES[:-1]) or sorted(self.grades.values(), reverse=True) != [
            *self.grades.values()
        ]:
            raise ValueError("grades are A, B and C, each from fewer points than the one before")

    @property
    def cap_ratio(self) -> int:
        """The cap in ten-thousandths."""
        return self.cap * HUNDRED

    @property
    def prior(self) -> int:
        """m as a weight, in ten-thousandths."""
        return self.m * TEN_THOUSAND

    @property
    def least_ranked(self) -> int:
        """The weight from which a score is ranked, in ten-thousandths."""
        return self.ranked_from * TEN_THOUSAND

    def rule(self, reason: str) -> DeductionRule:
        """What a failing costs. Raises KeyError for a reason that the policy does not know."""
        return {rule.reason: rule for rule in self.deductions}[reason]

    def grade(self, standing: int) -> str:
        """The grade of a standing in hundredths."""
        return next((grade for grade, least in self.grades.items() if standing >= least), GRADES[-1])

    def as_record(self) -> dict[str, Any]:
        """As a score file prints it."""
        return {
            "version": self.version,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "legal_basis": self.legal_basis,
            **{name: getattr(self, name) for name in WHOLE},
            "cap": fixed(self.cap, 2),
            "return_factor": fixed(self.return_factor, 2),
            "interval_factor": fixed(self.interval_factor * 10, 4),
            "spread_unknown": fixed(self.spread_unknown, 4),
            "marks_unknown": fixed(self.marks_unknown, 2),
            "standing": dict(self.standing),
            "raters": dict(self.raters),
            "grades": {grade: fixed(least, 2) for grade, least in self.grades.items()},
            "deductions": [
                {"reason": rule.reason, "points": fixed(rule.points, 2), "months": rule.months}
                for rule in self.deductions
            ],
            "suspension_months": list(self.suspension_months),
        }

    @classmethod
    def from_record(cls, told: Mapping[str, Any]) -> Policy:
        """Read what `as_record` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        until = told["valid_until"]
        return cls(
            version=str(told["version"]),
            valid_from=date.fromisoformat(told["valid_from"]),
            valid_until=None if until is None else date.fromisoformat(until),
            legal_basis=str(told["legal_basis"]),
            **{name: whole(told[name]) for name in WHOLE},
            cap=read_fixed(told["cap"], 2),
            return_factor=read_fixed(told["return_factor"], 2),
            interval_factor=read_fixed(told["interval_factor"], 4) // 10,
            spread_unknown=read_fixed(told["spread_unknown"], 4),
            marks_unknown=read_fixed(told["marks_unknown"], 2),
            standing={name: whole(value) for name, value in told["standing"].items()},
            raters={name: whole(value) for name, value in told["raters"].items()},
            grades={name: read_fixed(told["grades"][name], 2) for name in GRADES[:-1]},
            deductions=tuple(
                DeductionRule(
                    reason=str(rule["reason"]), points=read_fixed(rule["points"], 2), months=whole(rule["months"])
                )
                for rule in told["deductions"]
            ),
            suspension_months=tuple(whole(months) for months in told["suspension_months"]),
        )


def whole(value: object) -> int:
    """A whole number that is not negative. Raises ValueError."""
    if type(value) is not int or value < 0:
        raise ValueError(f"not a whole number: {value!r}")
    return value


FIRST = Policy(
    version="2017",
    valid_from=date(2017, 1, 1),
    legal_basis="",
    standing={JOINT: 60, EVALUATIONS: 30, CONDUCT: 10},
    raters={OWNER: 5, DEPARTMENT: 3, CENTRE: 2},
    grades={"A": 8_000, "B": 6_500, "C": 5_000},
    deductions=(
        DeductionRule(reason="abandoned", points=1_000, months=12),
        DeductionRule(reason="unsigned_contract", points=1_000, months=12),
        DeductionRule(reason="raised_fee", points=1_500, months=12),
        DeductionRule(reason="returned_by_authority", points=500, months=6),
        DeductionRule(reason="late_over_10_days", points=300, months=6),
        DeductionRule(reason="lapsed_certificate", points=500, months=6),
    ),
)
"""The numbers of DOMAIN; points and months of deductions, which it leaves open, are examples for a city to set."""
