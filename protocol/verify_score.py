"""A score file (PROTOCOL §6) computed again from its printed values alone.

What comes from other firms' lines is taken as printed: the mean and spread of a service, a department's habit, everybody's mean
mark, a rater's mean. A department's own file has the cases that make its habit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from protocol.check import Check
from protocol.score_file import BadScore, Told, at_least_a_hundredth, read_score, text_of
from protocol.scores import file
from protocol.scores.exact import CHINA, HUNDRED, ONE, fixed, read_fixed
from protocol.scores.figures import Figures, Measured, Norm, figures, overall
from protocol.scores.lines import efficiency, joint, relative, shrunk, weight
from protocol.scores.policy import GRADES, Policy, whole
from protocol.scores.standing import Deduction, Evaluation, Standing, by_role, centred, together, weighed

OWN = frozenset({"service", "revision", "correction"})
"""The segments that are the firm's time, where they are charged to it."""
TAKEN = "mean_of_service, mean_of_item, mean_of_cases, spread, habit (of a firm), everybody, rater_mean"
DAY = timedelta(days=1)


def is_score(content: bytes) -> bool:
    """Whether it is a score file, well-formed or not, and not the record of a round."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and "round" not in told and ("services" in told or "items" in told)


def verify(content: bytes) -> list[Check]:
    """Every check that the file allows. Raises BadScore for the first departure from its form."""
    top = read_score(content)
    if (version := top.whole("v")) != file.VERSION:
        raise BadScore("v", f"version {version} is not known here")
    as_of, policy = top.moment("as_of"), top.read("policy", Policy.from_record)
    day = as_of.astimezone(CHINA).date()
    in_force = policy.valid_from <= day and (policy.valid_until is None or day <= policy.valid_until)
    checks = [Check(what="the policy is in force", holds=in_force, detail=policy.version)]
    if "items" in top.members:
        top.text("department")
        return [*checks, *_department(top, policy, as_of)]
    top.text("uscc")
    return [*checks, *_firm(top, policy, as_of)]


def name_of(content: bytes) -> str:
    """Whose scores they are, for the last line."""
    told = json.loads(content)
    return f"{told.get('uscc') or told.get('department')} as of {told.get('as_of')}"


# A firm


def _firm(top: Told, policy: Policy, as_of: datetime) -> Iterator[Check]:
    parts: dict[str, Figures] = {}
    lines: list[str] = []
    for service in top.parts("services"):
        name, measured = service.text("service"), []
        for line in service.parts("lines"):
            code = line.text("line")
            lines.append(code)
            yield from _line(line, f"{name} {code}", policy, as_of)
            measured.append(_of_line(line))
        part = figures(measured, _norm(service, "mean_of_service"), policy)
        yield Check(what=f"{name} is told once, of lines that are there", holds=name not in parts and bool(measured))
        yield from service.same(name, file.figures_record(part, what=file.SERVICE))
        parts[name] = part
    yield Check(what="every line is told once", holds=len(set(lines)) == len(lines))
    whole_score = overall((part.score for part in parts.values()), policy)
    yield from top.same("over all services:", {"overall": file.score_record(whole_score)})
    own = policy.par * HUNDRED if whole_score is None else whole_score.score
    yield from _standing(top, policy, as_of, own)


def _norm(part: Told, mean: str) -> Norm:
    return Norm(mean=part.number(mean, 4), spread=part.number("spread", 4))


def _of_line(line: Told) -> Measured:
    promised = line.days("promised_days")
    used = at_least_a_hundredth(line, "used1")
    return Measured(
        value=line.number("j", 4),
        weight=line.number("weight", 4),
        days=used,
        first_pass=line.whole("returns") == 0,
        overdue=promised is not None and used > promised * HUNDRED,
        ended=line.maybe_moment("ended"),
    )


def _line(line: Told, what: str, policy: Policy, as_of: datetime) -> Iterator[Check]:
    promised, standard = line.days("promised_days"), line.days("standard_days")
    if promised is None:
        raise BadScore(f"{line.where}.promised_days", "missing")
    used, ended = at_least_a_hundredth(line, "used1"), line.maybe_moment("ended")
    reference = min(promised, standard or promised)
    e2, beside = _department_part(line, policy)
    computed = {
        "reference_days": fixed(reference * HUNDRED, 2),
        "e1": fixed(efficiency(reference, used, line.whole("returns"), policy), 4),
        "e2": None if e2 is None else fixed(e2, 4),
        "e2_relative": fixed(beside, 4),
        "j": fixed(joint(line.number("e1", 4), line.number("e2_relative", 4)), 4),
        "weight": fixed(weight(ended, policy, as_of=as_of), 4),
    }
    yield from _ends(line, what, as_of, over=used > promised * HUNDRED)
    yield from _segments(line, what, used, ended or as_of)
    yield from line.same(what, computed)


def _department_part(line: Told, policy: Policy) -> tuple[int | None, int]:
    """E₂, and E₂* beside the printed habit."""
    committed, used = line.days("committed_days"), line.maybe("used2", lambda value: read_fixed(value, 2))
    late, same_day, decided = line.whole("late_corrections"), line.flag("same_day"), line.maybe_moment("decided_at")
    if used == 0:
        raise BadScore(f"{line.where}.used2", "less than 0.01")
    e2 = None if committed is None or used is None else efficiency(committed, used, late, policy)
    if e2 is None or decided is None or same_day:
        line.read("habit", _nothing)
        return e2, ONE
    habit = line.number("habit", 4)
    if not habit:
        raise BadScore(f"{line.where}.habit", "less than 0.0001")
    return e2, relative(line.number("e2", 4), habit, policy)


def _nothing(value: Any) -> None:
    if value is not None:
        raise ValueError("there is none where E₂* is 1 of itself")


def _ends(line: Told, what: str, as_of: datetime, *, over: bool) -> Iterator[Check]:
    """A line that is over has an end, its decision where it has a case; one that runs is told only past its promise."""
    running, ended = line.flag("running"), line.maybe_moment("ended")
    case, decided = line.maybe("case", text_of), line.maybe_moment("decided_at")
    is_end = ended is not None and ended <= as_of and (case is None or ended == decided)
    decision = decided is None or (case is not None and decided <= as_of)
    yield Check(what=f"{what} counts", holds=decision and ((ended is None and over) if running else is_end))


def _segments(line: Told, what: str, used: int, until: datetime) -> Iterator[Check]:
    """In order, none longer than its dates allow, and the firm's sum to what it used (each was rounded for itself)."""
    before, in_order, own = None, True, []
    for piece in line.parts("segments"):
        start, end, days = piece.moment("from"), piece.moment("to"), piece.number("days", 2)
        longest = -(-(end.astimezone(CHINA) - start.astimezone(CHINA)) * HUNDRED // DAY) + 1
        in_order = in_order and start <= end <= until and (before is None or before <= start) and days <= longest
        before = end
        if piece.text("party") == "firm" and piece.text("name") in OWN:
            own.append(days)
    yield Check(what=f"{what} segments follow one another", holds=in_order)
    holds = abs(2 * (sum(own) - used)) <= len(own) + 1 and (bool(own) or used == 1)
    yield Check(what=f"{what} used1 is the firm's segments", holds=holds, detail=fixed(sum(own), 2))


# A firm's standing


def _standing(top: Told, policy: Policy, as_of: datetime, own: int) -> Iterator[Check]:
    told = top.part("evaluations")
    everybody, marks, of_lines = told.number("everybody", 2), [], []
    for place, each in enumerate(told.parts("marks")):
        role = each.text("role")
        if role not in policy.raters:
            raise BadScore(f"{each.where}.role", "no rater of the policy")
        given = each.read("dimensions", partial(_evaluation, role=role))
        adjusted = centred(each.number("mark", 2), each.number("rater_mean", 2), everybody)
        computed = {"mark": fixed(given.mark, 2), "adjusted": fixed(adjusted, 2)}
        yield from each.same(f"evaluation {place + 1} {role}", computed)
        marks.append((role, each.number("adjusted", 2)))
        of_lines += [(line, role) for line in [each.maybe("line", text_of)] if line is not None]
    yield Check(what="nobody evaluates a line twice", holds=len(set(of_lines)) == len(of_lines))
    roles = by_role(marks)
    value = weighed(roles, everybody, policy)
    printed = {"roles": {role: fixed(mean, 2) for role, mean in roles.items()}, "score": fixed(value, 2)}
    yield from told.same("evaluations", printed)
    standing = top.part("standing")
    moment = standing.moment("as_of")
    yield Check(what="the standing is of the scores' moment or later", holds=as_of <= moment)
    deductions = [_deduction(each) for each in top.parts("deductions")]
    codes = [each.code for each in deductions]
    yield Check(what="every deduction is told once", holds=len(set(codes)) == len(codes))
    yield from _grade(standing, policy, own, value, [each for each in deductions if each.in_force(moment)])


def _evaluation(dimensions: Any, *, role: str) -> Evaluation:
    given = {name: whole(mark) for name, mark in dimensions.items()}
    return Evaluation(line="", firm="", role=role, rater="", dimensions=given)


def _deduction(told: Told) -> Deduction:
    return Deduction(
        reason=told.text("reason"),
        points=told.number("points", 2),
        start=told.read("from", date.fromisoformat),
        until=told.read("until", date.fromisoformat),
        code=told.text("code"),
        to_d=told.flag("to_d"),
    )


def _grade(told: Told, policy: Policy, own: int, evaluations: int, deductions: Sequence[Deduction]) -> Iterator[Check]:
    conduct = told.number("conduct", 2)
    deducted, by_decision = sum(each.points for each in deductions), any(each.to_d for each in deductions)
    if conduct > HUNDRED * HUNDRED:
        raise BadScore(f"{told.where}.conduct", "more than 100")
    value = max(0, together(own, evaluations, conduct, policy) - deducted)
    grade = GRADES[-1] if by_decision else policy.grade(value)
    computed = Standing(
        joint=own, evaluations=evaluations, conduct=conduct, deducted=deducted, value=value, grade=grade,
        by_decision=by_decision,
    )  # fmt: skip
    yield from told.same("standing", file.standing_record(computed))


# A department


@dataclass(frozen=True, kw_only=True)
class _Case:
    measured: Measured
    usual: int | None


def _department(top: Told, policy: Policy, as_of: datetime) -> Iterator[Check]:
    parts: dict[str, Figures] = {}
    codes: list[str] = []
    for item in top.parts("items"):
        name, cases = item.text("item"), []
        for case in item.parts("cases"):
            code = case.text("case")
            codes.append(code)
            yield from _case(case, f"{name} {code}", policy, as_of)
            cases.append(_of_case(case))
        part = figures([case.measured for case in cases], _norm(item, "mean_of_item"), policy)
        yield Check(what=f"{name} is told once, of cases that are there", holds=name not in parts and bool(cases))
        yield from item.same(name, file.figures_record(part, what=file.ITEM))
        yield from _habit(item, name, [case.usual for case in cases if case.usual is not None], policy)
        parts[name] = part
    yield Check(what="every case is told once", holds=len(set(codes)) == len(codes))
    yield from top.same(
        "over all items:", {"overall": file.score_record(overall((part.score for part in parts.values()), policy))}
    )


def _case(case: Told, what: str, policy: Policy, as_of: datetime) -> Iterator[Check]:
    committed, used = case.days("committed_days"), at_least_a_hundredth(case, "used2")
    decided = case.maybe_moment("decided_at")
    if committed is None:
        raise BadScore(f"{case.where}.committed_days", "missing")
    computed = {
        "e2": fixed(efficiency(committed, used, case.whole("late_corrections"), policy), 4),
        "weight": fixed(weight(decided, policy, as_of=as_of), 4),
    }
    counts = decided <= as_of if decided is not None else used > committed * HUNDRED
    yield Check(what=f"{what} counts", holds=counts)
    yield from case.same(what, computed)


def _of_case(case: Told) -> _Case:
    used, decided = case.number("used2", 2), case.maybe_moment("decided_at")
    limit = case.days("statutory_days") or case.days("committed_days") or 0
    measured = Measured(
        value=case.number("e2", 4),
        weight=case.number("weight", 4),
        days=used,
        first_pass=case.whole("late_corrections") == 0,
        overdue=used > limit * HUNDRED,
        ended=decided,
    )
    return _Case(measured=measured, usual=measured.value if decided is not None and not case.flag("same_day") else None)


def _habit(item: Told, name: str, usual: Sequence[int], policy: Policy) -> Iterator[Check]:
    if not usual:
        yield from item.same(name, {"habit": None, "mean_of_cases": None})
        return
    value = shrunk(sum(usual), len(usual), item.number("mean_of_cases", 4), policy)
    yield from item.same(name, {"habit": fixed(value, 4)})
