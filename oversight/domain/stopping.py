"""What follows from a scan: rounds are stopped, and experts who sit in them step aside. Safe to call at any time and twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bidding.domain import stops, unseating


@dataclass(frozen=True)
class Followed:
    """How many rounds were stopped, and how many seats given up."""

    stopped: int
    unseated: int


def after_scan(*, now: datetime | None = None) -> Followed:
    """Look again at every round that runs. Call it when the scan is committed: what it finds it finds under the round's lock."""
    return Followed(stops.look_again(now=now), unseating.look_again(now=now))
