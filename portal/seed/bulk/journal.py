"""The entries of the log for many lives, put into its queue in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import Any

from accounts.models import Organisation
from ledger import domain as ledger
from ledger.models import Blind, QueuedEntry


class Journal:
    """Entries that wait for their moment; a moment later than the last flush is not in the log."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, QueuedEntry]] = []
        self._blinds: list[Blind] = []
        self._numbers = count()

    def write(self, type: str, subject: str, data: Mapping[str, Any], *, at: datetime) -> None:
        self._put(ledger.written(type, subject, data, at=at))

    def write_sealed(self, sealed_for: str, event: Mapping[str, Any], *, at: datetime) -> QueuedEntry:
        """A sealed entry, which has its key after the flush."""
        return self._put(ledger.written_sealed(sealed_for, event, at=at))

    def blinded(self, value: str, *, subject: str) -> str:
        row = ledger.written_blind(value, subject=subject)
        self._blinds.append(row)
        return row.digest

    def party(self, organisation: Organisation, *, subject: str) -> str:
        code = organisation.public_code
        return self.blinded(code, subject=subject) if organisation.is_protected else code

    def flush(self, until: datetime) -> None:
        """Queue what has happened up to a moment, that moment included."""
        rows = []
        while self._waiting and self._waiting[0][0] <= until:
            rows.append(heapq.heappop(self._waiting)[2])
        ledger.append_all(rows, self._blinds)
        self._blinds = []

    def _put(self, row: QueuedEntry) -> QueuedEntry:
        heapq.heappush(self._waiting, (row.at, next(self._numbers), row))
        return row
