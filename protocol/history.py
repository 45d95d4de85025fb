"""Rounds of an older system: read from a file, and decided again by the method `lowest` (PROTOCOL §4).

The file is CSV in UTF-8 with the columns of COLUMNS, one line per bid; the lines of a round need not stand together, and
must agree on its date and limits. Title and kind are those of its first line: real files are careless there.
Bidders are labels of that system and mean nothing to us. Who was put aside there with a reason was not eligible; the
limits are ours to apply. Where several share the lowest amount the older system settled it by lot, so any of them agrees.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from protocol.methods import METHODS
from protocol.methods.base import RANKING, Bid, Result, amount_text

COLUMNS = (
    "round_code",
    "opened_on",
    "title",
    "kind",
    "upper_limit",
    "lower_limit",
    "bidder",
    "amount",
    "disqualified_reason",
    "won",
)
LONGEST = {"round_code": 40, "title": 200, "kind": 60, "bidder": 100, "disqualified_reason": 200}
MOST = Decimal("999999999999.99")


class BadRow(ValueError):
    """A line of the file that cannot be taken; `line` counts from 1, the heading included."""

    def __init__(self, line: int, what: str) -> None:
        self.line = line
        self.what = what
        super().__init__(f"line {line}: {what}")


@dataclass(frozen=True, kw_only=True)
class PastBid:
    """One bid; `amount` is None where none was recorded."""

    bidder: str
    amount: Decimal | None
    disqualified_reason: str
    won: bool


@dataclass(frozen=True, kw_only=True)
class PastRound:
    """One round with every bid in the order of the file; amounts in the main unit of its currency."""

    code: str
    opened_on: date
    title: str
    kind: str
    upper_limit: Decimal | None
    lower_limit: Decimal | None
    bids: list[PastBid] = field(default_factory=list)

    @property
    def winner(self) -> str | None:
        return next((bid.bidder for bid in self.bids if bid.won), None)


def read_rounds(path: Path) -> list[PastRound]:
    """The rounds of a file in the order of their first lines. Raises BadRow for the first line that is wrong, OSError."""
    rounds: dict[str, PastRound] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in _rows(file):
                _add(rounds, row, line)
    except UnicodeDecodeError as error:
        raise BadRow(1, "the file is not UTF-8") from error
    return list(rounds.values())


def _rows(file: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(file, strict=True)
    try:
        heading = reader.fieldnames or []
        if missing := [name for name in COLUMNS if name not in heading]:
            raise BadRow(1, f"missing columns: {', '.join(missing)}")
        for row in reader:
            if None in row or None in row.values():
                raise BadRow(reader.line_num, f"{len(heading)} columns are expected")
            yield reader.line_num, {name: row[name].strip() for name in COLUMNS}
    except csv.Error as error:
        raise BadRow(reader.line_num, str(error)) from error


def _add(rounds: dict[str, PastRound], row: Mapping[str, str], line: int) -> None:
    for name, longest in LONGEST.items():
        if len(row[name]) > longest:
            raise BadRow(line, f"{name} is longer than {longest} characters")
    read = _round(row, line)
    known = rounds.setdefault(read.code, read)
    if _terms(known) != _terms(read):
        raise BadRow(line, f"round {read.code} has another date or other limits here than in its first line")
    bid = _bid(row, line)
    if bid.won and known.winner is not None:
        raise BadRow(line, f"round {read.code} has two winners")
    known.bids.append(bid)


def _round(row: Mapping[str, str], line: int) -> PastRound:
    try:
        opened_on = date.fromisoformat(row["opened_on"])
    except ValueError as error:
        raise BadRow(line, f"opened_on is not a date: {row['opened_on']!r}") from error
    return PastRound(
        code=_demanded(row, "round_code", line),
        opened_on=opened_on,
        title=_demanded(row, "title", line),
        kind=row["kind"],
        upper_limit=_amount(row, "upper_limit", line),
        lower_limit=_amount(row, "lower_limit", line),
    )


def _bid(row: Mapping[str, str], line: int) -> PastBid:
    if row["won"] not in ("0", "1"):
        raise BadRow(line, f"won is neither 0 nor 1: {row['won']!r}")
    return PastBid(
        bidder=_demanded(row, "bidder", line),
        amount=_amount(row, "amount", line),
        disqualified_reason=row["disqualified_reason"],
        won=row["won"] == "1",
    )


def _terms(round_: PastRound) -> tuple[object, ...]:
    return (round_.opened_on, round_.upper_limit, round_.lower_limit)


def _demanded(row: Mapping[str, str], name: str, line: int) -> str:
    if not row[name]:
        raise BadRow(line, f"{name} is empty")
    return row[name]


def _amount(row: Mapping[str, str], name: str, line: int) -> Decimal | None:
    text = row[name]
    if not text:
        return None
    try:
        amount = Decimal(text)
        if not amount.is_finite() or amount != amount.quantize(Decimal("0.01")) or not 0 < amount <= MOST:
            raise InvalidOperation
    except InvalidOperation as error:
        raise BadRow(line, f"{name} is not an amount: {text!r}") from error
    return amount


def decide(round_: PastRound) -> Result:
    """Decide a past round by `lowest`. Bids go by their place in the file: some bidders there have several in one round.

    The order of the file stands where the draw's would.
    """
    limits = {"upper": amount_text(round_.upper_limit) or "", "lower": amount_text(round_.lower_limit) or ""}
    bids = [
        Bid(uscc=str(number), amount=bid.amount, opened=True, eligible=not bid.disqualified_reason)
        for number, bid in enumerate(round_.bids)
    ]
    orders = {RANKING: [bid.uscc for bid in bids]}
    return METHODS["lowest"].decide(bids=bids, orders=orders, parameters=limits, minimum=1)


def replay(rounds: Iterable[PastRound]) -> dict[str, Any]:
    """Decide every round again: how many there are, how many have no winner on record, and who agrees and disagrees."""
    report: dict[str, Any] = {"rounds": 0, "without_winner": 0, "agree": 0, "disagree": []}
    for round_ in rounds:
        report["rounds"] += 1
        if round_.winner is None:
            report["without_winner"] += 1
            continue
        result = decide(round_)
        ranked = [round_.bids[int(place)] for place in result.ranking]
        if round_.winner in {bid.bidder for bid in ranked if bid.amount == result.amount}:
            report["agree"] += 1
        else:
            got = ranked[0].bidder if ranked else None
            report["disagree"].append({"round": round_.code, "expected": round_.winner, "got": got})
    return report
