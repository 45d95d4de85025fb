"""Choices out of a catalogue that has names in both languages, shown in the reader's."""

from __future__ import annotations

from typing import Any

from django import forms

from core.templatetags.mx import translated


class InReadersLanguage:
    """What a choice is called; mixed into a field of choices."""

    def label_from_instance(self, each: Any) -> str:
        return translated(each)


class NamedChoiceField(InReadersLanguage, forms.ModelChoiceField[Any]):
    """One of them."""


class NamedChoicesField(InReadersLanguage, forms.ModelMultipleChoiceField[Any]):
    """Several of them."""
