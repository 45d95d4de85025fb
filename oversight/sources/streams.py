"""JSON statements out of a file of any size, one at a time: an array, JSON Lines, or objects one after the other. No Django."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TextIO

LONGEST = 8 * 1024 * 1024
"""Characters of one statement; a longer one is passed over."""

CHUNK = 1 << 16
LOOKED_AT = 20
"""Lines by which JSON Lines are told from objects that go over several lines."""

MARKS = re.compile(r'\\.|["{}\[\]]', re.DOTALL)


@dataclass(frozen=True)
class Broken:
    """What could not be read, where: the number of the line or of the element, from 1."""

    where: str
    reason: str


def read(path: Path) -> Iterator[Any]:
    """Every value of the file, or Broken in its place. Raises OSError where the file cannot be read."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        yield from _lines(file) if _is_lines(file) else _elements(file)


def _is_lines(file: TextIO) -> bool:
    """Whether some line at the beginning is a whole object by itself, and the file no array."""
    try:
        for number in range(LOOKED_AT):
            line = file.readline(LONGEST).strip()
            if number == 0 and line.startswith("["):
                return isinstance(_value(line), Broken) is False and _more(file)
            if line.startswith("{") and not isinstance(_value(line), Broken):
                return True
    finally:
        file.seek(0)
    return False


def _more(file: TextIO) -> bool:
    """Whether anything follows: an array on one line is an array, unless others follow it."""
    return bool(file.readline(CHUNK).strip())


def _value(text: str, where: str = "") -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError, InvalidOperation):
        return Broken(where, "malformed_json")


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _lines(file: TextIO) -> Iterator[Any]:
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        if not line.endswith("\n") and len(line) >= LONGEST:
            while line and not line.endswith("\n"):
                line = file.readline(LONGEST)
            yield Broken(f"line {number}", "too_long")
        elif line.strip():
            yield _value(line, f"line {number}")


def _elements(file: TextIO) -> Iterator[Any]:
    """Values at the outermost level of an array, or beside one another, found by their brackets."""
    scanner = _Scanner()
    while chunk := file.read(CHUNK):
        while chunk.endswith("\\") and (more := file.read(1)):  # what is escaped stays with its sign
            chunk += more
        yield from scanner.feed(chunk)
    yield from scanner.end()


class _Scanner:
    """Keeps the text of the value that is open, at most LONGEST characters of it, and counts values from 1."""

    def __init__(self) -> None:
        self.depth = self.number = self.size = 0
        self.in_text = self.opened = False
        self.kept: list[str] = []

    def feed(self, chunk: str) -> Iterator[Any]:
        start = 0
        for mark in MARKS.finditer(chunk):
            sign, at = mark.group(), mark.start()
            if sign == '"':
                self.in_text = not self.in_text
            if self.in_text or sign[0] in '"\\':
                continue
            if sign in "{[":
                if self.depth == 0:
                    yield from self._between(chunk[start:at])
                    start = at
                    if sign == "[" and not self.opened and self.number == 0:  # the array that holds them all
                        self.opened, start = True, at + 1
                        continue
                self.depth += 1
            elif self.depth:
                self.depth -= 1
                if self.depth == 0:
                    yield self._value(chunk[start : at + 1])
                    start = at + 1
        self._keep(chunk[start:])

    def end(self) -> Iterator[Any]:
        if self.depth or self.in_text:
            self.number += 1
            yield Broken(f"element {self.number}", "file_ends_within")
        else:
            yield from self._between("")

    def _keep(self, text: str) -> None:
        self.size += len(text)
        if self.size <= LONGEST:
            self.kept.append(text)
        else:
            self.kept.clear()

    def _taken(self, text: str) -> str | None:
        self._keep(text)
        whole = "".join(self.kept) if self.size <= LONGEST else None
        self.kept.clear()
        self.size = 0
        return whole

    def _value(self, text: str) -> Any:
        self.number += 1
        where = f"element {self.number}"
        whole = self._taken(text)
        return Broken(where, "too_long") if whole is None else _value(whole, where)

    def _between(self, text: str) -> Iterator[Broken]:
        """Between values stand commas; whatever else stands there is no statement."""
        whole = self._taken(text)
        for each in (whole or "?").split(",") if whole is None or whole.strip(", \t\r\n]") else ():
            if each.strip(" \t\r\n]"):
                self.number += 1
                yield Broken(f"element {self.number}", "not_an_object")
