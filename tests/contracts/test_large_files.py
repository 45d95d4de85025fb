"""A result of nearly 200 MB goes through the running server in flat memory, in and out; one beyond is refused in words."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client

from contracts.models import Deliverable
from core.uploads import MEGABYTE
from tests import market_place as market
from tests.contracts import place
from tests.machine import missing

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SIZE = 190 * MEGABYTE
GROWTH = 60 * MEGABYTE
"""What the server may take more than before: pieces, threads, templates; nothing that grows with the file."""


def peak(port: int) -> int:
    """The most memory that any process of this server has ever had, in octets; the peak starts anew at each reading."""
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"--port\0{port}\0".encode() not in (process / "cmdline").read_bytes():
                continue
            told = (process / "status").read_text()
            (process / "clear_refs").write_text("5")
        except OSError:
            continue
        found = max(found, int(told.partition("VmHWM:")[2].split()[0]) * 1024)
    return found


def curl(*arguments: str) -> tuple[int, str]:
    if shutil.which("curl") is None:
        missing("Install curl to run the tests of large files.")
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", *arguments], capture_output=True, text=True, timeout=200, check=True
    )
    body, _newline, status = done.stdout.rpartition("\n")
    return int(status), body


@pytest.fixture
def paper(tmp_path):
    """A PDF whose bytes are noise, so that nothing makes it smaller."""
    path = tmp_path / "result.pdf"
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        for _number in range(SIZE // MEGABYTE):
            file.write(os.urandom(MEGABYTE // 2) * 2)
        file.write(b"\n%%EOF\n")
    return path


@pytest.fixture
def signed_in(live_server, settings):
    """A running contract, and curl's cookies of somebody of its firm."""
    settings.MEDIA_ROOT = settings.DATA_DIR / "media"
    contract = place.running(market.place())
    client = Client()
    client.force_login(
        market.member_of(contract.firm.organisation).user, backend="django.contrib.auth.backends.ModelBackend"
    )
    session = client.cookies[configured.SESSION_COOKIE_NAME].value
    return contract, f"{configured.SESSION_COOKIE_NAME}={session}"


def address(live, contract):
    return f"{live.url}/desk/contracts/{contract.code}/milestones/2/submit/"


def submit(live, contract, cookies, path, jar):
    _status, form = curl("-b", cookies, "-c", str(jar), address(live, contract))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
    csrf = re.search(rf"{configured.CSRF_COOKIE_NAME}\s+(\S+)", jar.read_text())[1]
    both = f"{cookies}; {configured.CSRF_COOKIE_NAME}={csrf}"
    return curl("-b", both, "-F", f"csrfmiddlewaretoken={token}", "-F", f"file=@{path}", address(live, contract))


def test_a_large_result_in_flat_memory(live_server, signed_in, paper, tmp_path):
    contract, cookies = signed_in
    curl("-b", cookies, address(live_server, contract))
    before = peak(live_server.port)
    before = min(before, peak(live_server.port))
    assert before
    status, body = submit(live_server, contract, cookies, paper, tmp_path / "jar")
    assert status == 302, body[-2000:]
    grown = peak(live_server.port) - before
    made = Deliverable.objects.get()
    with paper.open("rb") as file:
        assert made.sha256 == hashlib.file_digest(file, "sha256").hexdigest()
    assert made.size == paper.stat().st_size
    assert grown < GROWTH, f"{grown / MEGABYTE:.0f} MB"
    out = tmp_path / "out.pdf"
    curl("-b", cookies, "-o", str(out), f"{live_server.url}/desk/deliverables/{made.code}/")
    assert out.stat().st_size == made.size
    handed = peak(live_server.port) - before
    assert handed < GROWTH, f"{handed / MEGABYTE:.0f} MB"
    made.file.delete(save=False)


def test_what_is_too_large_is_said(live_server, signed_in, paper, tmp_path):
    contract, cookies = signed_in
    for more in (15, 30):
        with paper.open("r+b") as file:
            file.seek(0, 2)
            file.write(os.urandom(MEGABYTE) * more + b"\n%%EOF\n")
        status, body = submit(live_server, contract, cookies, paper, tmp_path / "jar")
        assert (status, "200 MB" in body) == (422, True), more
    assert not Deliverable.objects.exists()
