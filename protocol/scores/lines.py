"""One line, judged: E₁ of the firm, E₂ of the department, its habit, E₂*, J and weight (DOMAIN "The joint score")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from protocol.scores.exact import (
    HUNDRED,
    ONE,
    TEN_THOUSAND,
    cube_root,
    half_up,
    halved,
    hundredths_of_days,
    months_between,
)
from protocol.scores.policy import Policy


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment of a line's time under the firm's award, for whoever opens the line.

    used: microseconds of working time as its limit counts them, so that the firm's service, revisions and corrections sum to
    used₁ (service and acceptance check count from the day after they began).
    """

    name: str
    start: datetime
    end: datetime
    party: str
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredLine:
    """What the score reads of one line (事项链条): a service of a firm for one approval item of one project.

    used1, used2: microseconds of working time, the firm's under its own award and the department's for the whole case
    (`ratings.measures`). returns: of the owner for quality and corrections caused by the deliverable; of them
    deliverable_corrections the latter, read by `departments.differences`; late_corrections: those that could have been asked
    for the first time. A line runs until its case is decided, or, where no case follows, until the acceptance; for one that
    runs both times are those so far. A line that ended without a result is not given. Lines of one case tell the same of it.
    """

    line: str
    project: str
    item: str
    department: str
    service: str
    firm: str
    district: str
    running: bool
    promised_days: int
    used1: int
    received_at: datetime | None = None
    decided_at: datetime | None = None
    accepted_at: datetime | None = None
    standard_days: int | None = None
    returns: int = 0
    deliverable_corrections: int = 0
    case: str | None = None
    committed_days: int | None = None
    statutory_days: int | None = None
    used2: int | None = None
    late_corrections: int = 0
    same_day: bool = False
    segments: tuple[Piece, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for what no score can be made of."""
        given = (self.promised_days, self.standard_days, self.committed_days, self.statutory_days)
        if any(days is not None and days < 1 for days in given):
            raise ValueError(f"{self.line}: days that are given are at least 1")
        if min(self.used1, self.returns, self.late_corrections, self.used2 or 0) < 0:
            raise ValueError(f"{self.line}: times and counts are not negative")
        if not self.running and self.ended is None:
            raise ValueError(f"{self.line}: a line that is over has an end")

    @property
    def ended(self) -> datetime | None:
        """Since when its weight fades: the decision, or the acceptance where there is no case; None while it runs."""
        return None if self.running else (self.decided_at if self.case else self.accepted_at)

    @property
    def reference_days(self) -> int:
        """The promised days, but not more than the published standard, so that a padded promise earns nothing."""
        return min(self.promised_days, self.standard_days or self.promised_days)

    @property
    def counts(self) -> bool:
        """Whether it is in the score: over, or running and over its promise."""
        return not self.running or hundredths_of_days(self.used1) > self.promised_days * HUNDRED


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTime:
    """A department's part in one case: hundredths of days used, and E₂ in ten-thousandths, None without committed days."""

    case: str
    department: str
    item: str
    committed_days: int | None
    statutory_days: int | None
    used: int
    late_corrections: int
    decided_at: datetime | None
    same_day: bool
    e2: int | None

    @property
    def is_usual(self) -> bool:
        """Whether it says how the department usually fares: decided, not on the day it came (即办), with committed days."""
        return self.decided_at is not None and not self.same_day and self.e2 is not None

    @property
    def counts(self) -> bool:
        """Whether it is in the department's score: decided, or past its committed days."""
        if self.e2 is None or self.committed_days is None:
            return False
        return self.decided_at is not None or self.used > self.committed_days * HUNDRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A line with what follows from it; every number as a score file prints it (units: `protocol.scores`)."""

    line: ScoredLine
    used1: int
    e1: int
    case: CaseTime | None
    habit: int | None
    e2_relative: int
    j: int
    weight: int

    @property
    def is_overdue(self) -> bool:
        """Past the promise."""
        return self.used1 > self.line.promised_days * HUNDRED


def efficiency(days: int, used: int, lowered: int, policy: Policy) -> int:
    """min(cap, days / used) × factor^lowered in ten-thousandths, at least 0.0001; used in hundredths of a day.

    One rounding, at the end. With the promise and the returns it is E₁, with committed days and late corrections E₂.
    """
    numerator, denominator = days * HUNDRED, used
    if numerator * HUNDRED > policy.cap * denominator:
        numerator, denominator = policy.cap, HUNDRED
    numerator *= policy.return_factor**lowered
    return max(1, half_up(numerator * TEN_THOUSAND, denominator * HUNDRED**lowered))


def relative(e2: int, habit: int, policy: Policy) -> int:
    """E₂*: min(cap, E₂ / habit) in ten-thousandths, at least 0.0001."""
    return max(1, min(policy.cap_ratio, half_up(e2 * TEN_THOUSAND, habit)))


def joint(e1: int, e2_relative: int) -> int:
    """J = (E₁² · E₂*)^(1/3): all three are ten-thousandths, so the root is as well."""
    return cube_root(e1 * e1 * e2_relative)


def weight(ended: datetime | None, policy: Policy, *, as_of: datetime) -> int:
    """What a line or case still weighs, in ten-thousandths: by whole months since it ended, and whole while it runs."""
    return TEN_THOUSAND if ended is None else halved(months_between(ended, as_of), policy.half_life_months)


def cases_of(lines: Iterable[ScoredLine], policy: Policy) -> dict[str, CaseTime]:
    """The cases of some lines, each once. Raises ValueError where two lines tell differently of one."""
    found: dict[str, CaseTime] = {}
    for line in lines:
        if line.case is not None and line.used2 is not None:
            case = _case(line, policy)
            if found.setdefault(line.case, case) != case:
                raise ValueError(f"{line.line}: another line tells differently of the case {line.case}")
    return found


def _case(line: ScoredLine, policy: Policy) -> CaseTime:
    assert line.case is not None
    assert line.used2 is not None
    used = hundredths_of_days(line.used2)
    given = line.committed_days
    return CaseTime(
        case=line.case,
        department=line.department,
        item=line.item,
        committed_days=given,
        statutory_days=line.statutory_days,
        used=used,
        late_corrections=line.late_corrections,
        decided_at=line.decided_at,
        same_day=line.same_day,
        e2=None if given is None else efficiency(given, used, line.late_corrections, policy),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a department usually fares with an item: its mean E₂ over `n` cases, shrunk to the mean of all cases of the item."""

    n: int
    item_mean: int
    value: int


def habits(cases: Iterable[CaseTime], policy: Policy) -> dict[tuple[str, str], Habit]:
    """The habit of every department with every item, in ten-thousandths: (Σ E₂ + 5 · item's mean) / (n + 5).

    The item's mean is over all usual cases of the item, each once, and rounded first.
    """
    own: dict[tuple[str, str], list[int]] = defaultdict(list)
    whole: dict[str, list[int]] = defaultdict(list)
    for case in cases:
        if case.is_usual and case.e2 is not None:
            own[case.department, case.item].append(case.e2)
            whole[case.item].append(case.e2)
    means = {item: half_up(sum(values), len(values)) for item, values in whole.items()}
    return {
        (department, item): Habit(
            n=len(values), item_mean=means[item], value=shrunk(sum(values), len(values), means[item], policy)
        )
        for (department, item), values in own.items()
    }


def shrunk(total: int, n: int, mean: int, policy: Policy) -> int:
    """A department's habit from the sum of its n values of E₂ and the item's mean."""
    return half_up(total + policy.habit_cases * mean, n + policy.habit_cases)


def judge(
    lines: Iterable[ScoredLine],
    policy: Policy,
    *,
    as_of: datetime,
    known: Mapping[tuple[str, str], Habit] | None = None,
) -> list[Judged]:
    """Every line that counts, in the order of service, firm and line.

    Give all lines of the city, or, for a part of them, the city's habits as `known`: what is usual at a department is not
    a matter of one firm or district. Where a department has none among them, its case stands beside nothing.
    """
    rows = sorted(lines, key=lambda line: (line.service, line.firm, line.line))
    cases = cases_of(rows, policy)
    usual = habits(cases.values(), policy) if known is None else known
    return [_judged(line, cases, usual, policy, as_of) for line in rows if line.counts]


def _judged(
    line: ScoredLine,
    cases: Mapping[str, CaseTime],
    usual: Mapping[tuple[str, str], Habit],
    policy: Policy,
    as_of: datetime,
) -> Judged:
    used = hundredths_of_days(line.used1)
    e1 = efficiency(line.reference_days, used, line.returns, policy)
    case = cases[line.case] if line.case is not None and line.used2 is not None else None
    habit, beside = None, ONE
    if case is not None and case.is_usual and case.e2 is not None:
        known = usual.get((case.department, case.item))
        habit = known.value if known is not None else None
        beside = ONE if habit is None else relative(case.e2, habit, policy)
    return Judged(
        line=line,
        used1=used,
        e1=e1,
        case=case,
        habit=habit,
        e2_relative=beside,
        j=joint(e1, beside),
        weight=weight(line.ended, policy, as_of=as_of),
    )
