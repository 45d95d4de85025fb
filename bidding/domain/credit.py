"""Credit scores as rounds see them at closing. The room of ratings registers where they come from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal

from market.models import Firm

USUAL = Decimal("75.00")
"""The score of who has none: "as promised and as smooth as usual" (DOMAIN "The joint score")."""

Source = Callable[[Collection[Firm], datetime], Mapping[int, Decimal]]

_sources: list[Source] = []


def register(source: Source) -> Source:
    """Name the source of scores, 0 to 100 with two places by the firms' primary keys; there is one."""
    _sources[:] = [source]
    return source


def scores_at(firms: Collection[Firm], at: datetime) -> dict[int, Decimal]:
    """Every firm's credit score at a moment."""
    known = _sources[0](firms, at) if _sources else {}
    return {firm.pk: known.get(firm.pk, USUAL) for firm in firms}
