"""The result of a lot, worked out as a person would on paper; it decides nothing, it shows what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bidding.domain.auction_times import last_offers
from bidding.domain.parties import members_of
from bidding.domain.reasons import public_text
from bidding.models import ConsortiumParty, Draw, Entry, ExpertPool, Lot, Mark, Round, Seat
from bidding.rules import Disclosure
from bidding.sentences import Case, Member, Row, sentences_of
from protocol import draw as process
from protocol.methods import METHODS


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """One label of the draw: what it put into the randomness, and where it came to stand."""

    place: int
    label: str
    name: str
    contribution: str
    position: str


@dataclass(frozen=True, kw_only=True)
class ShownDraw:
    """One iteration of the draw with everything that is needed to compute it again."""

    iteration: int
    code: str
    randomness: str
    tickets: list[Ticket]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The experts of a lot: their attendance, and what each made of each firm; `pool` among how many they were drawn."""

    pool: int
    seats: list[Seat]
    marks: list[Mark]

    @property
    def experts(self) -> list[str]:
        return [seat.expert.code for seat in self.seats if seat.status == Seat.Status.SUBMITTED]


@dataclass(frozen=True, kw_only=True)
class Worked:
    """A lot's entrants, the sentences that lead to its result, its draw, and its experts where there were any."""

    lot: Lot
    rows: list[Row]
    sentences: list[str] = field(default_factory=list)
    draw: ShownDraw | None = None
    panel: Panel | None = None

    @property
    def winner(self) -> Row | None:
        return next((row for row in self.rows if row.won), None)

    @property
    def has_amounts(self) -> bool:
        return any(row.amount is not None for row in self.rows)

    @property
    def has_scores(self) -> bool:
        return any(row.scores for row in self.rows)


def worked_lots(round_: Round, known: Disclosure) -> list[Worked]:
    """Every lot with what may be known of it; nothing before opening. As many queries whatever the round."""
    if known == Disclosure.NOTHING:
        return []
    lots = list(round_.lots.select_related("winner__organisation").order_by("number"))
    offers = {lot.pk: last_offers(lot) for lot in lots} if round_.method == "auction" else {}
    entries = list(
        Entry.objects.live().filter(lot__round=round_).select_related("firm__organisation").defer("envelope")
    )
    everything = known == Disclosure.EVERYTHING
    members = members_of(entries)
    draws = list(Draw.objects.filter(lot__round=round_, iteration=1)) if everything else []
    panels = _panels(round_) if everything and METHODS[round_.method].marked else {}
    return [
        _worked(
            round_,
            lot,
            entries=[each for each in entries if each.lot_id == lot.pk],
            draws={each.purpose: each for each in draws if each.lot_id == lot.pk},
            known=known,
            offers=offers.get(lot.pk),
            panel=panels.get(lot.pk),
            members=members,
        )
        for lot in lots
    ]


def _panels(round_: Round) -> dict[int, Panel]:
    """The panel of every lot that has one, by the lot's primary key; only for what is wholly disclosed."""
    pool = ExpertPool.objects.filter(round=round_).first()
    seats = list(Seat.objects.filter(lot__round=round_).select_related("expert").order_by("iteration", "id"))
    final = Mark.objects.filter(seat__in=seats, seat__status=Seat.Status.SUBMITTED).order_by("entry_id", "seat_id")
    marks = list(final.select_related("seat__expert", "entry__firm__organisation"))
    return {
        lot: Panel(
            pool=len(pool.codes) if pool else 0,
            seats=[seat for seat in seats if seat.lot_id == lot],
            marks=[mark for mark in marks if mark.seat.lot_id == lot],
        )
        for lot in {seat.lot_id for seat in seats}
    }


def _worked(
    round_: Round,
    lot: Lot,
    *,
    entries: list[Entry],
    draws: dict[str, Draw],
    known: Disclosure,
    offers: Mapping[str, Decimal] | None,
    panel: Panel | None,
    members: Mapping[int, Sequence[ConsortiumParty]],
) -> Worked:
    ranking, coefficient = draws.get("ranking"), draws.get("coefficient")
    firms = METHODS[round_.method].firms(_drawn(ranking, lot))
    rows = _rows(lot, entries, firms, known, offers=offers, panel=panel, members=members)
    gone = list(lot.substitutions.select_related("out__organisation", "successor__organisation")) if lot.result else []
    case = Case(
        round=round_,
        lot=lot,
        rows=rows,
        coefficients=_drawn(coefficient, lot),
        gone=gone,
        experts=panel.experts if panel else (),
        pool=panel.pool if panel else 0,
    )
    shown = _shown(ranking, lot, entries) if ranking else None
    told = lot.result is not None or lot.short_list
    return Worked(lot=lot, rows=rows, sentences=sentences_of(case) if told else [], draw=shown, panel=panel)


def _drawn(draw: Draw | None, lot: Lot) -> list[str]:
    """Labels in the order of a draw, without the prefix of the lot."""
    return process.out_of_lot(draw.order, lot=lot.number, lots=_count(draw, lot)) if draw else []


def _count(draw: Draw | None, lot: Lot) -> int:
    """Labels carry their lot where the round has several (PROTOCOL §3)."""
    several = (
        draw is not None and all(label.startswith(f"{lot.number}:") for label in draw.labels) and bool(draw.labels)
    )
    return 2 if several else 1


def _rows(
    lot: Lot,
    entries: list[Entry],
    order: Sequence[str],
    known: Disclosure,
    *,
    offers: Mapping[str, Decimal] | None,
    panel: Panel | None,
    members: Mapping[int, Sequence[ConsortiumParty]],
) -> list[Row]:
    result: dict[str, Any] = lot.result or {}
    everything = known == Disclosure.EVERYTHING
    ranking: list[str] = list(result.get("ranking") or []) if everything else []
    winner = lot.winner_id if everything else None
    rows = [
        Row(
            place=ranking.index(entry.firm.uscc) + 1 if entry.firm.uscc in ranking and entry.valid else None,
            uscc=entry.firm.uscc,
            name=entry.firm.organisation.public_name,
            amount=_amount(entry, offers) if everything else None,
            days=entry.days if everything else None,
            valid=entry.valid,
            reason=public_text(entry.reason, entry.reason_detail if everything else "") if entry.valid is False else "",
            drawn=order.index(entry.firm.uscc) + 1 if entry.firm.uscc in order else None,
            won=winner is not None and entry.firm_id == winner,
            credit=entry.credit,
            scores=(entry.scores or {}) if everything else {},
            marks=tuple(each.mark for each in panel.marks if each.entry_id == entry.pk and each.mark is not None)
            if panel
            else (),
            members=_members(members.get(entry.consortium_id or 0, ()), everything),
        )
        for entry in entries
    ]
    return sorted(rows, key=lambda row: (row.place is None, row.place or 0, row.valid is False, row.uscc))


def _members(parties: Sequence[ConsortiumParty], everything: bool) -> tuple[Member, ...]:
    return tuple(
        Member(
            uscc=party.firm.uscc,
            name=party.firm.organisation.public_name,
            reason=public_text(party.reason, party.reason_detail if everything else ""),
        )
        for party in parties
    )


def _amount(entry: Entry, offers: Mapping[str, Decimal] | None) -> Decimal | None:
    """What a firm asked for: the amount in its envelope, in an auction its last offer."""
    return entry.amount if offers is None else offers.get(entry.firm.uscc)


def _shown(draw: Draw, lot: Lot, entries: list[Entry]) -> ShownDraw:
    lots = _count(draw, lot)
    of = {entry.firm.uscc: entry for entry in entries}
    tickets = []
    places = process.positions(code=draw.one_time_code, randomness=draw.randomness, labels=draw.labels)
    for number, place in enumerate(places, start=1):
        (label,) = process.out_of_lot([place.label], lot=lot.number, lots=lots)
        uscc = label.partition("#")[0]  # a ticket of a weighted draw
        entry = of.get(uscc)
        tickets.append(
            Ticket(
                place=number,
                label=place.label,
                name=entry.firm.organisation.public_name if entry else uscc,
                contribution=(entry.nonce or entry.envelope_sha256) if entry else "",
                position=place.position,
            )
        )
    return ShownDraw(iteration=draw.iteration, code=draw.one_time_code, randomness=draw.randomness, tickets=tickets)
