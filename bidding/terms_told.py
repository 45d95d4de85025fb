"""The parameters of a round's method in words, as its announcement tells them (PROTOCOL §4); limits stand beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from bidding.models import Policy, Round
from protocol.methods.mean import TRIM_OVER
from protocol.parameters import Parameters, amount, coefficients, count

Term = tuple[str, str]


def terms_told(round_: Round, *, policy: Policy | None) -> list[Term]:
    """What each parameter is called, and what it says. `policy` is the one that would hold, for a round that has none yet."""
    told = _TOLD.get(round_.method)
    found = told(round_.parameters) if told and round_.parameters else []
    if round_.method == "scored" and found and policy is not None:
        found.append((_("评分专家"), _("质量由公开抽取的 %(n)s 名专家打分") % {"n": policy.experts}))
    if round_.named is not None:
        found.append((_("业主选取的机构"), round_.named.organisation.public_name))
    ground = str(round_.parameters.get("ground") or "")
    return [*found, (_("依据"), ground)] if ground else found


def _mean(given: Parameters) -> list[Term]:
    over = count(given, "trim_over") or TRIM_OVER
    return [
        (_("备选系数"), _("%(list)s，开启时公开抽出一个") % {"list": _("、").join(coefficients(given))}),
        (_("去掉最高和最低"), _("有效报价多于 %(n)s 家时，各去掉一个") % {"n": over}),
    ]


def _lowest_draw(given: Parameters) -> list[Term]:
    return [(_("入围"), _("报价最低的 %(n)s 家，与第末名同价的也入围") % {"n": count(given, "k") or 1})]


def _credit_draw(given: Parameters) -> list[Term]:
    return [
        (_("入围"), _("截止时信用分最高的 %(n)s 家") % {"n": count(given, "long_list") or 1}),
        (_("供业主选"), _("公开抽出的 %(n)s 家") % {"n": count(given, "short_list") or 1}),
    ]


def _scored(given: Parameters) -> list[Term]:
    parts = given.get("weights")
    if not isinstance(parts, Mapping):
        return []
    return [(_("比重"), _("价格 %(price)s，质量 %(quality)s，信用 %(record)s") % dict(parts))]


def _auction(given: Parameters) -> list[Term]:
    within, by, most = (given.get(name) for name in ("extend_within_s", "extend_by_s", "max_extensions"))
    moved = _("最后 %(within)s 秒内有出价的，结束时间改为该次出价后 %(by)s 秒") % {"within": within, "by": by}
    if most:
        moved += _("，最多 %(n)s 次") % {"n": most}
    return [(_("降价幅度至少"), f"¥ {amount(given, 'step') or Decimal(0):,.2f}"), (_("延时"), moved)]


_TOLD: Mapping[str, Callable[[Parameters], list[Term]]] = {
    "mean": _mean,
    "lowest_draw": _lowest_draw,
    "credit_draw": _credit_draw,
    "scored": _scored,
    "auction": _auction,
}
