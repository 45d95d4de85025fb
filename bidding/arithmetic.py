"""The result of a lot, worked out as a person would on paper; it decides nothing, it shows what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bidding.arithmetic_auction import auction_sentences
from bidding.domain.auction_times import last_offers
from bidding.domain.reasons import reason_text
from bidding.models import Draw, Entry, Lot, Round
from bidding.rules import Disclosure
from protocol import draw as process

SHOWN = 8
"""So many amounts or places are written out in a sentence; the table has all of them."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One entrant in the order of the result; `place` is empty for what was set aside."""

    place: int | None
    uscc: str
    name: str
    amount: Decimal | None
    days: int | None
    valid: bool | None
    reason: str
    drawn: int | None
    won: bool


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
class Worked:
    """A lot's entrants, the sentences that lead to its result, and its draw."""

    lot: Lot
    rows: list[Row]
    sentences: list[str] = field(default_factory=list)
    draw: ShownDraw | None = None

    @property
    def winner(self) -> Row | None:
        return next((row for row in self.rows if row.won), None)

    @property
    def has_amounts(self) -> bool:
        return any(row.amount is not None for row in self.rows)


def money(amount: Decimal) -> str:
    return f"¥ {amount:,.2f}"


def worked_lots(round_: Round, known: Disclosure) -> list[Worked]:
    """Every lot with what may be known of it; nothing before opening. Three queries, whatever the round."""
    if known == Disclosure.NOTHING:
        return []
    lots = list(round_.lots.select_related("winner__organisation").order_by("number"))
    offers = {lot.pk: last_offers(lot) for lot in lots} if round_.method == "auction" else {}
    entries = list(
        Entry.objects.live().filter(lot__round=round_).select_related("firm__organisation").defer("envelope")
    )
    draws = list(Draw.objects.filter(lot__round=round_, purpose="ranking")) if known == Disclosure.EVERYTHING else []
    return [
        _worked(
            round_,
            lot,
            entries=[each for each in entries if each.lot_id == lot.pk],
            draw=next((each for each in draws if each.lot_id == lot.pk), None),
            known=known,
            offers=offers.get(lot.pk),
        )
        for lot in lots
    ]


def _worked(
    round_: Round,
    lot: Lot,
    *,
    entries: list[Entry],
    draw: Draw | None,
    known: Disclosure,
    offers: Mapping[str, Decimal] | None,
) -> Worked:
    order = process.out_of_lot(draw.order, lot=lot.number, lots=_count(draw, lot)) if draw else []
    rows = _rows(lot, entries, order, known, offers)
    shown = _shown(draw, lot, entries) if draw else None
    sentences = _sentences(round_, lot, rows) if lot.result is not None else []
    return Worked(lot=lot, rows=rows, sentences=sentences, draw=shown)


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
    offers: Mapping[str, Decimal] | None = None,
) -> list[Row]:
    result: dict[str, Any] = lot.result or {}
    everything = known == Disclosure.EVERYTHING
    ranking: list[str] = list(result.get("ranking") or []) if everything else []
    winner = result.get("winner") if everything else None
    rows = [
        Row(
            place=ranking.index(entry.firm.uscc) + 1 if entry.firm.uscc in ranking and entry.valid else None,
            uscc=entry.firm.uscc,
            name=entry.firm.organisation.public_name,
            amount=_amount(entry, offers) if everything else None,
            days=entry.days if everything else None,
            valid=entry.valid,
            reason=reason_text(entry.reason, entry.reason_detail if everything else "") if entry.valid is False else "",
            drawn=order.index(entry.firm.uscc) + 1 if entry.firm.uscc in order else None,
            won=winner is not None and entry.firm.uscc == winner,
        )
        for entry in entries
    ]
    return sorted(rows, key=lambda row: (row.place is None, row.place or 0, row.valid is False, row.uscc))


def _amount(entry: Entry, offers: Mapping[str, Decimal] | None) -> Decimal | None:
    """What a firm asked for: the amount in its envelope, in an auction its last offer."""
    return entry.amount if offers is None else offers.get(entry.firm.uscc)


def _shown(draw: Draw, lot: Lot, entries: list[Entry]) -> ShownDraw:
    lots = _count(draw, lot)
    of = {entry.firm.uscc: entry for entry in entries}
    tickets = []
    places = process.positions(code=draw.one_time_code, randomness=draw.randomness, labels=draw.labels)
    for number, place in enumerate(places, start=1):
        (uscc,) = process.out_of_lot([place.label], lot=lot.number, lots=lots)
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


def _sentences(round_: Round, lot: Lot, rows: list[Row]) -> list[str]:
    valid = [row for row in rows if row.valid]
    said = [_counted(round_, rows, valid)]
    if any(row.won for row in rows):
        told = {"lowest": _lowest, "draw": _drawn, "auction": auction_sentences}.get(round_.method)
        said += told(lot, rows, valid) if told else []
    elif failed := (lot.result or {}).get("failed"):
        said.append(_("%(reason)s，因此流标。") % {"reason": reason_text(failed)})
    return said


def _counted(round_: Round, rows: list[Row], valid: list[Row]) -> str:
    counts = {"all": len(rows), "valid": len(valid), "minimum": round_.minimum}
    return (
        ngettext(
            "开启 %(all)s 份密封件，其中 %(valid)s 份有效；本次至少需要 %(minimum)s 份。",
            "开启 %(all)s 份密封件，其中 %(valid)s 份有效；本次至少需要 %(minimum)s 份。",
            len(rows),
        )
        % counts
    )


def _lowest(lot: Lot, rows: list[Row], valid: list[Row]) -> list[str]:
    ranked = [row for row in valid if row.place is not None and row.amount is not None]
    winner = next(row for row in rows if row.won)
    said = _limits(lot)
    said.append(_("有效报价由低到高：%(amounts)s。") % {"amounts": _ascending(ranked)})
    tied = [row for row in ranked if row.amount == winner.amount]
    if len(tied) > 1:
        places = _("、").join(_("%(name)s 第 %(place)s") % {"name": row.name, "place": row.drawn} for row in tied)
        said.append(
            _("最低价有 %(count)s 家相同，看抽取次序：%(places)s；靠前的是 %(name)s。")
            % {"count": len(tied), "places": places, "name": winner.name}
        )
    assert winner.amount is not None
    said.append(
        _("最低的是 %(name)s 的 %(amount)s，因此中选。") % {"name": winner.name, "amount": money(winner.amount)}
    )
    if lot.upper:
        less = lot.upper - winner.amount
        share = (less / lot.upper * 100).quantize(Decimal("0.1"))
        said.append(
            _("比最高限价低：%(upper)s − %(amount)s ＝ %(less)s（%(share)s %%）。")
            % {"upper": money(lot.upper), "amount": money(winner.amount), "less": money(less), "share": share}
        )
    return said


def _limits(lot: Lot) -> list[str]:
    if lot.upper is not None and lot.lower is not None:
        told = _("报价在 %(lower)s 至 %(upper)s 之间有效，含本数。") % {
            "lower": money(lot.lower),
            "upper": money(lot.upper),
        }
    elif lot.upper is not None:
        told = _("报价不高于 %(upper)s 有效，含本数。") % {"upper": money(lot.upper)}
    elif lot.lower is not None:
        told = _("报价不低于 %(lower)s 有效，含本数。") % {"lower": money(lot.lower)}
    else:
        return []
    return [told]


def _ascending(ranked: list[Row]) -> str:
    written = ""
    for before, row in zip([None, *ranked], ranked[:SHOWN], strict=False):
        assert row.amount is not None
        sign = "" if before is None else " ＝ " if before.amount == row.amount else " ＜ "
        written += f"{sign}{row.name} {money(row.amount)}"
    return written + (" …" if len(ranked) > SHOWN else "")


def _drawn(lot: Lot, rows: list[Row], valid: list[Row]) -> list[str]:
    winner = next(row for row in rows if row.won)
    by_draw = sorted((row for row in rows if row.drawn is not None), key=lambda row: row.drawn or 0)
    skipped = [row for row in by_draw if (row.drawn or 0) < (winner.drawn or 0)]
    places = _("、").join(
        _("第 %(place)s %(name)s") % {"place": row.drawn, "name": row.name}
        for row in by_draw[: max(3, len(skipped) + 1)][:SHOWN]
    )
    said = [_("抽取次序：%(places)s%(more)s。") % {"places": places, "more": " …" if len(by_draw) > SHOWN else ""}]
    said += [
        _("%(name)s 排在前面但无效（%(reason)s），跳过。") % {"name": row.name, "reason": row.reason}
        for row in skipped[:SHOWN]
    ]
    said.append(_("次序中第一个有效的是 %(name)s，因此中选。") % {"name": winner.name})
    if lot.price is not None:
        said.append(_("价格由业主事先定为 %(price)s，即中选金额。") % {"price": money(lot.price)})
    return said
