"""A firm's bid as it is typed; what it means is decided by bidding.domain.entries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bidding.models import Lot, Round
from bidding.wording import TAKES_AMOUNT
from core.money import MAXIMUM
from core.widgets import MoneyInput


class EntryForm(forms.Form):
    """Amount, promised days and the nonce that the browser has drawn (static/js/nonce.js)."""

    amount = forms.DecimalField(
        label=_("报价（元）"),
        max_digits=14,
        decimal_places=2,
        min_value=Decimal("0.01"),
        max_value=MAXIMUM,
        widget=MoneyInput(),
        error_messages={"required": _("请填写报价。"), "invalid": _("请用数字填写报价，例如 48000.00。")},
    )
    days = forms.IntegerField(
        label=_("承诺时限（工作日）"),
        min_value=1,
        max_value=365,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": _("请填写承诺多少个工作日完成。"), "invalid": _("请用整数填写工作日数，例如 20。")},
    )
    nonce = forms.RegexField(
        r"\A[0-9a-f]{64}\Z",
        widget=forms.HiddenInput(attrs={"data-nonce": ""}),
        error_messages={
            "required": _("缺少随机数：它由您的浏览器生成，需要允许本站脚本运行。请打开脚本后刷新本页，再重新提交。"),
            "invalid": _("随机数不完整，请刷新本页后重新提交。"),
        },
    )

    def __init__(self, *args: Any, round_: Round, lot: Lot, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lot = lot
        if round_.method not in TAKES_AMOUNT:
            del self.fields["amount"]
        asked = round_.need.days
        if asked is not None:
            self.fields["days"].help_text = _("业主要求在 %(days)s 个工作日内完成，可以更短。") % {"days": asked}
            self.asked_days: int | None = asked
        else:
            self.asked_days = None

    def clean_amount(self) -> Decimal | None:
        """An amount beyond the limits would be set aside at opening; better to say so now."""
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount is not None and self.lot.upper is not None and amount > self.lot.upper:
            raise forms.ValidationError(
                _("高于最高限价 ¥ %(upper)s，这样的报价无效。") % {"upper": f"{self.lot.upper:,.2f}"}
            )
        if amount is not None and self.lot.lower is not None and amount < self.lot.lower:
            raise forms.ValidationError(
                _("低于最低限价 ¥ %(lower)s，这样的报价无效。") % {"lower": f"{self.lot.lower:,.2f}"}
            )
        return amount

    def clean_days(self) -> int:
        days: int = self.cleaned_data["days"]
        if self.asked_days is not None and days > self.asked_days:
            raise forms.ValidationError(_("业主要求不超过 %(days)s 个工作日。") % {"days": self.asked_days})
        return days
