"""Why a firm is kept out of a round or its entry set aside: a code that stays the same, and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.texts import visible

LENGTH = 500

TEXTS: dict[str, Promise | str] = {
    # Kept out (bidding.domain.eligibility).
    "not_listed": _("尚未入驻或已退出本平台"),
    "suspended": _("处于暂停期：%(detail)s"),
    "grade_d": _("信用等级为 D（信用分 %(detail)s），不能参加比选"),
    "grade_d_decided": _("按扣分决定 %(detail)s 评为 D 级，不能参加比选"),
    "not_named": _("业主直接选取了另一家机构"),
    "in_consortium": _("贵机构已确认参加本次比选的一个联合体，不能再单独报名或参加其他联合体（实施条例第 37 条）"),
    "members_unconfirmed": _("联合体成员还没有全部确认"),
    "service_not_offered": _("入驻材料中没有这项服务"),
    "services_not_offered": _("入驻材料中没有这次比选的全部服务，缺少：%(detail)s"),
    "qualification_missing": _("缺少要求的资质：%(detail)s"),
    "qualification_lapsed": _("资质已过有效期：%(detail)s"),
    "qualification_level": _("资质等级不够：%(detail)s"),
    "tied_to_department": _("与本项审批部门存在关联，应当回避（RH1）：%(detail)s"),
    "staff_of_department": _("本机构人员在审批部门任职，应当回避（RH3）：%(detail)s"),
    "tie_found": _("与本项审批部门存在关联，应当回避（%(detail)s）"),
    "recused": _("监管部门决定回避（%(detail)s）；关联终止以后，可以请监管部门解除"),
    "reviews_own_report": _("不能审查自己在本项目中编制的成果，应当回避（RH7）：%(detail)s"),
    # Set aside (protocol.methods).
    "unreadable": _("密封件无法开启"),
    "ineligible": _("截止时不符合参加条件"),
    "no_amount": _("没有报价"),
    "unexpected_amount": _("本方式不报价，却含有报价"),
    "above_upper": _("高于最高限价"),
    "below_lower": _("低于最低限价"),
    # Offers refused in an auction (protocol.auction); those beyond a limit have the words above.
    "not_started": _("竞价还没有开始"),
    "paused": _("竞价暂停中，恢复后再出价"),
    "ended": _("竞价已经结束"),
    "not_an_amount": _("出价须为大于零、最多两位小数的金额"),
    "step_too_small": _("须比当前最低价至少低一个降价幅度"),
    # Failed.
    "too_few_entries": _("截止时报名数少于最少数，未开启即流标"),
    "too_few": _("有效报名数少于最少数"),
    "too_few_experts": _("没有利害关系的专家不足"),
    "codes_used_up": _("抽取码已用完"),
    "no_release": _("见证方没有在截止后 24 小时内交出密钥，未开启即作废"),
    "not_witnessed": _("见证方没有在截止前见证公告，未开启即作废"),
}


RECUSAL = ("tied_to_department", "staff_of_department", "tie_found", "recused", "reviews_own_report")
"""Reasons of a tie (回避), or of a decision about one."""
OF_PERSONS = ("RH3", "RH4", "RH5")
"""Rules whose paths lead over natural persons, whom a role beside a public register would name."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason; `detail` says what exactly, without anything about a natural person; `party` whom of a consortium.

    `way_back` says in sentences what the firm can do about it and what time does, in sum the last; `url` is where it reads
    more. Neither is kept. Of a recusal `key` says which tie it is, however it is told: what a regulator has looked at is not
    held against a firm again.
    """

    code: str
    detail: str = ""
    party: str = ""
    way_back: tuple[str, ...] = ()
    url: str = ""
    key: str = field(default="", compare=False)

    @property
    def is_recusal(self) -> bool:
        return self.code in RECUSAL

    @property
    def text(self) -> str:
        text = reason_text(self.code, self.detail)
        return gettext("%(party)s：%(text)s") % {"party": self.party, "text": text} if self.party else text


def reason_text(code: str, detail: str = "") -> str:
    """The sentence of a code, in the reader's language; an unknown code stands for itself."""
    return str(TEXTS.get(code, code)) % {"detail": detail} if code else ""


def rule_of(reason: Reason) -> str:
    """The red-hat rule by which a tie keeps a firm out, such as RH1; of a decision its number."""
    if reason.code == "recused":
        return reason.detail.partition("，")[0]
    fixed = {"tied_to_department": "RH1", "staff_of_department": "RH3", "reviews_own_report": "RH7"}
    return fixed.get(reason.code) or reason.detail.partition("：")[0]


def public_text(code: str, detail: str = "") -> str:
    """The sentence as everybody may read it: of ties over natural persons the rule alone."""
    rule = detail.partition("：")[0]
    return reason_text(code, rule if code == "tie_found" and rule in OF_PERSONS else detail)


def demand_reason(text: str) -> str:
    """A reason that somebody must give, without space around it. Raises DomainError where there is none or it is too long."""
    reason = visible(text)
    if not reason:
        raise DomainError(gettext("请写明原因。"), code="reason")
    if len(reason) > LENGTH:
        raise DomainError(gettext("原因最多 %(length)d 个字。") % {"length": LENGTH}, code="reason")
    return reason
