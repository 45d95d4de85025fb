from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Membership
from tests.approvals import office
from tests.bidding.browse import acting
from tests.market_place import Place


@pytest.fixture
def where(db: None) -> Place:
    return office.place()


@pytest.fixture
def by(where: Place) -> Membership:
    """Somebody of the department."""
    return office.clerk(where.department)


@pytest.fixture
def client(by: Membership) -> Client:
    """A browser of somebody of the department."""
    return acting(by)
