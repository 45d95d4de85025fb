"""Chinese search: a part of a name, its pinyin or the initials of its pinyin, or a code, all by trigrams."""

from __future__ import annotations

import unicodedata
from typing import TypeVar

from django.db.models import Model, QuerySet
from pypinyin import Style, lazy_pinyin

LONGEST_QUERY = 60
M = TypeVar("M", bound=Model)


def search_text(*parts: str | None) -> str:
    """What a row is found by: its texts, the pinyin of each written together, and the initials; lower case, half width."""
    words: list[str] = []
    for part in parts:
        if not part:
            continue
        plain = normalised(part)
        words += [plain, "".join(lazy_pinyin(plain)), "".join(lazy_pinyin(plain, style=Style.FIRST_LETTER))]
    return " ".join(dict.fromkeys(words))


def normalised(query: str) -> str:
    """A query or a text without what people do not mean: case, width, and space between words."""
    return " ".join(unicodedata.normalize("NFKC", query).lower().split())


def matching(rows: QuerySet[M], query: str) -> QuerySet[M]:
    """Rows whose `search` holds every word of the query; all of them for an empty query."""
    for word in normalised(query)[:LONGEST_QUERY].split():
        rows = rows.filter(search__contains=word)
    return rows
