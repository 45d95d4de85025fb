"""Where entries came from, as CL4 reads it: after opening, and hashed. And what is forgotten, when nobody looks into it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import numpy as np

from bidding.domain import traces
from bidding.models import EntryTrace, Round, TracePolicy
from core import clock
from oversight.domain.gathering import PUBLIC, Marks
from oversight.models import Inquiry
from oversight.screens.nearby import near

KINDS = ("network", "client")
"""The marks of a trace: the same address, and the same program in the same network."""


def marks(policy: TracePolicy, *, rounds: Collection[int | None]) -> Marks:
    """A mark for every round in which firms entered one lot from the same address, or with the same client, within the window.

    `rounds` are those of which everything is public; of others, and of what was not opened, nothing is read. A withdrawn entry
    has no trace.
    """
    opened = EntryTrace.objects.filter(
        entry__opened=True, entry__lot__round__status__in=PUBLIC, entry__lot__round__opened_at__isnull=False
    )
    public = set(rounds)
    columns = ("entry__firm_id", "entry__lot_id", "at", "entry__lot__round_id", "address", "client")
    rows = [
        (firm, lot, int(at.timestamp()), kind, int.from_bytes(bytes(mark)[:8], "big", signed=True))
        for firm, lot, at, round_, *told in opened.order_by("pk").values_list(*columns)
        if round_ in public
        for kind, mark in zip(KINDS, told, strict=True)
        if mark is not None
    ]
    if not rows:
        return Marks(np.zeros(0, np.int64), [], np.zeros(0, np.int64))
    firms, lots, times, kinds, numbers = zip(*rows, strict=True)
    firm, lot, at, mark = (np.array(column, np.int64) for column in (firms, lots, times, numbers))
    together = np.flatnonzero(near(firm, lot, mark, at, within=policy.window_hours * 3600))
    return Marks(firm[together], [kinds[place] for place in together.tolist()], mark[together])


def forget(*, now: datetime) -> int:
    """Delete the traces whose time is over; those of rounds that a running inquiry is about wait for its end."""
    running = Inquiry.objects.under_way(now=now)
    looked_into = Round.objects.filter(alerts__inquiries__in=running)
    return traces.forget(day=now.astimezone(clock.LOCAL).date(), keeping=looked_into)
