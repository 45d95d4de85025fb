"""The log as programs and people read it, and as a client checks it that shares no code with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from core import clock
from ledger import domain as ledger
from ledger.domain import keys, receipts, sequencer, witness
from ledger.models import Checkpoint, QueuedEntry, Witness
from protocol import note, tiles
from tests.custody import CUSTODIAN
from tests.machine import missing

pytestmark = pytest.mark.django_db

X_MOD = Path("/usr/share/gocode/src/golang.org/x/mod")


def appended(count=1, **data):
    from django.db import transaction

    with transaction.atomic():
        for number in range(count):
            ledger.append("test", "round/R1", {"n": number, **data}, at=clock.now())
        return list(QueuedEntry.objects.order_by("-pk")[:count])[::-1]


def cosigned(size, *, at=None, signer=CUSTODIAN):
    text = Checkpoint.objects.get(size=size).note
    head = note.Note.parse(text).text
    return text + signer.cosign(head, time=int((at or clock.now()).timestamp()))


@pytest.fixture
def log(settings):
    rows = appended(300)
    sequencer.sequence(settings.LEDGER_STATE)
    return rows


def test_keys_are_published(client, log):
    log_key, receipt_key = client.get("/ledger/vkey").content.decode().split()
    assert note.Verifier.parse(log_key) == keys.log_signer().verifier
    assert note.Verifier.parse(receipt_key) == keys.receipt_signer().verifier
    first, second = client.get("/ledger/witnesses").content.decode().split()
    assert [first, second] == [CUSTODIAN.cosigner.text, CUSTODIAN.verifier.text]


def test_no_custodian_no_checkpoint_yet(client, settings):
    settings.CUSTODIAN_VKEY, settings.CUSTODIAN_VKEY_FILE = "", None
    assert client.get("/ledger/witnesses").content == b""
    assert client.get("/ledger/checkpoint").status_code == 404
    page = client.get("/ledger/").content.decode()
    assert "日志里还没有条目" in page and "还没有来过" in page


def test_tiles_and_bundles_are_immutable_and_partial_ones_have_their_own_address(client, log):
    leaves = [bytes(row.leaf) for row in log]
    full = client.get("/ledger/tile/0/000")
    assert full.content == b"".join(leaves[:256])
    assert "immutable" in full["Cache-Control"]
    assert full["Access-Control-Allow-Origin"] == "*"
    assert client.get("/ledger/tile/0/001.p/44").content == b"".join(leaves[256:])
    assert client.get("/ledger/tile/0/001.p/7").content == b"".join(leaves[256:263])
    assert client.get("/ledger/tile/1/000.p/1").content == tiles.tile_root(full.content)
    bundle = list(tiles.read_bundle(client.get("/ledger/tile/entries/001.p/44").content))
    assert bundle == [bytes(row.entry) for row in log[256:]]


@pytest.mark.parametrize(
    "address",
    ["0/001", "0/002.p/1", "0/001.p/45", "0/000.p/256", "0/000.p/0", "1/000", "2/000.p/1", "entries/001", "entries/002.p/1",
     "entries/000.p/257", "8/000", "0/1", "0/x000/001", "0/x999/x999/x999/x999/x999/999"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(client, log, address):
    assert client.get(f"/ledger/tile/{address}").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["inclusion", "inclusion?index=300", "inclusion?index=-1", "inclusion?index=x", "inclusion?index=1&size=301",
     "inclusion?index=1&size=1", "inclusion?index=" + "9" * 40, "inclusion?index=%C2%B2", "consistency", "consistency?from=301",
     "consistency?from=5&to=4", "consistency?from=1&to=301", "consistency?from=1.5"],
)  # fmt: skip
def test_proofs_of_what_is_not_there_are_refused_in_a_sentence(client, log, query):
    answer = client.get(f"/ledger/proof/{query}")
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_cosignature_is_taken_from_the_custodian_alone(client, log):
    text = cosigned(300)
    stranger = note.Signer(CUSTODIAN.name, b"\x01" * 32)

    def post(body):
        return client.post("/ledger/cosignature", body, content_type="text/plain").status_code

    assert post(cosigned(300, signer=stranger)) == 403
    assert post(Checkpoint.objects.get(size=300).note) == 403
    assert post("nonsense") == 403
    assert post(b"\xff") == 400
    assert post(cosigned(300, at=clock.now() + timedelta(hours=1))) == 409
    assert post(text.replace("\n300\n", "\n299\n")) == 403
    other = note.Checkpoint(origin=keys.log_signer().name, size=300, root=b"\x00" * 32).text
    assert post(note.signed(other, [CUSTODIAN.cosign(other, time=int(clock.now().timestamp()))])) == 409
    assert not Witness.objects.exists()

    assert client.get("/ledger/checkpoint?cosigned=1").status_code == 404
    assert post(text) == 204
    assert client.get("/ledger/checkpoint").content.decode() == text
    first = Checkpoint.objects.get(size=300).cosignature
    assert post(cosigned(300, at=clock.now() + timedelta(seconds=5))) == 204  # it says again that it is there
    assert Checkpoint.objects.get(size=300).cosignature == first
    assert Witness.objects.get().size == 300
    assert client.get("/ledger/cosignature").status_code == 405


def test_people_read_entries_page_by_page(client, log):
    page = client.get("/ledger/").content.decode()
    assert ">299<" in page and ">250<" in page and ">249<" not in page
    older = client.get("/ledger/?before=250").content.decode()
    assert ">249<" in older and ">200<" in older
    for nonsense in ("-1", "x", "9" * 50, "٣"):
        assert client.get("/ledger/", {"before": nonsense}).status_code == 200
    entry = client.get("/ledger/entries/299/").content.decode()
    assert "&quot;n&quot;: 299" in entry and bytes(log[299].leaf).hex() in entry
    assert client.get("/ledger/entries/300/").status_code == 404
    assert client.get(f"/ledger/entries/{10**30}/").status_code == 404


@pytest.fixture
def receipt():
    from django.db import transaction

    with transaction.atomic():
        row = ledger.append_sealed("round/R1", {"type": "envelope.received"}, at=clock.now())
    return receipts.receipt_for(row)


def test_a_receipt_becomes_an_inclusion_proof(client, receipt, settings):
    assert "还在排队" in client.post("/ledger/receipt/", {"receipt": receipt}).content.decode()
    sequencer.sequence(settings.LEDGER_STATE)
    assert (
        "日志第 0 号"
        in client.post("/ledger/receipt/", {"receipt": f"\n{receipt}\n ".replace("\n", "\r\n")}).content.decode()
    )
    for forged in (receipt.replace("v1", "v2", 1), "nonsense", receipt[:-20]):
        answer = client.post("/ledger/receipt/", {"receipt": forged})
        assert answer.status_code == 422
        assert "不是本平台签发的回执" in answer.content.decode()
    assert client.post("/ledger/receipt/", {}).status_code == 422


def test_a_receipt_that_never_got_in_is_proof_against_the_platform(client, receipt):
    with clock.travelling(clock.now() + timedelta(seconds=61)):
        assert "平台失信的证据" in client.post("/ledger/receipt/", {"receipt": receipt}).content.decode()


@pytest.fixture(scope="session")
def go_client(tmp_path_factory):
    if shutil.which("go") is None or not X_MOD.is_dir():
        missing("The packages golang-go and golang-golang-x-mod-dev are not installed.")
    folder = tmp_path_factory.mktemp("go")
    program = folder / "client"
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "CGO_ENABLED": "0",
    }
    subprocess.run(
        ["go", "build", "-o", program, "main.go"],
        cwd=Path(__file__).parent / "go",
        env=environment,
        check=True,
        timeout=300,
    )
    return program


@pytest.mark.slow
def test_a_client_that_we_did_not_write_verifies_the_log(go_client, live_server, settings):
    for count in (3, 250, 100, 1):
        appended(count, text="明选")
        sequencer.sequence(settings.LEDGER_STATE)
    witness.cosign(cosigned(354))
    for old in (1, 3, 253, 256, 353, 354):
        done = subprocess.run(
            [go_client, f"{live_server.url}/ledger/", str(old)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == "354 entries, 1 unknown signatures\n"
    assert Client().get("/ledger/").status_code == 200
