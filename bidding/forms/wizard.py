"""The first step of the wizard: how to choose."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bidding.domain.rounds import OFFERED
from bidding.wording import METHOD_NAMES, METHOD_SENTENCES


class MethodForm(forms.Form):
    """Which selection method."""

    method = forms.ChoiceField(
        label=_("选取方式"), widget=forms.RadioSelect, error_messages={"required": _("请选择选取方式。")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (code, f"{METHOD_NAMES[code]}：{METHOD_SENTENCES[code]}") for code in METHOD_NAMES if code in OFFERED
        ]
