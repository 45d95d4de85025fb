"""The sandbox as the tests use it: a real server on a free port, with keys and books of its own."""

import threading
from pathlib import Path

import pytest

from contracts.payments.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def _alipay_keys(tmp_path_factory) -> Path:
    from contracts.payments import keys

    folder = tmp_path_factory.mktemp("alipay")
    keys.make(folder)
    return folder


@pytest.fixture
def alipay(_alipay_keys, tmp_path, settings):
    """A sandbox that this process pays at."""
    for name in ("app.pem", "alipay.pem"):
        (tmp_path / "alipay").mkdir(exist_ok=True)
        (tmp_path / "alipay" / name).write_bytes((_alipay_keys / name).read_bytes())
    settings.ALIPAY_STATE = tmp_path / "alipay"
    settings.ALIPAY_APP_KEY = settings.ALIPAY_PUBLIC_KEY = ""
    sandbox = Sandbox(
        state=settings.ALIPAY_STATE,
        host="127.0.0.1",
        port=0,
        app_id=settings.ALIPAY_APP_ID,
        seller_id=settings.ALIPAY_SELLER_ID,
    )
    settings.ALIPAY_GATEWAY = f"{sandbox.url}/gateway.do"
    thread = threading.Thread(target=sandbox.serve, daemon=True)
    thread.start()
    yield sandbox
    sandbox.stop()
    thread.join(timeout=10)
