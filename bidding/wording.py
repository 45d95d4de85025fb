"""What a round's words mean, told to somebody who meets them for the first time."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

METHOD_NAMES: dict[str, Text] = {
    "draw": _("随机选取"),
    "lowest": _("竞价·最低价"),
    "mean": _("竞价·最优价"),
    "lowest_draw": _("竞价+随机"),
    "credit_draw": _("信用择优"),
    "scored": _("综合评分"),
    "proposal": _("方案择优"),
    "auction": _("多轮竞价"),
    "direct": _("直接选取"),
}
METHOD_SENTENCES: dict[str, Text] = {
    "draw": _("价格由业主事先定好，符合条件的机构报名，截止后用事先锁定的抽取码公开抽签，抽在最前面的有效机构中选。"),
    "lowest": _(
        "符合条件的机构各报一个价，截止前谁也看不到；截止后同时开启，有效报价中最低的中选，相同的由公开抽签定先后。"
    ),
}
TAKES_AMOUNT = frozenset({"lowest"})
"""Methods with a price from the firm; the others only need it to take part."""


def method_name(code: str) -> Text:
    return METHOD_NAMES.get(code, code)


def method_sentence(code: str) -> Text:
    """One sentence that explains the method to a layman."""
    return METHOD_SENTENCES.get(code, "")
