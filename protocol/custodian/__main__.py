"""`python -m protocol.custodian --state DIR …`: the custodian's program, for its operator.

init --name NAME             make a custodian: a key of its own, whose public half the platform pins
run --server URL             watch the platform until Ctrl-C (the command where none is given)
status                       what it holds, what it did, and why it refuses
backup FILE                  a whole copy of its state, also while it runs
"""

import argparse
import fcntl
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from protocol.custodian.agent import Custodian, Distrusted
from protocol.custodian.platform import HttpPlatform, Unreachable
from protocol.custodian.state import State
from protocol.note import BadNote, Signer, Verifier

REST_SECONDS = 1.0
TROUBLE_SECONDS = 5.0


def initialise(state: State, *, name: str, log: str | None = None) -> str:
    """Make the custodian's own key, unless there is one; give its verifier key for cosignatures.

    Raises ValueError for what is no name, and for another name than it has.
    """
    with state.transaction():
        if state.fact("seed") is not None and state.fact("name") != name:
            raise ValueError(f"this folder has a custodian by the name of {state.fact('name')}")
        if state.fact("seed") is None:
            Signer(name, bytes(32))  # the name must do
            state.set_fact("name", name)
            state.set_fact("seed", os.urandom(32).hex())
        if log is not None:
            state.set_fact("log", Verifier.parse(log).text)
    return identity(state)


def identity(state: State) -> str:
    """The verifier key for cosignatures, which the platform pins."""
    return Signer(str(state.fact("name")), bytes.fromhex(str(state.fact("seed")))).cosigner.text


def main(arguments: Sequence[str]) -> int:
    """0: done; 1: it cannot go on, in one sentence; 2: the command was not understood."""
    given = _parser().parse_args(arguments)
    try:
        state = State(given.state, fresh=given.command == "init")
        return _COMMANDS[given.command](state, given)
    except (OSError, sqlite3.Error, ValueError, BadNote) as problem:
        print(f"The custodian cannot go on: {problem}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m protocol.custodian", description=__doc__.split("\n")[0])
    parser.add_argument("--state", type=Path, required=True, help="folder of its own, which nobody else can read")
    parser.add_argument("--server", help="address of the platform, such as https://mingxuan.example")
    parser.add_argument("--name", help="with init: the name of its key, such as notary.example")
    parser.add_argument("--log", help="with init: the log's verifier key, where it came by another way")
    parser.add_argument("command", nargs="?", choices=sorted(_COMMANDS), default="run")
    parser.add_argument("file", nargs="?", type=Path, help="with backup: the copy")
    return parser


def _init(state: State, given: argparse.Namespace) -> int:
    if not given.name:
        raise ValueError("init needs --name")
    print(initialise(state, name=given.name, log=given.log))
    return 0


def _status(state: State, _given: argparse.Namespace) -> int:
    print(f"custodian  {identity(state) if state.fact('seed') else 'none yet: init'}")
    print(f"log        {state.fact('log') or 'not seen yet'}")
    print(f"cosigned   {state.fact('size') or 0} entries")
    if reason := state.fact("distrust"):
        print(f"REFUSES    everything: {reason}")
    print(f"stock      {state.count_stock()} keys")
    for round_ in state.open_rounds():
        print(f"holds      {round_.code} until {round_.closes_at}")
    for round_ in state.waiting():
        print(f"due        {round_.code}: {round_.why or 'is about to be released'}")
    for at, what in state.journal(30):
        print(f"{at}  {what}")
    return 0


def _backup(state: State, given: argparse.Namespace) -> int:
    if given.file is None:
        raise ValueError("backup needs the name of a file")
    state.back_up(given.file)
    print(given.file)
    return 0


def _run(state: State, given: argparse.Namespace) -> int:
    if not given.server:
        raise ValueError("run needs --server")
    custodian = Custodian(state, HttpPlatform(given.server), tell=lambda what: print(what, flush=True))
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ending.set())
    with (given.state / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError("another process runs on this state") from None
        _watch(custodian, ending)
    return 0


def _watch(custodian: Custodian, ending: threading.Event) -> None:
    said = ""
    while not ending.is_set():
        try:
            custodian.step()
            trouble = ""
        except (Unreachable, Distrusted) as problem:
            trouble = str(problem)
        if trouble != said:
            print(trouble or "The platform answers again.", flush=True)
            said = trouble
        ending.wait(TROUBLE_SECONDS if trouble else REST_SECONDS)


_COMMANDS = {"init": _init, "run": _run, "status": _status, "backup": _backup}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
