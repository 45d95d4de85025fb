"""The embedded Valkey: broker, channel layer, cache and sessions of one data folder, on a socket of its own."""

import signal
from pathlib import Path

import redis

from config.embedded import programs
from config.embedded.places import Places
from config.embedded.problems import ServiceProblem
from config.embedded.processes import end, is_running, wait_until


def ensure_running(where: Places) -> None:
    if running_pid(where) is None:
        _start(where)
    if not wait_until(lambda: _answers(where), seconds=20):
        raise ServiceProblem(f"Valkey does not answer; its log is {log_file(where)}.")


def running_pid(where: Places) -> int | None:
    try:
        pid = int(_pid_file(where).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if is_running(pid, "valkey-server", naming=str(where.sockets)) else None


def stop(where: Places) -> None:
    pid = running_pid(where)
    if pid is not None:
        end(pid, "valkey-server", with_signal=signal.SIGTERM, seconds=10)


def _start(where: Places) -> None:
    programs.owned_folder(where, where.valkey)
    programs.owned_folder(where, where.sockets)
    where.valkey_socket.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(where.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(where.valkey),
        "daemonize": "no",
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    command: list[str | Path] = [programs.valkey_program(where)]
    for name, value in options.items():
        command += [f"--{name}", value]
    started = programs.start(where, command, log=log_file(where))
    _pid_file(where).write_text(str(started.pid))
    if wait_until(lambda: started.poll() is not None, seconds=0.1):
        raise ServiceProblem(f"Valkey does not start; its log is {log_file(where)}.")


def _answers(where: Places) -> bool:
    try:
        with redis.Redis(unix_socket_path=str(where.valkey_socket), socket_timeout=5) as client:
            return bool(client.ping())
    except redis.exceptions.RedisError:
        if running_pid(where) is None:
            raise ServiceProblem(f"Valkey stopped; its log is {log_file(where)}.") from None
        return False


def _pid_file(where: Places) -> Path:
    return where.valkey / "valkey.pid"


def log_file(where: Places) -> Path:
    return where.logs / "valkey.log"
