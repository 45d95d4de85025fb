"""A deduction in words: its facts for the reader, and what has happened to it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ratings.models import Deduction, DeductionEvent

Text = str | Promise
FACTS: dict[str, Text] = {
    "contract": _("合同"),
    "round": _("比选"),
    "case": _("审批办件"),
    "line": _("事项链条"),
    "due": _("签约期限"),
    "price": _("合同价款（元）"),
    "asked": _("申请付款合计（元）"),
    "promised": _("承诺（工作日）"),
    "used": _("机构用时（工作日）"),
    "qualification": _("资质"),
    "lapsed": _("失效日期"),
}


def facts_of(found: Deduction) -> list[tuple[Text, str]]:
    """What the rule has found, as pairs of a term and a value, in one order."""
    return [(label, str(found.facts[name])) for name, label in FACTS.items() if name in found.facts]


def history_of(found: Deduction) -> list[DeductionEvent]:
    """Every step with who took it, its words and files, the latest first."""
    return list(found.events.select_related("by").prefetch_related("files").order_by("-number"))
