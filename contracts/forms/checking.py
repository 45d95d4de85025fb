"""A PDF that somebody holds, to be compared with the contract."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from core.uploads import MEGABYTE, content_type

LARGEST = 8 * MEGABYTE


class CheckForm(forms.Form):
    """Only a PDF; a file that was broken on the way is taken too, to say so."""

    file = forms.FileField(
        label=_("合同 PDF"),
        help_text=_("您手里的合同文件，不超过 8 MB。文件只用来核对，不保存。"),
        max_length=200,
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf"}),
        error_messages={"required": _("请选择合同的 PDF 文件。"), "empty": _("文件是空的，请重新选择。")},
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(_("文件超过 8 MB，不会是平台的合同。"))
        if content_type(file.read(16)) != "application/pdf":
            raise forms.ValidationError(_("这个文件的内容不是 PDF。"))
        file.seek(0)
        return file
