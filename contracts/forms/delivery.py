"""A deliverable as the firm hands it in, and what the owner says of it; contracts.domain decides."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.domain.access import LENGTH
from contracts.domain.delivering import NOTE_LENGTH
from contracts.models import Reason
from core.uploads import LargeFileField


class SubmitForm(forms.Form):
    """One file, whatever it is called."""

    file = LargeFileField(label=_("成果文件"))
    note = forms.CharField(
        label=_("说明"),
        required=False,
        max_length=NOTE_LENGTH,
        help_text=_("这一版改了什么；业主、审批部门和监管部门能看到。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReturnForm(forms.Form):
    """Why what was delivered is not accepted: categories, and in words."""

    reasons = forms.MultipleChoiceField(
        label=_("退回原因"),
        choices=Reason.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("前三类属于成果质量问题，计入机构的评价；后三类不计入。"),
        error_messages={"required": _("请至少选择一类原因。")},
    )
    words = forms.CharField(
        label=_("具体说明"),
        max_length=LENGTH,
        help_text=_("写明哪一处、要怎样改。"),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("请写明原因。")},
    )
