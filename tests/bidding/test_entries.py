"""Entries: sealed, replaced, withdrawn; never late, never readable before opening."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import connection

from bidding.domain import entries
from bidding.models import Entry, Round
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, NotDue
from ledger import domain as ledger
from ledger.domain import keys
from ledger.models import QueuedEntry
from protocol.receipt import Receipt
from tests import market_place as market

pytestmark = pytest.mark.django_db


def submit(round_, who, **given):
    """Submit what a browser would have sealed, with something else in a place or two."""
    bid = market.sealed(round_, who, "100.00")
    whole = {"sealed": bid.envelope, "token_sha256": bid.token_sha256, **given}
    return entries.submit_envelope(round_id=round_.pk, firm=who, user=market.user(), **whole)


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
    for secret in ("48123.", who.uscc):
        assert secret not in log
    assert "48123." not in row and receipt.entry.amount is None
    stored = Entry.objects.get(pk=receipt.entry.pk)
    assert stored.amount is None and stored.nonce == "" and b"48123." not in bytes(stored.envelope)


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
        entries.withdraw_entry(round_id=round_.pk, firm=who, user=market.user(), token=market.token_of(round_, who))
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
        entries.withdraw_entry(round_id=round_.pk, firm=who, user=market.user(), token=market.token_of(round_, who))


@pytest.mark.parametrize("length", [0, 1, 2047 + 96, 2048, 2048 + 95, 2048 + 97, 3 * 2048 + 96, 100_000])
def test_what_has_not_the_size_of_an_envelope_is_refused(length):
    where = market.place()
    round_ = market.announced(where)
    with pytest.raises(DomainError) as refused:
        submit(round_, market.firm(where), sealed=bytes(length))
    assert refused.value.code == "envelope"
    assert not Entry.objects.exists()


@pytest.mark.parametrize("digest", ["", "00", "G" * 64, "AB" * 32])
def test_the_hash_of_the_token_is_64_hex_digits(digest):
    where = market.place()
    round_ = market.announced(where)
    with pytest.raises(DomainError) as refused:
        submit(round_, market.firm(where), token_sha256=digest)
    assert refused.value.code == "token_sha256"


def test_a_lot_that_is_not_there_is_refused():
    where = market.place()
    round_ = market.announced(where)
    with pytest.raises(DomainError) as refused:
        submit(round_, market.firm(where), lot="2")
    assert refused.value.code == "lot"


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_without_its_token_nothing_is_replaced_or_withdrawn(token):
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    first = market.enters(round_, who, "100.00")
    with pytest.raises(entries.WrongToken):
        submit(round_, who, token=token)
    with pytest.raises(entries.WrongToken):
        entries.withdraw_entry(round_id=round_.pk, firm=who, user=market.user(), token=token)
    assert Entry.objects.get(firm=who).envelope_sha256 == first.sha256


def test_the_service_centre_withdraws_for_a_firm_that_lost_its_token_with_a_logged_reason():
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    market.enters(round_, who, "100.00")
    with pytest.raises(NotAllowed):
        entries.withdraw_for(round_id=round_.pk, uscc=who.uscc, reason="凭证丢失", by=where.owner)
    with pytest.raises(DomainError):
        entries.withdraw_for(round_id=round_.pk, uscc=who.uscc, reason=" ", by=where.operator)
    entries.withdraw_for(round_id=round_.pk, uscc=who.uscc, reason="凭证丢失", by=where.operator)
    assert entries.my_entry(round_, who) is None
    event = ledger.unsealed(round_.subject)[-1]["event"]
    assert (event["type"], event["reason"]) == ("envelope.withdrawn", "凭证丢失")
    assert "token" not in event


def test_withdrawing_for_a_firm_that_has_not_entered_says_nothing_of_it():
    where = market.place()
    round_ = market.announced(where)
    entries.withdraw_for(round_id=round_.pk, uscc=market.firm(where).uscc, reason="凭证丢失", by=where.operator)
    assert ledger.unsealed(round_.subject) == []


def test_a_replacement_reveals_the_token_of_what_it_replaces():
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    market.enters(round_, who, "100.00")
    token = market.token_of(round_, who)
    market.enters(round_, who, "90.00")
    first, second = (each["event"] for each in ledger.unsealed(round_.subject))
    assert first["token_sha256"] == hashlib.sha256(token.encode()).hexdigest()
    assert second["token"] == token and second["type"] == "envelope.replaced"


def test_the_receipt_is_signed_and_of_the_sealed_event():
    where = market.place()
    round_ = market.announced(where)
    receipt = market.enters(round_, market.firm(where), "100.00")
    read = Receipt.verified(receipt.note, key=keys.receipt_signer().verifier)
    assert read.leaf == receipt.entry.receipt.leaf_hex
    assert read.blind == bytes(receipt.entry.receipt.blind).hex()


def test_events_are_sealed_in_the_log_until_opening():
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "100.00")
    sealed = QueuedEntry.objects.get(sealed_for=round_.subject)
    assert (sealed.type, sealed.subject) == ("sealed", "sealed")
    assert round_.code.encode() not in bytes(sealed.entry)
