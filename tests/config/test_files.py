"""Promises about the files that set the project up."""

import json
import re

import pytest
from django.conf import settings


def test_the_npm_lock_file_names_no_host():
    packages = json.loads((settings.BASE_DIR / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for name, package in packages.items() if name)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-node.txt"])
def test_every_python_package_has_an_exact_version(name):
    lines = (settings.BASE_DIR / name).read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert [line for line in wanted if not re.fullmatch(r"[A-Za-z0-9_.-]+(\[[a-z,]+\])?==[0-9a-z.]+", line)] == []
