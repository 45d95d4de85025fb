"""A department's system, as its administrator connects it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ClientForm(forms.Form):
    label = forms.CharField(
        label=_("系统名称"), max_length=60, help_text=_("例如：行政许可业务系统。"),
        error_messages={"required": _("请填写系统名称。")},
    )  # fmt: skip
    public_key = forms.CharField(
        label=_("公钥"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("Ed25519 公钥，PEM 或 base64。私钥只留在贵部门的系统里，不要发给任何人。"),
        error_messages={"required": _("请粘贴公钥。")},
    )  # fmt: skip
