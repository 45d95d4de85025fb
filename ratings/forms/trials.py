"""Numbers for a trial of other rules; `ratings.domain.trials` tries them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ratings.domain.trials import numbers_of
from ratings.models import ScorePolicy
from ratings.models.trials import UNTRIED

NO_NUMBERS = ("suspension_months",)
"""A list that says nothing of scores: that in force is taken."""


class TrialForm(forms.ModelForm):  # type: ignore[type-arg]
    """The numbers of a policy, begun from those of another; nothing is saved of it but the numbers."""

    class Meta:
        model = ScorePolicy
        fields = [field.name for field in ScorePolicy._meta.fields if field.name not in (*UNTRIED, *NO_NUMBERS)]

    def clean(self) -> dict[str, Any]:
        """What the fields allow one by one must also be something to compute by."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            for name, value in cleaned.items():
                setattr(self.instance, name, value)
            try:
                self.instance.as_policy()
            except ValueError:
                raise forms.ValidationError(_("按这些数字算不出得分，请检查。")) from None
        return cleaned

    @property
    def numbers(self) -> dict[str, Any]:
        """What a trial keeps."""
        return numbers_of(self.instance)
