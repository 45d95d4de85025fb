"""Asking after and ending a process that another process started."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def is_running(pid: int, program: str, *, naming: str = "") -> bool:
    """True when `pid` is alive, runs `program` and was started with `naming` among its words.

    After a crash the number may belong to somebody else, even to another server of the same kind.
    """
    if not is_alive(pid):
        return False
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return True  # no /proc here: take the number's word
    try:
        name, _, rest = status.read_text(errors="replace").partition("(")[2].rpartition(")")
    except OSError:
        return False
    return name.startswith(program[:15]) and not rest.startswith(" Z") and naming in _command_line(pid)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="surrogateescape")
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """True when any process has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def is_dying(pid: int) -> bool:
    """True for a process that has ended and still has its number: its memory is gone, or nobody has asked how it ended."""
    return is_alive(pid) and Path("/proc/self").exists() and not _command_line(pid)


def is_gone(pid: int) -> bool:
    """True when no process has this number any more; a child of ours that has ended gives it back."""
    _reap(pid)
    return not is_alive(pid)


def wait_until(condition: Callable[[], bool], *, seconds: float, step: float = 0.05) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def end(pid: int, program: str, *, with_signal: signal.Signals, seconds: float) -> None:
    """Ask a process to end, and make it end when it does not; quiet when it is gone."""
    for number in (with_signal, signal.SIGQUIT, signal.SIGKILL):
        if not is_running(pid, program):
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        _reap(pid)
        if wait_until(lambda: _gone(pid, program), seconds=seconds):
            return


def _gone(pid: int, program: str) -> bool:
    _reap(pid)
    return not is_running(pid, program)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
