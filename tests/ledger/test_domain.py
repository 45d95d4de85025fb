"""The queue of the log: entries stand with their change, and stay as they are."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.db import DatabaseError, connection, transaction

from core import clock
from ledger import domain as ledger
from ledger.models import Blind, QueuedEntry
from protocol.entries import EntryTooLarge

pytestmark = pytest.mark.django_db


def appended(subject="round/R202601010001", **data):
    ledger.append("round.announced", subject, data, at=clock.now())
    return QueuedEntry.objects.latest("pk")


def test_an_entry_is_its_canonical_bytes_and_their_leaf():
    row = appended(b=1, a="x")
    read = json.loads(bytes(row.entry))
    assert list(read) == ["at", "data", "subject", "type", "v"]
    assert read["data"] == {"a": "x", "b": 1} and read["v"] == 1
    assert bytes(row.leaf) == hashlib.sha256(b"\x00" + bytes(row.entry)).digest()


def test_an_entry_beyond_16_kib_is_refused():
    with pytest.raises(EntryTooLarge):
        appended(a="x" * 16_384)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_written():
    with pytest.raises(ledger.OutsideTransaction):
        appended()
    assert not QueuedEntry.objects.exists()


def prepared(*, like):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [like])
        return cursor.fetchone()[0]


def test_an_entry_is_one_statement_that_the_session_plans_once(django_assert_num_queries):
    """It is counted like any other; a failure in between, which makes psycopg forget what it prepared, changes nothing.

    Whoever follows a subject (core.changes) writes down that it has changed: one more, which is not the log's.
    """
    now = clock.now()
    for number in range(8):
        with django_assert_num_queries(1):
            ledger.append("round.announced", "unfollowed/1", {"n": number}, at=now)
        if number in (1, 4):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
    assert prepared(like="INSERT INTO ledger_queuedentry%, sealed_for) VALUES%") == 1
    assert [json.loads(bytes(row.entry))["data"]["n"] for row in QueuedEntry.objects.order_by("pk")] == [*range(8)]


@pytest.mark.django_db(transaction=True)
def test_a_new_session_appends_as_the_one_before_it():
    for _session in range(2):
        connection.close()
        with transaction.atomic():
            for _entry in range(7):
                ledger.append("round.announced", "round/R202601010001", {}, at=clock.now())
                ledger.append_sealed("round/R202601010001", {}, at=clock.now())
                ledger.blinded("张三", subject="round/R202601010001")
            assert prepared(like="INSERT INTO ledger_%") == 3
    assert QueuedEntry.objects.count() == 28 and Blind.objects.count() == 14


def test_a_sealed_event_shows_only_its_blinded_hash():
    event = {"round": "R202601010001", "uscc": "X"}
    row = ledger.append_sealed("round/R202601010001", event, at=clock.now())
    read = json.loads(bytes(row.entry))
    (unsealed,) = ledger.unsealed("round/R202601010001")
    canonical = json.dumps(event, sort_keys=True, separators=(",", ":")).encode()
    assert read["data"] == {"c": hashlib.sha256(bytes.fromhex(unsealed["blind"]) + canonical).hexdigest()}
    assert unsealed["event"] == event and read["subject"] == "sealed"


def test_deleting_the_blind_erases_the_value():
    digest = ledger.blinded("张三", subject="round/R202601010001")
    blind = Blind.objects.get(digest=digest)
    assert digest == hashlib.sha256(bytes(blind.blind) + "张三".encode()).hexdigest()
    assert ledger.blinded("张三", subject="round/R202601010001") != digest


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_queuedentry SET type = 'x'",
        "DELETE FROM ledger_queuedentry",
        "UPDATE ledger_queuedentry SET index = 7, subject = 'x'",
    ],
)
def test_the_database_refuses_to_change_an_entry(statement):
    row = appended()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    row.refresh_from_db()
    assert row.type == "round.announced"


def test_an_index_is_given_once_and_then_the_log_is_not_truncated():
    appended()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_queuedentry SET index = 0")
        for statement in ("UPDATE ledger_queuedentry SET index = 1", "TRUNCATE ledger_queuedentry"):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(statement)
