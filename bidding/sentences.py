"""How a lot was decided, in sentences with this lot's own numbers, one method after the other; nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bidding.arithmetic_auction import auction_sentences
from bidding.domain.reasons import reason_text
from bidding.models import Lot, Round, Substitution
from protocol.methods.base import half_up
from protocol.methods.credit_draw import tickets
from protocol.methods.scored import TRIMMED_FROM, trimmed_mean
from protocol.parameters import count, weights

SHOWN = 8
"""So many amounts or places are written out in a sentence; the table has all of them."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member of a consortium that has entered, beside its lead firm; `reason` why it was not eligible, if so."""

    uscc: str
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One entrant in the order of the result; `place` is empty for what was set aside."""

    place: int | None
    uscc: str
    name: str
    amount: Decimal | None
    days: int | None
    credit: Decimal | None
    valid: bool | None
    reason: str
    drawn: int | None
    won: bool
    scores: dict[str, str]
    marks: tuple[Decimal, ...] = ()
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    """What there is to tell of a lot: its rows in the order of the result, and the coefficients in the order of the draw.

    `experts` are those who have marked, `pool` among how many they were drawn.
    """

    round: Round
    lot: Lot
    rows: Sequence[Row]
    coefficients: Sequence[str] = ()
    gone: Sequence[Substitution] = ()
    experts: Sequence[str] = ()
    pool: int = 0

    @property
    def valid(self) -> list[Row]:
        return [row for row in self.rows if row.valid]

    @property
    def winner(self) -> Row:
        """The first winner, of whom the arithmetic is; who follows a winner that walked away is told after it."""
        first = (self.lot.result or {}).get("winner")
        return next(row for row in self.rows if row.uscc == first)

    @property
    def by_draw(self) -> list[Row]:
        return sorted((row for row in self.rows if row.drawn is not None), key=lambda row: row.drawn or 0)


def money(amount: Decimal) -> str:
    return f"¥ {amount:,.2f}"


def sentences_of(case: Case) -> list[str]:
    """From how many there were to who won and why."""
    said = [_counted(case)]
    if (case.lot.result or {}).get("winner") and any(row.place for row in case.rows):
        told = TOLD.get(case.round.method)
        said += [*(told(case) if told else []), *_followed(case)]
    elif failed := (case.lot.result or {}).get("failed"):
        said.append(_("%(reason)s，因此流标。") % {"reason": reason_text(failed)})
    elif case.lot.short_list:
        said += _short_listed(case)
    return said


def _followed(case: Case) -> list[str]:
    """Who walked away or had to step aside, and who followed."""
    said = []
    for gone in case.gone:
        told = {"out": gone.out.organisation.public_name, "reason": gone.reason}
        recused = gone.cause == Substitution.Cause.RECUSED
        said.append((_("%(out)s 应当回避：%(reason)s") if recused else _("%(out)s 放弃中选，原因：%(reason)s")) % told)
        if gone.successor is not None and gone.iteration is not None:
            name = gone.successor.organisation.public_name
            said.append(_("用下一个抽取码在其余机构中重新抽签，%(name)s 递补。") % {"name": name})
        elif gone.successor is not None:
            said.append(_("按原来的名次，%(name)s 递补。") % {"name": gone.successor.organisation.public_name})
        elif gone.settled_at is None:
            said.append(_("正在等见证方给出下一个抽取码。"))
        else:
            said.append(_("没有可以递补的机构。"))
    return said


def _counted(case: Case) -> str:
    counts = {"all": len(case.rows), "valid": len(case.valid), "minimum": case.round.minimum}
    return (
        ngettext(
            "开启 %(all)s 份密封件，其中 %(valid)s 份有效；本次至少需要 %(minimum)s 份。",
            "开启 %(all)s 份密封件，其中 %(valid)s 份有效；本次至少需要 %(minimum)s 份。",
            len(case.rows),
        )
        % counts
    )


def _lowest(case: Case) -> list[str]:
    ranked = [row for row in case.valid if row.place is not None and row.amount is not None]
    lot, winner = case.lot, case.winner
    said = _limits(lot)
    said.append(_("有效报价由低到高：%(amounts)s。") % {"amounts": _ascending(ranked)})
    tied = [row for row in ranked if row.amount == winner.amount]
    if len(tied) > 1:
        places = _("、").join(_("%(name)s 第 %(place)s") % {"name": row.name, "place": row.drawn} for row in tied)
        said.append(
            _("最低价有 %(count)s 家相同，看抽取次序：%(places)s；靠前的是 %(name)s。")
            % {"count": len(tied), "places": places, "name": winner.name}
        )
    assert winner.amount is not None
    said.append(
        _("最低的是 %(name)s 的 %(amount)s，因此中选。") % {"name": winner.name, "amount": money(winner.amount)}
    )
    if lot.upper:
        less = lot.upper - winner.amount
        share = (less / lot.upper * 100).quantize(Decimal("0.1"))
        said.append(
            _("比最高限价低：%(upper)s − %(amount)s ＝ %(less)s（%(share)s %%）。")
            % {"upper": money(lot.upper), "amount": money(winner.amount), "less": money(less), "share": share}
        )
    return said


def _limits(lot: Lot) -> list[str]:
    if lot.upper is not None and lot.lower is not None:
        told = _("报价在 %(lower)s 至 %(upper)s 之间有效，含本数。") % {
            "lower": money(lot.lower),
            "upper": money(lot.upper),
        }
    elif lot.upper is not None:
        told = _("报价不高于 %(upper)s 有效，含本数。") % {"upper": money(lot.upper)}
    elif lot.lower is not None:
        told = _("报价不低于 %(lower)s 有效，含本数。") % {"lower": money(lot.lower)}
    else:
        return []
    return [told]


def _ascending(ranked: Sequence[Row]) -> str:
    written = ""
    for before, row in zip([None, *ranked], ranked[:SHOWN], strict=False):
        assert row.amount is not None
        sign = "" if before is None else " ＝ " if before.amount == row.amount else " ＜ "
        written += f"{sign}{row.name} {money(row.amount)}"
    return written + (" …" if len(ranked) > SHOWN else "")


def _order(rows: Sequence[Row], *, least: int = 3) -> str:
    """The first places of the draw."""
    shown = rows[: max(3, least)][:SHOWN]
    places = _("、").join(_("第 %(place)s %(name)s") % {"place": row.drawn, "name": row.name} for row in shown)
    return _("抽取次序：%(places)s%(more)s。") % {"places": places, "more": " …" if len(rows) > len(shown) else ""}


def _drawn(case: Case) -> list[str]:
    winner = case.winner
    skipped = [row for row in case.by_draw if (row.drawn or 0) < (winner.drawn or 0)]
    said = [_order(case.by_draw, least=len(skipped) + 1)]
    said += [
        _("%(name)s 排在前面但无效（%(reason)s），跳过。") % {"name": row.name, "reason": row.reason}
        for row in skipped[:SHOWN]
    ]
    said.append(_("次序中第一个有效的是 %(name)s，因此中选。") % {"name": winner.name})
    return said + _given_price(case.lot)


def _given_price(lot: Lot) -> list[str]:
    if lot.price is None:
        return []
    return [_("价格由业主事先定为 %(price)s，即中选金额。") % {"price": money(lot.price)}]


def _mean(case: Case) -> list[str]:
    """The mean of what is left × the coefficient, as on paper."""
    ranked = sorted(case.valid, key=lambda row: (row.amount, row.drawn))
    reference = Decimal((case.lot.result or {})["reference"])
    over = count(case.round.parameters, "trim_over") or 5
    dropped = _dropped(case) if len(ranked) > max(over, 2) else []
    kept = [row for row in ranked if row not in dropped]
    said = [*_limits(case.lot), _("有效报价由低到高：%(amounts)s。") % {"amounts": _ascending(ranked)}]
    if dropped:
        names = _("、").join(f"{row.name} {money(row.amount)}" for row in dropped if row.amount is not None)
        said.append(
            _("有效报价多于 %(over)s 家，去掉一个最高、一个最低：%(names)s（不参加比较，排在最后）。")
            % {"over": over, "names": names}
        )
    total = sum((row.amount for row in kept if row.amount is not None), Decimal(0))
    mean = half_up(Fraction(total) / len(kept), places=4)
    said.append(
        _("其余 %(n)s 家合计 %(total)s，平均：%(total)s ÷ %(n)s ＝ %(mean)s。")
        % {"n": len(kept), "total": money(total), "mean": f"¥ {mean:,.4f}"}
    )
    said.append(_("公开抽出的系数是 %(value)s。") % {"value": case.coefficients[0] if case.coefficients else "–"})
    said.append(
        _("参考价：%(total)s ÷ %(n)s × %(value)s ＝ %(reference)s（四舍五入到分）。")
        % {
            "total": money(total), "n": len(kept), "value": case.coefficients[0] if case.coefficients else "–",
            "reference": money(reference),
        }
    )  # fmt: skip
    return said + _nearest(case, kept, reference)


def _dropped(case: Case) -> list[Row]:
    """Those that rank last: one highest and one lowest."""
    by_place = sorted(case.valid, key=lambda row: row.place or 0)
    return by_place[-2:]


def _nearest(case: Case, kept: Sequence[Row], reference: Decimal) -> list[str]:
    by_place = sorted(kept, key=lambda row: row.place or 0)[:3]
    shown = _("、").join(
        _("%(name)s 差 %(distance)s") % {"name": row.name, "distance": money(abs(row.amount - reference))}
        for row in by_place
        if row.amount is not None
    )
    return [
        _("离参考价最近的几家：%(shown)s。") % {"shown": shown},
        _("最近的是 %(name)s，因此中选；一样近的取报价低的，再相同看抽取次序。") % {"name": case.winner.name},
    ]


def _lowest_draw(case: Case) -> list[str]:
    k = count(case.round.parameters, "k") or 1
    ranked = sorted(case.valid, key=lambda row: (row.amount, row.drawn))
    edge = ranked[min(k, len(ranked)) - 1].amount
    group = [row for row in ranked if row.amount is not None and edge is not None and row.amount <= edge]
    by_draw = sorted(group, key=lambda row: row.drawn or 0)
    assert edge is not None
    return [
        *_limits(case.lot),
        _("有效报价由低到高：%(amounts)s。") % {"amounts": _ascending(ranked)},
        _("最低的 %(k)s 家入围，第 %(k)s 低是 %(edge)s，与它相同的也入围，共 %(n)s 家。")
        % {"k": min(k, len(ranked)), "edge": money(edge), "n": len(group)},
        _order(by_draw),
        _("入围的机构中抽在最前面的是 %(name)s，因此中选，金额为它自己的报价。") % {"name": case.winner.name},
    ]


def _short_listed(case: Case) -> list[str]:
    """Drawn, and the owner has not picked yet."""
    if case.round.method != "credit_draw":
        return []
    return [*_credit_list(case), _("业主将从以上机构中选定一家，并公布理由。")]


def _credit_list(case: Case) -> list[str]:
    long_list = count(case.round.parameters, "long_list") or 1
    named = {row.uscc: row for row in case.rows}
    shown = _("、").join(
        _("%(name)s（信用分 %(score)s，%(n)s 签）")
        % {"name": named[uscc].name, "score": named[uscc].credit, "n": tickets(named[uscc].credit)}
        for uscc in case.lot.short_list
        if uscc in named
    )
    return [
        _("有效机构按截止时的信用分排，前 %(n)s 名留下，其余淘汰。") % {"n": min(long_list, len(case.valid))},
        _("签数＝信用分 ÷ 10 四舍五入，至少一签；每家以最靠前的一签定次序。"),
        _("抽在最前面的入围：%(shown)s。") % {"shown": shown},
    ]


def _credit_draw(case: Case) -> list[str]:
    return [*_credit_list(case), *_picked(case), *_given_price(case.lot)]


def _picked(case: Case) -> list[str]:
    reason = (case.lot.result or {}).get("reason") or ""
    said = [
        _("业主选定 %(name)s，理由：%(reason)s") % {"name": case.winner.name, "reason": reason},
    ]
    reasons = (case.lot.result or {}).get("reasons") or {}
    named = {row.uscc: row.name for row in case.rows}
    return said + [f"{named.get(uscc, uscc)}{_('：')}{text}" for uscc, text in sorted(reasons.items())]


def _direct(case: Case) -> list[str]:
    return [
        _("业主直接选取 %(name)s，依据：%(ground)s")
        % {"name": case.winner.name, "ground": case.round.parameters.get("ground", "")},
        *_given_price(case.lot),
    ]


def _scored(case: Case) -> list[str]:
    """The weights, who marked, and every firm's points as on paper."""
    parts = weights(case.round.parameters)
    ranked = sorted(case.valid, key=lambda row: row.place or 0)
    lowest = min(row.amount for row in ranked if row.amount is not None)
    said = [
        _("总分 ＝ 价格分（满分 %(price)s）＋ 质量分（满分 %(quality)s）＋ 信用分（满分 %(record)s）。") % parts,
        *_limits(case.lot),
        _("有效报价中最低的是 %(lowest)s。") % {"lowest": money(lowest)},
        _("从 %(pool)s 名没有利害关系的专家中公开抽取，评分的是 %(experts)s。")
        % {"pool": case.pool, "experts": _("、").join(case.experts)},
    ]
    said += [_points(row, parts, lowest) for row in ranked[:SHOWN]]
    said.append(
        _("总分最高的是 %(name)s 的 %(total)s，因此中选；总分相同的取报价低的，再相同看抽取次序。")
        % {"name": case.winner.name, "total": case.winner.scores.get("total", "–")}
    )
    return said


def _points(row: Row, parts: Mapping[str, Decimal], lowest: Decimal) -> str:
    assert row.amount is not None
    scores, mean = row.scores, half_up(trimmed_mean(row.marks), places=4)
    price = _("价格 %(weight)s × %(lowest)s ÷ %(amount)s ＝ %(points)s") % {
        "weight": parts["price"], "lowest": money(lowest), "amount": money(row.amount), "points": scores.get("price"),
    }  # fmt: skip
    quality = _("质量 %(marks)s平均 %(mean)s，%(weight)s × %(mean)s ÷ 100 ＝ %(points)s") % {
        "marks": _marks(row.marks), "mean": mean, "weight": parts["quality"], "points": scores.get("quality"),
    }  # fmt: skip
    record = _("信用 %(weight)s × %(credit)s ÷ 100 ＝ %(points)s") % {
        "weight": parts["record"], "credit": row.credit, "points": scores.get("record"),
    }  # fmt: skip
    total = " ＋ ".join(scores.get(name, "–") for name in ("price", "quality", "record"))
    return _("%(name)s：%(price)s；%(quality)s；%(record)s；合计 %(sum)s ＝ %(total)s。") % {
        "name": row.name, "price": price, "quality": quality, "record": record, "sum": total,
        "total": scores.get("total"),
    }  # fmt: skip


def _marks(marks: Sequence[Decimal]) -> str:
    """The marks as they came, and which two are dropped."""
    shown = _("、").join(str(mark) for mark in marks)
    if len(marks) < TRIMMED_FROM:
        return _("评分 %(marks)s，") % {"marks": shown}
    dropped = {"marks": shown, "highest": max(marks), "lowest": min(marks)}
    return _("评分 %(marks)s，去掉最高 %(highest)s 和最低 %(lowest)s，") % dropped


TOLD: dict[str, Callable[[Case], list[str]]] = {
    "auction": auction_sentences,
    "lowest": _lowest,
    "draw": _drawn,
    "mean": _mean,
    "lowest_draw": _lowest_draw,
    "credit_draw": _credit_draw,
    "proposal": lambda case: [*_limits(case.lot), *_picked(case)],
    "direct": _direct,
    "scored": _scored,
}
