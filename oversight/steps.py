"""Which step of an inquiry comes next for a reader, with its form and what takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import WRITERS, Kind, Membership
from oversight.domain import decisions
from oversight.domain import inquiries as domain
from oversight.forms import inquiries as forms
from oversight.models import Inquiry

Text = str | Promise
Status = Inquiry.Status
Who = Callable[[Inquiry, Membership], bool]


def regulator(found: Inquiry, by: Membership) -> bool:
    return by.organisation.kind == Kind.REGULATOR


def in_charge(found: Inquiry, by: Membership) -> bool:
    return found.assigned_to_id == by.pk


def another(found: Inquiry, by: Membership) -> bool:
    """A regulator who has not decided it."""
    return regulator(found, by) and found.decided_by_id != by.user_id


def party(found: Inquiry, by: Membership) -> bool:
    return found.party_id == by.organisation_id


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step as it is offered: who may take it, when, what is written, what the button says and what came of it."""

    name: str
    who: Who
    when: Callable[[Inquiry, datetime], bool]
    form: type[forms.StepForm]
    take: Callable[[Inquiry, dict[str, Any], Membership], Any]
    title: Text
    submit: Text
    done: Text
    confirm: Text = ""
    aside: bool = False
    """Whether it stands behind the steps that lead on."""

    @property
    def auto_id(self) -> str:
        """Several steps stand on one page: their fields' identifiers do not meet."""
        return f"id_{self.name}_%s"


FINAL = _("提交以后不能更改，确定？")

STEPS = (
    Step(
        name="freeze", who=in_charge, form=forms.FreezeForm,
        when=lambda found, now: found.status in Inquiry.RUNNING and not found.frozen.exists(),
        take=lambda found, given, by: domain.freeze(inquiry_id=found.pk, by=by),
        title=_("固定证据"), submit=_("固定现在的证据"), done=_("证据已固定，摘要已写入公开日志。"),
    ),
    Step(
        name="notice", who=in_charge, form=forms.NoticeForm,
        when=lambda found, now: found.status == Status.OPEN and found.frozen.exists(),
        take=lambda found, given, by: domain.notice(inquiry_id=found.pk, text=given["text"], by=by),
        title=_("告知当事方"), submit=_("告知当事方，请其陈述申辩"), done=_("已告知当事方。"),
    ),
    Step(
        name="state", who=party, form=forms.StatementForm,
        when=lambda found, now: found.may_be_stated_at(now),
        take=lambda found, given, by: domain.state(
            inquiry_id=found.pk, text=given["text"], files=given["evidence"], by=by
        ),
        title=_("陈述申辩"), submit=_("提交陈述申辩"), done=_("陈述申辩已收到。"),
    ),
    Step(
        name="decide", who=in_charge, form=forms.DecisionForm,
        when=lambda found, now: found.may_be_decided_at(now),
        take=lambda found, given, by: decisions.decide(
            inquiry_id=found.pk, outcome=given["outcome"], text=given["text"], legal_basis=given["legal_basis"], by=by,
            months=given.get("months") if given["outcome"] == "suspension" else None,
            until=given.get("until") if given["outcome"] == "recusal" else None,
        ),
        title=_("作出决定"), submit=_("作出决定，告知当事方"), done=_("决定已记录，当事方可以看到。"), confirm=FINAL,
    ),
    Step(
        name="publish", who=in_charge, form=forms.PublishForm,
        when=lambda found, now: found.has_effect and found.published_at is None,
        take=lambda found, given, by: decisions.publish(inquiry_id=found.pk, text=given["text"], by=by),
        title=_("公布决定"), submit=_("公布"), done=_("决定已公布。"), confirm=FINAL,
    ),
    Step(
        name="appeal", who=party, form=forms.AppealForm,
        when=lambda found, now: found.may_be_appealed_at(now),
        take=lambda found, given, by: decisions.appeal(
            inquiry_id=found.pk, text=given["text"], files=given["evidence"], by=by
        ),
        title=_("不服这个决定"), submit=_("提出申诉"), done=_("申诉已送达监管部门。"),
    ),
    Step(
        name="decide-appeal", who=another, form=forms.AppealDecisionForm,
        when=lambda found, now: found.status == Status.APPEALED,
        take=lambda found, given, by: decisions.decide_appeal(
            inquiry_id=found.pk, upheld=given["decision"] == "yes", text=given["text"], by=by
        ),
        title=_("处理申诉"), submit=_("作出处理，告知当事方"), done=_("处理结果已记录，当事方可以看到。"), confirm=FINAL,
    ),
    Step(
        name="note", who=regulator, form=forms.NoteForm,
        when=lambda found, now: True,
        take=lambda found, given, by: domain.note(
            inquiry_id=found.pk, text=given["text"], files=given["evidence"], by=by
        ),
        title=_("工作记录"), submit=_("记下"), done=_("已记录。"), aside=True,
    ),
    Step(
        name="freeze-again", who=in_charge, form=forms.FreezeForm,
        when=lambda found, now: found.status in Inquiry.RUNNING and found.frozen.exists(),
        take=lambda found, given, by: domain.freeze(inquiry_id=found.pk, by=by),
        title=_("再次固定证据"), submit=_("固定现在的证据"), done=_("证据已固定；没有变化的，仍是原来的一份。"), aside=True,
    ),
    Step(
        name="close", who=in_charge, form=forms.CloseForm,
        when=lambda found, now: found.status in Inquiry.RUNNING,
        take=lambda found, given, by: decisions.close(inquiry_id=found.pk, text=given["text"], by=by),
        title=_("核查不成立"), submit=_("以不成立办结"), done=_("已办结。"), confirm=FINAL, aside=True,
    ),
    Step(
        name="lift", who=regulator, form=forms.LiftForm,
        when=lambda found, now: found.may_be_lifted_at(now),
        take=lambda found, given, by: decisions.lift(inquiry_id=found.pk, text=given["text"], by=by),
        title=_("解除"), submit=_("解除"), done=_("已解除。"), confirm=FINAL, aside=True,
    ),
    Step(
        name="assign", who=regulator, form=forms.AssignForm,
        when=lambda found, now: found.status not in (Status.CLOSED, Status.REVOKED),
        take=lambda found, given, by: domain.assign(inquiry_id=found.pk, to=given["to"], by=by),
        title=_("指定承办人"), submit=_("指定"), done=_("承办人已改。"), aside=True,
    ),
    Step(
        name="abstain", who=regulator, form=forms.AbstainForm,
        when=lambda found, now: True,
        take=lambda found, given, by: domain.abstain(organisation=found.party, reason=given["text"], by=by),
        title=_("声明利害关系，回避"), submit=_("声明并回避"), done=_("已声明。与这一当事方有关的核查对您不再可见。"),
        confirm=FINAL, aside=True,
    ),
)  # fmt: skip


def steps_for(found: Inquiry, reader: Membership, *, now: datetime) -> list[Step]:
    """What this reader may do with an inquiry now, in the order of the table."""
    if reader.role not in WRITERS:
        return []
    return [each for each in STEPS if each.who(found, reader) and each.when(found, now)]


def step_named(name: str) -> Step | None:
    return next((each for each in STEPS if each.name == name), None)
