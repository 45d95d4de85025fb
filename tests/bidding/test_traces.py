"""Where entries come from: hashes that hold for one round, that show nothing before opening, and that go in time."""

from __future__ import annotations

import base64
import logging
from datetime import date, timedelta

import pytest
import redis
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bidding.domain import entries, traces
from bidding.domain.traces import Origin
from bidding.models import EntryTrace, Round, TracePolicy
from bidding.policies import load_policies
from core import clock
from tests import market_place as market
from tests.bidding.browse import acting
from tests.bidding.test_leaks import COUNTS, read_by, world
from tests.exchange.test_envelopes import body, with_token

__all__ = ["world"]
pytestmark = pytest.mark.django_db
ADDRESS, NEIGHBOUR, ELSEWHERE = "203.0.113.77", "203.0.113.9", "198.51.100.77"
BROWSER, OTHER = "Mozilla/5.0 (Testbrowser 77)\nzh-CN,zh", "Mozilla/5.0 (Testbrowser 78)\nzh-CN,zh"


def policy(**fields):
    fields.setdefault("legal_basis", "《测试法》第一条")
    return TracePolicy.objects.create(**fields)


@pytest.fixture
def where():
    return market.place()


@pytest.fixture
def round_(where):
    return market.announced(where)


@pytest.fixture
def trace(where, round_):
    """`trace(address, client, of=round)`: what is kept of an entry that a firm of its own sends from somewhere."""

    def leave(address=ADDRESS, client=BROWSER, *, of=round_):
        entry = market.enters(of, market.firm(where), "48000.00").entry
        traces.keep(entry, Origin(address=address, client=client), round_=of, at=clock.now())
        return EntryTrace.objects.filter(entry=entry).first()

    return leave


def sent(round_, who, *, address=ADDRESS, client="Testbrowser/77", token="", headers=None):
    """An envelope by the API, as a browser's page or a program sends it."""
    bid = market.sealed(round_, who, "48000.00")
    body = {"envelope": base64.b64encode(bid.envelope).decode(), "token_sha256": bid.token_sha256, "token": token}
    answer = acting(market.member_of(who.organisation)).post(
        f"/api/v1/rounds/{round_.code}/envelopes", body, content_type="application/json", REMOTE_ADDR=address,
        headers={"User-Agent": client, "Accept-Language": "zh-CN", **(headers or {})},
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    return bid.token


# who may not


def test_everybody_reads_the_same_whether_nobody_or_seven_have_left_traces(world):
    where, round_, clients = world
    policy()
    for client in clients.values():
        client.get("/about/")
    before = read_by(clients, round_)
    entered = 0
    for count in COUNTS:
        while entered < count:
            sent(round_, market.firm(where))
            entered += 1
        after = read_by(clients, round_)
        # Listing a firm shows in lists of firms; the test lists one for each entry.
        changed = {key for key in before if before[key] != after[key]}
        assert not {key for key in changed if "firm" not in key[1] and "services" not in key[1] and key[1] != "/"}
    assert EntryTrace.objects.count() == entered


def test_the_back_room_and_the_api_have_no_page_of_it(trace, round_):
    policy()
    trace()
    assert market.staff().get("/admin/bidding/entrytrace/").status_code == 404
    assert b"trace" not in Client().get(f"/api/v1/rounds/{round_.code}").content


def test_no_table_log_file_or_cache_holds_what_was_hashed(where, round_, settings, caplog):
    policy()
    with caplog.at_level(logging.DEBUG):
        sent(round_, market.firm(where), address=ADDRESS, client="Testbrowser/77", headers={"Idempotency-Key": "k"})
    assert EntryTrace.objects.count() == 1
    secrets = (ADDRESS, "203.0.113.", "Testbrowser")
    told = "\n".join(record.getMessage() for record in caplog.records)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM \"{table}\" t")
            told += cursor.fetchone()[0]
    with redis.Redis.from_url(settings.REDIS_URL) as valkey:
        for key in valkey.scan_iter(match=f"{settings.KEY_PREFIX}:*"):
            if valkey.type(key) == b"string":
                told += repr(key + (valkey.get(key) or b""))
    for secret in secrets:
        assert secret not in told
        assert secret.encode().hex() not in told
    assert ADDRESS not in repr(Origin(address=ADDRESS, client=BROWSER))


# what is kept


def test_without_a_policy_of_the_day_nothing_is_kept_and_nothing_is_said(where, round_):
    firm = market.firm(where)
    policy(valid_from=date(2017, 1, 1), valid_to=date(2018, 1, 1))
    sent(round_, firm)
    assert not EntryTrace.objects.exists()
    page = acting(market.member_of(firm.organisation)).get(f"/desk/firm/rounds/{round_.code}/").content.decode()
    assert "提交时记下什么" not in page and "报名时记下什么" not in Client().get("/about/").content.decode()


def test_the_page_says_before_sealing_what_is_kept_and_for_how_long(where, round_):
    policy(keep_days=97, window_hours=7)
    member = market.member_of(market.firm(where).organisation)
    for page in (acting(member).get(f"/desk/firm/rounds/{round_.code}/"), Client().get("/about/")):
        text = page.content.decode()
        assert all(word in text for word in ("97 日", "7 小时", "HMAC-SHA256", "《测试法》第一条", "网络地址"))
    english = Client().get("/about/", headers={"Accept-Language": "en"}).content.decode()
    assert "97 days" in english and "keyed hashes" in english


def test_each_envelope_leaves_its_own_and_a_withdrawal_takes_all(where, round_):
    policy(keep_days=10)
    firm = market.firm(where)
    token = sent(round_, firm)
    token = sent(round_, firm, address=ELSEWHERE, token=token)
    first, second = EntryTrace.objects.order_by("pk")
    today = clock.now().astimezone(clock.LOCAL).date()
    assert first.entry == second.entry and bytes(first.address) != bytes(second.address)
    assert first.keep_until == today + timedelta(days=10)
    entries.withdraw_entry(round_id=round_.pk, firm=firm, user=market.user(), token=token)
    assert not EntryTrace.objects.exists()


def test_what_is_refused_leaves_nothing(where, round_):
    policy()
    firm = market.firm(where, offers=False)
    bid = market.sealed(round_, firm, "48000.00")
    with pytest.raises(entries.KeptOut):
        entries.submit_envelope(
            round_id=round_.pk, firm=firm, user=market.user(), sealed=bid.envelope, token_sha256=bid.token_sha256,
            origin=Origin(address=ADDRESS, client=BROWSER),
        )  # fmt: skip
    assert not EntryTrace.objects.exists()


def test_a_program_with_a_token_leaves_no_more_than_a_browser(where, round_):
    policy()
    firm = market.firm(where)
    _bid, told = body(round_, firm)
    headers = with_token(market.member_of(firm.organisation))
    address = f"/api/v1/rounds/{round_.code}/envelopes"
    answer = Client().post(address, told, content_type="application/json", headers=headers, REMOTE_ADDR=ADDRESS)
    assert answer.status_code == 201
    kept = EntryTrace.objects.get()
    assert {field.name for field in EntryTrace._meta.fields} == {"id", "entry", "at", "address", "client", "keep_until"}
    assert len(bytes(kept.address)) == 32


def test_an_address_is_the_same_within_a_round_and_another_number_in_the_next(where, trace):
    policy()
    one, same, near = trace(), trace(), trace(NEIGHBOUR)
    assert bytes(one.address) == bytes(same.address) != bytes(near.address)
    assert bytes(one.client) == bytes(same.client) == bytes(near.client)
    assert bytes(one.client) != bytes(trace(client=OTHER).client)
    assert bytes(one.client) != bytes(trace(ELSEWHERE).client)  # a browser says something in its network alone
    elsewhere = trace(of=market.announced(where))
    assert bytes(elsewhere.address) != bytes(one.address) and bytes(elsewhere.client) != bytes(one.client)


def test_the_key_of_the_environment_makes_the_numbers(trace, settings):
    policy()
    before = trace()
    settings.LOOKUP_KEY = bytes(32)
    assert bytes(trace().address) != bytes(before.address)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.77", ADDRESS, True),
        ("203.0.113.77", "203.0.113.78", False),
    ],
)
def test_addresses_are_compared_whole_and_those_of_ipv6_by_their_first_64_bits(trace, one, other, alike):
    policy()
    assert (bytes(trace(one).address) == bytes(trace(other).address)) is alike


@pytest.mark.parametrize(
    "address", ["", "unix:", "127.0.0.1", "::1", "fe80::1%eth0", "0.0.0.0", "::ffff:127.0.0.1", "203.0.113"]
)
def test_an_address_that_says_nothing_is_not_kept(trace, address):
    policy()
    assert trace(address) is None


def test_a_program_that_says_nothing_of_itself_has_no_client(trace):
    policy()
    assert trace(client="\n").client is None


def test_nothing_is_kept_from_a_public_place_of_the_list(trace):
    policy(exempt="198.51.100.0/24\n 203.0.113.77\n2001:db8::/32")
    assert trace() is None and trace(ELSEWHERE) is None and trace("2001:db8::7") is None
    assert trace("::ffff:203.0.113.77") is None
    assert trace(NEIGHBOUR) is not None


@given(address=st.ip_addresses())
def test_any_address_is_kept_or_let_go_without_an_error(address):
    kept = traces._told(str(address))
    assert kept is None or traces._part(kept, traces.NETWORK)


# the policy and the time


def test_a_list_of_places_is_checked_line_by_line():
    row = TracePolicy(legal_basis="x", exempt="198.51.100.0/24\nhall")
    with pytest.raises(ValidationError, match="hall"):
        row.full_clean()
    client = market.staff()
    answer = client.post(
        "/admin/bidding/tracepolicy/add/", {"exempt": "203.0.113.7/24", "keep_days": 1, "window_hours": 1}
    )
    assert answer.status_code == 200 and "203.0.113.7/24”不是网络地址或网段" in answer.content.decode()


def test_the_projects_policy_has_dates_and_a_basis_and_is_loaded_once():
    assert TracePolicy.in_force(clock.now()) is None
    assert load_policies() > 0 and load_policies() == 0
    found = TracePolicy.in_force(clock.now())
    assert found is not None and (found.keep_days, found.window_hours) == (180, 12)
    assert "个人信息保护法" in found.legal_basis


def test_what_is_past_its_day_is_deleted_and_what_was_promised_is_kept_to(trace, round_):
    row = policy(keep_days=30)
    kept = trace()
    row.keep_days = 300
    row.save()
    last = kept.keep_until
    assert traces.forget(day=last, keeping=Round.objects.none()) == 0
    assert traces.forget(day=last + timedelta(days=1), keeping=Round.objects.filter(pk=round_.pk)) == 0
    assert traces.forget(day=last + timedelta(days=1), keeping=Round.objects.none()) == 1
    assert traces.forget(day=last + timedelta(days=1), keeping=Round.objects.none()) == 0


@pytest.mark.parametrize(("status", "deleted"), [("cancelled", 1), ("void", 1), ("announced", 0), ("closed", 0)])
def test_a_round_that_ends_unopened_loses_its_traces_at_once(trace, round_, status, deleted):
    policy()
    trace()
    Round.objects.filter(pk=round_.pk).update(status=status, reason="测试")
    today = clock.now().astimezone(clock.LOCAL).date()
    assert traces.forget(day=today, keeping=Round.objects.all()) == deleted
