"""What stands in the side bar of a desk, by the kind of organisation that the reader acts for."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import WRITERS, Kind
from bidding.models import Expert

Pair = tuple[str, "str | Promise"]

OWNER: list[Pair] = [
    ("bidding:owner_desk", _("我的比选")),
    ("market:projects", _("项目与需求")),
    ("approvals:applications", _("审批申请")),
    ("contracts:desk", _("合同管理")),
    ("payments:owner_desk", _("付款")),
    ("oversight:inquiries", _("核查与决定")),
    ("ratings:evaluations", _("评价机构")),
    ("ratings:reminders", _("期限提醒")),
]
FIRM: list[Pair] = [
    ("bidding:firm_desk", _("可报名的比选")),
    ("bidding:entries", _("我的报名")),
    ("bidding:consortia", _("联合体")),
    ("contracts:desk", _("合同管理")),
    ("payments:firm_desk", _("收款")),
    ("ratings:evaluations", _("收到的评价")),
    ("ratings:deductions", _("行为扣分")),
    ("oversight:inquiries", _("核查与决定")),
    ("ratings:reminders", _("期限提醒")),
    ("market:admission", _("入驻资料")),
]
OPERATOR: list[Pair] = [
    ("bidding:operator_desk", _("待办")),
    ("bidding:experts", _("评审专家")),
    ("contracts:desk", _("合同管理")),
    ("contracts:filings", _("合同备案")),
    ("contracts:templates", _("合同示范文本")),
    ("payments:reconciliation", _("支付宝对账")),
    ("ratings:evaluations", _("评价机构")),
    ("ratings:deductions", _("行为扣分")),
    ("ratings:bulletins_desk", _("通报")),
    ("ratings:trials", _("评分规则试算")),
]
REGULATOR: list[Pair] = [
    ("bidding:regulator_desk", _("监管")),
    ("oversight:desk", _("关联与回避")),
    ("oversight:alerts", _("线索")),
    ("oversight:rules", _("规则与精度")),
    ("oversight:inquiries", _("核查与决定")),
    ("contracts:desk", _("合同管理")),
    ("payments:regulator_desk", _("逾期付款")),
    ("payments:reconciliation", _("支付宝对账")),
    ("approvals:cases", _("审批督办")),
    ("approvals:applications", _("联合审批")),
    ("ratings:deductions", _("行为扣分")),
    ("ratings:evaluations", _("机构评价")),
    ("ratings:bursts", _("集中相同评价")),
    ("ratings:differences", _("部门对机构的差异")),
    ("ratings:trials", _("评分规则试算")),
]
DEPARTMENT: list[Pair] = [
    ("approvals:cases", _("审批办件")),
    ("approvals:applications", _("联合审批")),
    ("portal:department_desk", _("涉及本部门的需求")),
    ("contracts:desk", _("合同管理")),
    ("ratings:evaluations", _("评价机构")),
    ("ratings:differences", _("部门对机构的差异")),
    ("ratings:reminders", _("期限提醒")),
]

BY_KIND: dict[str, list[Pair]] = {
    Kind.OWNER: OWNER,
    Kind.PERSON: OWNER,
    Kind.FIRM: FIRM,
    Kind.OPERATOR: OPERATOR,
    Kind.REGULATOR: REGULATOR,
    Kind.DEPARTMENT: DEPARTMENT,
}
EXPERT: list[Pair] = [
    ("bidding:expert_desk", _("我的评审")),
]
EVERYBODY: list[Pair] = [
    ("accounts:account", _("账户")),
]


FOR_WRITERS = frozenset({"bidding:experts"})
"""What the viewers of an organisation do not open."""


@dataclass(frozen=True)
class MenuEntry:
    """A line of the side bar; `is_here` when the page is it or lies under it."""

    label: str | Promise
    url: str
    is_here: bool


def _entries(pairs: list[Pair], path: str) -> list[MenuEntry]:
    known = [(reverse(name), label) for name, label in pairs]
    under = [url for url, _label in known if path == url or path.startswith(url)]
    nearest = max(under, key=len, default=None)
    return [MenuEntry(label, url, url == nearest) for url, label in known]


def menu_of(request: HttpRequest) -> list[MenuEntry]:
    """The side bar for this request: the desk of the acting organisation, that of an expert, then what everybody has."""
    organisation = getattr(request, "organisation", None)
    own = BY_KIND.get(organisation.kind, []) if organisation is not None else []
    membership = getattr(request, "membership", None)
    if membership is not None and not membership.has_role(WRITERS):
        own = [pair for pair in own if pair[0] not in FOR_WRITERS]
    user = getattr(request, "user", None)
    is_expert = user is not None and user.is_authenticated and Expert.objects.filter(user=user).exists()
    return _entries([*own, *(EXPERT if is_expert else []), *EVERYBODY], request.path)
