"""The demo as a person starts it: real processes on free ports, a data folder of its own, one embedded database."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from config.embedded import postgres, valkey
from config.embedded.places import Places, places
from tests.live import free_port

# One demo, whose tests follow each other: `make test` keeps a file with one worker. It builds a city first.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

OURS = {
    "PYTEST_VERSION",
    "DATABASE_URL",
    "REDIS_URL",
    "DATA",
    "SECRET_KEY",
    "FIELD_KEY",
    "LOOKUP_KEY",
    "POSTGRES_PASSWORD",
    "LEDGER_KEY",
    "RECEIPT_KEY",
}


class Demo:
    """One data folder, and the commands given on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = self._three_free_ports()
        self.output = data.parent / "output"
        self.process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def _three_free_ports() -> int:
        import socket

        while True:
            port = free_port()
            with socket.socket() as probe:
                if (
                    port < 65000
                    and probe.connect_ex(("127.0.0.1", port + 1))
                    and probe.connect_ex(("127.0.0.1", port + 2))
                ):
                    return port

    @property
    def where(self) -> Places:
        return places(self.data)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in OURS and not name.startswith("PYTEST")}
        return {**kept, "DATA": str(self.data), "PORT": str(self.port), **more}

    def manage(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env=self.environment(**more),
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip

    def people(self) -> str:
        """How many people the database knows, or what went wrong."""
        done = self.manage("shell", "-v0", "-c", "from accounts.models import User; print(User.objects.count())")
        return done.stdout.strip() or done.stderr

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"], cwd=settings.BASE_DIR, env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        self.wait_for(lambda: "Ctrl-C ends everything" in self.said(), 600)

    def said(self) -> str:
        return self.output.read_text() if self.output.exists() else ""

    def wait_for(self, condition, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or (self.process is not None and self.process.poll() is not None):
                pytest.fail(f"The demo said:\n{self.said()}")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/services", timeout=10) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        return self.process.wait(timeout=120)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo with a database that is not empty: the demo city has its own tests."""
    demo = Demo(tmp_path_factory.mktemp("demo") / "data")
    done = demo.manage(
        "shell", "-v0", "-c", "from accounts.models import User; User.objects.create(username='somebody')"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "Preparing the database …\n", "the first command of all makes the tables"
    demo.start()
    yield demo
    if demo.process is not None and demo.process.poll() is None:
        demo.process.kill()
    demo.manage("demo_reset")


def test_pages_answer_and_commands_beside_it_use_its_servers(demo):
    assert demo.answers()
    server = postgres.running_pid(demo.where)
    assert demo.people() == "1"
    assert server is not None
    assert postgres.running_pid(demo.where) == server


def test_sockets_have_their_own_process(demo):
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"http://127.0.0.1:{demo.port + 1}/", timeout=10)
    assert answer.value.read() == b"Only sockets are here.\n"


def test_the_sandbox_of_alipay_answers_beside_it(demo):
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.port + 2}/", timeout=10) as response:
        assert "支付宝模拟网关" in response.read().decode()


def test_a_second_demo_and_a_reset_are_refused_in_a_sentence(demo):
    second = demo.manage("demo", PORT=str(demo.port + 10))
    assert second.returncode == 1
    assert second.stderr.startswith(f"A demo with this data is already running at http://localhost:{demo.port}/")
    reset = demo.manage("demo_reset")
    assert reset.returncode == 1
    assert "end it first" in reset.stderr


def test_another_demo_on_the_same_port_is_refused_in_a_sentence(demo, tmp_path):
    other = demo.manage("demo", DATA=str(tmp_path / "other"))
    assert other.returncode == 1
    assert other.stderr.startswith(f"Port {demo.port} is in use")
    assert other.stderr.count("\n") == 1


def test_servers_that_were_killed_are_started_again(demo):
    for running_pid in (postgres.running_pid, valkey.running_pid):
        before = running_pid(demo.where)
        os.kill(before, signal.SIGKILL)
        demo.wait_for(lambda running=running_pid, old=before: running(demo.where) not in {None, old}, 120)
    demo.wait_for(demo.answers, 120)
    assert "A database server was ended by somebody; starting it again." in demo.said()


def test_ctrl_c_ends_everything_and_a_second_start_keeps_the_data(demo):
    assert demo.stop() == 0
    assert "Traceback" not in demo.said()
    assert postgres.running_pid(demo.where) is valkey.running_pid(demo.where) is None
    demo.start()
    assert demo.answers()
    assert demo.people() == "1"
    assert demo.stop(signal.SIGTERM) == 0


def test_after_kill_9_the_next_command_finds_its_way(demo):
    demo.start()
    demo.process.kill()
    demo.process.wait()
    assert demo.people() == "1"
    assert postgres.running_pid(demo.where) is valkey.running_pid(demo.where) is None
    assert not demo.answers()


def test_reset_forgets_the_data(demo):
    assert demo.manage("demo_reset").returncode == 0
    assert not demo.where.services.exists()
    assert not (demo.data / "secrets.env").exists()
    done = demo.manage("demo_codes")
    assert done.returncode == 1
    assert "run `make demo`" in done.stderr
