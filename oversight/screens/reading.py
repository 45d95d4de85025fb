"""Past rounds from a CSV file, one line per bid: columns are found by their headings, and what is wrong is said with
its place.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from math import isnan, nan
from pathlib import Path
from typing import Any

from oversight.screens.bids import Bids

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "round": ("round_code", "round", "round_id", "tender", "tender_id", "auction", "auction_id", "pid", "ocid",
        "原编号", "编号", "项目编号"),
    "bidder": ("bidder", "bidder_id", "bidder_code", "firm", "firm_id", "tenderer", "supplier", "company",
        "投标人", "机构", "投标单位"),
    "amount": ("amount", "bid", "bid_amount", "price", "bid_price", "value", "报价", "投标报价", "金额"),
    "won": ("won", "winner", "is_winner", "awarded", "win", "中标", "中选", "是否中标"),
    "day": ("opened_on", "date", "day", "opened", "opening_date", "bid_date", "开启日期", "开标日期", "日期"),
    "segment": ("kind", "category", "service", "segment", "industry", "type", "类别", "服务", "服务事项"),
    "upper": ("upper_limit", "upper", "reserve", "reserve_price", "limit", "estimate", "最高限价", "上限"),
    "reason": ("disqualified_reason", "disqualified", "invalid_reason", "reason", "无效原因"),
}  # fmt: skip
DEMANDED = ("round", "bidder", "amount")
YES, NO = {"1", "true", "t", "yes", "y", "是", "中标", "中选", "1.0"}, {"", "0", "false", "f", "no", "n", "否", "0.0"}
MOST_LINES, MOST_OCTETS, LONGEST_CELL = 1_000_000, 200_000_000, 10_000
MOST = Decimal(10) ** 15


class BadFile(ValueError):
    """What is wrong with a file, and where: the line counts from 1, the heading included."""

    def __init__(self, what: str, *, line: int | None = None, column: str | None = None) -> None:
        place = ", ".join([*([f"line {line}"] if line else []), *([f"column {column}"] if column else [])])
        super().__init__(f"{place}: {what}" if place else what)


@dataclass
class History:
    """The bids of a file, and what it calls rounds and bidders."""

    rounds: list[str] = field(default_factory=list)
    bidders: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    bids: Bids = field(default_factory=lambda: Bids.of([], segment=[], day=[], upper=[], firms=0))


def read(path: Path) -> History:
    """The history of a file. Raises BadFile for the first thing that is wrong with it, and OSError."""
    if path.stat().st_size > MOST_OCTETS:
        raise BadFile(f"the file has more than {MOST_OCTETS // 1_000_000} MB; give it in parts")
    text = _decoded(path.read_bytes())
    if not text.strip():
        raise BadFile("the file is empty")
    rows = _Rows()
    for line, row in _lines(text, rows.columns):
        rows.add(row, line)
    return rows.history()


def _decoded(octets: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = octets.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise BadFile("the file is no text in UTF-8 or GB 18030")


def _lines(text: str, columns: dict[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of the table, by what their columns are; `columns` is filled with the headings that were found."""
    heading = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(reader)]
        places = _places(names, columns)
        for number, cells in enumerate(reader, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if number > MOST_LINES:
                raise BadFile(f"there are more than {MOST_LINES:,} lines; give the file in parts", line=reader.line_num)
            if len(cells) != len(names):
                raise BadFile(f"{len(cells)} cells where the heading has {len(names)}", line=reader.line_num)
            yield reader.line_num, {name: cells[place].strip() for name, place in places.items()}
    except csv.Error as error:
        raise BadFile(str(error), line=reader.line_num) from error


def _places(names: list[str], columns: dict[str, str]) -> dict[str, int]:
    plain = [name.lower().replace(" ", "_").replace("-", "_") for name in names]
    found: dict[str, int] = {}
    for wanted, known in HEADINGS.items():
        at = next((plain.index(each) for each in known if each in plain), None)
        if at is not None:
            found[wanted], columns[wanted] = at, names[at]
    if missing := [HEADINGS[wanted][0] for wanted in DEMANDED if wanted not in found]:
        raise BadFile(f"there is no column {', '.join(missing)}; there are {', '.join(names)[:200]}", line=1)
    return found


class _Rows:
    """What has been read so far."""

    def __init__(self) -> None:
        self.columns: dict[str, str] = {}
        self.rounds: dict[str, int] = {}
        self.bidders: dict[str, int] = {}
        self.segments: dict[str, int] = {}
        self.terms: list[tuple[int, int, float]] = []
        self.rows: list[tuple[int, int, float, bool, bool]] = []

    def add(self, row: dict[str, str], line: int) -> None:
        """Take in a line. A round is as its first line says."""
        code, bidder = self._demanded(row, "round", line), self._demanded(row, "bidder", line)
        amount, upper = self._read(row, "amount", line, _amount), self._read(row, "upper", line, _amount)
        day, won = self._read(row, "day", line, _day), self._read(row, "won", line, _flag)
        round_ = self.rounds.setdefault(code, len(self.rounds))
        if round_ == len(self.terms):
            segment = self.segments.setdefault(row.get("segment", ""), len(self.segments))
            self.terms.append((segment, round_ if day is None else day, nan if upper is None else upper))
        who = self.bidders.setdefault(bidder, len(self.bidders))
        counted = row.get("reason", "").lower() in NO
        self.rows.append((round_, who, nan if amount is None else amount, bool(won), counted))

    def history(self) -> History:
        if "won" not in self.columns:
            self._lowest_wins()
        columns = list(zip(*self.terms, strict=True)) if self.terms else [(), (), ()]
        bids = Bids.of(
            self.rows, segment=columns[0], day=columns[1], upper=columns[2], firms=len(self.bidders)
        )  # fmt: skip
        return History(list(self.rounds), list(self.bidders), self.columns, bids)

    def _lowest_wins(self) -> None:
        best: dict[int, int] = {}
        for place, (round_, _who, amount, _won, counted) in enumerate(self.rows):
            if counted and not isnan(amount) and (round_ not in best or amount < self.rows[best[round_]][2]):
                best[round_] = place
        for place in best.values():
            round_, who, amount, _won, counted = self.rows[place]
            self.rows[place] = (round_, who, amount, True, counted)

    def _demanded(self, row: dict[str, str], name: str, line: int) -> str:
        if not row[name]:
            raise BadFile("is empty", line=line, column=self.columns[name])
        if len(row[name]) > LONGEST_CELL:
            raise BadFile("is too long", line=line, column=self.columns[name])
        return row[name]

    def _read(self, row: dict[str, str], name: str, line: int, how: Callable[[str], Any]) -> Any:
        text = row.get(name, "")
        if not text:
            return None
        try:
            return how(text)
        except (ValueError, InvalidOperation) as error:
            what = {"day": "a date like 2026-03-01", "won": "0 or 1"}.get(name, "an amount above 0")
            raise BadFile(f"{text[:40]!r} is not {what}", line=line, column=self.columns[name]) from error


def _amount(text: str) -> float:
    amount = Decimal(text.replace(",", "").replace("，", "").strip("¥￥元 "))
    if not amount.is_finite() or not 0 < amount <= MOST:
        raise ValueError
    return float(amount)


def _day(text: str) -> int:
    plain = text.replace("/", "-").replace(".", "-").split("T")[0].split(" ")[0]
    if plain.count("-") == 2:
        return date(*(int(part) for part in plain.split("-"))).toordinal()
    return date.fromisoformat(plain).toordinal()


def _flag(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise ValueError
    return text.lower() in YES
