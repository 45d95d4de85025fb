"""What the regulator asks of the graph."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import clock
from oversight.models import Kind

OPENED = 20
"""So many parties may be opened at once."""


class GraphForm(forms.Form):
    """A day, kinds of ties, what is opened beside the party itself, and to whom a way is looked for."""

    at = forms.DateField(
        label=_("日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    kind = forms.MultipleChoiceField(
        label=_("关系"), choices=Kind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    to = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    open = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)

    def clean_open(self) -> list[int]:
        """Numbers of parties; what is no number is left out."""
        written = str(self.cleaned_data["open"]).split(",")
        return [int(each) for each in dict.fromkeys(written) if each.isdecimal() and len(each) < 19][:OPENED]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        given["at"] = given.get("at") or clock.now().astimezone(clock.LOCAL).date()
        given["kind"] = given.get("kind") or list(Kind.values)
        return given


class SearchForm(forms.Form):
    """Any organisation by code or name."""

    q = forms.CharField(label=_("机构或部门的名称、曾用名或统一社会信用代码"), required=False, max_length=100)
