"""The experts of a round, checked (PROTOCOL §3, §5): the pool frozen at closing, who was drawn, who replaced whom, their marks.

The pool is in `round.closed` as a blinded hash, and in the record as `pool`: `{"blind": "<hex>", "codes": […]}`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from protocol import draw, entries
from protocol.canonical import encode, is_hex, sha256_hex
from protocol.check import Check
from protocol.record import Draw, Lot, Record

EXPERTS = "experts"
ASKED = "draw.asked"
FIRST = 1
SUBMITTED = "submitted"
OUT = ("declined", "conflict", "absent")
TOO_FEW_EXPERTS = "too_few_experts"
CODES_USED_UP = "codes_used_up"
FAILURES = (TOO_FEW_EXPERTS, CODES_USED_UP)
"""Why a lot fails that had enough valid entrants: its panel could not be filled."""


def failed_for_experts(lot: Lot) -> bool:
    return lot.result is not None and lot.result.get("failed") in FAILURES


def checks(record: Record, lot: Lot, *, valid: Sequence[str]) -> Iterator[Check]:
    """The panel of a lot that was decided by marks, or failed for want of experts; `valid` are the firms that were marked."""
    name, pool = f"lot {lot.number}", _codes(record)
    size = record.experts
    if pool is None or size is None:
        yield Check(what=f"{name} has a pool of experts", holds=False)
        return
    seats, labels_hold = _seated(record, lot, pool, size)
    yield Check(what=f"{name} experts were drawn from the pool and from who was left of it", holds=labels_hold)
    told = [(each.get("code"), each.get("iteration")) for each in lot.experts]
    yield Check(what=f"{name} experts are those drawn", holds=sorted(told, key=str) == sorted(seats, key=str))
    out = [each for each in lot.experts if each.get("status") in OUT]
    if failed_for_experts(lot):
        yield Check(what=f"{name} panel could not be filled", holds=_was_short(record, lot, pool, size, out=out))
        return
    answered = {str(each.get("code")) for each in lot.experts if each.get("status") == SUBMITTED}
    whole = len(answered) == size and len(answered) + len(out) == len(lot.experts)
    yield Check(what=f"{name} every seat was filled", holds=whole)
    marked = [(mark.uscc, mark.expert) for mark in lot.marks]
    due = {(uscc, code) for uscc in valid for code in answered}
    yield Check(
        what=f"{name} every expert marked every proposal once",
        holds=len(marked) == len(set(marked)) and set(marked) == due,
    )


def _codes(record: Record) -> list[str] | None:
    codes = (record.pool or {}).get("codes")
    if not isinstance(codes, list) or codes != sorted({str(code) for code in codes}):
        return None
    return codes


def _seated(record: Record, lot: Lot, pool: Sequence[str], size: int) -> tuple[list[tuple[str, int]], bool]:
    """Who must sit there by the draws, with the iteration, and whether each was over the labels that were left."""
    seats: list[tuple[str, int]] = []
    holds, lots = True, len(record.lots)
    drawn = sorted((each for each in lot.draws if each.purpose == EXPERTS), key=lambda each: each.iteration)
    for each in drawn:
        left = [code for code in pool if code not in {code for code, _iteration in seats}]
        holds = holds and list(each.labels) == draw.in_lot(left, lot=lot.number, lots=lots)
        seats += [(code, each.iteration) for code in _first(each, lot, lots, size if each.iteration == FIRST else 1)]
    return seats, holds and bool(drawn) and drawn[0].iteration == FIRST


def _first(each: Draw, lot: Lot, lots: int, count: int) -> list[str]:
    try:
        return draw.out_of_lot(each.order, lot=lot.number, lots=lots)[:count]
    except ValueError:
        return []


def _was_short(record: Record, lot: Lot, pool: Sequence[str], size: int, *, out: Sequence[Mapping[str, Any]]) -> bool:
    assert lot.result is not None
    spare = len(pool) - size
    if lot.result.get("winner") is not None:
        return False
    if lot.result.get("failed") == TOO_FEW_EXPERTS:
        return len(out) > spare
    asks = sum(each.get("type") == ASKED for each in record.log)
    return len(out) <= spare and asks == record.chain_length - 1 - FIRST


def pool_is_logged(record: Record, closed: Mapping[str, Any]) -> bool | None:
    """Whether the pool of the record is the one that `round.closed` has; None where the record keeps it back."""
    if record.pool is None:
        return None
    blind = record.pool.get("blind")
    if not is_hex(blind, octets=16):
        return False
    return entries.sealed_data({"experts": record.pool.get("codes")}, bytes.fromhex(str(blind))) == closed.get(EXPERTS)


def panels_digest(record: Record) -> str:
    """What `round.evaluated` says of experts and marks: their hash, without the comments, which are free text."""
    told = {
        lot.number: {
            "experts": [[each.get("code"), each.get("iteration"), each.get("status")] for each in lot.experts],
            "marks": [[mark.uscc, mark.expert, f"{mark.mark:.2f}"] for mark in lot.marks],
        }
        for lot in record.lots
    }
    return sha256_hex(encode(told))


def asked(record: Record, read: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[Check]:
    """Every lost seat stands in the log before its replacement, and the order of these entries gives the iterations."""
    asks = [entry.get("data") for _index, entry in read if entry.get("type") == ASKED]
    told = [
        (iteration, data.get("lot"), data.get("out"))
        for iteration, data in enumerate(asks, start=FIRST + 1)
        if isinstance(data, dict) and data.get("purpose") == EXPERTS
    ]
    lost = [
        (each["asked"], lot.number, each.get("code"))
        for lot in record.lots
        for each in lot.experts
        if each.get("asked") is not None
    ]
    if told or lost:
        kept_back = record.pool is None and not lost
        same = sorted(told, key=str) == sorted(lost, key=str)
        yield Check(what="experts were replaced as the log asked", holds=None if kept_back else same)
    drawn = {each.iteration for lot in record.lots for each in lot.draws if each.purpose == EXPERTS}
    beyond = {iteration for iteration in drawn if iteration != FIRST} - {iteration for iteration, _lot, _out in told}
    if drawn:
        yield Check(what="no expert was drawn that the log did not ask for", holds=not beyond)
