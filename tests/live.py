"""The service as it runs: pages from granian WSGI, sockets from their own ASGI process, on free ports."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from tests import alipay
from tests.custody import CUSTODIAN


@dataclass(frozen=True)
class LiveServer:
    port: int
    socket_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __str__(self) -> str:
        return self.url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def _live_processes(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    live = LiveServer(free_port(), free_port())
    log = tmp_path_factory.mktemp("live") / "server.log"
    told = environment(live)
    with log.open("ab") as output:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "granian", "--interface", interface, "--host", "127.0.0.1", "--port", str(port),
                 "--workers", "1", *more, f"config.{interface}:application"],
                cwd=settings.BASE_DIR, env=told, stdout=output, stderr=output,
            )
            for interface, port, more in (
                ("wsgi", live.port, ["--no-ws", "--blocking-threads", "4"]),
                ("asgi", live.socket_port, []),
            )
        ]  # fmt: skip
    try:
        for port, process in zip((live.port, live.socket_port), processes, strict=True):
            _wait_for(port, process, log)
        yield live
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=20)


@pytest.fixture(autouse=True)
def _live_server_helper() -> None:
    """In the place of pytest-django's own, which expects its own kind of live server."""


@pytest.fixture
def live_server(_live_processes: LiveServer, transactional_db: None, settings) -> LiveServer:
    """Both processes on this worker's database; what a test saves is there for them."""
    settings.SOCKET_PORT = _live_processes.socket_port
    return _live_processes


def environment(live: LiveServer) -> dict[str, str]:
    """What tells a process of this worker's database, and of the keys that tests use."""
    database = connection.settings_dict
    host = quote(str(database["HOST"]), safe="")
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{database['USER']}:{quote(database['PASSWORD'])}@{host}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "KEY_PREFIX": settings.KEY_PREFIX,
        "DATA": str(settings.DATA_DIR),
        "PORT": str(live.port),
        "SOCKET_PORT": str(live.socket_port),
        "TLS": "0",
        "DEMO": "1" if settings.DEMO else "0",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "LEDGER_ORIGIN": settings.LEDGER_ORIGIN,
        "CUSTODIAN_VKEY": CUSTODIAN.cosigner.text,
        **alipay.environment(live.url),
    }


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _attempt in range(300):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/static/none", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"The server for browser tests does not start:\n{log.read_text()[-3000:]}")
