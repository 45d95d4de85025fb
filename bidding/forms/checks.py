"""What the service centre writes when it returns or cancels a round."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.texts import VisibleTexts


class ReasonForm(VisibleTexts, forms.Form):
    """A reason that the owner, and after a cancellation everybody, will read."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("请写明原因。"), "max_length": _("原因最多 500 个字。")},
    )


class WalkAwayForm(ReasonForm):
    """Why a winner gives up, with the winner that the page showed: one pressed twice is not meant for who has followed."""

    out = forms.CharField(
        max_length=18, widget=forms.HiddenInput, error_messages={"required": _("请刷新页面后再提交。")}
    )
