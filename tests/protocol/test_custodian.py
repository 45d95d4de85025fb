"""The custodian against a platform that may lie, forget or be forged, and against being killed at any point."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.conf import settings

from protocol import custody, draw, entries, envelope, tiles
from protocol.custodian.__main__ import initialise
from protocol.custodian.agent import HEARTBEAT_SECONDS, Custodian, Distrusted
from protocol.custodian.platform import HttpPlatform, Rejected, Unreachable
from protocol.custodian.state import HeldKey, State
from protocol.note import Checkpoint, Note, Signer, Verifier, signed
from protocol.tree import Frontier

START = datetime(2026, 11, 25, 8, tzinfo=UTC)
CLOSES = START + timedelta(hours=1)
LOG = Signer("log.example", b"\x07" * 32)


class Killed(Exception):
    """The process ended here."""


class Platform:
    """A log in memory, and everything that was sent."""

    def __init__(self):
        self.entries: list[bytes] = []
        self.sent: list[tuple[str, str]] = []
        self.signer, self.size, self.missing = LOG, None, 0
        self.after_sending = lambda what: None

    def write(self, kind, subject="round/R1", at=START, **data):
        self.entries.append(entries.entry(type=kind, subject=subject, data=data, at=at))

    def root(self, size):
        frontier = Frontier()
        for entry in self.entries[:size]:
            frontier.append(entries.leaf_hash(entry))
        return frontier.root()

    def log_key(self):
        return self.signer.verifier.text

    def checkpoint(self):
        size = len(self.entries) if self.size is None else self.size
        text = Checkpoint(origin=LOG.name, size=size, root=self.root(size)).text
        return signed(text, [self.signer.sign(text)]) if size else ""

    def bundle(self, number, width):
        return tiles.bundle(self.entries[number * 256 : number * 256 + width])

    def missing_keys(self):
        return self.missing

    def send(self, what, note):
        self.sent.append((what, note))
        self.after_sending(what)

    def of(self, what):
        return [note for kind, note in self.sent if kind == what]


class Clock:
    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    state = State(tmp_path / "custodian")
    initialise(state, name="custodian.example")
    state.close()
    return tmp_path / "custodian"


@pytest.fixture
def born(folder, platform, clock):
    """A function that starts the custodian anew on the same state, as after a kill."""
    return lambda: Custodian(State(folder), platform, now=clock)


def stocked(born, platform, count=1):
    """The keys that the custodian has registered."""
    platform.missing = count
    custodian = born()
    custodian.step()
    platform.missing = 0
    verifier = custodian.signer.verifier
    return custody.read_stock(platform.of("stock")[-1], origin=LOG.name, custodian=verifier)


def announce(platform, key, *, code="R1", commitment=None, closes=CLOSES):
    platform.write(
        "round.announced", f"round/{code}", closes_at=closes.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        commitment={"value": commitment or key.commitment, "n": 16}, keys={"custodian": key.public},
    )  # fmt: skip


def closed(born, platform, clock):
    """A round past its deadline that waits for its key, which is returned."""
    (key,) = stocked(born, platform)
    announce(platform, key)
    platform.write("round.closed")
    clock.at = CLOSES
    return key


def after_a_release(error):
    """A platform that fails when it has a release."""

    def failing(what):
        if what == "release":
            raise error

    return failing


def releases(custodian, platform):
    return [
        custody.read_release(note, origin=LOG.name, custodian=custodian.signer.verifier)
        for note in platform.of("release")
    ]


def test_it_cosigns_what_it_has_computed_itself(born, platform, clock):
    for number in range(700):
        platform.write("test", "x", n=number)
    custodian = born()
    custodian.step()
    note = Note.parse(platform.of("cosignature")[0])
    assert note.time_by(custodian.signer.cosigner) == int(START.timestamp())
    assert Checkpoint.read(note.text).size == 700
    custodian.step()
    assert len(platform.of("cosignature")) == 1
    clock.at += timedelta(seconds=HEARTBEAT_SECONDS)
    custodian.step()
    assert len(platform.of("cosignature")) == 2  # it is there


def test_a_released_key_opens_what_was_sealed_and_the_code_belongs_to_the_commitment(born, platform, clock):
    key = closed(born, platform, clock)
    custodian = born()
    custodian.step()
    (release,) = releases(custodian, platform)
    assert release.round == "R1" and envelope.public_of(release.private) == key.public
    assert len(release.codes) == 1 and draw.code_belongs(release.codes[0], iteration=1, committed=key.commitment)
    custodian.step()
    assert len(releases(custodian, platform)) == 1


def test_nothing_is_released_before_a_cosigned_closing(born, platform, clock):
    (key,) = stocked(born, platform)
    announce(platform, key)
    clock.at = CLOSES + timedelta(days=1)
    custodian = born()
    custodian.step()
    platform.write("round.closed")
    platform.size = 1  # written, and not signed
    custodian.step()
    assert releases(custodian, platform) == []


def test_nothing_is_released_before_its_own_clock_has_passed_the_deadline(born, platform, clock):
    (key,) = stocked(born, platform)
    announce(platform, key)
    platform.write("round.closed")  # the platform's clock, or its hurry
    clock.at = CLOSES - timedelta(milliseconds=1)
    custodian = born()
    custodian.step()
    custodian.step()
    assert releases(custodian, platform) == []
    said = [what for _at, what in custodian.state.journal(10)]
    assert sum("our clock has not reached its deadline" in what for what in said) == 1
    clock.at = CLOSES
    custodian.step()
    assert len(releases(custodian, platform)) == 1


@pytest.mark.parametrize("kind", ["round.failed", "round.cancelled", "round.void"])
def test_what_has_ended_unopened_gets_nothing_and_its_key_is_forgotten(born, platform, clock, folder, kind):
    key = closed(born, platform, clock)
    platform.write(kind)
    custodian = born()
    custodian.step()
    assert releases(custodian, platform) == []
    held = custodian.state.key(key.public)
    assert (held.private, held.secret) == ("", "")


def test_another_commitment_a_key_used_twice_or_no_deadline_get_nothing(born, platform, clock):
    first, second, third = stocked(born, platform, 3)
    announce(platform, first, commitment="0" * 64)
    announce(platform, second, code="R2")
    announce(platform, second, code="R3")
    platform.write("round.announced", "round/R4", closes_at="soon", commitment={"value": third.commitment},
                   keys={"custodian": third.public})  # fmt: skip
    for code in ("R1", "R2", "R3", "R4"):
        platform.write("round.closed", f"round/{code}")
    clock.at = CLOSES
    custodian = born()
    custodian.step()
    assert [release.round for release in releases(custodian, platform)] == ["R2"]
    said = " ".join(what for _at, what in custodian.state.journal(20))
    assert "another commitment" in said and "another round uses" in said and "no readable deadline" in said


def test_further_codes_come_one_for_each_entry_that_asks_until_they_are_used_up(born, platform, clock):
    key = closed(born, platform, clock)
    custodian = born()
    custodian.step()
    for asked in range(1, 20):
        platform.write("draw.asked", lot="1", purpose="ranking")
        custodian.step()
        codes = releases(custodian, platform)[-1].codes
        assert len(codes) == min(asked + 1, 15)
        assert all(draw.code_belongs(code, iteration=n, committed=key.commitment) for n, code in enumerate(codes, 1))


def test_a_log_that_was_set_back_is_distrusted_for_good(born, platform):
    for number in range(5):
        platform.write("test", n=number)
    born().step()
    platform.size = 3
    with pytest.raises(Distrusted, match="set back: it had 5 entries and shows 3"):
        born().step()
    platform.size = None
    platform.write("test", n=6)
    with pytest.raises(Distrusted):
        born().step()
    assert len(platform.of("cosignature")) == 1


@pytest.mark.parametrize("grow", [0, 1])
def test_a_forked_log_is_distrusted_and_the_evidence_kept(born, platform, clock, grow):
    for number in range(5):
        platform.write("test", n=number)
    born().step()
    platform.entries[2] = entries.entry(type="test", subject="x", data={"another": "past"}, at=START)
    for number in range(grow):
        platform.write("test", n=10 + number)
    custodian = born()
    with pytest.raises(Distrusted):
        custodian.step()
    assert custodian.state.fact("evidence") == platform.checkpoint()
    assert custodian.state.frontier().size == 5


def test_entries_that_do_not_give_the_signed_root_teach_it_nothing(born, platform, clock):
    (key,) = stocked(born, platform)
    announce(platform, key)
    honest, platform.bundle = (
        platform.bundle,
        lambda number, width: tiles.bundle(
            [entries.entry(type="round.closed", subject="round/R1", data={}, at=START)] * width
        ),
    )
    with pytest.raises(Distrusted):
        born().step()
    assert State(born().state.path.parent).open_rounds() == []
    assert honest(0, 1)


def test_another_key_of_the_log_is_distrusted(born, platform):
    platform.write("test")
    born().step()
    platform.signer = Signer(LOG.name, b"\x08" * 32)
    with pytest.raises(Distrusted, match="another key"):
        born().step()


@pytest.mark.parametrize("broken", ["checkpoint", "bundle"])
def test_what_cannot_be_read_is_no_reason_for_distrust(born, platform, broken):
    platform.write("test")
    honest = getattr(platform, broken)
    setattr(platform, broken, {"checkpoint": lambda: "nonsense", "bundle": lambda number, width: b"\x00"}[broken])
    with pytest.raises(Unreachable):
        born().step()
    setattr(platform, broken, honest)
    born().step()
    assert len(platform.of("cosignature")) == 1


def test_killed_after_sending_keys_it_sends_the_same_keys_again(born, platform):
    platform.missing = 3

    def kill(_what):
        raise Killed

    platform.after_sending = kill
    with pytest.raises(Killed):
        born().step()
    platform.after_sending = lambda what: None
    custodian = born()
    custodian.step()
    first, second = platform.of("stock")
    assert first == second
    platform.missing = 0
    custodian.step()
    assert len(platform.of("stock")) == 2


def test_killed_after_releasing_it_releases_the_same_again(born, platform, clock):
    closed(born, platform, clock)
    platform.after_sending = after_a_release(Killed)
    with pytest.raises(Killed):
        born().step()
    platform.after_sending = lambda what: None
    born().step()
    first, second = platform.of("release")
    assert first == second


def test_killed_while_following_it_has_learnt_all_or_nothing(born, platform, monkeypatch):
    (key,) = stocked(born, platform)
    announce(platform, key)
    for number in range(300):
        platform.write("test", "x", n=number)
    honest = platform.bundle

    def dies(number, width):
        if number == 1:
            raise Killed
        return honest(number, width)

    platform.bundle = dies
    with pytest.raises(Killed):
        born().step()
    assert born().state.open_rounds() == [] and born().state.frontier().size == 0
    platform.bundle = honest
    custodian = born()
    custodian.step()
    assert [each.code for each in custodian.state.open_rounds()] == ["R1"]


def test_what_the_platform_rejects_is_said_once_and_tried_again(born, platform, clock):
    closed(born, platform, clock)
    platform.after_sending = after_a_release(Rejected("409 not now"))
    custodian = born()
    for _ in range(3):
        custodian.step()
    assert sum("rejects" in what for _at, what in custodian.state.journal(20)) == 1
    platform.after_sending = lambda what: None
    custodian.step()
    assert custodian.state.waiting() == []


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "protocol.custodian", *map(str, arguments)],
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_its_operator_makes_looks_and_backs_up(tmp_path):
    folder = tmp_path / "state"
    made = run("--state", folder, "--name", "notary.example", "init")
    assert made.returncode == 0 and Verifier.parse(made.stdout).name == "notary.example"
    assert run("--state", folder, "--name", "notary.example", "init").stdout == made.stdout  # its key is made once
    other = run("--state", folder, "--name", "other", "init")
    assert other.returncode == 1 and "by the name of notary.example" in other.stderr
    assert (folder / "custodian.db").stat().st_mode & 0o077 == 0
    status = run("--state", folder, "status")
    assert "stock      0 keys" in status.stdout and made.stdout.strip() in status.stdout
    assert run("--state", folder, "backup", tmp_path / "copy.db").returncode == 0
    with sqlite3.connect(tmp_path / "copy.db") as copy:
        assert copy.execute("SELECT value FROM fact WHERE name = 'name'").fetchone() == ("notary.example",)
    again = run("--state", folder, "backup", tmp_path / "copy.db")
    assert again.returncode == 1 and again.stderr.count("\n") == 1


def test_a_backup_that_fails_leaves_no_file_that_looks_like_one(folder, tmp_path):
    with sqlite3.connect(folder / "custodian.db") as large:
        large.execute("INSERT INTO fact VALUES ('ballast', ?)", ["x" * 2_000_000])
    limited = (
        f"ulimit -f 100; exec {sys.executable} -m protocol.custodian --state {folder} backup {tmp_path / 'copy.db'}"
    )
    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; {limited}"], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stderr.startswith("The custodian cannot go on: ")
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("command", ["status", "backup", "run"])
def test_a_folder_without_a_custodian_is_told_and_not_filled(tmp_path, command):
    done = run("--state", tmp_path / "mistyped", "--server", "http://localhost:1", command, tmp_path / "copy.db")
    assert done.returncode == 1 and "there is no custodian in" in done.stderr
    assert not (tmp_path / "mistyped").exists()


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(404)


class _NoHttp(BaseHTTPRequestHandler):
    def handle(self):
        self.wfile.write(b"SSH-2.0-OpenSSH\r\n")


@pytest.mark.parametrize("handler", [_Elsewhere, _NoHttp])
def test_an_address_where_something_else_answers_is_unreachable(born, handler):
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        custodian = born()
        custodian.platform = HttpPlatform(f"http://127.0.0.1:{server.server_port}/")
        with pytest.raises(Unreachable, match=str(server.server_port)):
            custodian.step()
        server.shutdown()


@pytest.mark.parametrize("address", ["localhost:8000", "http://", "http://local host", "http://x/?a=b", "http://[::"])
def test_an_address_that_is_none_is_refused_at_once(address):
    with pytest.raises(ValueError, match=r"the server is given as|IPv6"):
        HttpPlatform(address)


@pytest.mark.parametrize("what", ["cosignature", "stock"])
def test_a_rejection_is_told_once_and_drowns_nothing(folder, platform, what):
    """As by a platform that has another custodian's key pinned: it is asked every second."""
    said = []
    custodian = Custodian(State(folder), platform, tell=said.append)

    def reject(kind):
        if kind == what:
            raise Rejected("403 not pinned")

    platform.after_sending, platform.missing = reject, 1
    for _ in range(5):
        platform.write("test")
        custodian.step()
    assert sum("403 not pinned" in each for each in said) == 1
    assert [each for _at, each in custodian.state.journal(50)] == said


def test_a_round_whose_key_was_lost_with_a_restored_backup_is_told(born, platform, clock):
    (key,) = stocked(born, platform)
    custodian = born()
    custodian.state.forget_stock()
    with custodian.state.transaction():
        custodian.state.add_keys([HeldKey(public="00" * 32, private="", secret="", commitment="00" * 32, n=16)])
    announce(platform, key)
    custodian.step()
    assert "R1 names a key that is not in this file" in custodian.state.journal(1)[0][1]


@pytest.mark.parametrize(
    "arguments", [("init",), ("backup",), ("run",), ("--server", "ftp://x", "run"), ("--name", "a b", "init")]
)
def test_a_command_that_lacks_something_says_it_in_a_sentence(tmp_path, arguments):
    done = run("--state", tmp_path / "state", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("The custodian cannot go on: ") and done.stderr.count("\n") == 1


def test_the_journal_and_the_file_hold_no_entry_of_anybody_else(born, platform, folder):
    platform.write("sealed", "sealed", c="ab" * 32)
    custodian = born()
    custodian.step()
    assert json.dumps(custodian.state.journal(50)).count("sealed") == 0
