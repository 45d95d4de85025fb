"""The secrets of an embedded installation: made once, kept in the data folder, readable by their owner only."""

import fcntl
import os
import secrets
from pathlib import Path

NAMES = ("SECRET_KEY", "FIELD_KEY", "LOOKUP_KEY", "POSTGRES_PASSWORD", "LEDGER_KEY", "RECEIPT_KEY")


def load(path: Path) -> None:
    """Put the secrets of `path` into the environment where it does not name its own; make those that are missing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the first of two processes makes them, and both read the same
        kept = dict(line.split("=", 1) for line in file.read().splitlines() if "=" in line)
        missing = {name: secrets.token_hex(32) for name in NAMES if name not in kept}
        if missing:
            file.write("".join(f"{name}={value}\n" for name, value in missing.items()))
    for name, value in {**kept, **missing}.items():
        if name in NAMES:
            os.environ.setdefault(name, value)
