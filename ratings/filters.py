"""By what the league table is narrowed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.models import District
from core.choices import InReadersLanguage
from market.models import Service
from ratings.models import TimeSpent


class _Named(InReadersLanguage, forms.ModelChoiceField[Any]):
    """One out of a catalogue, by its code."""


class LeagueForm(forms.Form):
    """A service or all together, a district or the whole city."""

    service = _Named(
        queryset=Service.objects.order_by("code"), to_field_name="code", required=False, label=_("中介服务"),
        empty_label=_("全部服务合计"),
    )  # fmt: skip
    district = _Named(
        queryset=District.objects.order_by("code"), to_field_name="code", required=False, label=_("区县市"),
        empty_label=_("全市"),
    )  # fmt: skip


class TimeForm(LeagueForm):
    """The same, and in which months the lines were decided."""

    period = forms.TypedChoiceField(
        choices=TimeSpent.Period.choices, coerce=int, empty_value=str(TimeSpent.Period.YEAR.value), required=False,
        label=_("决定的时间"),
    )  # fmt: skip
