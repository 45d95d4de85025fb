"""The sandbox as the tests use it: a real gateway on this worker's own port, known to the test and to the live server alike."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from contracts.payments import keys
from contracts.payments.sandbox.server import Sandbox


@cache
def folder() -> Path:
    """Where the keys of this worker's sandbox are."""
    made = Path(settings.DATA_DIR) / f"alipay-{os.getpid()}"
    keys.make(made)
    return made


@cache
def port() -> int:
    from tests.live import free_port

    return free_port()


def environment(site: str) -> dict[str, str]:
    """What tells a process of the service of this sandbox, as it would be told of Alipay."""
    return {
        "SITE_URL": site,
        "ALIPAY_PORT": str(port()),
        "ALIPAY_GATEWAY": f"http://localhost:{port()}/gateway.do",
        "ALIPAY_APP_ID": settings.ALIPAY_APP_ID,
        "ALIPAY_SELLER_ID": settings.ALIPAY_SELLER_ID,
        "ALIPAY_APP_KEY": (folder() / keys.APP).read_text(),
        "ALIPAY_PUBLIC_KEY": keys.public_pem((folder() / keys.ALIPAY).read_text()),
    }


@pytest.fixture
def alipay(settings, tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox with empty books that this process pays at."""
    settings.ALIPAY_STATE = tmp_path / "alipay"
    settings.ALIPAY_STATE.mkdir()
    for name in (keys.APP, keys.ALIPAY):
        (settings.ALIPAY_STATE / name).write_bytes((folder() / name).read_bytes())
    settings.ALIPAY_APP_KEY = settings.ALIPAY_PUBLIC_KEY = ""
    sandbox = Sandbox(
        state=settings.ALIPAY_STATE,
        host="127.0.0.1",
        port=port(),
        app_id=settings.ALIPAY_APP_ID,
        seller_id=settings.ALIPAY_SELLER_ID,
    )
    settings.ALIPAY_GATEWAY = f"{sandbox.url}/gateway.do"
    thread = threading.Thread(target=sandbox.serve, daemon=True)
    thread.start()
    yield sandbox
    sandbox.stop()
    thread.join(timeout=10)
