"""Filters that take a code of something that exists."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters


class CodeFilter(filters.ModelChoiceFilter):
    """Chooses by `code`; a code that nothing has is refused in words rather than answered with an empty list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("to_field_name", "code")
        super().__init__(*args, **kwargs)
        self.extra["error_messages"] = {"invalid_choice": _("没有这个代码。")}
