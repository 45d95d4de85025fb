"""Tables of the desk as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from core.spreadsheets import csv_of

MOST_ROWS = 10_000
"""Of a file."""


def csv_file(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A table as a CSV file to keep."""
    answer = HttpResponse(csv_of(heading, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
