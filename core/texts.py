"""What people write for everybody to read: without characters that nobody sees."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms

TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They let a text be read in another order than it was written in, an amount backwards for instance."""
UNSEEN = frozenset("\u00ad\u180e\u200b\u2060\u2061\u2062\u2063\u2064\ufeff")
KEPT = frozenset("\n\r\t")


def visible(text: str) -> str:
    """A text as it is read, without space around it: empty where there is nothing to see."""
    return "".join(
        each
        for each in text
        if each in KEPT or not (each in TURNING or each in UNSEEN or unicodedata.category(each) == "Cc")
    ).strip()


class VisibleTexts:
    """Mixed into a form: every text is kept as it is read, and one with nothing to see is none."""

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]
        form: Any = self
        for name, value in list(form.cleaned_data.items()):
            field = form.fields[name]
            if isinstance(value, str) and isinstance(field, forms.CharField):
                form.cleaned_data[name] = visible(value)
                if field.required and not form.cleaned_data[name]:
                    form.add_error(name, field.error_messages["required"])
