"""A path as it is kept, and as it is told: organisations by name, natural persons never."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.identifiers import is_sole_trader
from oversight.graph import Kind, Link
from oversight.models import Party
from oversight.rules.base import Finding

STEM = "甲乙丙丁戊己庚辛壬癸"
LENGTH = 280
"""Characters of a path in words, so that it fits beside what it is a reason for."""

WORDS: dict[str, Promise | str] = {
    Kind.OWNS: _("%(tail)s持有%(head)s%(share)s股份"),
    Kind.SPONSORS: _("%(tail)s举办%(head)s"),
    Kind.SUPERVISES: _("%(tail)s是%(head)s的业务主管单位"),
    Kind.REPRESENTS: _("%(tail)s是%(head)s的法定代表人"),
    Kind.OFFICER: _("%(tail)s是%(head)s的董事、监事或高级管理人员"),
    Kind.PRACTITIONER: _("%(tail)s是%(head)s的执业人员"),
    Kind.EMPLOYS: _("%(head)s在%(tail)s任职"),
    Kind.EMPLOYED: _("%(head)s曾在%(tail)s任职"),
    Kind.KIN: _("%(tail)s与%(head)s是近亲属"),
    Kind.ADDRESS: _("%(tail)s与%(head)s地址相同"),
    Kind.PHONE: _("%(tail)s与%(head)s电话相同"),
}


def names_of(findings: Iterable[Finding]) -> dict[int, str]:
    """The names of the organisations on some paths; natural persons and sole traders have none."""
    ids = {end for finding in findings for link in finding.path for end in (link.tail, link.head)}
    rows = Party.objects.filter(pk__in=ids).values_list("id", "name", "uscc")
    return {pk: "" if is_sole_trader(uscc) else name for pk, name, uscc in rows}


def kept(path: Sequence[Link], names: Mapping[int, str], *, day: date) -> list[dict[str, Any]]:
    """A path as JSON. Sources that disagree stand side by side, each with its own days and share."""
    return [
        {
            "kind": _kind(link, day),
            "tail": link.tail,
            "head": link.head,
            "tail_name": names.get(link.tail, ""),
            "head_name": names.get(link.head, ""),
            "said": [
                {
                    "relation": edge.id,
                    "source": edge.source,
                    "confidence": edge.confidence,
                    "since": edge.since and edge.since.isoformat(),
                    "until": edge.until and edge.until.isoformat(),
                    "low": edge.low,
                    "high": edge.high,
                }
                for edge in link.edges
            ],
        }
        for link in path
    ]


def _kind(link: Link, day: date) -> str:
    ended = link.kind == Kind.EMPLOYS and not any(edge.holds_on(day) for edge in link.edges)
    return Kind.EMPLOYED if ended else link.kind


def in_words(path: Sequence[Mapping[str, Any]]) -> str:
    """A kept path as a sentence in the reader's language; persons are told apart as 甲, 乙, and not named."""
    people: dict[int, str] = {}

    def named(end: str, step: Mapping[str, Any]) -> str:
        if step[f"{end}_name"]:
            return str(step[f"{end}_name"])
        stem = STEM[len(people) % len(STEM)]
        return people.setdefault(step[end], gettext("自然人%(stem)s") % {"stem": stem})

    told = [
        str(WORDS[step["kind"]])
        % {"tail": named("tail", step), "head": named("head", step), "share": share_of(step["said"])}
        for step in path
    ]
    text = gettext("；").join(told)
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"


def share_of(said: Iterable[Mapping[str, Any]]) -> str:
    """A share as per cent, from the least to the most that sources tell."""
    lows = [each["low"] for each in said if each["low"] is not None]
    highs = [each["high"] for each in said if each["high"] is not None]
    if not lows or not highs:
        return gettext("比例不详的")
    low, high = percent(min(lows)), percent(max(highs))
    return f" {low} " if low == high else f" {low}–{high} "


def percent(millionths: int) -> str:
    whole, rest = divmod(millionths, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"
