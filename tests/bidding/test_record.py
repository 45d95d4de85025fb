"""The public record at every stage: what may be known then, and nothing else."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from bidding.domain import closing, opening, rounds
from bidding.models import Entry, Round
from bidding.record import public_record
from bidding.rules import Disclosure, disclosure
from core import clock
from protocol import draw, entries, envelope
from tests import custody
from tests import market_place as market

pytestmark = pytest.mark.django_db


def record_of(round_):
    response = Client().get(reverse("bidding:record", args=[round_.code]))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    return response.json()


def failed_after_opening(where):
    """Three envelopes, all of them too high: opened, and no valid one."""
    round_ = market.announced(where)
    bidders = [market.firm(where) for _ in range(3)]
    for number, each in enumerate(bidders):
        market.enters(round_, each, f"6100{number}.00")
    return market.closed_and_evaluated(round_)


def test_the_members_are_those_of_the_protocol():
    where = market.place()
    record = record_of(market.announced(where))
    assert list(record) == [
        "v", "round", "status", "method", "parameters", "policy", "timetable", "keys", "commitment", "checkpoints", "lots",
        "events", "log", "proof",
    ]  # fmt: skip
    (lot,) = record["lots"]
    assert set(lot) == {
        "lot", "limits", "entries", "offers", "experts", "marks", "draws", "result", "substitutions"
    }  # fmt: skip
    assert len(record["keys"]["custodian"]["public"]) == 64 and record["keys"]["custodian"]["private"] is None
    assert record["checkpoints"] == {"announced": None, "closed": None, "opened": None}
    assert record["timetable"]["closes_at"].endswith("Z")


def test_before_opening_there_is_nothing_of_the_entries():
    where = market.place()
    round_ = market.announced(where)
    empty = record_of(round_)
    for _ in range(3):
        market.enters(round_, market.firm(where), "50000.00")
    assert record_of(round_) == empty
    assert empty["lots"][0]["entries"] == [] and empty["events"] == []
    assert empty["keys"]["platform"]["private"] is None


def test_closed_and_not_opened_shows_nothing_either():
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    market.enters(round_, who, "50000.00")
    closing.close_round(round_id=round_.pk, now=market.pass_deadline(round_))
    record = json.dumps(record_of(round_))
    assert who.uscc not in record and '"entries": []' in record


def test_after_the_result_everything_can_be_computed_again():
    where = market.place()
    round_ = market.announced(where)
    bidders = [market.firm(where) for _ in range(4)]
    for amount, each in zip(("50000.00", "49000.00", "49000.00", "61000.00"), bidders, strict=True):
        market.enters(round_, each, amount)
    record = record_of(market.closed_and_evaluated(round_))
    (lot,) = record["lots"]
    assert [each["uscc"] for each in lot["entries"]] == sorted(each.uscc for each in bidders)
    keys = {party: record["keys"][party]["private"] for party in ("platform", "custodian")}
    for each in lot["entries"]:
        import base64

        whose = {"round": record["round"], "lot": "1", "uscc": each["uscc"]}
        read = envelope.open_both(base64.b64decode(each["envelope"]), **keys, **whose)
        assert f"{read.amount:.2f}" == each["amount"] and read.nonce == each["nonce"]
    (drawn,) = lot["draws"]
    assert draw.code_belongs(drawn["one_time_code"], iteration=1, committed=record["commitment"]["value"])
    assert (
        draw.order(code=drawn["one_time_code"], randomness=drawn["randomness"], labels=drawn["labels"])
        == drawn["order"]
    )
    tied = [uscc for uscc in drawn["order"] if uscc in {bidders[1].uscc, bidders[2].uscc}]
    assert lot["result"]["winner"] == tied[0] and lot["result"]["amount"] == "49000.00"
    too_high = next(each for each in lot["entries"] if each["uscc"] == bidders[3].uscc)
    assert (too_high["valid"], too_high["reason"]) == (False, "above_upper")


def test_blinds_belong_to_the_log_entries_that_hid_them():
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    market.enters(round_, who, "50000.00")
    market.enters(round_, who, "49000.00")
    record = record_of(market.closed_and_evaluated(round_))
    assert [each["event"]["type"] for each in record["events"]] == ["envelope.received", "envelope.replaced"]
    from ledger.models import QueuedEntry

    queued = QueuedEntry.objects.filter(sealed_for=f"round/{round_.code}").order_by("id")
    for shown, kept in zip(record["events"], queued, strict=True):
        sealed = entries.sealed_data(shown["event"], bytes.fromhex(shown["blind"]))
        assert json.loads(bytes(kept.entry))["data"] == sealed


def test_a_round_that_failed_unopened_keeps_its_entries_for_ever():
    where = market.place(minimum_private=3)
    round_ = market.announced(where)
    who = market.firm(where)
    market.enters(round_, who, "50000.00")
    round_ = market.closed_and_evaluated(round_)
    assert round_.status == Round.Status.FAILED and round_.opened_at is None
    record = record_of(round_)
    assert record["lots"][0]["entries"] == [] and record["events"] == [] and who.uscc not in json.dumps(record)


def test_a_round_that_failed_after_opening_keeps_its_amounts_until_its_successor_has_opened():
    where = market.place()
    first = failed_after_opening(where)
    assert first.status == Round.Status.FAILED and first.opened_at is not None
    (lot,) = record_of(first)["lots"]
    assert len(lot["entries"]) == 3
    for each in lot["entries"]:
        assert each["amount"] is each["envelope"] is each["nonce"] is each["days"] is None
    assert lot["draws"] == [] and lot["result"]["ranking"] == []
    assert record_of(first)["keys"]["platform"]["private"] is None
    assert "6100" not in json.dumps(record_of(first))

    second = rounds.announce_again(round_id=first.pk, by=where.owner)
    second = rounds.submit_round(round_id=second.pk, by=where.owner)
    second = rounds.announce_round(round_id=second.pk, by=where.operator)
    assert disclosure(Round.objects.get(pk=first.pk)) == Disclosure.ENTRANTS
    market.enters(second, market.firm(where), "40000.00")
    market.closed_and_evaluated(second)
    (lot,) = record_of(first)["lots"]
    assert sorted(each["amount"] for each in lot["entries"]) == ["61000.00", "61001.00", "61002.00"]
    assert record_of(first)["keys"]["platform"]["private"]


def test_while_envelopes_are_opened_the_page_tells_how_many_are_open(monkeypatch):
    where = market.place()
    round_ = market.announced(where)
    for number in range(3):
        market.enters(round_, market.firm(where), f"5000{number}.00")
    now = market.pass_deadline(round_)
    closing.close_round(round_id=round_.pk, now=now)
    custody.attend(deadlines_passed=True)
    address, told = reverse("bidding:live", args=[round_.code]), []
    monkeypatch.setattr(opening, "TOLD_EVERY", 0)
    monkeypatch.setattr(opening.live, "changed", lambda _round: told.append(page_text(address)))
    assert "已打开" not in page_text(address)
    opening.open_round(round_id=round_.pk, now=now)
    assert [f"已打开 {done} 份，共 3 份。" in text for done, text in enumerate(told, start=1)] == [True] * 3
    assert "已打开" not in page_text(address)


def page_text(address):
    return Client().get(address).content.decode()


def test_between_opening_and_the_result_nobody_reads_amounts():
    """Whether the round fails is not known yet, and what fails keeps its amounts back."""
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "50000.00")
    now = market.pass_deadline(round_)
    closing.close_round(round_id=round_.pk, now=now)
    custody.attend(deadlines_passed=True)
    opened = opening.open_round(round_id=round_.pk, now=now)
    assert opened.status == Round.Status.OPENED and Entry.objects.get(lot__round=round_).amount is not None
    record = json.dumps(record_of(round_))
    assert "50000.00" not in record


def test_a_cancelled_round_shows_its_terms_and_no_entries():
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "50000.00")
    rounds.cancel_round(round_id=round_.pk, reason="项目停建", by=where.owner)
    record = record_of(round_)
    assert record["status"] == "cancelled" and record["lots"][0]["entries"] == [] and record["events"] == []


def test_a_round_that_was_never_announced_has_no_record():
    where = market.place()
    round_ = market.submitted(where)
    assert Client().get(reverse("bidding:record", args=[round_.code])).status_code == 404


def test_the_record_of_a_withdrawn_entry_is_that_there_was_none():
    from bidding.domain.entries import withdraw_entry

    where = market.place()
    round_ = market.announced(where)
    stays, goes = market.firm(where), market.firm(where)
    market.enters(round_, stays, "50000.00")
    market.enters(round_, goes, "40000.00")
    withdraw_entry(round_id=round_.pk, firm=goes, user=market.user(), token=market.token_of(round_, goes))
    (lot,) = record_of(market.closed_and_evaluated(round_))["lots"]
    assert [each["uscc"] for each in lot["entries"]] == [stays.uscc]


def test_the_number_of_queries_does_not_depend_on_the_entries(django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(bidders):
        where = market.place()
        round_ = market.announced(where)
        for _ in range(bidders):
            market.enters(round_, market.firm(where), "50000.00")
        round_ = market.closed_and_evaluated(round_)
        round_ = Round.objects.select_related("policy").get(pk=round_.pk)
        with CaptureQueriesContext(connection) as caught:
            public_record(round_)
        return len(caught)

    assert queries(1) == queries(6)


def test_a_round_without_a_disclosed_state_discloses_nothing():
    """A status that this code does not know yet must not open anything."""
    where = market.place()
    round_ = market.announced(where)
    round_.opened_at = clock.now()
    assert disclosure(round_) == Disclosure.NOTHING
    assert Entry.objects.disclosed().count() == 0
