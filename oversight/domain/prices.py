"""The prices of a round beside each other, as far as they are public: distances, and how far below the limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from bidding.domain.auction_times import last_offers
from bidding.models import Entry, Lot, Round
from bidding.rules import Disclosure, disclosure


@dataclass(frozen=True, kw_only=True)
class Price:
    """One amount of a lot. `step` is the distance to the next lower one, `above` that to the lowest as a share of it."""

    name: str
    uscc: str
    amount: Decimal
    valid: bool
    won: bool
    step: Decimal | None
    above: Fraction
    of_limit: Fraction | None


@dataclass(frozen=True, kw_only=True)
class Prices:
    """The amounts of a lot, ascending, and what they have in common."""

    lot: Lot
    rows: tuple[Price, ...]

    @property
    def spread(self) -> Fraction | None:
        """From the lowest to the highest valid amount, as a share of the lowest."""
        valid = [row.above for row in self.rows if row.valid]
        return max(valid) - min(valid) if len(valid) > 1 else None

    @property
    def first_gap(self) -> Fraction | None:
        """Between the two lowest valid amounts, as a share of the lowest."""
        valid = [row.amount for row in self.rows if row.valid]
        return Fraction(valid[1] - valid[0]) / Fraction(valid[0]) if len(valid) > 1 and valid[0] else None


def prices_of(round_: Round) -> list[Prices]:
    """The prices of every lot; none before they are public (PROTOCOL §2)."""
    if disclosure(round_) != Disclosure.EVERYTHING:
        return []
    return [Prices(lot=lot, rows=tuple(_rows(round_, lot))) for lot in round_.lots.order_by("number")]


def _rows(round_: Round, lot: Lot) -> list[Price]:
    entries = Entry.objects.live().filter(lot=lot).defer("envelope").select_related("firm__organisation")
    offers = last_offers(lot) if round_.method == "auction" else None
    told = [(each, each.amount if offers is None else offers.get(each.firm.uscc)) for each in entries]
    priced = sorted(((each, amount) for each, amount in told if amount), key=lambda row: (row[1], row[0].firm.uscc))
    return [_row(lot, entry, amount, priced, place) for place, (entry, amount) in enumerate(priced)]


def _row(lot: Lot, entry: Entry, amount: Decimal, priced: Sequence[tuple[Entry, Decimal]], place: int) -> Price:
    lowest = Fraction(priced[0][1])
    return Price(
        name=entry.firm.organisation.public_name,
        uscc=entry.firm.uscc,
        amount=amount,
        valid=bool(entry.valid),
        won=entry.firm_id == lot.winner_id,
        step=amount - priced[place - 1][1] if place else None,
        above=(Fraction(amount) - lowest) / lowest,
        of_limit=Fraction(amount) / Fraction(lot.upper) if lot.upper else None,
    )
