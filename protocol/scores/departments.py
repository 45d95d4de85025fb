"""Scores of departments by item and over all items, in the same way as firms; and what a department differs by between firms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from protocol.scores.exact import HUNDRED, half_up, square_root
from protocol.scores.figures import (
    Figures,
    Measured,
    Norm,
    Score,
    around_mean,
    figures,
    norm,
    overall,
    share,
    spread_of,
)
from protocol.scores.lines import CaseTime, Habit, Judged, ScoredLine, cases_of, habits, weight
from protocol.scores.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentScore:
    """One department. A habit is missing where no case of the item was usual."""

    department: str
    items: Mapping[str, Figures]
    cases: Mapping[str, tuple[CaseTime, ...]]
    habits: Mapping[str, Habit]
    overall: Score | None


def is_overdue(case: CaseTime) -> bool:
    """Past the statutory limit; past the committed days, where no statutory limit is known."""
    limit = case.statutory_days or case.committed_days
    return limit is not None and case.used > limit * HUNDRED


def as_measured(case: CaseTime, policy: Policy, *, as_of: datetime) -> Measured:
    """A case that counts as something to be averaged; first pass: nothing was asked for that could have been before."""
    return Measured(
        value=case.e2 or 0,
        weight=weight(case.decided_at, policy, as_of=as_of),
        days=case.used,
        first_pass=case.late_corrections == 0,
        overdue=is_overdue(case),
        ended=case.decided_at,
    )


def departments(lines: Iterable[ScoredLine], policy: Policy, *, as_of: datetime) -> dict[str, DepartmentScore]:
    """The scores of all departments, each case once, in the order of their codes. Give all lines of the city."""
    cases = cases_of(lines, policy)
    usual = habits(cases.values(), policy)
    by_item: dict[str, dict[str, list[CaseTime]]] = defaultdict(lambda: defaultdict(list))
    for _code, case in sorted(cases.items()):
        if case.counts:
            by_item[case.item][case.department].append(case)
    found: dict[str, dict[str, tuple[list[CaseTime], Norm]]] = defaultdict(dict)
    for item, of_item in sorted(by_item.items()):
        usual_of_item = norm(
            ([as_measured(case, policy, as_of=as_of) for case in own] for own in of_item.values()), policy
        )
        for department, own in of_item.items():
            found[department][item] = own, usual_of_item
    return {name: department_score(name, items, usual, policy, as_of=as_of) for name, items in sorted(found.items())}


def department_score(
    name: str,
    items: Mapping[str, tuple[Sequence[CaseTime], Norm]],
    usual: Mapping[tuple[str, str], Habit],
    policy: Policy,
    *,
    as_of: datetime,
) -> DepartmentScore:
    """One department from the cases that count, by item, each beside the item's norm in the city."""
    parts = {
        item: figures([as_measured(case, policy, as_of=as_of) for case in own], of_item, policy)
        for item, (own, of_item) in items.items()
    }
    return DepartmentScore(
        department=name,
        items=parts,
        cases={item: tuple(own) for item, (own, _norm) in items.items()},
        habits={item: usual[name, item] for item in items if (name, item) in usual},
        overall=overall((part.score for part in parts.values()), policy),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a department's cases of one item went with one firm and with all others (线索, never a verdict).

    means in ten-thousandths, rates in hundredths. half, rate_half: of the 90 % intervals of the differences of means and of
    rates, in the same units; that of rates as if one more had passed and one more had not, so that few cases are never certain.
    """

    department: str
    item: str
    firm: str
    n: int
    mean: int
    first_pass_rate: int
    others_n: int
    others_mean: int
    others_first_pass_rate: int
    half: int
    rate_half: int


def differences(judged: Iterable[Judged], policy: Policy) -> list[Difference]:
    """For each department, item and firm with usual cases, beside the cases of the others; a case of two firms is of both."""
    found: dict[tuple[str, str], dict[str, dict[str, tuple[int, bool]]]] = defaultdict(lambda: defaultdict(dict))
    for each in judged:
        case = each.case
        if case is not None and case.is_usual and case.e2 is not None:
            own = found[case.department, case.item][each.line.firm]
            clean = each.line.deliverable_corrections == 0 and own.get(case.case, (0, True))[1]
            own[case.case] = case.e2, clean
    return [
        difference
        for (department, item), firms in sorted(found.items())
        for difference in _differences(department, item, firms, policy)
    ]


def _differences(
    department: str, item: str, firms: Mapping[str, Mapping[str, tuple[int, bool]]], policy: Policy
) -> Iterable[Difference]:
    """By the sums of each firm, taken from those of all."""
    tallies = {firm: _tally([*cases.values()]) for firm, cases in sorted(firms.items())}
    n, total, squares, clean = (sum(column) for column in zip(*tallies.values(), strict=True))
    for firm, (own_n, own_total, own_squares, own_clean) in tallies.items():
        others = n - own_n
        if not others:
            continue
        inside = around_mean(own_n, own_total, own_squares)
        outside = around_mean(others, total - own_total, squares - own_squares)
        spread = spread_of(inside + outside, n - 2, policy)
        yield Difference(
            department=department,
            item=item,
            firm=firm,
            n=own_n,
            mean=half_up(own_total, own_n),
            first_pass_rate=share(own_clean, own_n) or 0,
            others_n=others,
            others_mean=half_up(total - own_total, others),
            others_first_pass_rate=share(clean - own_clean, others) or 0,
            half=square_root((policy.interval_factor * spread) ** 2 * n, 1_000_000 * own_n * others),
            rate_half=square_root(
                (policy.interval_factor * HUNDRED) ** 2 * (clean + 1) * (n - clean + 1) * n,
                1_000_000 * (n + 2) ** 2 * own_n * others,
            ),
        )


def _tally(cases: Sequence[tuple[int, bool]]) -> tuple[int, int, int, int]:
    values = [e2 for e2, _clean in cases]
    return len(values), sum(values), sum(value * value for value in values), sum(clean for _e2, clean in cases)
