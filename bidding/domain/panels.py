"""The experts of a lot: the pool frozen at closing, who is drawn, who replaces whom, and their marks (PROTOCOL §3, §4)."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction

from bidding.domain import live, timetable
from bidding.domain.experts import pool_of
from bidding.models import Draw, Expert, ExpertPool, Lot, Mark, Round, Seat
from ledger import domain as ledger
from ledger.models import QueuedEntry
from market.models import Firm
from protocol import draw, entries
from protocol.canonical import encode, sha256_hex, timestamp
from protocol.custodian.agent import ASKS_FOR_A_CODE
from protocol.methods.base import RANKING, Result
from protocol.verify_experts import CODES_USED_UP, EXPERTS, TOO_FEW_EXPERTS

Status = Seat.Status
FIRST = 1
BLIND_OCTETS = 16


def freeze_pool(round_: Round, firms: Sequence[Firm], *, at: datetime) -> dict[str, str]:
    """Keep the experts without conflict and give what the log says of them: their codes' blinded hash.

    Blinded, because who is missing from a pool that everybody could guess would tell who has entered.
    """
    codes, blind = pool_of(round_, firms, at=at), os.urandom(BLIND_OCTETS)
    ExpertPool.objects.create(round=round_, codes=codes, blind=blind.hex())
    return entries.sealed_data({"experts": codes}, blind)


def has_too_few(round_: Round) -> bool:
    """Whether the frozen pool cannot fill a panel."""
    return len(round_.pool.codes) < size_of(round_)


def size_of(round_: Round) -> int:
    assert round_.policy is not None
    return round_.policy.experts


def judged(round_: Round, lot: Lot, result: Result, *, shown: Sequence[str], lots: int, now: datetime) -> Result:
    """A lot's result once its whole panel has submitted; pending before, failed where the panel cannot be filled any more.

    Seats whoever is to be drawn now and dismisses who is late: call it under the round's lock, as often as you like.
    """
    if not lot.seats.exists():
        _seat_first(round_, lot, lots=lots, now=now)
    for seat in lot.seats.running().filter(due_at__lte=now).order_by("iteration", "id"):
        dismiss(round_, seat, Status.ABSENT, at=now)
    _replace(round_, lot, lots=lots, now=now)
    seats = list(lot.seats.all())
    if failed := _failure(round_, seats):
        return Result(winner=None, amount=None, ranking=(), invalid=result.invalid, failed=failed)
    if sum(seat.status == Status.SUBMITTED for seat in seats) == size_of(round_):
        return replace(result, short_list=tuple(shown))
    return replace(result, pending=True, winner=None, amount=None, scores={}, short_list=tuple(shown))


def dismiss(round_: Round, seat: Seat, status: Seat.Status, *, at: datetime, reason: str = "") -> None:
    """End a seat without marks and ask the custodian for the code of its replacement, under the round's lock.

    Nothing is asked for where nobody is left in the pool or no code in the chain: then the lot fails.
    """
    Seat.lifecycle.move(seat, status)
    seat.ended_at, seat.reason = at, reason
    seat.asked = _asked(round_, seat, at=at)
    seat.save()
    seat.marks.all().delete()
    transaction.on_commit(partial(live.changed, round_))


def next_due(round_: Round) -> datetime | None:
    """When the first of those who sit now is late; None while a code for a replacement is still to come."""
    seats = list(Seat.objects.filter(lot__round=round_))
    drawn = {seat.iteration for seat in seats}
    if any(seat.asked is not None and seat.asked not in drawn for seat in seats):
        return None
    return min((seat.due_at for seat in seats if seat.is_running), default=None)


def _asked(round_: Round, seat: Seat, *, at: datetime) -> int | None:
    """The iteration that the log now asks for; None where there is none to ask for."""
    lost = seat.lot.seats.out().exclude(pk=seat.pk).count() + 1
    iteration = QueuedEntry.objects.filter(subject=round_.subject, type=ASKS_FOR_A_CODE).count() + FIRST + 1
    if lost > len(round_.pool.codes) - size_of(round_) or iteration >= draw.CHAIN_LENGTH:
        return None
    data = {"lot": seat.lot.number, "out": seat.expert.code, "purpose": EXPERTS}
    ledger.append(ASKS_FOR_A_CODE, round_.subject, data, at=at)
    return iteration


def _failure(round_: Round, seats: Sequence[Seat]) -> str:
    out = [seat for seat in seats if seat.status in Seat.OUT]
    if all(seat.asked is not None for seat in out):
        return ""
    return TOO_FEW_EXPERTS if len(out) > len(round_.pool.codes) - size_of(round_) else CODES_USED_UP


def _seat_first(round_: Round, lot: Lot, *, lots: int, now: datetime) -> None:
    order = _drawn(round_, lot, iteration=FIRST, labels=round_.pool.codes, lots=lots)
    _seat(round_, lot, order[: size_of(round_)], iteration=FIRST, now=now)


def _replace(round_: Round, lot: Lot, *, lots: int, now: datetime) -> None:
    """Seat a replacement for every code that has come, in the order in which they were asked for."""
    done = set(lot.draws.filter(purpose=EXPERTS).values_list("iteration", flat=True))
    for seat in lot.seats.out().exclude(asked=None).order_by("asked"):
        if seat.asked is None or seat.asked in done or len(round_.codes) < seat.asked:
            continue
        seated = set(lot.seats.values_list("expert__code", flat=True))
        left = [code for code in round_.pool.codes if code not in seated]
        order = _drawn(round_, lot, iteration=seat.asked, labels=left, lots=lots)
        _seat(round_, lot, order[:1], iteration=seat.asked, now=now)


def _drawn(round_: Round, lot: Lot, *, iteration: int, labels: Sequence[str], lots: int) -> list[str]:
    randomness = lot.draws.get(purpose=RANKING, iteration=FIRST).randomness
    labels = draw.in_lot(labels, lot=lot.number, lots=lots)
    code = round_.codes[iteration - 1]
    order = draw.order(code=code, randomness=randomness, labels=labels)
    Draw.objects.create(
        lot=lot, purpose=EXPERTS, iteration=iteration, one_time_code=code, randomness=randomness, labels=labels,
        order=order,
    )  # fmt: skip
    return draw.out_of_lot(order, lot=lot.number, lots=lots)


def _seat(round_: Round, lot: Lot, codes: Sequence[str], *, iteration: int, now: datetime) -> None:
    assert round_.policy is not None
    due = timetable.end_of_marking(round_.policy, drawn_at=now)
    experts = {expert.code: expert for expert in Expert.objects.filter(code__in=codes)}
    for code in codes:
        Seat.objects.create(lot=lot, expert=experts[code], iteration=iteration, drawn_at=now, due_at=due)
    transaction.on_commit(partial(live.changed, round_))


def marks_by_entry(lot: Lot) -> dict[int, tuple[Decimal, ...]]:
    """The marks of every entry that are final, by its primary key."""
    found: dict[int, list[Decimal]] = defaultdict(list)
    for entry, mark in Mark.objects.filter(seat__lot=lot, seat__status=Status.SUBMITTED).values_list("entry", "mark"):
        assert mark is not None
        found[entry].append(mark)
    return {entry: tuple(marks) for entry, marks in found.items()}


def seats_record(lots: Collection[Lot]) -> dict[int, list[dict[str, Any]]]:
    """Attendance as PROTOCOL §5 `experts` has it, by the lots' primary keys, in the order in which they were seated."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for seat in Seat.objects.filter(lot__in=lots).select_related("expert").order_by("iteration", "id"):
        found[seat.lot_id].append(
            {
                "code": seat.expert.code,
                "iteration": seat.iteration,
                "status": seat.status,
                "at": timestamp(seat.drawn_at),
                "accepted_at": timestamp(seat.accepted_at) if seat.accepted_at else None,
                "ended_at": timestamp(seat.ended_at) if seat.ended_at else None,
                "asked": seat.asked,
            }
        )
    return found


def marks_record(lots: Collection[Lot]) -> dict[int, list[dict[str, Any]]]:
    """Marks as PROTOCOL §5 has them, by the lots' primary keys: by firm, then by expert."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    final = Mark.objects.filter(seat__lot__in=lots, seat__status=Status.SUBMITTED)
    for each in final.select_related("seat__expert", "entry__firm__organisation"):
        found[each.seat.lot_id].append(
            {
                "uscc": each.entry.firm.uscc,
                "expert": each.seat.expert.code,
                "mark": f"{each.mark:.2f}",
                "comment": each.comment,
            }
        )
    return {lot: sorted(rows, key=lambda row: (row["uscc"], row["expert"])) for lot, rows in found.items()}


def panels_digest(lots: Collection[Lot]) -> str:
    """What `round.evaluated` says of experts and marks: their hash, without the comments, which are free text."""
    seats, marks = seats_record(lots), marks_record(lots)
    told = {
        lot.number: {
            "experts": [[each["code"], each["iteration"], each["status"]] for each in seats.get(lot.pk, [])],
            "marks": [[each["uscc"], each["expert"], each["mark"]] for each in marks.get(lot.pk, [])],
        }
        for lot in lots
    }
    return sha256_hex(encode(told))
