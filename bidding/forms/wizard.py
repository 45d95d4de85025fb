"""The steps of the wizard: how to choose, on which terms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bidding.domain.rounds import OFFERED
from bidding.models import Policy, Round
from bidding.wording import METHOD_NAMES, METHOD_SENTENCES
from core.money import MAXIMUM, yuan
from core.widgets import MoneyInput
from market.forms.projects import MONEY_ERRORS
from protocol.methods import METHODS

AMOUNT_LABELS = {"price": _("给定价格（元）"), "upper": _("最高限价（元）"), "lower": _("最低限价（元）")}
AMOUNT_HINTS = {
    "price": _("中选机构按这个价格提供服务。"),
    "upper": _("高于它的报价无效。"),
    "lower": _("低于它的报价无效；财政资金和依法招标的项目不得设置。"),
}
ASKED = [code for code in OFFERED if set(METHODS[code].parameters) <= set(AMOUNT_LABELS)]
"""Methods whose terms this form can ask for: amounts, and nothing else."""
LONGEST = {Policy.Unit.WORKING_DAYS: 60, Policy.Unit.MINUTES: 30 * 24 * 60}
"""How long a notice may be at most; beyond it is a slip of the keyboard."""


class MethodForm(forms.Form):
    """Which selection method."""

    method = forms.ChoiceField(
        label=_("选取方式"), widget=forms.RadioSelect, error_messages={"required": _("请选择选取方式。")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (code, f"{METHOD_NAMES[code]}：{METHOD_SENTENCES[code]}") for code in ASKED
        ]


class TermsForm(forms.Form):
    """The amounts that the chosen method takes, and how long the notice is, in the policy's unit."""

    notice_length = forms.IntegerField(
        label=_("公告时长"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("请填写公告时长。"), "invalid": _("请填写整数。")},
    )

    def __init__(self, *args: Any, round_: Round, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.method, self.policy = METHODS[round_.method], policy
        for name in self.method.parameters:
            self.fields[name] = forms.DecimalField(
                label=AMOUNT_LABELS[name],
                help_text=AMOUNT_HINTS[name],
                required=name in self.method.required,
                max_digits=14,
                decimal_places=2,
                min_value=Decimal("0.01"),
                max_value=MAXIMUM,
                widget=MoneyInput(),
                error_messages={**MONEY_ERRORS, "required": _("请填写。"), "min_value": _("金额须大于零。")},
            )
            self.initial.setdefault(name, round_.parameters.get(name, ""))
        self.initial.setdefault("notice_length", round_.notice_length or policy.notice_minimum)
        self.fields["notice_length"].help_text = _("不少于 %(minimum)s %(unit)s。") % {
            "minimum": policy.notice_minimum, "unit": policy.get_unit_display(),
        }  # fmt: skip
        self.order_fields([*self.method.parameters, "notice_length"])

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

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        upper, lower = given.get("upper"), given.get("lower")
        if upper is not None and lower is not None and lower > upper:
            self.add_error("lower", _("最低限价不能高于最高限价。"))
        return given

    @property
    def parameters(self) -> dict[str, str]:
        """The method's parameters as PROTOCOL §4 writes them."""
        amounts = {name: self.cleaned_data.get(name) for name in self.method.parameters}
        return {name: str(yuan(amount)) for name, amount in amounts.items() if amount is not None}
