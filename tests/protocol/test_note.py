"""Signed notes, checkpoints, cosignatures and receipts: what holds, and what a single changed byte does."""

from __future__ import annotations

import pytest

from protocol.canonical import read_timestamp
from protocol.note import BadNote, Checkpoint, Note, Signer, Verifier, signed
from protocol.receipt import Receipt, key_name

LOG = Signer("log.example/1", b"\x01" * 32)
CUSTODIAN = Signer("notary.example", b"\x02" * 32)
HEAD = Checkpoint(origin="log.example/1", size=7, root=b"\x07" * 32)
# The example of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
QUOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_example_of_another_implementation_holds():
    verifier = Verifier.parse(PETER)
    assert verifier.text == PETER
    assert Note.parse(QUOTE).signature_by(verifier) is not None
    with pytest.raises(BadNote, match="false"):
        Note.parse(QUOTE.replace("answer", "anwser")).signature_by(verifier)


def test_a_checkpoint_is_signed_and_cosigned():
    note = signed(HEAD.text, [LOG.sign(HEAD.text), CUSTODIAN.cosign(HEAD.text, time=1_700_000_000)])
    assert Checkpoint.verified(note, log=LOG.verifier) == HEAD
    assert Note.parse(note).time_by(CUSTODIAN.cosigner) == 1_700_000_000
    assert Note.parse(note).signature_by(CUSTODIAN.verifier) is None  # a cosignature is no plain signature
    assert note.splitlines()[:4] == ["log.example/1", "7", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", ""]


@pytest.mark.parametrize("change", [("\n7\n", "\n8\n"), ("log.example/1\n7", "log.example/2\n7"), ("Bwc", "Cwc")])
def test_a_changed_checkpoint_is_refused(change):
    note = signed(HEAD.text, [LOG.sign(HEAD.text)])
    with pytest.raises(BadNote):
        Checkpoint.verified(note.replace(*change, 1), log=LOG.verifier)


def test_another_logs_checkpoint_is_refused():
    other = Checkpoint(origin="other.example/1", size=7, root=b"\x07" * 32)
    with pytest.raises(BadNote, match="another log"):
        Checkpoint.verified(signed(other.text, [LOG.sign(other.text)]), log=LOG.verifier)
    with pytest.raises(BadNote, match="not signed"):
        Checkpoint.verified(signed(HEAD.text, [CUSTODIAN.sign(HEAD.text)]), log=LOG.verifier)


def test_a_cosignature_of_another_time_is_false():
    line = CUSTODIAN.cosign(HEAD.text, time=1_700_000_000)
    value = Note.parse(signed(HEAD.text, [line])).signatures[0].value
    assert CUSTODIAN.cosigner.accepts(HEAD.text, value)
    assert not CUSTODIAN.cosigner.accepts(HEAD.text, (1_700_000_001).to_bytes(8) + value[8:])
    assert not CUSTODIAN.cosigner.accepts(HEAD.text, value[8:])


@pytest.mark.parametrize(
    "text",
    ["", "a", "a\n\n", "a\n\n— x\n", "a\n\n— x AAAA\n", "a\n\n— x !!!!\n", "a\n\nx AAAAAAAAAAAA\n",
     "a\n\n— x AAAAAAAA", "a\x00\n\n— x AAAAAAAAAAAA\n"],
)  # fmt: skip
def test_what_is_no_note_is_said_to_be_none(text):
    with pytest.raises(BadNote):
        Note.parse(text)


@pytest.mark.parametrize(
    "vkey",
    ["", "a+b", "a b+00000000+AQ==", PETER.replace("c74f", "c74e"), PETER[:-4] + "AAAA", PETER.replace("ARpc", "Axpc")],
)
def test_what_is_no_key_is_said_to_be_none(vkey):
    with pytest.raises(BadNote):
        Verifier.parse(vkey)


def test_a_receipt_is_what_the_platform_signed():
    signer = Signer(key_name("log.example/1"), b"\x03" * 32)
    receipt = Receipt(
        origin="log.example/1", leaf="ab" * 32, blind="cd" * 16, at=read_timestamp("2026-11-22T08:00:00.000Z")
    )
    note = receipt.signed(signer)
    assert note.splitlines()[:5] == [
        "mingxuan/receipt/v1",
        "log.example/1",
        "ab" * 32,
        "cd" * 16,
        "2026-11-22T08:00:00.000Z",
    ]
    assert Receipt.verified(note, key=signer.verifier) == receipt
    for old, new in (("abab", "abac"), ("cdcd", "cdce"), ("08:00", "08:01"), ("receipt/v1", "receipt/v2")):
        with pytest.raises(BadNote):
            Receipt.verified(note.replace(old, new, 1), key=signer.verifier)
    with pytest.raises(BadNote):
        Receipt.verified(receipt.signed(LOG), key=signer.verifier)
