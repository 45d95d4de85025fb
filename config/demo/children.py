"""The processes of the demo: started, watched, started again when they die, ended in order."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
RESTARTS = 3
WITHIN_SECONDS = 60.0


@dataclass
class Child:
    """One process of the demo and the log it writes."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS))

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which ends everything in order
                preexec_fn=_end_with_parent() if sys.platform == "linux" else None,  # noqa: PLW1509  we have no threads
            )

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def dies_too_often(self) -> bool:
        """Note a death; True when it was one too many in the last minute."""
        now = time.monotonic()
        self.deaths.append(now)
        return len(self.deaths) == RESTARTS and now - self.deaths[0] < WITHIN_SECONDS

    def ask_to_end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_for_end(self, seconds: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # whatever it left behind in its own session
        except (ProcessLookupError, PermissionError):
            pass
        self.process.wait()


def _end_with_parent() -> Callable[[], None]:
    """Linux ends the child when the supervisor dies, even by kill -9: no port stays taken."""
    library = ctypes.CDLL(None)

    def ask() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask


def end_all(children: list[Child], *, seconds: float = 15.0) -> None:
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + seconds
    for child in children:
        child.wait_for_end(max(0.1, deadline - time.monotonic()))
