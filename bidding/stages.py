"""The rail of a round's stages: what was, what is, what comes, and who has the ball."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bidding.models import Objection, Round, Stop
from protocol.methods import METHODS

Status = Round.Status
Text = str | Promise
Held = Objection | Stop | None
"""What holds a round back."""

ORDER = (
    Status.ANNOUNCED,
    Status.CLOSED,
    Status.OPENED,
    Status.EVALUATED,
    Status.CANDIDATE,
    Status.AWARDED,
    Status.CONTRACTED,
)
NAMES: dict[Status, Text] = {
    Status.ANNOUNCED: _("公告，接受报名"),
    Status.CLOSED: _("截止"),
    Status.OPENED: _("开启"),
    Status.EVALUATED: _("评定"),
    Status.CANDIDATE: _("中选公示"),
    Status.AWARDED: _("发出中选通知书"),
    Status.CONTRACTED: _("签订合同"),
}
BALL: dict[Status, Text] = {
    Status.DRAFT: _("业主"),
    Status.SUBMITTED: _("中介管理服务中心"),
    Status.RETURNED: _("业主"),
    Status.ANNOUNCED: _("各中介机构：可以报名"),
    Status.CLOSED: _("平台：开启全部密封件"),
    Status.OPENED: _("平台：按公告的方式评定"),
    Status.EVALUATED: _("平台：公示中选候选机构"),
    Status.CANDIDATE: _("所有人：公示期内可以查看和提出异议"),
    Status.AWARDED: _("业主和中选机构：签订合同"),
    Status.CONTRACTED: _("中选机构：按合同提供服务"),
    Status.FAILED: _("业主：可以再次公告"),
    Status.CANCELLED: _("没有下一步"),
    Status.VOID: _("没有下一步"),
}

CUSTODIAN_RELEASES: Text = _("见证方：交出密钥")
BIDDERS_OFFER: Text = _("参加的机构：在竞价室出价")
EXPERTS_MARK: Text = _("评审专家：打分")
OWNER_CHOOSES: Text = _("业主：从候选名单里选定")
HELD_BY_SERVICE_CENTRE: Text = _("中介管理服务中心：答复异议")
HELD_BY_REGULATOR: Text = _("监管部门：处理投诉")
STOPPED: Text = _("监管部门：处理回避事项，比选暂停")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage on the rail. `state` is past, now, next or never; `planned` says that `at` is a date to come."""

    code: str
    name: Text
    state: str
    at: datetime | None
    planned: bool = False


def ball(round_: Round, *, now: datetime, held: Held = None) -> Text:
    """Who has to do something next; with a pending objection or a stop, whoever must settle it."""
    if isinstance(held, Stop):
        return STOPPED
    if held is not None and (round_.status == Status.CANDIDATE or held.status == Objection.Status.STOPPED):
        answers = held.status == Objection.Status.FILED and not held.is_about_recusal
        return HELD_BY_SERVICE_CENTRE if answers else HELD_BY_REGULATOR
    if round_.status == Status.CLOSED and not round_.custodian_private:
        return CUSTODIAN_RELEASES
    if round_.status == Status.OPENED and round_.choice_due_at is not None:
        return OWNER_CHOOSES
    if round_.status == Status.OPENED and round_.method == "auction":
        return BIDDERS_OFFER
    if round_.status == Status.OPENED and METHODS[round_.method].marked:
        return EXPERTS_MARK
    return BALL[round_.status_at(now)]


def rail(round_: Round, *, now: datetime, held: Held = None) -> list[Stage]:
    """The stages of a public round, in order; one that ended early shows its end in place of what will not come.

    While an objection or a stop holds the round back nothing to come has a date.
    """
    stages = _stages(round_, now=now)
    return [replace(each, at=None) if each.planned else each for each in stages] if held is not None else stages


def _stages(round_: Round, *, now: datetime) -> list[Stage]:
    status = round_.status_at(now)
    if status in (Status.FAILED, Status.CANCELLED, Status.VOID):
        return [*_until_the_end(round_), _end(round_)]
    present = ORDER.index(status)
    return [_stage(round_, each, index - present) for index, each in enumerate(ORDER)]


def _stage(round_: Round, status: Status, distance: int) -> Stage:
    at, planned = _moment(round_, status)
    state = "now" if distance == 0 else "past" if distance < 0 else "next"
    return Stage(code=status.value, name=NAMES[status], state=state, at=at, planned=planned)


def _until_the_end(round_: Round) -> Iterator[Stage]:
    for status in ORDER:
        at, planned = _moment(round_, status)
        if at is not None and not planned:
            yield Stage(code=status.value, name=NAMES[status], state="past", at=at)


def _end(round_: Round) -> Stage:
    return Stage(code=str(round_.status), name=Status(round_.status).label, state="never", at=round_.ended_at)


def _moment(round_: Round, status: Status) -> tuple[datetime | None, bool]:
    """When a stage was reached, or is due to be; the second says which."""
    reached: dict[Status, datetime | None] = {
        Status.ANNOUNCED: round_.announced_at,
        Status.CLOSED: round_.closed_at,
        Status.OPENED: round_.opened_at,
        Status.EVALUATED: round_.evaluated_at,
        Status.CANDIDATE: round_.candidate_at,
        Status.AWARDED: round_.awarded_at,
        Status.CONTRACTED: round_.contracted_at,
    }
    due = {Status.CLOSED: round_.closes_at, Status.AWARDED: round_.candidate_until}
    at = reached[status]
    if at is not None:
        return at, False
    return due.get(status), True
