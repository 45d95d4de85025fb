"""How scores are told: numbers as people read them, the place of the dot, and the arithmetic of a line in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from protocol.scores.exact import HUNDRED, fixed
from protocol.scores.lines import CaseTime, Judged
from protocol.scores.policy import Policy
from ratings.models.scores import Scored


def percent(share: int | None) -> str:
    """A share in hundredths; a dash for none."""
    return "–" if share is None else f"{share}%"


def days(hundredths: int | None) -> str:
    """Days in hundredths; a dash for none."""
    return "–" if hundredths is None else fixed(hundredths, 2)


def told(row: Scored) -> dict[str, Any]:
    """A kept score as `components/score_dot.html` and the tables take it; places in per cent of the line from 0 to 100."""
    return {
        "row": row,
        "score": fixed(row.score, 2),
        "low": fixed(row.low, 2),
        "high": fixed(row.high, 2),
        "width": fixed(row.high - row.low, 2),
        "par": row.policy.par,
        "efficiency": fixed(row.efficiency, 4),
        "first_pass": percent(row.first_pass),
        "median": days(row.median),
        "p90": days(row.p90),
        "overdue": percent(row.overdue),
    }


def line_words(judged: Judged, policy: Policy) -> list[str]:
    """How the J of a line came about, a sentence a step."""
    return [_own_time(judged, policy), _beside(judged, policy), _together(judged)]


def _own_time(judged: Judged, policy: Policy) -> str:
    line, used = judged.line, fixed(judged.used1, 2)
    reference = line.reference_days
    given = (
        _("承诺 %(promised)s 个工作日，指导时限 %(standard)s 个，按 %(reference)s 个计")
        if reference != line.promised_days
        else _("承诺 %(promised)s 个工作日")
    ) % {"promised": line.promised_days, "standard": line.standard_days, "reference": reference}
    capped = reference * HUNDRED * HUNDRED > policy.cap * judged.used1
    ratio = f"{reference} ÷ {used}"
    ratio = f"min({fixed(policy.cap, 2)}, {ratio})" if capped else ratio
    lowered = f" × {fixed(policy.return_factor, 2)}" * line.returns
    so_far = _("至今用了 %(used)s 个") if line.running else _("用了 %(used)s 个")
    returns = _("退回和因成果补正 %(n)s 次") % {"n": line.returns}
    return _("自身效率：%(given)s，%(used)s，%(returns)s。E₁ = %(ratio)s%(lowered)s = %(e1)s。") % {
        "given": given, "used": so_far % {"used": used}, "returns": returns, "ratio": ratio, "lowered": lowered,
        "e1": fixed(judged.e1, 4),
    }  # fmt: skip


def _beside(judged: Judged, policy: Policy) -> str:
    case = judged.case
    if case is None:
        return _("审批：没有公开的审批办件，E₂* = 1。")
    if judged.habit is None or case.e2 is None:
        return _("审批：尚未决定、没有承诺时限或当日办结，E₂* = 1。")
    ratio = f"{fixed(case.e2, 4)} ÷ {fixed(judged.habit, 4)}"
    capped = judged.e2_relative == policy.cap_ratio
    return _("审批：%(case)s该部门办这一事项通常为 %(habit)s，E₂* = %(ratio)s = %(relative)s。") % {
        "case": case_words(case), "habit": fixed(judged.habit, 4), "relative": fixed(judged.e2_relative, 4),
        "ratio": f"min({fixed(policy.cap, 2)}, {ratio})" if capped else ratio,
    }  # fmt: skip


def case_words(case: CaseTime) -> str:
    """What a department needed for a case, and its E₂."""
    if case.e2 is None:
        return _("没有承诺时限，用了 %(used)s 个工作日。") % {"used": fixed(case.used, 2)}
    return _("部门承诺 %(given)s 个工作日，用了 %(used)s 个，未一次性告知的补正 %(late)s 次，E₂ = %(e2)s；") % {
        "given": case.committed_days, "used": fixed(case.used, 2), "late": case.late_corrections,
        "e2": fixed(case.e2, 4),
    }  # fmt: skip


def _together(judged: Judged) -> str:
    return _("合计：J = ∛(E₁ × E₁ × E₂*) = %(j)s，权重 %(weight)s。") % {
        "j": fixed(judged.j, 4), "weight": fixed(judged.weight, 4),
    }  # fmt: skip
