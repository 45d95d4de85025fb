"""Small judgements on which the embedded servers' starting and stopping rests."""

import os
import shutil
import subprocess
import sys

import pytest

from config.demo import accounts, preparation
from config.embedded import leftovers, postgres
from config.embedded.places import places
from config.embedded.problems import ServiceProblem
from config.embedded.processes import is_alive, is_dying, is_running, wait_until

RFC_6238_SECRET = b"12345678901234567890".hex()


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "/some/cluster"])
    yield process
    process.kill()
    process.wait()


def name_of(pid: int) -> str:
    with open(f"/proc/{pid}/comm") as file:
        return file.read().strip()


def test_a_process_counts_only_with_its_program_and_its_words(sleeper):
    program = name_of(sleeper.pid)
    assert is_running(sleeper.pid, program, naming="/some/cluster")
    assert not is_running(sleeper.pid, program, naming="/another/cluster")
    assert not is_running(sleeper.pid, "postgres")


def test_a_dead_process_is_not_running(sleeper):
    program = name_of(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert not is_running(sleeper.pid, program)


def test_a_number_that_belongs_to_another_program_now_is_no_server(tmp_path, sleeper, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    where = places(tmp_path)
    where.cluster.mkdir(parents=True)
    where.sockets.mkdir(parents=True, exist_ok=True)
    locks = [where.cluster / "postmaster.pid", where.sockets / ".s.PGSQL.5432.lock"]
    for lock in locks:
        lock.write_text(f"{sleeper.pid}\n{where.cluster}\n")
    assert postgres.running_pid(where) is None
    postgres._await_the_dead(where)
    postgres._forget_reused_number(where)
    assert is_alive(sleeper.pid) and not any(lock.exists() for lock in locks)


def test_a_server_that_was_killed_is_let_go_and_its_lock_file_stays(tmp_path, sleeper, monkeypatch):
    """Until its parent asks how it ended it has its number; PostgreSQL reads in its file which sessions it may have left."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    where = places(tmp_path)
    where.cluster.mkdir(parents=True)
    (where.cluster / "postmaster.pid").write_text(f"{sleeper.pid}\n{where.cluster}\n")
    sleeper.kill()
    assert wait_until(lambda: is_dying(sleeper.pid), seconds=20)
    postgres._await_the_dead(where)
    postgres._forget_reused_number(where)
    assert not is_alive(sleeper.pid)
    assert (where.cluster / "postmaster.pid").exists()


def test_a_deep_data_folder_still_has_room_for_a_socket(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    where = places(tmp_path / ("deep" * 30))
    assert len(os.fsencode(where.sockets / ".s.PGSQL.5432")) < 107


def test_root_gives_away_no_part_of_the_data_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    where = places(tmp_path)
    assert not where.services.is_relative_to(tmp_path)
    assert where.uid not in {None, 0}


@pytest.fixture
def as_root(tmp_path, monkeypatch):
    """Places as root has them, in a folder that anybody can write."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("config.embedded.places.ROOT_PLACE", tmp_path / "elsewhere")
    where = places(tmp_path / "data")
    where.data.mkdir()
    return where


def test_a_data_folder_made_anew_does_not_meet_the_database_of_the_old_one(as_root):
    leftovers.clear(as_root, throwaway=False)
    as_root.cluster.mkdir(parents=True)
    leftovers.clear(as_root, throwaway=False)
    assert as_root.cluster.exists()
    shutil.rmtree(as_root.data)
    as_root.data.mkdir()
    leftovers.clear(as_root, throwaway=False)
    assert not as_root.services.exists()
    assert [(folder / "postgres").exists() for folder in as_root.services.parent.iterdir()] == [True]


def test_what_tests_left_is_thrown_away(as_root):
    as_root.cluster.mkdir(parents=True)
    leftovers.clear(as_root, throwaway=True)
    assert not list(as_root.services.parent.iterdir())


def test_a_moved_data_folder_is_told_where_its_database_is(as_root, tmp_path):
    leftovers.clear(as_root, throwaway=False)
    as_root.data.rename(tmp_path / "moved")
    with pytest.raises(ServiceProblem, match=str(as_root.services)):
        leftovers.clear(places(tmp_path / "moved"), throwaway=False)


@pytest.mark.parametrize(("moment", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_rfc_6238(moment, code):
    assert accounts.code(RFC_6238_SECRET, now=moment) == code
    assert accounts.code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", now=moment) == code


def test_no_demo_city_yet_is_no_problem(tmp_path):
    assert accounts.read(tmp_path / "demo-accounts.json") == []


def test_a_port_in_use_is_told_with_another(unused_tcp_port_taken):
    with pytest.raises(ServiceProblem, match=rf"Port {unused_tcp_port_taken} is in use .* PORT=\d+"):
        preparation.require_ports(unused_tcp_port_taken)


@pytest.fixture
def unused_tcp_port_taken():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_port_that_is_none_is_told():
    with pytest.raises(ServiceProblem, match="not a port"):
        preparation.require_ports(70_000)


def test_no_room_on_the_disk_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(preparation, "NEEDED_BYTES", 2**62)
    with pytest.raises(ServiceProblem, match="MB left; the demo needs"):
        preparation.require_room(tmp_path, tmp_path / "not" / "yet")


def test_a_second_demo_on_the_same_data_is_refused(tmp_path, settings):
    settings.PORT = 8123
    with (
        preparation.only_demo(tmp_path),
        pytest.raises(ServiceProblem, match="http://localhost:8123/"),
        preparation.only_demo(tmp_path),
    ):
        pass
