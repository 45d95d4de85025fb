"""The terms of a method as the wizard asks for them: one field for each parameter of PROTOCOL §4, and how long the notice is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bidding.domain.lots import LotTerms
from bidding.forms.consortia import consortium_field
from bidding.models import Policy, Round
from core.decimals import PlainDecimalField
from core.identifiers import normalise_uscc
from core.money import MAXIMUM, yuan
from core.texts import VisibleTexts
from core.widgets import MoneyInput
from market.forms.projects import MONEY_ERRORS
from market.models import Firm
from protocol.methods import METHODS
from protocol.parameters import COEFFICIENTS, LONGEST_GROUND, WEIGHTS, problem_of

Text = Any  # lazy or plain, as Django's own labels

LABELS: dict[str, Text] = {
    "price": _("给定价格（元）"),
    "upper": _("最高限价（元）"),
    "lower": _("最低限价（元）"),
    "step": _("每次至少降（元）"),
    "k": _("报价最低的几家入围"),
    "trim_over": _("有效报价多于几家时去掉最高和最低"),
    "coefficients": _("备选系数"),
    "long_list": _("信用分最高的几家入围"),
    "short_list": _("抽出几家供业主选"),
    "extend_within_s": _("结束前多少秒内出价则顺延"),
    "extend_by_s": _("顺延到出价后多少秒"),
    "max_extensions": _("最多顺延几次"),
    "ground": _("依据"),
}
HINTS: dict[str, Text] = {
    "price": _("中选机构按这个价格提供服务。"),
    "upper": _("高于它的报价无效。"),
    "lower": _("低于它的报价无效；财政资金和依法招标的项目不得设置。"),
    "step": _("新出价须比当前最低价至少低这么多。"),
    "k": _("与第末名报价相同的都入围，然后在入围的几家中抽签。"),
    "trim_over": _("不填为 5 家。"),
    "coefficients": _("用空格隔开，例如 0.95 0.96 0.97 0.98；开启时公开抽出一个。"),
    "long_list": _("按截止时的信用分排，其余淘汰。"),
    "short_list": _("业主从抽出的几家里选一家并写明理由；不多于入围数。"),
    "extend_within_s": _("例如 120。"),
    "extend_by_s": _("例如 120。"),
    "max_extensions": _("不填为不限次数。"),
    "ground": _("为什么用这种方式，任何人都会看到。不要写个人信息。"),
}
WEIGHT_LABELS: dict[str, Text] = {
    "price": _("价格分的比重"), "quality": _("质量分的比重"), "record": _("信用分的比重"),
}  # fmt: skip
DEFAULTS: dict[str, str] = {
    "k": "3", "long_list": "10", "short_list": "3", "coefficients": " ".join(COEFFICIENTS),
    "extend_within_s": "120", "extend_by_s": "120",
}  # fmt: skip
WEIGHTS_DEFAULT = {"price": 40, "quality": 40, "record": 20}
AMOUNTS = ("price", "upper", "lower", "step")
LONGEST = {Policy.Unit.WORKING_DAYS: 60, Policy.Unit.MINUTES: 30 * 24 * 60}
"""How long a notice may be at most; beyond it is a slip of the keyboard."""
MOST = 999_999


class TermsForm(VisibleTexts, forms.Form):
    """The parameters that the chosen method takes, and the length of the notice in the policy's unit."""

    notice_length = forms.IntegerField(
        label=_("公告时长"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("请填写公告时长。"), "invalid": _("请填写整数。")},
    )

    def __init__(self, *args: Any, round_: Round, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.round, self.method, self.policy = round_, METHODS[round_.method], policy
        for name in self.whole:
            self._add(name, round_.parameters)
        if round_.method == "direct":
            self.fields["named"] = _named_field()
            self.initial.setdefault("named", round_.named.uscc if round_.named else "")
        else:
            self.fields["consortium_most"] = consortium_field()
            self.initial.setdefault("consortium_most", round_.consortium_most or "")
        self.initial.setdefault("notice_length", round_.notice_length or policy.notice_minimum)
        self.fields["notice_length"].help_text = _("不少于 %(minimum)s %(unit)s。") % {
            "minimum": policy.notice_minimum, "unit": policy.get_unit_display(),
        }  # fmt: skip
        self.order_fields([name for name in self.fields if name != "notice_length"] + ["notice_length"])

    @property
    def whole(self) -> tuple[str, ...]:
        """The parameters of the round as a whole."""
        return self.method.parameters

    @property
    def plain(self) -> list[forms.BoundField]:
        """Its fields without those of lots."""
        return list(self)

    @property
    def lots(self) -> list[LotTerms]:
        """The lots into which it is split: none."""
        return []

    def _add(self, name: str, given: dict[str, Any]) -> None:
        if name == "weights":
            for part in WEIGHTS:
                self.fields[f"weight_{part}"] = _count_field(WEIGHT_LABELS[part], required=True, least=0, most=100)
                kept = (given.get("weights") or {}).get(part, WEIGHTS_DEFAULT[part])
                self.initial.setdefault(f"weight_{part}", kept)
            return
        field = _FIELDS.get(name, _count)(name, name in (*self.method.required, "ground"))
        field.help_text = HINTS[name]
        self.fields[name] = field
        kept = given.get(name, DEFAULTS.get(name, ""))
        self.initial.setdefault(name, " ".join(kept) if isinstance(kept, list) else kept)

    def clean_notice_length(self) -> int:
        length: int = self.cleaned_data["notice_length"]
        if length < self.policy.notice_minimum:
            raise forms.ValidationError(
                _("不少于 %(minimum)s %(unit)s。")
                % {"minimum": self.policy.notice_minimum, "unit": self.policy.get_unit_display()}
            )
        longest = LONGEST[Policy.Unit(self.policy.unit)]
        if length > longest:
            raise forms.ValidationError(
                _("不多于 %(maximum)s %(unit)s。") % {"maximum": longest, "unit": self.policy.get_unit_display()}
            )
        return length

    def clean_coefficients(self) -> list[str]:
        """Decimal strings as they are printed, which is how they enter the draw."""
        typed = unicodedata.normalize("NFKC", self.cleaned_data["coefficients"])
        found = [each for each in re.split(r"[\s,、;]+", typed) if each]
        problem = problem_of("coefficients", found) if found else None
        if problem == "repeated":
            raise forms.ValidationError(_("系数不能重复。"))
        if problem:
            raise forms.ValidationError(_("系数须在 0.50 至 1.00 之间，两到四位小数，最多 20 个，用空格隔开。"))
        return found

    def clean_named(self) -> Firm:
        """A firm that is listed, by its USCC."""
        uscc = normalise_uscc(self.cleaned_data["named"])
        firm = Firm.objects.listed().select_related("organisation").filter(organisation__uscc=uscc).first()
        if firm is None:
            raise forms.ValidationError(_("没有这个统一社会信用代码的入驻机构。"))
        return firm

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        upper, lower = given.get("upper"), given.get("lower")
        if upper is not None and lower is not None and lower > upper:
            self.add_error("lower", _("最低限价不能高于最高限价。"))
        if (given.get("short_list") or 0) > (given.get("long_list") or MOST):
            self.add_error("short_list", _("供业主选的家数不能多于入围的家数。"))
        parts = [given.get(f"weight_{part}") for part in WEIGHTS if f"weight_{part}" in self.fields]
        if parts and None not in parts and sum(part for part in parts if part is not None) != 100:
            self.add_error("weight_price", _("三个比重加起来须是 100。"))
        limit, price = self.policy.direct_limit, given.get("price")
        if self.round.method == "direct" and price is not None and (limit is None or price > limit):
            shown = f"¥ {limit:,.2f}" if limit is not None else "–"
            self.add_error("price", _("超过直接选取的金额上限（%(limit)s）。") % {"limit": shown})
        return given

    @property
    def parameters(self) -> dict[str, Any]:
        """The method's parameters as PROTOCOL §4 writes them; what was left empty is absent."""
        given = self.cleaned_data
        found: dict[str, Any] = {}
        for name in self.whole:
            value = given.get(name)
            if name == "weights":
                found[name] = {part: str(given[f"weight_{part}"]) for part in WEIGHTS}
            elif value not in (None, "", []):
                found[name] = str(yuan(value)) if name in AMOUNTS else value if isinstance(value, list) else str(value)
        return found


def amount_field(name: str, required: bool) -> forms.Field:
    return PlainDecimalField(
        label=LABELS[name],
        required=required,
        max_digits=14,
        decimal_places=2,
        min_value=Decimal("0.01"),
        max_value=MAXIMUM,
        widget=MoneyInput(),
        error_messages={**MONEY_ERRORS, "required": _("请填写。"), "min_value": _("金额须大于零。")},
    )


def _count(name: str, required: bool) -> forms.Field:
    return _count_field(LABELS[name], required=required, least=1, most=MOST)


def _count_field(label: Text, *, required: bool, least: int, most: int) -> forms.Field:
    return forms.IntegerField(
        label=label,
        required=required,
        min_value=least,
        max_value=most,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": _("请填写。"), "invalid": _("请填写整数。")},
    )


def _words(name: str, required: bool) -> forms.Field:
    return forms.CharField(
        label=LABELS[name], required=required, max_length=200, error_messages={"required": _("请填写。")}
    )


def _ground(name: str, required: bool) -> forms.Field:
    return forms.CharField(
        label=LABELS[name],
        required=required,
        max_length=LONGEST_GROUND,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明依据。")},
    )


def _named_field() -> forms.Field:
    return forms.CharField(
        label=_("选取哪一家机构（统一社会信用代码）"),
        max_length=40,
        help_text=_("这家机构要在公告期内应邀报名；不应邀则流标。"),
        error_messages={"required": _("请填写。")},
    )


_FIELDS: dict[str, Callable[[str, bool], forms.Field]] = {
    **dict.fromkeys(AMOUNTS, amount_field),
    "coefficients": _words,
    "ground": _ground,
}
