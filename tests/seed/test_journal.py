"""The log of many lives comes into the queue in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain import OutsideTransaction
from ledger.models import Blind, QueuedEntry
from portal.seed.bulk.journal import Journal
from protocol import entries

START = datetime(2025, 3, 3, tzinfo=UTC)


def at(minute):
    return START + timedelta(minutes=minute)


@pytest.mark.django_db
@settings(deadline=None, max_examples=40)
@given(minutes=st.lists(st.integers(0, 50), max_size=30), until=st.integers(0, 50))
def test_what_has_happened_is_queued_in_order_and_the_rest_waits(minutes, until):
    with transaction.atomic():
        journal = Journal()
        for number, minute in enumerate(minutes):
            journal.write("test.event", f"test/{number}", {}, at=at(minute))
        journal.flush(at(until))
        queued = list(QueuedEntry.objects.order_by("id").values_list("at", "subject"))
        assert [moment for moment, _subject in queued] == sorted(at(minute) for minute in minutes if minute <= until)
        journal.flush(at(50))
        assert QueuedEntry.objects.count() == len(minutes)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_blind_is_kept_and_opens_what_was_blinded():
    journal = Journal()
    digest = journal.blinded("项目选址调整", subject="contract/C1")
    journal.write("contract.ended", "contract/C1", {"reason": digest}, at=START)
    journal.flush(START)
    kept = Blind.objects.get(digest=digest)
    assert entries.blinded("项目选址调整", bytes(kept.blind)) == digest
    assert kept.subject == "contract/C1"


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_queued():
    journal = Journal()
    journal.write("test.event", "test/1", {}, at=START)
    with pytest.raises(OutsideTransaction):
        journal.flush(START)
    assert not QueuedEntry.objects.exists()
