"""What the service centre may write before a bulletin."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.texts import VisibleTexts
from ratings.domain.access import LENGTH


class ForewordForm(VisibleTexts, forms.Form):
    """A few words, or none."""

    foreword = forms.CharField(
        label=_("卷首语"), required=False, max_length=LENGTH, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("可以不写。向所有人公开，发布以后不能更改；数字已经固定，不能更改。"),
        error_messages={"max_length": _("最多 %(limit_value)d 个字。")},
    )  # fmt: skip
