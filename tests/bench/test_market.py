"""What the bench prepares goes the way of people, so that a new rule for them does not break it unseen."""

from __future__ import annotations

import pytest

from bench.market import open_round
from bidding.models import Round
from market.models import Project
from tests import market_place as market
from tests.seed.conftest import in_folder


@pytest.mark.django_db(transaction=True)
def test_a_round_of_the_bench_is_announced(tmp_path, settings):
    in_folder(settings, tmp_path)
    where = market.place()
    market.need(where)
    round_ = open_round(where.service)
    assert round_.status == Round.Status.ANNOUNCED
    assert Project.objects.count() == 2
