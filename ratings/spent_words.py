"""How the time spent is told: by party as a bar, in numbers, and in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from protocol.scores.exact import HUNDRED, MICROSECONDS_OF_HUNDREDTH, fixed, half_up
from ratings.domain.spending import NAMES
from ratings.layout import Span
from ratings.models import TimeSpent
from ratings.timeline import Party
from ratings.words import PARTIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one party used on average: days as text, and its part of the whole in hundredths."""

    party: str
    label: str | Promise
    days: str
    share: int
    span: Span


def told(row: TimeSpent, *, longest: int) -> dict[str, Any]:
    """A row as tables and bars take it. longest: the mean of the longest bar beside it, in microseconds."""
    parties = {name: getattr(row, name) for name in NAMES}
    whole = sum(parties.values())
    shares, start = [], Fraction(0)
    for party, label in PARTIES.items():
        used = parties[party]
        end = start + Fraction(used, max(1, longest))
        shares.append(
            Share(
                party=str(party), label=label, days=days(used), share=half_up(HUNDRED * used, max(1, whole)),
                span=Span(start, end),
            )
        )  # fmt: skip
        start = end
    return {
        "row": row,
        "n": row.n,
        "mean": days(whole),
        "median": days(row.median),
        "p90": days(row.p90),
        "shares": shares,
        "most": max(shares, key=lambda each: (parties[Party(each.party)], each.party)),
    }


def all_told(rows: Iterable[TimeSpent]) -> list[dict[str, Any]]:
    """Rows beside each other, on one scale."""
    found = list(rows)
    longest = max((mean_of(row) for row in found), default=1)
    return [told(row, longest=longest) for row in found]


def mean_of(row: TimeSpent) -> int:
    """The mean of the whole, in microseconds."""
    return sum(getattr(row, name) for name in NAMES)


def days(microseconds: int) -> str:
    """Microseconds of working time as days with two decimals, half up."""
    return fixed(half_up(microseconds, MICROSECONDS_OF_HUNDREDTH), 2)


def sentence(whole: dict[str, Any]) -> str:
    """What the picture shows."""
    return _(
        "%(n)s 件事从公告到审批决定，平均 %(mean)s 个工作日，一半不超过 %(median)s 个，九成不超过 %(p90)s 个；"
        "用时最多的是%(party)s：平均 %(days)s 个，占 %(share)s%%。"
    ) % {
        "n": whole["n"], "mean": whole["mean"], "median": whole["median"], "p90": whole["p90"],
        "party": whole["most"].label, "days": whole["most"].days, "share": whole["most"].share,
    }  # fmt: skip
