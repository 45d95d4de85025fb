"""The place in which journeys begin, and the firms that may enter there."""

from __future__ import annotations

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import Membership
from tests import market_place as market


@pytest.fixture
def where(transactional_db: None) -> market.Place:
    """An empty market; its operator has a second factor."""
    place = market.place()
    TOTPDevice.objects.create(user=place.operator.user, name="test", confirmed=True)
    return place


@pytest.fixture
def firms(where: market.Place) -> list[Membership]:
    """The people of three firms that may enter."""
    return [market.member_of(market.firm(where, level="甲级").organisation) for _number in range(3)]
