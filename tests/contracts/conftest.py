from __future__ import annotations

import pytest

from tests import market_place as market


@pytest.fixture
def where(db: None) -> market.Place:
    return market.place()


@pytest.fixture(autouse=True)
def _files_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
