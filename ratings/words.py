"""What the parts of a timeline are called, and the picture of a line as its component takes it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.workdays import Workdays
from ratings.layout import Bar, layout, meter
from ratings.measures import Limits, due, promises
from ratings.timeline import Kind, Party, Timeline

PARTIES = {
    Party.PLATFORM: _("平台"),
    Party.FIRM: _("中介机构"),
    Party.OWNER: _("项目业主"),
    Party.DEPARTMENT: _("审批部门"),
    Party.STATUTORY: _("法定程序"),
    Party.LINE: _("其他服务的成果"),
}
# what the time is, and what ends it
KINDS = {
    Kind.SELECTION: (_("比选阶段"), _("发出中选通知书")),
    Kind.CONTRACTING: (_("签约"), _("双方签章")),
    Kind.SERVICE: (_("服务"), _("提交成果")),
    Kind.WAITING_INPUT: (_("等待业主提供资料"), _("提供资料")),
    Kind.WAITING_LINE: (_("等待其他服务的成果"), _("交付所等的成果")),
    Kind.REVIEW: (_("业主验收"), _("验收或退回")),
    Kind.REVISION: (_("修改成果"), _("再次提交成果")),
    Kind.FILING: (_("申报"), _("部门收件")),
    Kind.CHECK: (_("受理审查"), _("受理或告知补正")),
    Kind.CORRECTION: (_("补正"), _("补正后再次提交")),
    Kind.EXAMINATION: (_("审批审查"), _("作出审批决定")),
    Kind.SPECIAL: (_("特别程序"), _("特别程序结束")),
    Kind.SUSPENSION: (_("办理中止"), _("恢复办理")),
    Kind.REFILING: (_("重新申报"), _("部门再次收件")),
}


def days_told(days: Fraction) -> str:
    """Days to a hundredth, as people read them: 3.75, 4."""
    rounded = (Decimal(days.numerator) / days.denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{rounded.normalize():f}"


def picture_of(line: Timeline, limits: Limits, workdays: Workdays, *, name: str) -> dict[str, Any]:
    """What `components/timeline.html` shows. name: an identifier that no other picture of the page has."""
    waiting = due(line, limits, workdays)
    drawn = layout(line, workdays, due=waiting)
    return {
        "name": name,
        "drawn": drawn,
        "rows": [_row(bar) for bar in drawn.bars] if drawn else [],
        "total": days_told(drawn.total) if drawn else "",
        "parties": [
            (party, label) for party, label in PARTIES.items() if any(part.party == party for part in line.segments)
        ],
        "meters": [
            {"meter": one, "party": one.against.party, "label": PARTIES[one.against.party],
             "used": days_told(one.against.used), "over": days_told(one.against.over) if one.against.over else ""}
            for one in map(meter, promises(line, limits, workdays))
        ],
        "running": line.running and _running(line),
        "due": waiting,
        "late": bool(waiting and line.end and waiting.limit <= line.end),
    }  # fmt: skip


def _row(bar: Bar) -> dict[str, Any]:
    kind, _next = KINDS[bar.segment.kind]
    return {
        "bar": bar, "kind": kind, "party": bar.segment.party, "label": PARTIES[bar.segment.party],
        "start": bar.segment.start, "end": bar.segment.end, "days": days_told(bar.days),
    }  # fmt: skip


def _running(line: Timeline) -> dict[str, Any]:
    assert line.running
    kind, ends_with = KINDS[line.running.kind]
    return {"kind": kind, "label": PARTIES[line.running.party], "ends_with": ends_with}
