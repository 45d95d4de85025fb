"""Inputs that take what people type."""

from __future__ import annotations

from typing import Any

from django import forms

from core.identifiers import half_width


class MoneyInput(forms.TextInput):
    """An amount as people write it: separators, full-width digits and the sign of the yuan do not matter."""

    def __init__(self) -> None:
        super().__init__(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        given = data.get(name)
        if not isinstance(given, str):
            return given
        plain = half_width(given).replace(",", "")
        return plain.removeprefix("¥").removeprefix("\\").removesuffix("元")
