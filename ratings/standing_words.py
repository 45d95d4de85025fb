"""A standing in words: its three parts, what costs it points, and the way back from grade D."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from bidding.domain.reasons import Reason
from core.workdays import LOCAL
from market.models import Firm
from protocol.scores.exact import HUNDRED, fixed
from protocol.scores.policy import CONDUCT, EVALUATIONS, GRADES, JOINT, Policy
from protocol.scores.standing import Standing, together
from ratings.domain.standings import LEAST, Stands
from ratings.models import Deduction

TO_D, BY_STANDING, BY_DECISION = GRADES[-1], "grade_d", "grade_d_decided"


def told(standing: Standing, policy: Policy) -> dict[str, Any]:
    """A standing as pages show it. `parts`: what each is called, its share, its points of 100 and what it brings."""
    given = {JOINT: standing.joint, EVALUATIONS: standing.evaluations, CONDUCT: standing.conduct}
    names = {JOINT: _("综合效率"), EVALUATIONS: _("评价"), CONDUCT: _("守信")}
    return {
        "standing": standing,
        "score": fixed(standing.value, 2),
        "grade": standing.grade,
        "mark": f"grade_{standing.grade}",
        "parts": [
            {
                "name": names[part],
                "share": policy.standing[part],
                "of": fixed(value, 2),
                "brings": fixed(policy.standing[part] * value, 4),
            }
            for part, value in given.items()
        ],
        "deducted": fixed(standing.deducted, 2) if standing.deducted else "",
        "grades": [(grade, fixed(least, 2)) for grade, least in policy.grades.items()],
    }


def kept_out_by(firm: Firm, found: Stands, *, now: datetime) -> Reason:
    """Why a firm in grade D is kept out, and what leads back."""
    decided = [each for each in found.deductions if each.to_d]
    return Reason(
        code=BY_DECISION if decided else BY_STANDING,
        detail="、".join(each.code for each in decided) if decided else fixed(found.standing.value, 2),
        way_back=way_back(found, now=now),
        url=reverse("ratings:firm_score", args=[firm.uscc]),
    )


def way_back(found: Stands, *, now: datetime) -> tuple[str, ...]:
    """What a firm in grade D can do about each deduction, and in sum what time does; where that is not enough, better work."""
    return (*(_deduction(each, now=now) for each in found.deductions), in_sum(found))


def in_sum(found: Stands) -> str:
    """When a firm in grade D may enter again, in a sentence."""
    if (back := back_at(found)) is not None:
        return _("其他不变的话，%(day)s 起不再是 D 级，可以参加。") % {"day": _day(back)}
    return _("信用分升到 %(least)s 分即可参加：它随办结的事和公开的评价更新，得分页写明怎样提高最多。") % {
        "least": fixed(found.policy.grades[GRADES[-2]], 2)
    }


def back_at(found: Stands) -> datetime | None:
    """When time alone leads out of grade D: when enough of what is deducted is over. None where that is not enough."""
    policy, own = found.policy, found.standing
    whole = together(own.joint, own.evaluations, own.conduct, policy)
    ends = sorted(((each.until, each) for each in found.deductions if each.until is not None), key=lambda pair: pair[0])
    for number, (until, _over) in enumerate(ends, start=1):
        left = [each for _until, each in ends[number:]]
        points = sum(each.points for each in left) * HUNDRED
        if policy.grade(max(0, whole - points)) != TO_D and not any(each.to_d for each in left):
            return until
    return None


def _deduction(found: Deduction, *, now: datetime) -> str:
    told = {"kind": found.get_kind_display(), "n": found.points, "until": _last_day(found.until), "code": found.code}
    head = _("%(kind)s（%(code)s，扣 %(n)s 分，%(until)s 到期）") % told
    if found.status == Deduction.Status.APPEALED:
        step = _("申诉处理中")
    elif found.status == Deduction.Status.REPAIR_ASKED:
        step = _("信用修复审查中")
    else:
        steps = []
        if found.may_be_appealed_at(now):
            steps.append(_("可以申诉到 %(day)s") % {"day": _last_day(found.appeal_until)})
        if found.may_be_repaired_at(now):
            steps.append(_("现在可以申请信用修复"))
        elif found.repair_from is not None and found.until is not None and found.repair_from < found.until:
            steps.append(_("%(day)s 起可以申请信用修复") % {"day": _day(found.repair_from)})
        step = _("，").join(steps)
    return _("%(head)s：%(step)s。") % {"head": head, "step": step} if step else _("%(head)s。") % {"head": head}


def _last_day(until: datetime | None) -> str:
    """The last day of a term, which ends with it (24:00)."""
    return _day(until - LEAST if until is not None else None)


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(LOCAL):%Y-%m-%d}" if moment is not None else "–"
