"""Numbers as people write them in forms."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms

from core.identifiers import half_width

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")


class PlainDecimalField(forms.DecimalField):
    """Digits and a point, of any width. `1e9` and `1_000`, which Python takes for numbers, are slips of the finger."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs have that of IntegerField
        if value in self.empty_values:
            return None
        text = half_width(str(value))
        if not _PLAIN.fullmatch(text):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(text)
