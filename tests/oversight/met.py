"""Rounds that firms have entered together, written at once as they stand when they are over."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bidding.models import Entry, Lot, Policy, Round
from core import clock
from market.models import Firm
from tests import market_place as market

numbers = itertools.count(1)


def over(where: market.Place, firms: Sequence[Firm], *, at: datetime | None = None, **fields: Any) -> Round:
    """A round of the place's owner in which these firms bid, the first the lowest; contracted, so that all of it is public."""
    opened = at or clock.now() - timedelta(days=30)
    round_ = Round.objects.create(
        need=market.need(where), code=f"R99{next(numbers):010d}", owner=where.owner.organisation, method="lowest",
        district=where.district, department=where.department, title="环评报告编制",
        **{
            "service": where.service, "status": Round.Status.CONTRACTED, "policy": Policy.objects.first(), "minimum": 1,
            "notice_length": 3, "platform_public": "x", "commitment": "x",
            **{f"{step}_at": opened for step in ("submitted", "announced", "closes", "closed", "opened", "evaluated")},
            "awarded_at": opened, "contracted_at": opened, **fields,
        },
    )  # fmt: skip
    lot = Lot.objects.create(round=round_, winner=firms[0], upper=Decimal("60000.00"))
    Entry.objects.bulk_create(
        Entry(
            lot=lot, firm=firm, admission=firm.current, submitted_by=where.owner.user, received_at=opened, envelope=b"x",
            eligible=True, opened=True, valid=True, amount=Decimal(50_000 + 1_000 * place),
        )
        for place, firm in enumerate(firms)
    )  # fmt: skip
    return round_


def town(where: market.Place, *, ring: int = 3, others: int = 6, rounds: int = 8) -> tuple[list[Firm], list[Firm]]:
    """Some firms that always enter together, and others that come in turn, seldom the same two: the ring, the others."""
    firms = [market.firm(where) for _number in range(ring + others)]
    own, rest = firms[:ring], firms[ring:]
    for number in range(rounds):
        over(where, own)
        over(where, [rest[number % others], rest[(number + 1 + number // others % (others - 1)) % others]])
    return own, rest
