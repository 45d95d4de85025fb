"""Columns into the database and out of it, by COPY in its binary form: a row costs no Python of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ratings.columns import EARLY, Ints

SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
END = b"\xff\xff"
WIDTHS = {"int2": ">i2", "int4": ">i4", "int8": ">i8", "timestamptz": ">i8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column to be written: its name, its type (a key of WIDTHS) and its values; EARLY is NULL."""

    name: str
    type: str
    values: Ints


def copy_in(table: str, columns: Sequence[Column]) -> None:
    """Add rows to a table by one statement. Names are those of our own models and tables, nothing comes from outside."""
    if not columns[0].values.size:
        return
    names = ", ".join(f'"{column.name}"' for column in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(SIGNATURE)
        for rows in _binary(columns):
            copy.write(rows)
        copy.write(END)


def _binary(columns: Sequence[Column]) -> list[bytes]:
    """The rows, those with NULL in the same places together: they are of one length."""
    empty = [column.values == EARLY for column in columns]
    pattern = sum(
        (mask.astype(np.int64) << place for place, mask in enumerate(empty)), np.zeros(empty[0].size, dtype=np.int64)
    )
    return [_rows(columns, int(nulls), pattern == nulls) for nulls in np.unique(pattern)]


def _rows(columns: Sequence[Column], nulls: int, which: NDArray[np.bool_]) -> bytes:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for place, column in enumerate(columns):
        fields.append((f"length{place}", ">i4"))
        if not nulls >> place & 1:
            fields.append((f"value{place}", WIDTHS[column.type]))
    rows = np.empty(int(which.sum()), dtype=fields)
    rows["fields"] = len(columns)
    for place, column in enumerate(columns):
        if nulls >> place & 1:
            rows[f"length{place}"] = -1
        else:
            rows[f"length{place}"] = np.dtype(WIDTHS[column.type]).itemsize
            rows[f"value{place}"] = column.values[which]
    return rows.tobytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Recorded events of lines: for each its number and, of one length together, matrices of codes, times and cases."""

    lines: Ints
    codes: Ints
    times: Ints
    cases: Ints


EVENTS = """
COPY (
    SELECT cardinality(codes), cardinality(cases), line_id, codes, times, cases FROM ratings_lineevents
    WHERE line_id > %s AND line_id <= %s ORDER BY line_id
) TO STDOUT (FORMAT BINARY)
"""
KEY = slice(2, 18)
"""Where in a row both cardinalities are, with their lengths."""


def read_events(*, after: int, until: int) -> list[Read]:
    """The recorded events of lines after a number and up to another, those with as many events and cases together."""
    groups: defaultdict[bytes, list[bytes]] = defaultdict(list)
    with connection.cursor() as cursor, cursor.copy(EVENTS, [after, until]) as copy:
        left = len(SIGNATURE)
        for block in copy:
            # The signature comes with the first row.
            row = bytes(block[left:])
            left = 0
            if row != END:
                groups[row[KEY]].append(row)
    return [_read(key, rows) for key, rows in groups.items()]


def _read(key: bytes, rows: Sequence[bytes]) -> Read:
    counts = np.frombuffer(key, dtype=">i4")
    events, cases = int(counts[1]), int(counts[3])
    fields: list[Any] = [("head", "V18"), ("line_length", ">i4"), ("line", ">i8")]
    fields += _array("codes", events) + _array("times", events) + _array("cases", cases)
    found = np.frombuffer(b"".join(rows), dtype=fields)

    def values(name: str, count: int) -> Ints:
        if not count:
            return np.empty((len(rows), 0), dtype=np.int64)
        return found[name]["value"].astype(np.int64)

    return Read(
        lines=found["line"].astype(np.int64),
        codes=values("codes", events),
        times=values("times", events),
        cases=values("cases", cases),
    )


def _array(name: str, count: int) -> list[Any]:
    """An array of one dimension without NULL, as the server sends it: an empty one has no dimension at all."""
    head = [(f"{name}_head", f"V{4 + 12 + (8 if count else 0)}")]
    return [*head, (name, [("length", ">i4"), ("value", ">i8")], (count,))] if count else head
