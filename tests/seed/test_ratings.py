"""What the demo city says of its firms, and deductions in every state, without the hundred rounds around them."""

from __future__ import annotations

import heapq
import random
from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from core.holidays import load_holidays
from market.catalogue.loader import load_catalogue
from portal.seed import ratings
from portal.seed.city import City, build_offices
from portal.seed.firms import build_firms
from portal.seed.names import Names
from ratings.models import Deduction, Evaluation
from tests import market_place as market
from tests.ratings import saying


@pytest.mark.django_db
def test_deductions_in_every_state_and_evaluations_of_what_was_accepted(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    load_catalogue()
    load_holidays()
    names = Names(random.Random(1))
    city = City(names=names, password="!", since=datetime(2017, 7, 1, tzinfo=UTC))
    build_offices(city)
    guild = build_firms(city, count=60)
    where = market.place()
    own = saying.accepted(where)
    for organisation in (own.contract.owner, own.contract.firm.organisation, own.department.organisation):
        city.members[organisation.pk] = market.member_of(organisation)
    saying.decided(where, own)
    now = clock.now() + timedelta(days=20)
    live(ratings.lives(city, guild, now=now, rng=random.Random(2)), now)
    assert set(Deduction.objects.values_list("status", flat=True)) == set(Deduction.Status.values)
    assert set(Evaluation.objects.values_list("side", flat=True)) == {"owner", "department", "centre"}
    assert Evaluation.objects.filter(status="final").count() == 3


def live(lives, now):
    """As portal.seed.rounds takes the steps of all lives."""
    due = [(next(steps), number, steps) for number, steps in enumerate(lives)]
    heapq.heapify(due)
    while due:
        moment, number, steps = heapq.heappop(due)
        with clock.travelling(moment):
            following = next(steps, None)
        if following is not None and following <= now:
            heapq.heappush(due, (following, number, steps))
