"""The owner's choice as it is typed: whom, why, and where the method asks for it a reason for every one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bidding.domain.reasons import LENGTH


def _reason(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明理由。"), "max_length": _("理由最多 500 个字。")},
    )


class ChoiceForm(forms.Form):
    """`candidates` are pairs of a key and what is shown of it; `each` asks for a reason for every one."""

    chosen = forms.ChoiceField(
        label=_("选定"), widget=forms.RadioSelect, error_messages={"required": _("请选定一家。")}
    )
    reason = _reason(_("选定的理由（任何人都会看到）"))

    def __init__(self, *args: Any, candidates: list[tuple[str, str]], each: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].choices = candidates  # type: ignore[attr-defined]
        self.keys = [key for key, _shown in candidates] if each else []
        for key in self.keys:
            self.fields[f"reason_{key}"] = _reason(_("方案 %(number)s：选或不选的理由") % {"number": key})

    @property
    def reasons(self) -> dict[str, str]:
        """Reasons by the keys of the candidates."""
        return {key: self.cleaned_data[f"reason_{key}"] for key in self.keys}
