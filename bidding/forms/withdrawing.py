"""What the service centre writes to take an entry back for a firm that has lost its token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bidding.forms.checks import ReasonForm
from bidding.models import Lot
from core.identifiers import normalise_uscc


class WithdrawForForm(ReasonForm):
    """Which firm asks for it, and why."""

    uscc = forms.CharField(
        label=_("机构的统一社会信用代码"),
        max_length=40,
        help_text=_("应机构的书面要求。这家机构是否报过名，这里不显示，开启前谁也不知道。"),
        error_messages={"required": _("请填写统一社会信用代码。")},
    )
    field_order = ["uscc", "lot", "reason"]

    def __init__(self, *args: Any, lots: Sequence[Lot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(lots) > 1:
            choices = [(lot.number, lot.name) for lot in lots]
            self.fields["lot"] = forms.ChoiceField(label=_("标段"), choices=choices, widget=forms.RadioSelect)
            self.order_fields(self.field_order)

    def clean_uscc(self) -> str:
        return normalise_uscc(self.cleaned_data["uscc"])
