"""The score file (PROTOCOL §6) of a firm and of a department: a dict to be written as canonical JSON.

Beside PROTOCOL's members it has those from which its values follow: promised and standard days, E₂ with what makes it, the
habit, the spread, when a line ended, the trend, and the score over all services; of the standing its own moment, for evaluations
become public and deductions begin and end between two scores.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from protocol.canonical import timestamp
from protocol.scores.departments import DepartmentScore
from protocol.scores.exact import HUNDRED, MICROSECONDS_OF_HUNDREDTH, fixed, half_up
from protocol.scores.figures import Figures, Score
from protocol.scores.firms import FirmScore
from protocol.scores.lines import CaseTime, Judged, Piece, weight
from protocol.scores.policy import Policy
from protocol.scores.standing import Centred, Deduction, Evaluated, Standing

VERSION = 1
SERVICE, ITEM = "service", "item"


def firm_file(
    score: FirmScore,
    *,
    policy: Policy,
    as_of: datetime,
    evaluations: Evaluated,
    deductions: Iterable[Deduction],
    standing: Standing,
    standing_at: datetime,
) -> dict[str, Any]:
    """`/firms/<uscc>/score.json`. The score's firm is its USCC; everything is of the same policy.

    as_of is the moment of the scores, standing_at that of evaluations, deductions and standing: the same or later.
    """
    return {
        "v": VERSION,
        "uscc": score.firm,
        "as_of": timestamp(as_of),
        "policy": policy.as_record(),
        "services": [
            {
                SERVICE: service,
                **figures_record(part, what=SERVICE),
                "lines": [line_record(each) for each in score.lines[service]],
            }
            for service, part in score.services.items()
        ],
        "overall": score_record(score.overall),
        "evaluations": evaluations_record(evaluations),
        "deductions": [
            deduction_record(each) for each in sorted(deductions, key=lambda each: (each.start, each.reason, each.code))
        ],
        "standing": {"as_of": timestamp(standing_at), **standing_record(standing)},
    }


def department_file(score: DepartmentScore, *, policy: Policy, as_of: datetime) -> dict[str, Any]:
    """`/departments/<code>/score.json`: by item, with the cases instead of lines."""
    return {
        "v": VERSION,
        "department": score.department,
        "as_of": timestamp(as_of),
        "policy": policy.as_record(),
        "items": [
            {
                ITEM: item,
                **figures_record(part, what=ITEM),
                "mean_of_cases": fixed(habit.item_mean, 4) if habit else None,
                "habit": fixed(habit.value, 4) if habit else None,
                "cases": [
                    case_record(case, weight(case.decided_at, policy, as_of=as_of)) for case in score.cases[item]
                ],
            }
            for item, part in score.items.items()
            for habit in [score.habits.get(item)]
        ],
        "overall": score_record(score.overall),
    }


def score_record(score: Score | None) -> dict[str, Any] | None:
    """A score as it is printed."""
    if score is None:
        return None
    return {
        "weight": fixed(score.weight, 4),
        "score": fixed(score.score, 2),
        "interval": [fixed(end, 2) for end in score.interval],
        "ranked": score.ranked,
    }


def figures_record(part: Figures, *, what: str) -> dict[str, Any]:
    """The figures of a service or item."""
    return {
        "n": part.n,
        f"mean_of_{what}": fixed(part.norm.mean, 4),
        "spread": fixed(part.norm.spread, 4),
        **(score_record(part.score) or {}),
        "first_pass_rate": _maybe(part.first_pass_rate, 2),
        "median_days": _maybe(part.median_days, 2),
        "p90_days": _maybe(part.p90_days, 2),
        "overdue": fixed(part.overdue, 2),
        "trend": [{"month": each.month, "n": each.n, "mean": fixed(each.mean, 4)} for each in part.trend],
    }


def line_record(judged: Judged) -> dict[str, Any]:
    """A line with everything from which its J and weight follow."""
    line, case = judged.line, judged.case
    return {
        "line": line.line,
        "project": line.project,
        "item": line.item,
        "department": line.department,
        "district": line.district,
        "running": line.running,
        "ended": _moment(line.ended),
        "promised_days": _days(line.promised_days),
        "standard_days": _days(line.standard_days),
        "reference_days": _days(line.reference_days),
        "segments": [piece_record(piece) for piece in line.segments],
        "used1": fixed(judged.used1, 2),
        "returns": line.returns,
        "e1": fixed(judged.e1, 4),
        "case": line.case,
        "decided_at": _moment(line.decided_at),
        "same_day": line.same_day,
        "committed_days": _days(case.committed_days if case else None),
        "used2": _maybe(case.used if case else None, 2),
        "late_corrections": line.late_corrections,
        "e2": _maybe(case.e2 if case else None, 4),
        "habit": _maybe(judged.habit, 4),
        "e2_relative": fixed(judged.e2_relative, 4),
        "j": fixed(judged.j, 4),
        "weight": fixed(judged.weight, 4),
    }


def piece_record(piece: Piece) -> dict[str, Any]:
    """A segment."""
    return {
        "name": piece.name,
        "from": timestamp(piece.start),
        "to": timestamp(piece.end),
        "party": piece.party,
        "days": fixed(half_up(piece.used, MICROSECONDS_OF_HUNDREDTH), 2),
    }


def case_record(case: CaseTime, weight: int) -> dict[str, Any]:
    """A case of a department, with its weight in ten-thousandths."""
    return {
        "case": case.case,
        "decided_at": _moment(case.decided_at),
        "same_day": case.same_day,
        "committed_days": _days(case.committed_days),
        "statutory_days": _days(case.statutory_days),
        "used2": fixed(case.used, 2),
        "late_corrections": case.late_corrections,
        "e2": _maybe(case.e2, 4),
        "weight": fixed(weight, 4),
    }


def evaluations_record(evaluated: Evaluated) -> dict[str, Any]:
    """Marks by line and role. Who gave them is not printed: the line tells what is public of it; a person's is null."""
    return {
        "everybody": fixed(evaluated.everybody, 2),
        "marks": [mark_record(each) for each in evaluated.centred],
        "roles": {role: fixed(value, 2) for role, value in evaluated.roles.items()},
        "score": fixed(evaluated.value, 2),
    }


def mark_record(each: Centred) -> dict[str, Any]:
    """One evaluation."""
    return {
        "line": each.evaluation.line or None,
        "role": each.evaluation.role,
        "dimensions": dict(each.evaluation.dimensions),
        "mark": fixed(each.evaluation.mark, 2),
        "rater_mean": fixed(each.rater_mean, 2),
        "adjusted": fixed(each.adjusted, 2),
    }


def deduction_record(each: Deduction) -> dict[str, Any]:
    """One deduction, in force or not."""
    return {
        "reason": each.reason,
        "points": fixed(each.points, 2),
        "from": each.start.isoformat(),
        "until": each.until.isoformat(),
        "code": each.code,
        "to_d": each.to_d,
    }


def standing_record(standing: Standing) -> dict[str, Any]:
    """The standing with its parts."""
    return {
        "joint": fixed(standing.joint, 2),
        "evaluations": fixed(standing.evaluations, 2),
        "conduct": fixed(standing.conduct, 2),
        "deducted": fixed(standing.deducted, 2),
        "score": fixed(standing.value, 2),
        "grade": standing.grade,
        "by_decision": standing.by_decision,
    }


def _days(days: int | None) -> str | None:
    return None if days is None else fixed(days * HUNDRED, 2)


def _maybe(value: int | None, places: int) -> str | None:
    return None if value is None else fixed(value, places)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
