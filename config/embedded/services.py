"""Starting the embedded services for whoever needs them, and stopping them when the last one has gone.

Every user holds a shared lock on one file while it runs; the kernel lets go of it however the process ends, so a
killed process never keeps the services alive for ever, and nobody stops them while another still works.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from config.embedded import leftovers, postgres, programs, valkey
from config.embedded.places import Places
from config.embedded.problems import ServiceProblem


class Use:
    """One process's use of the services of a data folder."""

    def __init__(self, where: Places, *, password: str, throwaway: bool = False) -> None:
        self.where = where
        self.password = password
        self.throwaway = throwaway
        self._held: IO[str] | None = None

    def begin(self) -> None:
        """Start what is not running yet. Raises ServiceProblem."""
        try:
            self._begin()
        except OSError as problem:
            raise ServiceProblem(_in_words(problem)) from problem

    def _begin(self) -> None:
        self.where.data.mkdir(parents=True, exist_ok=True)
        with _alone(self.where):
            if self._held is None:
                self._held = (self.where.locks / "users.lock").open("a")
                fcntl.flock(self._held, fcntl.LOCK_SH)
            self._ensure()

    def ensure(self) -> None:
        """Start again what has died meanwhile."""
        with _alone(self.where):
            self._ensure()

    def _ensure(self) -> None:
        leftovers.clear(self.where, throwaway=self.throwaway)
        programs.owned_folder(self.where, self.where.services)
        postgres.ensure_running(self.where, password=self.password, throwaway=self.throwaway)
        valkey.ensure_running(self.where)

    def all_running(self) -> bool:
        return postgres.running_pid(self.where) is not None and valkey.running_pid(self.where) is not None

    def finish(self) -> None:
        """Let go, and stop the services if nobody else uses them."""
        if self._held is None:
            return
        with _alone(self.where):
            try:
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                valkey.stop(self.where)
                postgres.stop(self.where)
            self._held.close()
            self._held = None


@contextmanager
def _alone(where: Places) -> Iterator[None]:
    """Only one process at a time starts or stops services."""
    where.locks.mkdir(parents=True, exist_ok=True)
    with (where.locks / "change.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def in_use(where: Places) -> bool:
    """True while some process uses the services of this folder."""
    file = where.locks / "users.lock"
    if not file.exists():
        return False
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _in_words(problem: OSError) -> str:
    place = f" ({problem.filename})" if problem.filename else ""
    return f"The data folder cannot be used: {os.strerror(problem.errno or 0)}{place}."
