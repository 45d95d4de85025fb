"""Entries: sealed, replaced, withdrawn; never late, never readable before opening."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from bidding.domain import entries
from bidding.models import Entry, Round
from core import clock
from core.errors import Conflict, DomainError, NotDue
from ledger.models import QueuedEntry
from tests import market_place as market

pytestmark = pytest.mark.django_db


def test_what_is_stored_tells_nothing_of_the_amount():
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    receipt = market.enters(round_, who, "48123.45")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(e)::text FROM bidding_entry e WHERE id = %s", [receipt.entry.pk])
        row = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(convert_from(entry, 'UTF8'), '') FROM ledger_queuedentry")
        log = cursor.fetchone()[0]
    for secret in ("48123", who.uscc):
        assert secret not in log
    assert "48123" not in row and receipt.entry.amount is None
    stored = Entry.objects.get(pk=receipt.entry.pk)
    assert stored.amount is None and stored.nonce == "" and b"48123" not in bytes(stored.envelope)


def test_every_envelope_has_the_same_length():
    where = market.place()
    round_ = market.announced(where)
    for amount in ("1.00", "59999.99"):
        market.enters(round_, market.firm(where), amount)
    assert len({len(bytes(entry.envelope)) for entry in Entry.objects.filter(lot__round=round_)}) == 1


def test_a_replacement_takes_the_place_of_the_first():
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    first = market.enters(round_, who, "100.00")
    second = market.enters(round_, who, "90.00")
    assert not first.replaced and second.replaced and first.sha256 != second.sha256
    round_ = market.closed_and_evaluated(round_)
    assert str(round_.lots.get().amount) == "90.00"


def test_the_eleventh_replacement_is_refused_and_the_tenth_stays():
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    for step in range(11):
        last = market.enters(round_, who, f"{100 - step}.00")
    with pytest.raises(Conflict):
        market.enters(round_, who, "1.00")
    assert Entry.objects.get(firm=who).envelope_sha256 == last.sha256


def test_a_withdrawn_entry_is_gone_and_may_come_back():
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    market.enters(round_, who, "100.00")
    for _ in range(2):
        entries.withdraw_entry(round_id=round_.pk, firm=who, user=market.user())
    assert entries.my_entry(round_, who) is None
    assert Entry.objects.get(firm=who).envelope is None
    market.enters(round_, who, "95.00")
    assert entries.my_entry(round_, who) is not None


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(microseconds=1), timedelta(days=1)])
def test_nothing_is_taken_at_or_after_the_deadline(late_by):
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    market.enters(round_, who, "100.00")
    Round.objects.filter(pk=round_.pk).update(closes_at=clock.now() - late_by)
    with pytest.raises(NotDue):
        market.enters(round_, who, "90.00")
    with pytest.raises(NotDue):
        entries.withdraw_entry(round_id=round_.pk, firm=who, user=market.user())


@pytest.mark.parametrize("amount", [None, "0.00", "-1.00", "0.001", "1000000000000.00"])
def test_an_amount_that_is_none_is_refused(amount):
    where = market.place()
    round_ = market.announced(where)
    with pytest.raises(DomainError) as refused:
        market.enters(round_, market.firm(where), amount)
    assert refused.value.code == "amount"
    assert not Entry.objects.exists()


def test_a_draw_takes_no_amount():
    where = market.place()
    round_ = market.announced(where, method="draw")
    with pytest.raises(DomainError) as refused:
        market.enters(round_, market.firm(where), "1.00")
    assert refused.value.code == "amount"


@pytest.mark.parametrize("nonce", ["", "00", "G" * 64, "AB" * 32])
def test_a_nonce_is_64_hex_digits(nonce):
    where = market.place()
    round_ = market.announced(where)
    with pytest.raises(DomainError) as refused:
        entries.submit_entry(
            round_id=round_.pk,
            firm=market.firm(where),
            user=market.user(),
            amount=Decimal("1.00"),
            days=None,
            nonce=nonce,
        )
    assert refused.value.code == "nonce"


def test_promising_longer_than_asked_is_refused():
    where = market.place()
    round_ = market.announced(where, days=10)
    with pytest.raises(DomainError) as refused:
        entries.submit_entry(
            round_id=round_.pk,
            firm=market.firm(where),
            user=market.user(),
            amount=Decimal("1.00"),
            days=11,
            nonce=secrets.token_hex(32),
        )
    assert refused.value.code == "days"


def test_events_are_sealed_in_the_log_until_opening():
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "100.00")
    sealed = QueuedEntry.objects.get(sealed_for=round_.subject)
    assert (sealed.type, sealed.subject) == ("sealed", "sealed")
    assert round_.code.encode() not in bytes(sealed.entry)
