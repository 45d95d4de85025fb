"""What parties write about payments; `contracts.payments.domain` decides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from contracts.payments.domain import refunds, requests
from contracts.payments.models import Payee
from core.decimals import PlainDecimalField
from core.identifiers import half_width
from core.uploads import CheckedFileField

INVOICE_NUMBER = RegexValidator(r"\A([0-9]{8}|[0-9]{20})\Z", _("发票号码是 8 位或 20 位数字。"))


def _reason(label: Any, *, most: int, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明理由。"), "max_length": _("最多 %(limit_value)d 个字。")},
    )


class PayeeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The number under which Alipay pays a firm."""

    class Meta:
        model = Payee
        fields = ["merchant_id"]
        help_texts = {
            "merchant_id": _(
                "在支付宝完成二级商户进件后得到的编号，2088 开头，16 位数字。款项由支付宝直接结算给这个商户，不经过平台。"
            )
        }
        error_messages = {"merchant_id": {"required": _("请填写二级商户号。")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["merchant_id"].widget.attrs["inputmode"] = "numeric"


class AskForm(forms.Form):
    """A request to be paid: the invoice and its number."""

    invoice_number = forms.CharField(
        label=_("发票号码"),
        max_length=40,
        help_text=_("8 位或 20 位数字。"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("请填写发票号码。")},
    )
    invoice = CheckedFileField(label=_("发票"), error_messages={"required": _("请上传发票。")})

    def clean_invoice_number(self) -> str:
        number = half_width(self.cleaned_data["invoice_number"]).replace(" ", "")
        INVOICE_NUMBER(number)
        return number


class ReturnForm(forms.Form):
    """Why an owner sends a request back."""

    reason = _reason(_("退回理由"), most=requests.REASON_LENGTH, hint=_("例如发票内容有误。机构改正后可以重新申请。"))


class TransferForm(forms.Form):
    """A transfer that was made, with its proof."""

    paid_on = forms.DateField(
        label=_("转账日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("请填写转账日期。"), "invalid": _("请填写日期，例如 2026-11-25。")},
    )
    proof = CheckedFileField(label=_("转账凭证"), error_messages={"required": _("请上传转账凭证。")})


class ArrivedForm(forms.Form):
    """Whether a transfer has come."""

    arrived = forms.ChoiceField(
        label=_("款项"),
        choices=[("yes", _("已经到账")), ("no", _("没有到账"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择款项是否到账。")},
    )
    reason = forms.CharField(
        label=_("未到账说明"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("最多 %(limit_value)d 个字。")},
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("arrived") == "no" and not given.get("reason", "").strip():
            self.add_error("reason", _("请写明没有到账的情况。"))
        return given


class RefundForm(forms.Form):
    """How much goes back, and why."""

    amount = PlainDecimalField(
        label=_("退款金额（元）"),
        max_digits=14,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={
            "required": _("请填写退款金额。"),
            "invalid": _("请填写金额，例如 1200.50。"),
            "min_value": _("退款金额至少 0.01 元。"),
            "max_decimal_places": _("金额最多两位小数。"),
        },
    )
    reason = _reason(_("退款原因"), most=refunds.REASON_LENGTH)


class BillForm(forms.Form):
    """The day whose bill is to be read."""

    day = forms.DateField(
        label=_("账单日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("请填写日期。"), "invalid": _("请填写日期，例如 2026-11-25。")},
    )
