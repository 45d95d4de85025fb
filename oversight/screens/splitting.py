"""CL6: a need split under a limit.

Same owner, service and year, the sum at or over the limit, each below it; 招标投标法 第四条 and 政府采购法实施条例 第二十八条
forbid it (both for a city's lawyer to confirm). That alone is found wherever an owner often needs little; how near to the
limit the parts stand ranks it: parts bunched just under a threshold are the sign (Palguta and Pertold, "Manipulation of
Procurement Contracts", American Economic Journal: Economic Policy 9(2), 2017). Amounts are whole numbers, hundredths of a
yuan, since a limit is met exactly or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NEAR = 0.8
"""An amount from this part of the limit on is just under it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A need: its key, whose, for what, when, how much in hundredths, and the limit that it stays under."""

    need: int
    owner: int
    service: int
    year: int
    amount: int
    limit: int


@dataclass(frozen=True, slots=True)
class Split:
    """Needs that together reach the limit that each stays under."""

    owner: int
    service: int
    year: int
    limit: int
    total: int
    needs: tuple[int, ...]
    near: int

    @property
    def score(self) -> float:
        """One half for being split at all, more by the share of parts that stand just under the limit."""
        return 0.5 + 0.5 * self.near / len(self.needs)


def splits(parts: Iterable[Part]) -> list[Split]:
    """Every owner, service and year whose needs each stay under the limit and together reach it, in that order."""
    groups: dict[tuple[int, int, int, int], list[Part]] = {}
    for part in parts:
        if 0 < part.amount < part.limit:
            groups.setdefault((part.owner, part.service, part.year, part.limit), []).append(part)
    return [
        Split(
            owner=owner,
            service=service,
            year=year,
            limit=limit,
            total=sum(part.amount for part in own),
            needs=tuple(sorted(part.need for part in own)),
            near=sum(part.amount >= NEAR * limit for part in own),
        )
        for (owner, service, year, limit), own in sorted(groups.items())
        if len(own) > 1 and sum(part.amount for part in own) >= limit
    ]
