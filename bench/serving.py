"""Servers of a bench, and how its rows are said."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

PAGES = ("--interface", "wsgi", "--no-ws", "--workers", "2", "--blocking-threads", "4")
SOCKETS = ("--interface", "asgi", "--workers", "1", "--ws")


def verdict(pairs: list[tuple[float, float]], *, aim: float) -> bool:
    """Print the median ratio of ours to the reference, and whether it reaches its aim."""
    ratio = median(mine / theirs for mine, theirs in pairs)
    mine, theirs = (median(column) for column in zip(*pairs, strict=True))
    say(
        f"  {mine:.0f} to {theirs:.0f}: ratio {ratio:.2f}, aim at least {aim:.2f}, {'reached' if ratio >= aim else 'MISSED'}"
    )
    return ratio >= aim


@contextmanager
def served(application: str, settings: str, folder: Path, *, how: tuple[str, ...] = PAGES) -> Iterator[int]:
    """A granian of its own on a free port, given as soon as it answers."""
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--port", str(port), *how]
    with (folder / f"{application.partition(':')[0]}.log").open("wb") as log:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings}
        server = subprocess.Popen([*command, application], env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, server, Path(log.name))
            yield port
        finally:
            server.terminate()
            server.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _attempt in range(600):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"A server of the bench does not start:\n{log.read_text()[-2000:]}")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)
