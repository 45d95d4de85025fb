"""Shares of awards: like is compared with like, and everything is counted."""

from __future__ import annotations

import itertools
from datetime import timedelta
from fractions import Fraction

import pytest

from bidding.models import Award, Entry, Lot, Round
from core import clock
from oversight.domain import shares
from oversight.views.shares import percent
from tests import market_place as market
from tests.bidding.browse import acting
from tests.oversight.place import regulator

numbers = itertools.count(1)


def given(where, firm, times, **fields):
    """So many awards of the place's department to a firm."""
    for _number in range(times):
        round_ = Round.objects.create(
            need=market.need(where), code=f"R{next(numbers)}", owner=where.owner.organisation,
            service=fields.get("service", where.service), district=where.district, department=where.department,
            title="x", method=fields.get("method", "lowest"),
        )  # fmt: skip
        lot = Lot.objects.create(round=round_)
        at = fields.get("at", clock.now())
        Award.objects.create(
            lot=lot, code=f"Z{lot.pk}", firm=firm, amount="1.00", issued_at=at, contract_due_at=at + timedelta(days=1)
        )


@pytest.mark.django_db
def test_a_firm_with_a_department_beside_the_same_service_elsewhere():
    here, there = market.place(), market.place()
    near, far = market.firm(here), market.firm(here)
    given(here, near, 4)
    given(here, far, 1)
    given(there, near, 1, service=here.service)
    given(there, far, 4, service=here.service)
    given(there, near, 9)  # another service is no comparison
    long_ago = clock.now() - timedelta(days=800)
    given(market.place(), near, 3, at=long_ago, service=here.service)
    found = {(each.department, each.firm): each for each in shares.by_department(clock.now() - timedelta(days=365))}
    own = found[here.department.pk, near.pk]
    assert (own.won, own.of, own.elsewhere, own.of_elsewhere) == (4, 5, 1, 5)
    assert (own.share, own.expected, own.above) == (Fraction(4, 5), Fraction(1, 5), Fraction(3, 5))
    assert (here.department.pk, far.pk) not in found
    page = acting(regulator()).get("/desk/oversight/shares/").content.decode()
    assert near.organisation.name in page and "80.0%" in page and "20.0%" in page


@pytest.mark.django_db
def test_how_concentrated_a_market_is_and_how_much_of_it_was_never_selected():
    where = market.place()
    one, other = market.firm(where), market.firm(where)
    given(where, one, 3)
    given(where, other, 1, method="direct")
    (found,) = shares.markets(clock.now() - timedelta(days=365))
    assert (found.awards, found.direct, found.firms, found.leader, found.largest) == (4, 1, 2, one.pk, 3)
    assert found.concentration == Fraction(10, 16)
    client = acting(regulator())
    assert "62.5%" in client.get("/desk/oversight/shares/?tab=markets").content.decode()
    told = client.get("/desk/oversight/shares/?tab=markets&format=csv").content.decode("utf-8-sig")
    assert "25.0%" in told and one.organisation.name in told
    assert not Entry.objects.exists()


def test_a_share_as_per_cent():
    assert [percent(Fraction(*each)) for each in ((1, 3), (2, 3), (1, 1), (0, 1), (1, 2000))] == [
        "33.3%", "66.7%", "100.0%", "0.0%", "0.1%",
    ]  # fmt: skip
