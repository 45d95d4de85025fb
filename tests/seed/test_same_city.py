"""The same number gives the same city: a part of it, twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bidding.models import Award, Round
from contracts.models import Contract
from core import clock
from market.models import Firm
from portal.seed.build import Size, build
from tests.seed.conftest import in_folder


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("_time", [1, 2])
def test_the_same_number_gives_the_same_city(tmp_path, settings, _time):
    in_folder(settings, tmp_path)
    with clock.travelling(datetime(2026, 11, 24, 6, tzinfo=UTC)):
        build(size=Size(firms=60, awarded=9, applications=15, lives=24, every=8), seed=7)
    told = [
        list(Firm.objects.order_by("pk").values_list("organisation__name", "organisation__uscc", "status")),
        list(
            Round.objects.order_by("code").values_list("code", "title", "status", "method", "closes_at", "commitment")
        ),
        list(Award.objects.order_by("code").values_list("code", "firm__organisation__uscc", "amount", "days")),
        list(Contract.objects.order_by("code").values_list("code", "status", "price", "sealed_at", "completed_at")),
    ]
    assert Award.objects.exists()
    same = _SEEN.setdefault("city", told)
    assert told == same


_SEEN: dict[str, object] = {}
