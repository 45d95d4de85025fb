"""A table as it is handed in, and once more after it was looked at."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LARGEST = 1024 * 1024


class TableForm(forms.Form):
    """A CSV of at most 1 MB."""

    file = forms.FileField(
        label=_("CSV 文件"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_("第一行是列名；UTF-8 或 GB 18030，不超过 1 MB、1000 行、150 件新办件。先预览，确认以后才导入。"),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的，请重新选择。")},
    )  # fmt: skip

    def clean_file(self) -> bytes:
        given: Any = self.cleaned_data["file"]
        if given.size > LARGEST:
            raise forms.ValidationError(_("文件超过 1 MB，请分几次导入。"), code="large")
        content: bytes = given.read()
        return content


class LookedAtForm(forms.Form):
    """The same table, as it was previewed."""

    content = forms.CharField(widget=forms.HiddenInput, max_length=LARGEST * 4 // 3 + 8)

    def clean_content(self) -> bytes:
        try:
            return base64.b64decode(self.cleaned_data["content"], validate=True)
        except (binascii.Error, ValueError) as bad:
            raise forms.ValidationError(_("请重新选择文件。"), code="content") from bad
