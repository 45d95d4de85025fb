"""The examples of docs/api.md and the program of docs/verify-by-hand.md, run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.test import Client

from accounts.domain import tokens
from approvals.models import ApprovalItem, Case
from bidding.domain import due, substitution
from bidding.models import Entry, Round
from core import clock
from market.models import Service
from tests import lots
from tests import market_place as market
from tests.approvals import office
from tests.approvals.signing import system
from tests.machine import missing

pytestmark = pytest.mark.django_db

DOCS = Path(settings.BASE_DIR) / "docs"
EXAMPLE = re.compile(r"```http\nGET (?P<path>\S+)\n```\n(?:\n```json\n(?P<answer>.*?)```)?", re.DOTALL)


@pytest.fixture
def round_():
    where = market.place()
    Service.objects.filter(pk=where.service.pk).update(code="S025")
    made = market.announced(where)
    for number in range(3):
        market.enters(made, market.firm(where), f"5{number}000.00")
    made = market.closed_and_evaluated(made)
    Round.objects.filter(pk=made.pk).update(candidate_until=clock.now())
    due.move_due_rounds()
    return made


def test_every_example_of_the_api(round_):
    found = list(EXAMPLE.finditer((DOCS / "api.md").read_text(encoding="utf-8")))
    assert len(found) >= 7
    for example in found:
        path = example["path"].replace("R202611220001", round_.code)
        answer = Client().get(path)
        assert answer.status_code < 500, path
        if example["answer"]:
            same_members(json.loads(example["answer"]), answer.json(), path)
        else:
            assert answer.json()["results"], path


def same_members(shown, given, where):
    """Objects have the members that are shown; an empty object or list in the example stands for any."""
    assert type(shown) is type(given) or None in (shown, given) or shown == "…", where
    if isinstance(shown, dict) and shown:
        assert list(shown) == list(given), where
        for name in shown:
            same_members(shown[name], given[name], f"{where} {name}")
    elif isinstance(shown, list) and shown:
        assert given, where
        same_members(shown[0], given[0], where)


@pytest.fixture
def by_hand(tmp_path):
    """Runs the program of the page on a record; its words and whether it went well."""
    (program,) = re.findall(r"```python\n(.*?)```", (DOCS / "verify-by-hand.md").read_text(encoding="utf-8"), re.DOTALL)
    script, file = tmp_path / "verify.py", tmp_path / "record.json"
    script.write_text(program, encoding="utf-8")

    def run(record, *server):
        file.write_text(json.dumps(record), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, script, file, *server], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_program_that_verifies_by_hand(round_, by_hand):
    record = Client().get(f"/rounds/{round_.code}/record.json").json()
    assert by_hand(record) == (0, f"lot 1 winner {record['lots'][0]['result']['winner']} 50000.00\n")
    for change in (
        lambda told: told["lots"][0]["entries"][0].update(nonce="0" * 64),
        lambda told: told["events"].pop(),
        lambda told: told["lots"][0]["result"]["ranking"].reverse(),
        lambda told: told["commitment"].update(value="0" * 64),
    ):
        forged = json.loads(json.dumps(record))
        change(forged)
        status, said = by_hand(forged)
        assert status == 1 and "AssertionError" in said


def test_it_tells_of_a_round_that_it_is_not_for(by_hand):
    record = Client().get(f"/rounds/{market.announced(market.place()).code}/record.json").json()
    status, said = by_hand(record)
    assert status == 1 and "is announced, by lowest" in said and "Traceback" not in said


def test_it_verifies_lot_by_lot_and_who_followed(by_hand):
    where = lots.place("lowest")
    made = lots.lived(where, "lowest")
    first = lots_of(made)[0].winner.uscc
    with clock.travelling(made.opened_at + timedelta(seconds=40)):
        substitution.walk_away(round_id=made.pk, reason="人员调离", by=where.operator)
    status, said = by_hand(Client().get(f"/rounds/{made.code}/record.json").json())
    assert status == 0, said
    assert f"lot 1 winner {first} " in said and "lot 2 winner " in said and "lot 3 failed: " in said
    assert f"then {first} walked away and {lots_of(made)[0].winner.uscc} follows" in said


def lots_of(round_):
    return list(round_.lots.select_related("winner__organisation").order_by("number"))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_reads_the_whole_log_and_finds_in_it_what_the_record_says(live_server, by_hand):
    made = market.lived(market.place(), amounts=["50000.00", "51000.00"])
    record = Client().get(f"/rounds/{made.code}/record.json").json()
    status, said = by_hand(record, live_server.url)
    assert status == 0 and "entries" in said, said
    forged = json.loads(json.dumps(record))
    forged["events"][0]["blind"] = "0" * 32
    assert by_hand(forged)[0] == 0  # the record alone does not show it
    assert by_hand(forged, live_server.url)[0] == 1


@pytest.mark.slow
def test_sending_events_of_cases_by_program(live_server, tmp_path):
    """The batch, the program and the answer that docs/api.md shows, against a real server."""
    where = office.place()
    ApprovalItem.objects.filter(pk=where.item.pk).update(code="I004")
    text = (DOCS / "api.md").read_text(encoding="utf-8").split("## Events of approval cases")[1].split("## The log")[0]
    batch, shown = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    sender, given = system(where.department), json.loads(batch)
    given["events"][0] |= {"applicant": where.owner.organisation.uscc, "district": where.district.code}
    given["events"][0]["filed_in"] = where.district.code
    (tmp_path / "events.json").write_text(json.dumps(given), encoding="utf-8")
    pem = sender.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "send.py").write_text(program, encoding="utf-8")
    environment = {**os.environ, "SERVER": live_server.url, "CLIENT": sender.client.key_id}
    done = subprocess.run(
        [sys.executable, "send.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told, expected = json.loads(done.stdout)["results"], json.loads(shown)["results"]
    case = Case.objects.get()
    assert told == [{**each, "case": case.code} for each in expected]


@pytest.mark.slow
def test_bidding_by_program_step_by_step(live_server, tmp_path):
    """Every command of the page, in its order, against a real server."""
    if shutil.which("curl") is None:
        missing("The package curl is not installed.")
    where = market.place()
    made, firm = market.announced(where), market.firm(where)
    token = tokens.issue_token(membership=market.member_of(firm.organisation), label="docs")
    commands = re.findall(r"```sh\n(.*?)```", (DOCS / "bid-by-program.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(commands) == 4
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    given = {"SERVER": live_server.url, "ROUND": made.code, "USCC": firm.uscc, "TOKEN": token, "PATH": path}
    environment = {**os.environ, **given, "PYTHONPATH": str(settings.BASE_DIR)}
    stored = []
    for number, command in enumerate(commands):
        done = subprocess.run(
            ["bash", "-eu", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        if number:
            entry = Entry.objects.get(lot__round=made)
            stored.append(entry.envelope_sha256)
            assert json.loads((tmp_path / "answer.json").read_text())["sha256"] == entry.envelope_sha256
    assert len(set(stored)) == 3 and stored[-1] == ""
