"""An embedded installation of its own for each city."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.conf import settings as current

SHARED_DATA = Path(current.DATA_DIR)


def in_folder(settings, folder):
    """An embedded installation of its own, with a custodian and an Alipay of its own, and the fonts that were cut before."""
    settings.DATA_DIR, settings.MEDIA_ROOT = folder, folder / "media"
    settings.CUSTODIAN_VKEY, settings.CUSTODIAN_VKEY_FILE = "", settings.CUSTODIAN_STATE / "vkey"
    settings.ALIPAY_STATE = folder / "alipay"
    if (SHARED_DATA / "fonts").exists():
        shutil.copytree(SHARED_DATA / "fonts", folder / "fonts")


@pytest.fixture(autouse=True)
def _few_keys() -> None:
    """A city announces many rounds at once: here the stock is as large as it is."""
