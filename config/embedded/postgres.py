"""The embedded PostgreSQL: one cluster per data folder, reachable by a socket in a folder only its owner can enter."""

import re
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import psycopg

from config.embedded import programs
from config.embedded.places import Places
from config.embedded.problems import ServiceProblem
from config.embedded.processes import end, is_alive, is_dying, is_gone, is_running, wait_until

ROLE = "mingxuan"
DATABASE = "mingxuan"
MAJOR = "18"
START_ATTEMPTS = 10
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "jit": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # a statement may carry personal data
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "10min",
}
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # what it learned of a table that one test has emptied would mislead the plans of the next
}


def ensure_running(where: Places, *, password: str, throwaway: bool) -> None:
    """Make the cluster when there is none, start it when it is down, and make the database."""
    if not (where.cluster / "PG_VERSION").exists():
        _create(where, password)
    version = (where.cluster / "PG_VERSION").read_text().strip()
    if version != MAJOR:
        raise ServiceProblem(
            f"The data in {where.cluster} was written by PostgreSQL {version}; this is {MAJOR}. Run `make demo-reset`."
        )
    if running_pid(where) is None:
        _start(where, throwaway=throwaway)
    if not wait_until(lambda: _answers(where, password), seconds=60):
        raise ServiceProblem(f"PostgreSQL does not answer{_last_words(where)}")
    _create_database(where, password)


def running_pid(where: Places) -> int | None:
    """The number of the running server, if there is one."""
    pid = _written_pid(where)
    return pid if pid is not None and is_running(pid, "postgres", naming=str(where.cluster)) else None


def _written_pid(where: Places) -> int | None:
    try:
        return int((where.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def stop(where: Places) -> None:
    pid = running_pid(where)
    if pid is not None:
        end(pid, "postgres", with_signal=signal.SIGINT, seconds=20)


def connect(where: Places, *, password: str, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host=str(where.sockets), user=ROLE, password=password, dbname=database, autocommit=True, connect_timeout=5
    )


def _create(where: Places, password: str) -> None:
    draft = where.services / "postgres.draft"
    shutil.rmtree(draft, ignore_errors=True)
    programs.owned_folder(where, draft)
    word = where.services / "postgres.word"
    word.touch(mode=0o600)
    word.write_text(password)
    if where.uid is not None and where.gid is not None:
        shutil.chown(word, where.uid, where.gid)
    try:
        done = programs.run(
            where,
            [
                programs.postgres_program(where, "initdb"),
                f"--pgdata={draft}",
                f"--username={ROLE}",
                f"--pwfile={word}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # pg_trgm asks the C library what a letter is: with locale C a Chinese name has no trigrams at all.
                "--locale=C.UTF-8",
                "--no-instructions",
            ],
        )
    finally:
        word.unlink()
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise ServiceProblem(f"PostgreSQL could not make its data folder: {_sentence(done.stderr)}")
    draft.rename(where.cluster)


def _start(where: Places, *, throwaway: bool) -> None:
    _await_the_dead(where)
    _forget_reused_number(where)
    programs.owned_folder(where, where.sockets)
    options = {**SETTINGS, "unix_socket_directories": str(where.sockets), **(THROWAWAY if throwaway else {})}
    command: list[str | Path] = [programs.postgres_program(where, "postgres"), "-D", where.cluster]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    # After a `kill -9` of the server its sessions may live a moment longer, and PostgreSQL rightly waits for them.
    for attempt in range(START_ATTEMPTS):
        started = programs.start(where, command, log=log_file(where))
        wait_until(partial(_started_or_ended, where, started), seconds=30)
        if started.poll() is None and running_pid(where) is not None:
            return
        if "still in use" not in _last_words(where) or attempt == START_ATTEMPTS - 1:
            raise ServiceProblem(f"PostgreSQL does not start{_last_words(where)}")
        time.sleep(1)


def _started_or_ended(where: Places, started: "subprocess.Popen[bytes]") -> bool:
    return running_pid(where) == started.pid or started.poll() is not None


def _await_the_dead(where: Places) -> None:
    """Let a server that was killed give its number back: until then PostgreSQL takes it for alive, and does not start.

    Its lock file stays: by that PostgreSQL finds sessions of the dead server that still write.
    """
    pid = _written_pid(where)
    if pid is not None and is_dying(pid):
        wait_until(partial(is_gone, pid), seconds=10)


def _forget_reused_number(where: Places) -> None:
    """Remove lock files whose number now belongs to another program: PostgreSQL would take that for itself."""
    pid = _written_pid(where)
    if pid is not None and is_alive(pid):
        for lock in (where.cluster / "postmaster.pid", *where.sockets.glob(".s.PGSQL.*.lock")):
            lock.unlink(missing_ok=True)


def _answers(where: Places, password: str) -> bool:
    if running_pid(where) is None:
        raise ServiceProblem(f"PostgreSQL stopped{_last_words(where)}")
    try:
        connect(where, password=password).close()
    except psycopg.OperationalError as problem:
        if "password authentication failed" in str(problem):
            raise ServiceProblem(
                f"The secrets in {where.secrets} do not belong to the database in {where.cluster}; "
                "put them back, or run `make demo-reset`."
            ) from None
        return False
    return True


def _create_database(where: Places, password: str) -> None:
    with connect(where, password=password) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            return
        try:
            connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        except psycopg.errors.DuplicateDatabase:
            pass


def log_file(where: Places) -> Path:
    return where.logs / "postgres.log"


def _last_words(where: Places) -> str:
    try:
        tail = log_file(where).read_text(errors="replace")[-4000:]
    except OSError:
        return "."
    return f": {_sentence(tail)} (log: {log_file(where)})"


def _sentence(output: str) -> str:
    """The last complaint among the program's messages."""
    complaints = re.findall(r"(?:FATAL|PANIC|error|ERROR|could not)[: ].*", output)
    lines = complaints or [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"
