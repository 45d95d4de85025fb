"""Which step of a deduction comes next for a reader, with its form and what takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import WRITERS, Kind, Membership
from ratings.domain import deductions as domain
from ratings.domain.access import OVERSEERS
from ratings.forms import conduct
from ratings.models import Deduction

Text = str | Promise
Status = Deduction.Status


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step as it is offered: who may take it, when, what is written, what the button says and what came of it."""

    name: str
    kinds: tuple[Kind, ...]
    when: Callable[[Deduction, datetime], bool]
    form: type[forms.Form]
    take: Callable[[Deduction, dict[str, Any], Membership], Deduction]
    title: Text
    submit: Text
    done: Text
    confirm: Text = ""

    @property
    def auto_id(self) -> str:
        """Several steps stand on one page: their fields' identifiers do not meet."""
        return f"id_{self.name}_%s"


FINAL = _("提交以后不能更改，确定？")


def _decision(given: dict[str, Any]) -> bool:
    return bool(given["decision"] == "yes")


STEPS = (
    Step(
        name="notice", kinds=OVERSEERS, form=conduct.NoticeForm,
        when=lambda found, now: found.status == Status.PROPOSED,
        take=lambda found, given, by: domain.notice(deduction_id=found.pk, text=given["text"], by=by),
        title=_("告知机构"), submit=_("告知机构，请其陈述申辩"), done=_("已告知机构。"),
    ),
    Step(
        name="drop", kinds=OVERSEERS, form=conduct.DropForm,
        when=lambda found, now: found.status == Status.PROPOSED,
        take=lambda found, given, by: domain.decide(deduction_id=found.pk, deducts=False, text=given["text"], by=by),
        title=_("不予扣分"), submit=_("不予扣分"), done=_("已记录。"), confirm=FINAL,
    ),
    Step(
        name="state", kinds=(Kind.FIRM,), form=conduct.StatementForm,
        when=lambda found, now: found.may_be_stated_at(now),
        take=lambda found, given, by: domain.state(
            deduction_id=found.pk, text=given["text"], files=given["evidence"], by=by
        ),
        title=_("陈述申辩"), submit=_("提交陈述申辩"), done=_("陈述申辩已收到。"),
    ),
    Step(
        name="decide", kinds=OVERSEERS, form=conduct.DecisionForm,
        when=lambda found, now: found.may_be_decided_at(now),
        take=lambda found, given, by: domain.decide(
            deduction_id=found.pk, deducts=_decision(given), text=given["text"], by=by
        ),
        title=_("作出决定"), submit=_("作出决定，告知机构"), done=_("决定已记录，机构可以看到。"), confirm=FINAL,
    ),
    Step(
        name="appeal", kinds=(Kind.FIRM,), form=conduct.AppealForm,
        when=lambda found, now: found.may_be_appealed_at(now),
        take=lambda found, given, by: domain.appeal(
            deduction_id=found.pk, text=given["text"], files=given["evidence"], by=by
        ),
        title=_("不服这个决定"), submit=_("向监管部门申诉"), done=_("申诉已送达监管部门。"),
    ),
    Step(
        name="decide-appeal", kinds=(Kind.REGULATOR,), form=conduct.AppealDecisionForm,
        when=lambda found, now: found.status == Status.APPEALED,
        take=lambda found, given, by: domain.decide_appeal(
            deduction_id=found.pk, upheld=_decision(given), text=given["text"], by=by
        ),
        title=_("处理申诉"), submit=_("作出处理，告知机构"), done=_("处理结果已记录，机构可以看到。"), confirm=FINAL,
    ),
    Step(
        name="repair", kinds=(Kind.FIRM,), form=conduct.RepairForm,
        when=lambda found, now: found.may_be_repaired_at(now),
        take=lambda found, given, by: domain.ask_repair(
            deduction_id=found.pk, text=given["text"], files=given["evidence"], by=by
        ),
        title=_("信用修复"), submit=_("申请信用修复"), done=_("信用修复申请已收到。"),
    ),
    Step(
        name="decide-repair", kinds=OVERSEERS, form=conduct.RepairDecisionForm,
        when=lambda found, now: found.status == Status.REPAIR_ASKED,
        take=lambda found, given, by: domain.decide_repair(
            deduction_id=found.pk, repaired=_decision(given), text=given["text"], by=by
        ),
        title=_("处理信用修复申请"), submit=_("作出决定，告知机构"), done=_("决定已记录，机构可以看到。"), confirm=FINAL,
    ),
)  # fmt: skip


def steps_for(found: Deduction, reader: Membership, *, now: datetime) -> list[Step]:
    """What this reader may do with a deduction now, in the order of the table."""
    if reader.role not in WRITERS:
        return []
    return [each for each in STEPS if reader.organisation.kind in each.kinds and each.when(found, now)]


def step_named(name: str) -> Step | None:
    return next((each for each in STEPS if each.name == name), None)
