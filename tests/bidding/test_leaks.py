"""Before opening nothing about a bid, a bidder or the number of bids shows: in no page, list, file, answer, log or table."""

from __future__ import annotations

import base64
import logging
import re

import pytest
from django.db import connection
from django.test import Client

from bidding.domain import entries
from ledger.models import QueuedEntry
from tests import market_place as market
from tests.bidding.browse import acting, outsiders, steady
from tests.bidding.discussion import answers, asks

pytestmark = pytest.mark.django_db

AMOUNT = "48123.57"
NONCE = "5ca1ab1e" * 8
COUNTS = (1, 7)


def pages_of(round_):
    """Everything that names the round or lists rounds, to whomever."""
    code = round_.code
    return [
        "/", "/rounds/", f"/rounds/?q={code}", f"/rounds/{code}/", f"/rounds/{code}/live/", f"/rounds/{code}/record.json",
        f"/rounds/{code}/notice/", f"/rounds/{code}/award/", f"/rounds/{code}/qr.svg", f"/search/?q={code}", "/firms/",
        f"/services/{round_.service.code}/", f"/check/?code={code}", "/api/v1/rounds", f"/api/v1/rounds/{code}",
        f"/api/v1/rounds?status=announced&service={round_.service.code}", f"/desk/owner/rounds/{code}/", "/desk/owner/",
        "/desk/operator/", f"/desk/operator/rounds/{code}/", "/desk/regulator/", "/desk/department/", "/desk/firm/rounds/",
        "/desk/firm/entries/", "/desk/", "/account/", f"/rounds/{code}/questions/", f"/desk/firm/rounds/{code}/ask/",
        f"/desk/rounds/{code}/questions/1/", f"/desk/rounds/{code}/object/",
    ]  # fmt: skip


def read_by(clients, round_):
    """What everybody reads, with the headers that could tell of its size or state."""
    found = {}
    for who, client in clients.items():
        for page in pages_of(round_):
            answer = client.get(page)
            assert answer.status_code < 500, (who, page)
            kept = {name: answer.headers.get(name) for name in ("Location", "Cache-Control")}
            found[who, page] = (answer.status_code, kept, without_time(steady(answer)))
    return found


def without_time(content: bytes) -> bytes:
    return re.sub(rb'data-(now|target)="[^"]+"', b"", content)


@pytest.fixture
def world():
    where = market.place(notice_minimum=60)
    round_ = market.announced(where)
    asker = market.firm(where)
    answers(round_, asks(round_, asker), where.owner, changes=True)
    asks(round_, asker, "要不要现场踏勘？")
    clients = outsiders(round_)
    clients["another firm"] = acting(market.member_of(market.firm(where).organisation))
    clients["the approving department"] = acting(market.member_of(where.department.organisation))
    return where, round_, clients


def test_everybody_reads_the_same_whether_nobody_or_seven_have_entered(world):
    where, round_, clients = world
    before = read_by(clients, round_)
    entered = 0
    for count in COUNTS:
        while entered < count:
            market.enters(round_, market.firm(where), AMOUNT, nonce=NONCE)
            entered += 1
        after = read_by(clients, round_)
        # Listing a firm shows in lists of firms; the test lists one for each entry.
        changed = {
            key for key in before if before[key] != after[key] and "firm" not in key[1] and "services" not in key[1]
        }
        assert not {key for key in changed if key[1] != "/"}, changed


def test_replacing_and_withdrawing_show_nowhere(world):
    where, round_, clients = world
    firm = market.firm(where)
    before = read_by(clients, round_)
    market.enters(round_, firm, AMOUNT)
    market.enters(round_, firm, "50000.00")
    assert read_by(clients, round_) == before
    entries.withdraw_entry(round_id=round_.pk, firm=firm, user=market.user(), token=market.token_of(round_, firm))
    assert read_by(clients, round_) == before


def test_no_log_line_holds_a_bid(world, caplog):
    where, round_, _clients = world
    firm = market.firm(where)
    client = acting(market.member_of(firm.organisation))
    with caplog.at_level(logging.DEBUG):
        for name in ("django.request", "django.server", "bidding", "core", "ledger", "celery"):
            caplog.set_level(logging.DEBUG, logger=name)
        bid = market.sealed(round_, firm, AMOUNT, nonce=NONCE)
        sent = {"envelope": base64.b64encode(bid.envelope).decode(), "token_sha256": bid.token_sha256}
        address = f"/api/v1/rounds/{round_.code}/envelopes"
        assert client.post(address, sent, content_type="application/json").status_code == 201
        assert client.post(address, {**sent, "token": bid.token}, content_type="application/json").status_code == 201
        assert client.post(address, {**sent, "envelope": "x"}, content_type="application/json").status_code == 400
    told = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    for secret in (AMOUNT, NONCE, bid.token, firm.uscc):
        assert secret not in told


def test_no_table_holds_what_is_sealed(world):
    where, round_, _clients = world
    market.enters(round_, market.firm(where), AMOUNT, nonce=NONCE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM \"{table}\" t")
            (text,) = cursor.fetchone()
            for secret in (AMOUNT, NONCE, AMOUNT.encode().hex(), NONCE.encode().hex()):
                assert secret not in text, table


def test_the_published_log_says_nothing_of_whose_sealed_entry_it_is(world):
    where, round_, _clients = world
    firm = market.firm(where)
    market.enters(round_, firm, AMOUNT)
    sealed = QueuedEntry.objects.get(type="sealed")
    told = bytes(sealed.entry).decode()
    assert round_.code not in told
    assert firm.uscc not in told
    assert sealed.subject == "sealed"
    sizes = {len(bytes(each.entry)) for each in QueuedEntry.objects.filter(type="sealed")}
    market.enters(round_, market.firm(where), "1.00")
    assert {len(bytes(each.entry)) for each in QueuedEntry.objects.filter(type="sealed")} == sizes


def test_the_firms_own_pages_never_show_its_amount_again(world):
    where, round_, _clients = world
    firm = market.firm(where)
    market.enters(round_, firm, AMOUNT, nonce=NONCE)
    client = acting(market.member_of(firm.organisation))
    for page in (f"/desk/firm/rounds/{round_.code}/receipt/", "/desk/firm/entries/", f"/rounds/{round_.code}/"):
        content = client.get(page).content.decode()
        assert "48,123.57" not in content
        assert AMOUNT not in content
        assert NONCE not in content


def test_a_receipt_is_the_firms_own_and_counts_nothing(world):
    where, round_, _clients = world
    receipts = [market.enters(round_, market.firm(where), AMOUNT) for _number in range(3)]
    firm = market.firm(where)
    market.enters(round_, firm, AMOUNT)
    page = acting(market.member_of(firm.organisation)).get(f"/desk/firm/rounds/{round_.code}/receipt/").content.decode()
    assert not any(receipt.sha256 in page for receipt in receipts)
    assert not re.search(rf">\s*{receipts[-1].entry.pk + 1}\s*<", page)
    assert Client().get(f"/desk/firm/rounds/{round_.code}/receipt/").status_code == 302
