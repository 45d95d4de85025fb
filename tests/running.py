"""The service as `make demo` runs it, on this worker's database: every process may be killed at a chosen point and started again.

The point is chosen with a lock: what a process is about to write is held back until it waits there with half its work done.
"""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from config.demo.children import Child, end_all
from config.demo.supervisor import Supervisor
from tests.live import LiveServer, environment, free_port

PATIENCE = 60.0
"""Seconds for what takes one or two on a machine that has nothing else to do."""


class Service:
    """The processes of the demo's own supervisor, without its restarting of what has died."""

    def __init__(self, data: Path) -> None:
        self.server = LiveServer(free_port(), free_port())
        (data / "run").mkdir(parents=True)
        self.supervisor = Supervisor(
            base=settings.BASE_DIR,
            data=data,
            host="127.0.0.1",
            port=self.server.port,
            socket_port=self.server.socket_port,
            custodian=settings.CUSTODIAN_STATE,
            use=None,
            alipay_port=None,
            say=print,
        )
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("PYTEST")]:
                patch.delenv(name)  # with them tasks would run at once, in whoever asks for them
            for name, value in environment(self.server).items():
                if not name.startswith("PYTEST"):
                    patch.setenv(name, value)
            patch.setenv("LEDGER_STATE", str(settings.LEDGER_STATE))
            self.supervisor.prepare_children()

    def start(self, *names: str) -> None:
        for name in names:
            self._child(name).start()

    def start_pages(self) -> None:
        """And wait until they answer."""
        self.start("pages")
        eventually(self._answers)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.server.url}/ledger/vkey", timeout=5).close()
        except OSError:
            return False
        return True

    def end(self) -> None:
        end_all(self.supervisor.children)

    def kill(self, name: str) -> None:
        """As `kill -9` does, with every process below it."""
        process = self._child(name).process
        assert process is not None and process.poll() is None, f"{name} has ended by itself: {self.said(name)}"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=PATIENCE)

    def said(self, name: str) -> str:
        return self._child(name).log.read_text(errors="replace")[-3000:]

    def _child(self, name: str) -> Child:
        return next(child for child in self.supervisor.children if child.name == name)


@contextmanager
def held_back(statement: str) -> Iterator[Callable[[str], None]]:
    """Hold what a statement locks; give a function that waits until a process is stuck there, by the first words of its query."""
    with psycopg.connect(_address()) as holder:
        holder.execute(statement)

        def wait_for(words: str) -> None:
            eventually(lambda: any(query.startswith(words) for query in _stuck_behind(holder.info.backend_pid)))

        yield wait_for
        holder.rollback()


def _stuck_behind(pid: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND %s = ANY(pg_blocking_pids(pid))",
            [pid],
        )
        return [query for (query,) in cursor.fetchall()]


def end_all_connections() -> None:
    """What a restart of the database does to everybody but this test."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def eventually(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come to pass"
        time.sleep(0.05)


def _address() -> str:
    database = connection.settings_dict
    return make_conninfo(
        host=str(database["HOST"]), user=database["USER"], password=database["PASSWORD"], dbname=database["NAME"]
    )
