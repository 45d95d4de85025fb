"""Starting the parts of the demo in order, watching them, and ending them in order."""

import os
import select
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.demo.children import Child, end_all
from config.embedded.problems import ServiceProblem
from config.embedded.services import Use

WATCH_SECONDS = 0.5
START_SECONDS = 180.0
"""Some ten on a machine that has nothing else to do: every process loads all rooms."""
PAGES_WORKERS = 2
ALIPAY = "alipay"
"""The one process that needs DEBUG=1: it takes nobody's money, and must never stand where somebody's is."""


@dataclass
class Supervisor:
    """The processes of the service, and the embedded servers under them."""

    base: Path
    data: Path
    host: str
    port: int
    socket_port: int
    custodian: Path
    use: Use | None
    alipay_port: int | None
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    ending: bool = False

    def prepare_children(self) -> None:
        environment = {
            **os.environ,
            "DATA": str(self.data),
            "PORT": str(self.port),
            "SOCKET_PORT": str(self.socket_port),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(self.base),
        }
        for name, command in self._commands().items():
            log = self.data / "logs" / f"{name}.log"
            if log.exists():
                log.replace(log.with_suffix(".log.1"))
            told = environment | ({"DEBUG": "1"} if name == ALIPAY else {})
            self.children.append(Child(name, [sys.executable, "-m", *command], log, told))

    def _commands(self) -> dict[str, list[str]]:
        granian = ["granian", "--host", self.host, "--respawn-failed-workers", "--workers-kill-timeout", "10s"]
        celery = ["celery", "--app", "config", "--quiet", "--workdir", str(self.base)]
        schedule = self.data / "run" / "beat"
        alipay = {ALIPAY: ["django", "alipay_sandbox", "--host", self.host, "--port", str(self.alipay_port)]}
        return {
            **(alipay if self.alipay_port else {}),
            "pages": [
                *granian, "--interface", "wsgi", "--port", str(self.port), "--no-ws", "--workers", str(PAGES_WORKERS),
                "--blocking-threads", "4", "config.wsgi:application",
            ],
            "sockets": [
                *granian, "--interface", "asginl", "--port", str(self.socket_port), "--workers", "1",
                "config.asgi:application",
            ],
            "worker": [
                *celery, "worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING",
                "--without-gossip", "--without-mingle", "--hostname", "demo@localhost",
            ],
            "sequencer": ["django", "sequence"],
            "custodian": [
                "protocol.custodian", "--state", str(self.custodian), "--server", f"http://{_reachable(self.host)}:{self.port}",
            ],
            "beat": [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(schedule), "--pidfile", ""],
        }  # fmt: skip

    def listen_for_signals(self) -> None:
        """Ctrl-C breaks off the preparation; later it asks everything to end, and what else arrives changes nothing."""

        def ask(_number: int, _frame: FrameType | None) -> None:
            preparing = not self.children and not self.ending
            self.ending = True
            if preparing:
                raise KeyboardInterrupt

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, ask)

    def start(self) -> None:
        """Start every child and wait until those that listen answer. Raises ServiceProblem."""
        for child in self.children:
            child.start()
        deadline = time.monotonic() + START_SECONDS
        waited_for = {
            "pages": self.port,
            "sockets": self.socket_port,
            **({ALIPAY: self.alipay_port} if self.alipay_port else {}),
        }
        for name, port in waited_for.items():
            while not self.ending and not _answers(self.host, port):
                self._complain_about_the_dead()
                if time.monotonic() > deadline:
                    raise ServiceProblem(f"The {name} do not answer; see {self.data / 'logs' / name}.log.")
                time.sleep(0.1)

    def _complain_about_the_dead(self) -> None:
        for child in self.children:
            if child.has_died():
                raise ServiceProblem(f"The process `{child.name}` did not start; see {child.log}.")

    def watch(self, on_enter: Callable[[], None]) -> None:
        """Until Ctrl-C: start again what dies. Raises ServiceProblem when something dies again and again.

        `on_enter` is called whenever the person at the keyboard presses Enter.
        """
        while not self.ending:
            if _enter_within(WATCH_SECONDS):
                on_enter()
            if self.use is not None and not self.use.all_running() and not self.ending:
                self.say("A database server was ended by somebody; starting it again.")
                self.use.ensure()
            for child in self.children:
                if child.has_died() and not self.ending:
                    self._start_again(child)

    def _start_again(self, child: Child) -> None:
        if child.dies_too_often():
            raise ServiceProblem(f"The process `{child.name}` ended again and again; see {child.log}.")
        self.say(f"The process `{child.name}` ended; starting it again (log: {child.log}).")
        child.wait_for_end(1)
        child.start()

    def end(self) -> None:
        """End the children, then the servers under them."""
        self.ending = True
        end_all(self.children)
        if self.use is not None:
            self.use.finish()


def _enter_within(seconds: float) -> bool:
    if not sys.stdin.isatty():
        time.sleep(seconds)
        return False
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(ready and sys.stdin.readline())


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::", "localhost"} else host  # noqa: S104  only compared


def _answers(host: str, port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://{_reachable(host)}:{port}/static/img/mark.svg", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
