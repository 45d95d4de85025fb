"""What has to be so before the demo starts: ports free, room on the disk, database migrated and not empty."""

import fcntl
import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from config.embedded.problems import ServiceProblem

NEEDED_BYTES = 300 * 1024 * 1024


def require_ports(*ports: int) -> None:
    for port in ports:
        if not 0 < port < 65536:
            raise ServiceProblem(f"{port} is not a port; choose PORT between 1 and 65534.")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except PermissionError:
                raise ServiceProblem(f"Port {port} needs more rights than you have; choose one above 1023.") from None
            except OSError:
                raise ServiceProblem(
                    f"Port {port} is in use by another program; end it, or choose another: "
                    f"`make demo PORT={port + 10}` (the demo needs that port and the next two)."
                ) from None


def require_room(data: Path, services: Path) -> None:
    """Raise ServiceProblem when the data folder cannot be written, or its disk or the services' is nearly full."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ServiceProblem(f"The data folder {data} cannot be made: {problem.strerror}.") from None
    if not os.access(data, os.W_OK | os.X_OK):
        raise ServiceProblem(f"The data folder {data} cannot be written; choose another: `make demo DATA=…`.")
    for folder in (data, services):
        there = next(place for place in (folder, *folder.parents) if place.exists())
        free = shutil.disk_usage(there).free
        if free < NEEDED_BYTES:
            raise ServiceProblem(
                f"The disk of {folder} has {free // 1024**2} MB left; the demo needs {NEEDED_BYTES // 1024**2} MB."
            )


@contextmanager
def only_demo(locks: Path) -> Iterator[None]:
    """Raise ServiceProblem when another demo already serves this data; two would each run every task."""
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise ServiceProblem(
                f"A demo with this data is already running at http://localhost:{lock.read().strip()}/; "
                "end it, or choose another DATA."
            ) from None
        lock.truncate(0)
        lock.write(str(settings.PORT))
        lock.flush()
        yield


def collect_static() -> None:
    """Gather and compress the files of the pages, unless nothing has changed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    present = _state_of_static_files()
    if stamp.exists() and stamp.read_text() == present:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(present)


def _state_of_static_files() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list(["CVS", ".*", "*~"]):
            file = Path(storage.path(path)).stat()
            digest.update(f"{path} {file.st_mtime_ns} {file.st_size}\n".encode())
    return digest.hexdigest()
