"""A bulletin's figures in words and tables, for the page in the reader's language and for the paper in Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.templatetags.mx import day
from protocol import canonical
from protocol.scores.exact import HUNDRED, fixed, half_up
from ratings.models import Deed
from ratings.timeline import Party
from ratings.words import PARTIES

Json = dict[str, Any]
SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A text, and the page that it leads to."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, what is said below it, and a table; `wide` columns get more room, `numbers` count those with numbers, from 0."""

    title: str
    said: Sequence[str]
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    numbers: frozenset[int] = frozenset()


def sections(content: Json) -> list[Section]:
    """A bulletin from its kept figures."""
    return [
        _city(content["city"]),
        _services(content["services"]),
        _departments(content["departments"]),
        _firms(content["firms"]),
        _listed(content["listed"]),
        _owners(content["owners"]),
    ]


def note() -> str:
    """What numbers like these cannot say."""
    return _(
        "得分后的区间按九成把握计，件数越少越宽；区间重叠较多的，不宜说谁高谁低。"
        "通报只列数字，不作评价；自然人和个体工商户不在其中。"
    )


def _city(city: Json) -> Section:
    said = [
        _("本月发出中选通知 %(awarded)s 份，签订合同 %(sealed)s 份。") % city,
        _time_said(city["time"]) if city["time"] else _("本月没有作出审批决定的事。"),
    ]
    for of, words in (
        ("firms", _("全市中介机构用时得分 %(score)s（区间 %(low)s 到 %(high)s，%(n)s 件），一次通过 %(first_pass)s。")),
        (
            "departments",
            _("全市部门审批效率得分 %(score)s（区间 %(low)s 到 %(high)s，%(n)s 件），一次性告知 %(first_pass)s。"),
        ),
    ):
        if of in city["scores"]:
            said.append(words % _told(city["scores"][of]))
    time = city["time"]
    rows = [
        [Cell(text=str(label)), Cell(text=fixed(time["parties"][party], 2)), Cell(text=_part(time, party))]
        for party, label in (PARTIES.items() if time else ())
    ]
    return Section(
        title=_("全市情况"), said=said, columns=(_("责任方"), _("平均用时（工作日）"), _("占比")) if rows else (), rows=rows,
        numbers=frozenset({1, 2}),
    )  # fmt: skip


def _time_said(time: Json) -> str:
    said = _(
        "本月作出审批决定 %(n)s 件，从公告到决定一半不超过 %(median)s 个工作日，九成不超过 %(p90)s 个，平均 %(mean)s 个。"
    )
    return said % {
        "n": time["n"], "median": fixed(time["median"], 2), "p90": fixed(time["p90"], 2),
        "mean": fixed(sum(time["parties"].values()), 2),
    }  # fmt: skip


def _part(time: Json, party: str) -> str:
    return f"{half_up(HUNDRED * time['parties'][party], max(1, sum(time['parties'].values())))}%"


def _services(found: Json) -> Section:
    rows = []
    for each in found["rows"]:
        most = max(PARTIES, key=lambda party: each["parties"][party])
        where = f"{PARTIES[Party(most)]} {_part(each, most)}"
        rows.append(
            [
                Cell(text=_named(each), url=f"{reverse('ratings:time')}?service={each['code']}"),
                Cell(text=str(each["n"])),
                Cell(text=fixed(each["median"], 2)),
                Cell(text=fixed(each["p90"], 2)),
                Cell(text=where),
            ]
        )
    said = _("本月有审批决定的服务 %(all)s 项，列出中位用时最长的 %(n)s 项。") % {"all": found["all"], "n": len(rows)}
    return Section(
        title=_("全程用时最长的服务"),
        said=[said] if rows else [_("本月没有作出审批决定的事。")],
        columns=(_("中介服务"), _("件数"), _("中位用时"), _("九成用时"), _("用时最多的一方")),
        rows=rows,
        numbers=frozenset({1, 2, 3}),
    )


def _departments(found: Json) -> Section:
    said = (
        _(
            "本月作出决定 %(decided)s 件，其中超过承诺 %(late)s 件，超过法定时限 %(overdue)s 件；"
            "编制时另有 %(running)s 件在办已超过承诺。"
        )
        % found
    )
    rows = [
        [
            Cell(text=each["name"], url=reverse("ratings:department_score", args=[each["code"]])),
            Cell(text=str(each["n"])),
            Cell(text=f"{each['late']} / {each['overdue']}"),
            Cell(text=str(each["running"])),
            Cell(text=_rate(each["first_pass"])),
            Cell(text=_score(each["score"]) if each["score"] else "–"),
        ]
        for each in found["rows"]
    ]
    return Section(
        title=_("审批超期的部门"),
        said=[said, _listed_of(found["all"], len(rows))] if rows else [said],
        columns=(
            _("部门"),
            _("决定件数"),
            _("超承诺 / 超法定"),
            _("在办已超"),
            _("一次性告知"),
            _("得分（区间，件数）"),
        ),
        rows=rows,
        numbers=frozenset({1, 2, 3, 4}),
    )


def _firms(found: Json) -> Section:
    rows = [
        [
            Cell(text=str(place)),
            Cell(text=each["name"], url=reverse("ratings:firm_score", args=[each["uscc"]])),
            Cell(text=_score(each)),
            Cell(text=_rate(each["first_pass"])),
        ]
        for place, each in enumerate(found["rows"], 1)
    ]
    said = _("有得分的机构 %(all)s 家，件数足以参与排名的 %(ranked)s 家，按区间下限列出前 %(n)s 家。") % {
        "all": found["all"], "ranked": found["ranked"], "n": len(rows),
    }  # fmt: skip
    return Section(
        title=_("机构得分排名"),
        said=[said],
        columns=(_("名次"), _("机构"), _("得分（区间，件数）"), _("一次通过")),
        rows=rows,
        numbers=frozenset({0, 3}),
    )


def _listed(found: Json) -> Section:
    rows = [
        [
            Cell(text=each["name"], url=reverse("market:firm", args=[each["uscc"]])),
            Cell(text=_("暂停") if each["kind"] == SUSPENDED else str(Deed(each["kind"]).label)),
            Cell(text=str(each["points"]) if each["points"] is not None else "–"),
            Cell(text=f"{_day(each['since'])} – {_day(each['until']) if each['until'] else _('解除之日')}"),
        ]
        for each in found["rows"]
    ]
    return Section(
        title=_("黑榜"),
        said=[_listed_of(found["all"], len(rows))] if rows else [_("编制时黑榜上没有机构。")],
        columns=(_("机构"), _("原因"), _("扣分"), _("起止")),
        rows=rows,
        numbers=frozenset({2}),
    )


def _owners(found: Json) -> Section:
    rows = [
        [
            Cell(text=each["name"], url=reverse("payments:owner_public", args=[each["code"]])),
            Cell(text=str(each["n"])),
            Cell(text=_yuan(each["sum"])),
            Cell(text=_day(each["oldest"])),
        ]
        for each in found["rows"]
    ]
    return Section(
        title=_("逾期付款的业主"),
        said=[_listed_of(found["all"], len(rows))] if rows else [_("编制时没有超过公示期限仍未付款的业主。")],
        columns=(_("项目业主"), _("笔数"), _("金额（元）"), _("最早应付")),
        rows=rows,
        numbers=frozenset({1, 2}),
    )


def _listed_of(all_: int, shown: int) -> str:
    return _("共 %(all)s 个，列出 %(n)s 个。") % {"all": all_, "n": shown}


def _told(score: Json) -> dict[str, str]:
    return {
        "score": fixed(score["score"], 2), "low": fixed(score["low"], 2), "high": fixed(score["high"], 2),
        "n": str(score["n"]), "first_pass": _rate(score["first_pass"]),
    }  # fmt: skip


def _score(score: Json) -> str:
    return _("%(score)s（%(low)s – %(high)s，%(n)s 件）") % _told(score)


def _rate(share: int | None) -> str:
    return "–" if share is None else f"{share}%"


def _named(thing: Json) -> str:
    english = (get_language() or "").startswith("en")
    name: str = thing["name_en"] if english and thing["name_en"] else thing["name"]
    return name


def _day(moment: str) -> str:
    return day(canonical.read_timestamp(moment))


def _yuan(amount: str) -> str:
    whole, _point, cents = amount.partition(".")
    return f"{int(whole):,}.{cents}"
