"""What a firm shows to take its entry back."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class WithdrawForm(forms.Form):
    """The token of the envelope that is there."""

    token = forms.CharField(
        label=_("提交时保存的凭证"),
        max_length=200,
        widget=forms.TextInput(attrs={"data-token": "", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("保存的文件里有；在同一个浏览器里提交的，这里已经填好。凭证丢失的，请联系中介管理服务中心撤回。"),
        error_messages={"required": _("请填写凭证。")},
    )
