"""Between the platform and the custodian: keys taken once, releases that must fit, and a round for which none comes."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from bidding.domain import custody, due, rounds, stock
from bidding.models import CustodianKey, Round
from core import clock
from core.errors import Conflict, DomainError, NotAllowed
from ledger.domain import keys, sequencer
from ledger.models import Witness
from protocol import draw, envelope
from protocol.canonical import timestamp
from protocol.custody import Release, StockedKey, release_note, stock_note
from protocol.note import Signer
from protocol.record import read_record
from protocol.verify import verify
from tests import custody as custodian
from tests import market_place as market
from tests.bidding.browse import acting
from tests.custody import CUSTODIAN

pytestmark = pytest.mark.django_db
Status = Round.Status
STRANGER = Signer(CUSTODIAN.name, b"\x01" * 32)


def registering(*offered, signer=CUSTODIAN, origin=None):
    return stock_note(list(offered), origin=origin or keys.log_signer().name, signer=signer)


def a_key(secret=b"\x05" * 32, n=16):
    pair = envelope.generate_keypair()
    return pair, StockedKey(public=pair.public, commitment=draw.commitment(secret, n=n), n=n)


def releasing(round_, private, *codes, signer=CUSTODIAN):
    note = Release(round=round_.code, private=private, codes=codes)
    return release_note(note, origin=keys.log_signer().name, signer=signer)


@pytest.fixture
def closed():
    """A closed round with one envelope, and what the custodian holds for it."""
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "48000.00")
    due.move_due_rounds(market.pass_deadline(round_))
    round_.refresh_from_db()
    held = custodian.state()
    key = held.key(round_.custodian_public)
    held.close()
    return round_, key, draw.one_time_code(bytes.fromhex(key.secret), iteration=1)


def test_keys_are_registered_once_and_taken_once():
    _pair, key = a_key()
    assert stock.register_stock(registering(key)) == 1
    assert stock.register_stock(registering(key)) == 0
    where = market.place()
    first = rounds.announce_round(round_id=market.submitted(where).pk, by=where.operator)
    assert (first.custodian_public, first.commitment) == (key.public, key.commitment)
    with pytest.raises(stock.NoStock):
        rounds.announce_round(round_id=market.submitted(where).pk, by=where.operator)


def test_without_a_key_the_operator_is_told_and_the_round_still_waits():
    where = market.place()
    round_ = market.submitted(where)
    seen = {"submission": rounds.submission_of(round_)}
    answer = acting(where.operator).post(f"/desk/operator/rounds/{round_.code}/announce/", seen)
    assert answer.status_code == 409
    assert "见证方的密钥已用完" in answer.content.decode()
    assert Round.objects.get(pk=round_.pk).status == Status.SUBMITTED


def test_only_the_custodian_registers_and_for_this_log_only():
    _pair, key = a_key()
    for note in (registering(key, signer=STRANGER), registering(key, origin="other.example"), "nonsense"):
        with pytest.raises(NotAllowed):
            stock.register_stock(note)
    with pytest.raises(DomainError):
        stock.register_stock(registering(a_key(n=8)[1]))
    assert not CustodianKey.objects.exists()


def test_a_wrong_key_or_code_is_refused_and_the_right_one_still_works(closed):
    round_, key, code = closed
    other = envelope.generate_keypair()
    for note, refused in (
        (releasing(round_, other.private, code), "wrong_key"),
        (releasing(round_, key.private, "0" * 64), "wrong_code"),
        (releasing(round_, key.private, code, code), "wrong_code"),
    ):
        with pytest.raises(DomainError) as told:
            custody.receive_release(note)
        assert told.value.code == refused
    with pytest.raises(NotAllowed):
        custody.receive_release(releasing(round_, key.private, code, signer=STRANGER))
    due.move_due_rounds()
    assert Round.objects.get(pk=round_.pk).status == Status.CLOSED
    for _ in range(2):
        custody.receive_release(releasing(round_, key.private, code))
    due.move_due_rounds()
    assert Round.objects.get(pk=round_.pk).status == Status.CANDIDATE


def test_nothing_is_taken_for_a_round_that_is_not_closed():
    where = market.place()
    round_ = market.announced(where)
    held = custodian.state()
    key = held.key(round_.custodian_public)
    held.close()
    code = draw.one_time_code(bytes.fromhex(key.secret), iteration=1)
    with pytest.raises(Conflict):
        custody.receive_release(releasing(round_, key.private, code))
    assert Round.objects.get(pk=round_.pk).custodian_private == ""


def test_nothing_that_the_platform_stores_before_closing_opens_an_envelope():
    """The platform's own key is there, encrypted; the custodian's is not, and without it there is nothing to open."""
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "48000.00")
    entry = round_.lots.get().entries.get()
    whose = {"round": round_.code, "lot": "1", "uscc": entry.firm.uscc}
    stored = Round.objects.get(pk=round_.pk)
    assert stored.custodian_private == "" and stored.codes == []
    for party in envelope.PARTIES:
        with pytest.raises(envelope.CannotOpen):
            envelope.unseal(bytes(entry.envelope), private=stored.platform_private, party=party, **whose)


def test_a_round_without_its_key_for_a_day_is_void_unopened_and_says_who(closed):
    round_, _key, _code = closed
    now = Round.objects.get(pk=round_.pk).closed_at
    assert due.move_due_rounds(now + timedelta(hours=24) - timedelta(seconds=1)) == 0
    due.move_due_rounds(now + timedelta(hours=24))
    round_.refresh_from_db()
    assert (round_.status, round_.failure) == (Status.VOID, "no_release")
    assert CUSTODIAN.name in round_.reason
    assert round_.platform_private == "" and round_.opened_at is None
    record = Client().get(f"/rounds/{round_.code}/record.json").json()
    assert record["lots"][0]["entries"] == [] and record["events"] == []


@pytest.fixture
def closed_unseen():
    """A round that was announced and has closed while the custodian was away, an hour ago."""
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "48000.00")
    with clock.travelling(round_.closes_at + timedelta(hours=1)):
        due.move_due_rounds()
        round_.refresh_from_db()
        assert round_.status == Status.CLOSED
        yield round_


def test_a_round_whose_announcement_was_witnessed_only_after_closing_is_void_and_its_record_holds(closed_unseen):
    custodian.attend()
    due.move_due_rounds()
    closed_unseen.refresh_from_db()
    assert (closed_unseen.status, closed_unseen.failure) == (Status.VOID, "not_witnessed")
    assert closed_unseen.platform_private == "" and closed_unseen.opened_at is None
    custodian.attend()
    record = read_record(Client().get(f"/rounds/{closed_unseen.code}/record.json").content)
    assert record.lots[0].entries == ()
    checks = verify(record)
    assert any("announced was cosigned" in each.what for each in checks)
    assert [each for each in checks if each.holds is False] == []


def test_a_key_that_overtakes_the_cosignature_waits_for_it(closed_unseen):
    """A custodian that was cut off between the two sends its cosignature again within seconds."""
    held = custodian.state()
    key = held.key(closed_unseen.custodian_public)
    held.close()
    code = draw.one_time_code(bytes.fromhex(key.secret), iteration=1)
    custody.receive_release(releasing(closed_unseen, key.private, code))
    due.move_due_rounds()
    closed_unseen.refresh_from_db()
    assert (closed_unseen.status, closed_unseen.custodian_private) == (Status.CLOSED, key.private)


def test_a_key_that_comes_too_late_changes_nothing(closed):
    round_, key, code = closed
    due.move_due_rounds(round_.closed_at + timedelta(hours=25))
    with pytest.raises(Conflict):
        custody.receive_release(releasing(round_, key.private, code))


def test_programs_are_told_why_in_a_status_and_a_sentence(client, closed):
    round_, key, code = closed

    def post(where, body):
        answer = client.post(f"/custodian/{where}", body, content_type="text/plain")
        assert answer.status_code == 204 or answer.json()["detail"]
        return answer.status_code

    assert post("release", releasing(round_, envelope.generate_keypair().private, code)) == 422
    assert post("release", "nonsense") == post("stock", "nonsense") == 403
    assert post("release", b"\xff") == 400
    assert post("release", releasing(round_, key.private, code)) == 204
    assert post("stock", registering(a_key()[1])) == 204
    assert client.get("/custodian/stock").json() == {"stock": stock.STOCK + 1, "missing": 0}
    assert client.get("/custodian/release").status_code == 405


def test_everybody_reads_how_the_custodian_stands(client, closed, settings):
    round_, _key, _code = closed
    page = client.get("/custodian/").content.decode()
    assert CUSTODIAN.name in page and round_.code in page and f"{stock.STOCK} 把" in page
    for seen_at, told in ((clock.now(), None), (clock.now() - timedelta(hours=3), "见证方已有 3 小时没有到访")):
        Witness.objects.update_or_create(name=CUSTODIAN.name, defaults={"seen_at": seen_at})
        page = client.get("/custodian/").content.decode().replace("\xa0", " ")
        assert told in page if told else "没有到访" not in page
    Witness.objects.all().delete()
    assert "见证方还没有来过" in client.get("/custodian/").content.decode()
    settings.CUSTODIAN_VKEY, settings.CUSTODIAN_VKEY_FILE = "", None
    assert "还没有确定见证方" in client.get("/custodian/").content.decode()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_program_itself_over_the_network(live_server, settings):
    """The real process, killed with its work half done and started again: the round is opened in the end."""
    custodian.fill_stock()
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "48000.00")
    held = custodian.state()
    held._db.execute("DELETE FROM key WHERE round IS NULL AND public <> ?", [round_.custodian_public])
    held.close()
    process = start(live_server)
    try:
        wait_for(lambda: learnt(round_))
        past = clock.now() - timedelta(minutes=1)
        custodian_state(lambda held: held._db.execute("UPDATE round SET closes_at = ?", [timestamp(past)]))
        process.kill()
        process.wait()
        due.move_due_rounds(market.pass_deadline(round_))
        sequencer.sequence(settings.LEDGER_STATE)
        assert Round.objects.get(pk=round_.pk).custodian_private == ""
        process = start(live_server)
        wait_for(lambda: Round.objects.get(pk=round_.pk).custodian_private != "")
    finally:
        process.terminate()
        process.wait(timeout=20)
    due.move_due_rounds()
    assert Round.objects.get(pk=round_.pk).status == Status.CANDIDATE


def start(server):
    sequencer.sequence(settings.LEDGER_STATE)
    command = ["--state", str(settings.CUSTODIAN_STATE), "--server", server.url]
    return subprocess.Popen(
        [sys.executable, "-m", "protocol.custodian", *command], cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL
    )


def custodian_state(look):
    held = custodian.state()
    try:
        return look(held)
    finally:
        held.close()


def learnt(round_):
    return custodian_state(lambda held: [each.code for each in held.open_rounds()]) == [round_.code]


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
