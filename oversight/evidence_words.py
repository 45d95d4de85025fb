"""The evidence of a lead as tables: a path step by step with sources and days, and whatever else the rule has written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.templatetags.mx import moment, translated
from market.models import Service
from oversight.domain.telling import STEM, percent, share_of
from oversight.models import Confidence, Effect, Kind

Text = str | Promise

LABELS: dict[str, Text] = {
    "effect": _("规则的后果"),
    "low": _("合计持股下限"),
    "high": _("合计持股上限"),
    "since": _("起"),
    "until": _("止"),
    "by": _("集中于"),
    "marks": _("各项分数"),
    "counts": _("计数"),
    "evaluations": _("评价"),
    "first": _("第一条"),
    "last": _("最后一条"),
    "count": _("数量"),
    "practitioners": _("执业人员（人）"),
    "admissions": _("入驻材料"),
    "share": _("份额"),
    "expected": _("期望"),
    "effect_size": _("效应"),
    "interval": _("区间"),
    "group": _("比较组"),
    "p": _("p 值"),
    "q": _("错误发现率"),
    "score": _("得分"),
    "rounds": _("比选"),
    "reasons": _("理由"),
    "lot": _("标段"),
    "bidders": _("报价机构（家）"),
    "cv": _("变异系数"),
    "rdnor": _("相对距离"),
    "close": _("差价很近的落选报价"),
    "next": _("再远一档的落选报价"),
    "width": _("差价宽度"),
    "shared": _("相同之处"),
    "device": _("设备"),
    "network": _("提交时的网络地址（次）"),
    "client": _("同一网段里的同样浏览器（次）"),
    "window_hours": _("相隔不超过（小时）"),
    "document": _("方案文件的编号"),
    "wording": _("方案文字雷同的比选"),
    "author": _("方案文件的作者"),
    "contact": _("联系人"),
    "practitioner": _("执业人员"),
    "officer": _("管理人员"),
    "shareholder": _("股东"),
    "phone": _("电话"),
    "address": _("地址"),
    "met": _("同场次数"),
    "members": _("成员（家）"),
    "tried": _("比较过的组合"),
    "answers": _("逐项检验"),
    "question": _("检验"),
    "next_in_turn": _("轮到者中选"),
    "stepped": _("等差的场次"),
    "against": _("比较的其他场次"),
    "mean_rank": _("平均位次"),
    "service": _("服务"),
    "year": _("年份"),
    "needs": _("需求"),
    "just_under": _("略低于限额的需求"),
    "limit": _("限额（元）"),
    "of_group": _("该部门的办件"),
    "of_mark": _("该机构的办件"),
    "compared_with": _("比较组"),
    "odds_ratio": _("比值比"),
    "false_discovery_rate": _("错误发现率"),
    "alike_in": _("在以下方面相同的之间比较"),
    "here": _("在该部门"),
    "elsewhere": _("在其他部门"),
    "value": _("数值"),
    "fence": _("界限"),
    "flagged": _("提示"),
    "not_flagged": _("未提示"),
    "not_applicable": _("不适用"),
}
VALUES: dict[str, Text] = {
    Effect.KEPT_OUT.value: _("规则要求回避"),
    Effect.FLAGGED.value: _("只作提示"),
    "rater": _("同一评价方"),
    "firm": _("同一机构"),
    "item": _("审批事项"),
    "service": _("服务"),
    "size": _("规模"),
    "year": _("年份"),
    "faster": _("办得更快"),
    "passes_more_often": _("更常一次通过"),
    "turns": _("轮流中选"),
    "gap": _("最低两家差距大"),
    "spread": _("报价离散小"),
    "missing": _("中选价附近缺少落选报价"),
    "steps": _("报价等差"),
}
SAID = {
    Confidence.RECORDED: _("登记所载"),
    Confidence.DECLARED: _("申报所载"),
    Confidence.INFERRED: _("推断得出"),
}
MOST = 60
"""So many facts are shown; the frozen evidence has them all."""


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a path, with everything that is said of it."""

    tail: str
    kind: Text
    head: str
    share: str
    said: tuple[tuple[str, Text, Text], ...]
    """Source, how it knows, from when to when."""


def steps_of(path: Sequence[Mapping[str, Any]], names: Mapping[int, str] | None = None) -> list[Step]:
    """A path as rows. Natural persons are called 甲, 乙 in the order of the path, unless `names` tells who they are."""
    people: dict[int, str] = {}

    def called(step: Mapping[str, Any], end: str) -> str:
        if step[f"{end}_name"]:
            return str(step[f"{end}_name"])
        key = step[end]
        if names and names.get(key):
            return names[key]
        stem = STEM[len(people) % len(STEM)]
        return people.setdefault(key, gettext("自然人%(stem)s") % {"stem": stem})

    return [
        Step(
            tail=called(step, "tail"),
            kind=Kind(step["kind"]).label,
            head=called(step, "head"),
            share=share_of(step["said"]).strip() if step["kind"] == Kind.OWNS else "",
            said=tuple(
                (each["source"], SAID[Confidence(each["confidence"])], _days(each["since"], each["until"]))
                for each in step["said"]
            ),
        )
        for step in path
    ]


def _days(since: str | None, until: str | None) -> Text:
    return f"{since or '?'} → {until or '–'}" if since or until else _("起止不详")


def facts_of(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything but the path, as pairs of a term and a value."""
    order = list(LABELS)
    rest = {
        name: evidence[name]
        for name in sorted(evidence, key=lambda name: (order.index(name) if name in LABELS else len(order), name))
        if name != "path"
    }
    return list(_flat(rest, ()))[:MOST]


def _flat(value: Any, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name, each in value.items():
        terms = (*above, str(LABELS.get(name, name)))
        if isinstance(each, Mapping):
            yield from _flat(each, terms)
        elif isinstance(each, list) and any(isinstance(one, Mapping) for one in each):
            for number, one in enumerate(each, start=1):
                yield from _flat(one if isinstance(one, Mapping) else {"": one}, (*terms, str(number)))
        elif each is not None and each != []:
            yield " · ".join(terms), _said(name, each)


def _said(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "、".join(_said("", each) for each in value)
    if name == "service":
        return translated(Service.objects.filter(code=value).first()) or str(value)
    if name in ("first", "last"):
        return moment(datetime.fromisoformat(value))
    if name in ("low", "high") and isinstance(value, int):
        return percent(value)
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(VALUES.get(str(value), value))
