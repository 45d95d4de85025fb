"""The whole graph out of the database into arrays, by COPY in its binary form: rows of one length, read without parsing."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from oversight.arrays import CODE, CONFIDENCES, EPOCH, EVER, FORMS, NODE_KINDS, Edges, Nodes, World
from oversight.domain.view import HOLDS, NOT_REPLACED
from oversight.models import Source

HEAD, TAIL = 19, 2
"""Octets before the first row and after the last of a binary COPY."""
KEPT = 1 << 24
"""So many octets are held before they are put into arrays."""

NODE = (("id", "int8"), ("kind", "int2"), ("form", "int2"))
EDGE = (
    ("id", "int8"), ("kind", "int2"), ("tail", "int8"), ("head", "int8"), ("low", "int4"), ("high", "int4"),
    ("since", "int4"), ("until", "int4"), ("source", "int4"), ("confidence", "int2"), ("leader", "int2"),
)  # fmt: skip
SIZES = {"int2": ">i2", "int4": ">i4", "int8": ">i8"}


def _place(column: str, values: Any) -> str:
    cases = " ".join(f"WHEN '{value}' THEN {place}" for place, value in enumerate(values))
    return f"CASE {column} {cases} ELSE 0 END"


NODES = f"SELECT id, {_place('kind', NODE_KINDS)}, {_place('form', FORMS)} FROM oversight_party \
WHERE merged_into_id IS NULL ORDER BY id"  # noqa: S608 - made of constants
EDGES = f"""
SELECT r.id, {_place("r.kind", CODE)}, r.from_party_id, r.to_party_id, COALESCE(r.share_low, -1), COALESCE(r.share_high, -1),
    COALESCE(r.holds_from - '{EPOCH}'::date, -{EVER}), COALESCE(r.holds_to - '{EPOCH}'::date, {EVER}),
    r.source_id, {_place("r.confidence", CONFIDENCES)}, r.leader::int
FROM oversight_relation r
WHERE CASE WHEN r.kind IN ('employs', 'employed') THEN {NOT_REPLACED} ELSE {HOLDS} END
ORDER BY r.id
"""  # noqa: S608 - made of constants


def load(day: date) -> World:
    """Every party, and every relation that holds on a day or is employment of any time."""
    parts = list(_rows(NODES, NODE))
    nodes = Nodes(*(np.concatenate([part[name] for part in parts]) for name in ("id", "kind", "form")))
    read = [_edges(part, nodes) for part in _rows(EDGES.replace("%(day)s", f"'{day.isoformat()}'::date"), EDGE)]
    columns = {name: np.concatenate([part[name] for part in read]) for name, _size in EDGE}
    return World(nodes, Edges(**columns), dict(Source.objects.values_list("id", "code")), day)


def _edges(part: dict[str, NDArray[Any]], nodes: Nodes) -> dict[str, NDArray[Any]]:
    """Ends by the number of their nodes, and columns as narrow as they may be."""
    narrow = {"kind": np.int8, "confidence": np.int8, "leader": np.bool_, "id": np.int64}
    made: dict[str, NDArray[Any]] = {
        name: column.astype(narrow.get(name, np.int32)) for name, column in part.items() if name not in ("tail", "head")
    }
    for name in ("tail", "head"):
        made[name] = np.searchsorted(nodes.id, part[name]).astype(np.int32)
    return made


def _rows(query: str, columns: tuple[tuple[str, str], ...]) -> Any:
    """The rows of a query as columns, some at a time; every column is an integer that is never NULL."""
    casts = ", ".join(f"c{place}::{size}" for place, (_name, size) in enumerate(columns))
    names = ", ".join(f"c{place}" for place in range(len(columns)))
    shape = np.dtype(
        [("count", ">i2")] + [pair for name, size in columns for pair in ((f"size_{name}", ">i4"), (name, SIZES[size]))]
    )
    copy = f"COPY (SELECT {casts} FROM ({query}) AS q({names})) TO STDOUT (FORMAT BINARY)"  # noqa: S608 - the two queries above
    kept, first = bytearray(), True
    with connection.cursor() as cursor, cursor.cursor.copy(copy) as rows:
        for some in rows:
            kept += some
            if len(kept) >= KEPT:
                kept, first, found = _cut(kept, shape, columns, first=first)
                yield found
    yield _cut(kept[: len(kept) - TAIL], shape, columns, first=first)[2]


def _cut(
    kept: bytearray, shape: np.dtype[Any], columns: tuple[tuple[str, str], ...], *, first: bool
) -> tuple[bytearray, bool, dict[str, NDArray[Any]]]:
    """Whole rows out of what was read, and the rest."""
    begin = HEAD if first else 0
    count = (len(kept) - begin) // shape.itemsize
    rows = np.frombuffer(bytes(kept[begin : begin + count * shape.itemsize]), shape)
    native = {name: rows[name].astype(rows[name].dtype.newbyteorder("=")) for name, _size in columns}
    return kept[begin + count * shape.itemsize :], False, native
