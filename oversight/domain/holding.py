"""One after the other: whoever changes the graph, or scans it."""

from __future__ import annotations

from django.db import connection

LOCK = 0x6F766572
"""The advisory lock of whoever changes the graph; a scan takes it to see everything up to its moment."""
SCAN = 0x7363616E
ALERTS = 0x616C7274
"""The advisory lock of whoever takes in leads."""
MEETINGS = 0x6D656574
"""The advisory lock of whoever counts anew who meets whom."""


def hold(lock: int = LOCK) -> None:
    """Be the only one, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
