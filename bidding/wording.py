"""What a round's words mean, told to somebody who meets them for the first time."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from protocol.methods import METHODS

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
    "mean": _(
        "机构各密封报一个价，开启后去掉一个最高和一个最低（报价较多时），取其余的平均价，乘以当场公开抽出的系数，谁的报价离这个数最近谁中选。"
    ),
    "lowest_draw": _("机构各密封报一个价，开启后报价最低的几家入围，再在入围的几家中公开抽签，抽在最前面的中选。"),
    "credit_draw": _(
        "价格由业主事先定好，报名机构中信用分最高的若干家入围，再按信用分多少给签公开抽签，业主从抽在前面的几家里选一家并写明理由。"
    ),
    "scored": _("报价、专家打的质量分和机构的信用分按事先公布的比重合成总分，总分最高的中选。"),
    "proposal": _("机构各交一份方案和报价，业主比较后选定一家，并对每一家写明选或不选的理由。"),
    "auction": _("机构在网上公开轮流降价，每次至少降一个约定的幅度，临近结束还有人出价就顺延，结束时出价最低的中选。"),
    "direct": _("金额在规定限额以内时，业主按自己给定的价格直接指定一家机构，并公开写明依据。"),
}
TAKES_AMOUNT = frozenset(code for code, method in METHODS.items() if method.priced)
"""Methods with a sealed price from the firm; the others only need it to take part."""


def method_name(code: str) -> Text:
    return METHOD_NAMES.get(code, code)


def method_sentence(code: str) -> Text:
    """One sentence that explains the method to a layman."""
    return METHOD_SENTENCES.get(code, "")
