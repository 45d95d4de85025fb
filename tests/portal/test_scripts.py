"""The pages' scripts have tests of their own, in their own language; what needs a page is in tests/browser."""

from __future__ import annotations

import subprocess

from django.conf import settings

from tests.machine import node


def test_what_the_scripts_compute():
    tests = sorted(str(path) for path in (settings.BASE_DIR / "frontend" / "tests").glob("*.test.mjs"))
    assert tests
    done = subprocess.run([node(), "--test", *tests], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
