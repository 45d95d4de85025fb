"""What ratings tell bidding: whom grade D keeps out of a round, and what leads back. Registered in `apps.py`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from bidding.domain.eligibility import Pair
from bidding.domain.reasons import Reason
from bidding.models import Round
from market.models import Firm
from ratings.domain.standings import kept_out_at
from ratings.standing_words import kept_out_by


def in_grade_d(firms: Collection[Firm], rounds: Collection[Round], at: datetime) -> Iterable[tuple[Pair, Reason]]:
    """Who is in grade D at a moment, by standing or by decision; never a firm of which nothing is known."""
    found = kept_out_at(firms, at)
    for firm in firms:
        if (each := found.get(firm.pk)) is not None:
            reason = kept_out_by(firm, each, now=at)
            yield from (((firm.pk, round_.pk), reason) for round_ in rounds)
