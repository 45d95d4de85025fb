"""The secrets of an embedded installation: made once, kept in the data folder, readable by their owner only."""

import os
import secrets
from pathlib import Path

NAMES = ("SECRET_KEY", "FIELD_KEY", "LOOKUP_KEY", "POSTGRES_PASSWORD")


def load(path: Path) -> None:
    """Put the secrets of `path` into the environment where it does not name its own; write the file when missing."""
    if not path.exists():
        _write(path)
    for line in path.read_text(encoding="ascii").splitlines():
        name, separator, value = line.partition("=")
        if separator and name in NAMES:
            os.environ.setdefault(name, value)


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = "".join(f"{name}={secrets.token_hex(32)}\n" for name in NAMES)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    try:
        os.link(draft, path)  # the first of two processes wins, and both read the same file
    except FileExistsError:
        pass
    finally:
        draft.unlink()
