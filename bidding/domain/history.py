"""Rounds of an older system, taken into the public lists as historical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from bidding.models import HistoricalBid, HistoricalRound
from market.domain.search import search_text
from protocol.history import PastRound

BATCH = 1_000


@dataclass(frozen=True, kw_only=True)
class Imported:
    """How many rounds are new, and how many were here already and left alone."""

    new: int
    known: int


def import_rounds(rounds: Sequence[PastRound], *, source: str) -> Imported:
    """Add the rounds that are not here yet with all their bids, all or none; again, it changes nothing."""
    with transaction.atomic():
        codes = [round_.code for round_ in rounds]
        known = set(HistoricalRound.objects.filter(code__in=codes).values_list("code", flat=True))
        fresh = [round_ for round_ in rounds if round_.code not in known]
        rows = HistoricalRound.objects.bulk_create(
            [
                HistoricalRound(
                    code=round_.code,
                    opened_on=round_.opened_on,
                    title=round_.title,
                    kind=round_.kind,
                    upper_limit=round_.upper_limit,
                    lower_limit=round_.lower_limit,
                    source=source,
                    search=search_text(round_.code, round_.title),
                )
                for round_ in fresh
            ],
            batch_size=BATCH,
        )
        HistoricalBid.objects.bulk_create(
            [
                HistoricalBid(
                    round=row,
                    bidder=bid.bidder,
                    amount=bid.amount,
                    disqualified_reason=bid.disqualified_reason,
                    won=bid.won,
                )
                for row, round_ in zip(rows, fresh, strict=True)
                for bid in round_.bids
            ],
            batch_size=BATCH,
        )
    return Imported(new=len(fresh), known=len(known))
