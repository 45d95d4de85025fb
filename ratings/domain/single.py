"""The scores of one firm or one department at once, beside what is usual in the city as it was last computed as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from protocol.scores.departments import DepartmentScore, department_score
from protocol.scores.exact import ONE, half_up
from protocol.scores.figures import Norm
from protocol.scores.firms import FirmScore, firms
from protocol.scores.lines import CaseTime, Habit, Judged, ScoredLine, cases_of, habits, judge, shrunk
from protocol.scores.policy import Policy
from ratings.models import DepartmentHabit, ScoreNorm

Habits = Mapping[tuple[str, str], Habit]


def judged_of(lines: Collection[ScoredLine], policy: Policy, *, as_of: datetime) -> list[Judged]:
    """Some lines judged beside the habits that are kept; where none is kept yet, beside what these lines show."""
    return judge(lines, policy, as_of=as_of, known=known_habits(lines, policy))


def known_habits(lines: Collection[ScoredLine], policy: Policy) -> dict[tuple[str, str], Habit]:
    """What is usual for the cases of some lines: as kept, else as they themselves show."""
    cases = cases_of(lines, policy)
    return {**habits(cases.values(), policy), **kept_habits(cases.values())}


def kept_habits(cases: Iterable[CaseTime]) -> dict[tuple[str, str], Habit]:
    """The habits that are kept of the departments and items of some cases."""
    wanted = list(cases)
    rows = DepartmentHabit.objects.filter(
        department__code__in={case.department for case in wanted}, item__code__in={case.item for case in wanted}
    ).values_list("department__code", "item__code", "n", "item_mean", "value")
    return {(where, item): Habit(n=n, item_mean=mean, value=value) for where, item, n, mean, value in rows}


def norms_of_services(codes: Collection[str], policy: Policy) -> dict[str, Norm]:
    """What is usual in some services; where nothing is known yet, as promised and as smooth as usual."""
    return _norms("service__code", codes, policy)


def norms_of_items(codes: Collection[str], policy: Policy) -> dict[str, Norm]:
    """What is usual in some items."""
    return _norms("item__code", codes, policy)


def _norms(column: str, codes: Collection[str], policy: Policy) -> dict[str, Norm]:
    unknown = Norm(mean=ONE, spread=policy.spread_unknown)
    rows = ScoreNorm.objects.filter(**{f"{column}__in": codes}).values_list(column, "mean", "spread")
    return dict.fromkeys(codes, unknown) | {code: Norm(mean=mean, spread=spread) for code, mean, spread in rows}


def score_of_firm(uscc: str, judged: Sequence[Judged], usual: Mapping[str, Norm], policy: Policy) -> FirmScore:
    """A firm's scores from its lines, also from none."""
    nothing = FirmScore(firm=uscc, services={}, lines={}, overall=None)
    return firms(judged, usual, policy).get(uscc, nothing)


def score_of_department(
    name: str, lines: Collection[ScoredLine], policy: Policy, *, as_of: datetime
) -> DepartmentScore:
    """A department's scores from the lines of its cases; its habits from all of them and the items' means that are kept."""
    cases = cases_of(lines, policy)
    counting: defaultdict[str, list[CaseTime]] = defaultdict(list)
    for _code, case in sorted(cases.items()):
        if case.counts:
            counting[case.item].append(case)
    usual = norms_of_items(counting.keys(), policy)
    own = own_habits(cases.values(), kept_habits(cases.values()), policy)
    return department_score(
        name, {item: (rows, usual[item]) for item, rows in sorted(counting.items())}, own, policy, as_of=as_of
    )


def own_habits(cases: Collection[CaseTime], kept: Habits, policy: Policy) -> dict[tuple[str, str], Habit]:
    """The habits of departments from all of their cases, shrunk to the items' means that are kept."""
    values: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for case in cases:
        if case.is_usual and case.e2 is not None:
            values[case.department, case.item].append(case.e2)
    found = {}
    for key, own in values.items():
        mean = kept[key].item_mean if key in kept else half_up(sum(own), len(own))
        found[key] = Habit(n=len(own), item_mean=mean, value=shrunk(sum(own), len(own), mean, policy))
    return found
