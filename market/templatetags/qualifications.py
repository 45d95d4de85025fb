"""How the levels of qualifications are written."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext, gettext_noop

register = template.Library()

LEVELS = frozenset(
    {
        gettext_noop("综合甲级"),
        gettext_noop("甲级"),
        gettext_noop("乙级"),
        gettext_noop("丙级"),
        gettext_noop("丁级"),
        gettext_noop("暂定级"),
        gettext_noop("一级"),
        gettext_noop("二级"),
        gettext_noop("一类"),
        gettext_noop("二类"),
        gettext_noop("综合"),
        gettext_noop("综合资质"),
        gettext_noop("专项资质"),
        gettext_noop("专项检测"),
        gettext_noop("见证取样检测"),
    }
)
"""Of the kinds in the catalogue; a level that a city adds is shown as it was written."""


@register.filter
def level(written: str) -> str:
    """A level in the reader's language."""
    return gettext(written) if written in LEVELS else written
