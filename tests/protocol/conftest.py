"""The JavaScript of the protocol, asked from Python."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import machine

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ROOT / "frontend" / "tests" / "answers.mjs"


@pytest.fixture(scope="module")
def node() -> str:
    """The program that runs the modules, with the packages that they import."""
    if not (ROOT / "node_modules" / "@hpke" / "core").exists():
        machine.missing("The front-end packages are not installed: run `make frontend`.")
    return machine.node()


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
