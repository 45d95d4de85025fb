"""Texts that look empty are empty, and none is read in another order than it was written in."""

from __future__ import annotations

import pytest
from django import forms

from bidding.domain.reasons import demand_reason
from bidding.forms.checks import ReasonForm
from core.errors import DomainError
from core.texts import VisibleTexts, visible

NOTHING = ["", "  ", "\u200b", "\ufeff\u2060 ", "\u202e\u200b", "\x07\x1b", "\u00ad"]


class Both(VisibleTexts, forms.Form):
    title = forms.CharField(max_length=20)
    note = forms.CharField(required=False)


@pytest.mark.parametrize("text", NOTHING)
def test_a_text_with_nothing_to_see_is_none(text):
    assert visible(text) == ""
    assert list(Both({"title": text, "note": text}).errors) == ["title"]
    assert ReasonForm({"reason": text}).errors
    with pytest.raises(DomainError):
        demand_reason(text)


def test_what_turns_the_direction_of_reading_goes_and_the_rest_stays():
    form = Both({"title": "限价\u202e00.05\u202c元", "note": "第一行\n\t第二行 “😀” é"})
    assert form.is_valid()
    assert form.cleaned_data == {"title": "限价00.05元", "note": "第一行\n\t第二行 “😀” é"}
