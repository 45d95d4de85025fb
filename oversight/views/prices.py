"""The prices of a round on the regulator's desk: what everybody may read, put side by side."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.rules import ActingRequest, acting_as
from bidding.models import Round
from oversight.domain.prices import prices_of
from oversight.rights import READERS
from oversight.views.shares import percent


@require_safe
@acting_as(*READERS)
@never_cache
def prices(request: ActingRequest, code: str) -> HttpResponse:
    """Amounts in ascending order, with their distances; nothing before they are public."""
    round_ = get_object_or_404(Round.objects.public().for_list(), code=code)
    lots = [
        {
            "lot": each.lot,
            "spread": percent(each.spread) if each.spread is not None else "–",
            "gap": percent(each.first_gap) if each.first_gap is not None else "–",
            "rows": [
                {"price": row, "above": percent(row.above), "limit": percent(row.of_limit) if row.of_limit else "–"}
                for row in each.rows
            ],
        }
        for each in prices_of(round_)
    ]
    return render(request, "oversight/prices.html", {"round": round_, "lots": lots})
