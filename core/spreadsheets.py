"""Tables that people open in a spreadsheet: what a cell begins with is never taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

MARKS = "=+-@\t\r"
"""What a spreadsheet takes for a formula at the beginning of a cell."""
BOM = "\ufeff"
"""By which spreadsheets know that the text is UTF-8."""


def quoted(cell: str) -> str:
    """A cell that is text whatever it begins with."""
    return f"'{cell}" if cell[:1] and cell[0] in MARKS else cell


def csv_of(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV, with a heading, lines ended as spreadsheets want them."""
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heading)
    for row in rows:
        writer.writerow([quoted("" if cell is None else str(cell)) for cell in row])
    return out.getvalue()
