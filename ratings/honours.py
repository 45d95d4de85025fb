"""Who is on the red and who on the black list (红黑榜): pure functions of what is in force.

Black: a deduction of a listed kind in force, or a suspension that runs. Red: the highest grade, held for some months, with
nothing in force against the firm; grade and months are what the scores will say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

HIGHEST = "A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A deduction or a suspension, as far as the lists need it. Without an end it runs until it is lifted."""

    uscc: str
    listed: bool
    since: datetime
    until: datetime | None

    def runs_at(self, now: datetime) -> bool:
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A firm's credit standing as the scores give it: `grade` held without a break for `months`, `ranked` by enough weight."""

    uscc: str
    score: Decimal
    grade: str
    months: int
    ranked: bool


def black(charges: Iterable[Charge], *, now: datetime) -> set[str]:
    """The firms on the black list."""
    return {each.uscc for each in charges if each.listed and each.runs_at(now)}


def red(standings: Iterable[Standing], charges: Iterable[Charge], *, months: int, now: datetime) -> list[Standing]:
    """The firms on the red list, the highest score first; among equals by their code, never by who pays."""
    burdened = {each.uscc for each in charges if each.runs_at(now)}
    worthy = (
        each
        for each in standings
        if each.ranked and each.grade == HIGHEST and each.months >= months and each.uscc not in burdened
    )
    return sorted(worthy, key=lambda each: (-each.score, each.uscc))
