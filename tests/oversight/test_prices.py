"""The prices of a round side by side: exact distances, and nothing before they are public."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from oversight.domain.prices import prices_of
from tests import market_place as market
from tests.bidding.browse import acting
from tests.oversight.place import regulator

pytestmark = pytest.mark.django_db


def test_distances_of_what_is_public():
    where = market.place()
    round_ = market.announced(where)
    for amount in ("48000.00", "50400.00", "52800.00", "99999.00"):
        market.enters(round_, market.firm(where), amount)
    assert prices_of(round_) == []
    client = acting(regulator())
    page = client.get(f"/desk/oversight/rounds/{round_.code}/prices/").content.decode()
    assert "金额还没有公开" in page and "48,000" not in page
    round_ = market.closed_and_evaluated(round_)
    (found,) = prices_of(round_)
    assert [row.step for row in found.rows] == [None, Decimal("2400.00"), Decimal("2400.00"), Decimal("47199.00")]
    assert [row.valid for row in found.rows] == [True, True, True, False]
    assert (found.first_gap, found.spread) == (Fraction(1, 20), Fraction(1, 10))
    assert found.rows[0].of_limit == Fraction(4, 5) and found.rows[0].won
    page = client.get(f"/desk/oversight/rounds/{round_.code}/prices/").content.decode()
    assert "48,000.00" in page and "5.0%" in page and "80.0%" in page
    assert f"/desk/oversight/rounds/{round_.code}/prices/" in client.get(f"/rounds/{round_.code}/").content.decode()
