"""Proposal files: encrypted before they come, nobody's to know of before opening, and read by who judges, by number alone."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from bidding.domain import due, files, rounds
from bidding.models import Entry, ProposalFile, Round, Seat
from core import clock
from core.errors import Conflict, DomainError
from protocol import seal
from protocol.envelope import CannotOpen, File
from protocol.files import LARGEST_CIPHERTEXT, decrypt_file, encrypt_file
from protocol.methods import METHODS
from tests import custody
from tests import market_place as market
from tests.bidding import panel
from tests.bidding.browse import acting, outsiders, steady

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PROPOSAL = {"upper": "60000.00", "ground": "方案差别大"}
PARAMETERS = {"proposal": PROPOSAL, "scored": panel.SCORED}


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def where():
    place = market.place()
    for _number in range(5):
        panel.expert(place)
    return place


def stored(settings):
    return sorted(path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def posts(client, round_, body, **headers):
    return client.post(
        f"/api/v1/rounds/{round_.code}/files", body, content_type="application/octet-stream", headers=headers
    )


def uploads(round_, firm, content=PDF):
    """What a firm's browser does with a file; gives what goes into the envelope."""
    ciphertext, file = encrypt_file(content)
    answer = posts(acting(market.member_of(firm.organisation)), round_, ciphertext)
    assert answer.status_code == 201 and answer.json() == {"sha256": file.sha256}
    return file


def announced(where, method="proposal"):
    return market.announced(where, method=method, parameters=PARAMETERS[method])


class Lived:
    """A round with three proposals: two files each but for the last, which names one that was never sent."""

    def __init__(self, where, method):
        start = clock.now() - timedelta(minutes=30)
        with clock.travelling(start):
            self.round = announced(where, method)
        self.firms = [market.firm(where) for _number in range(3)]
        with clock.travelling(start + timedelta(seconds=20)):
            custody.attend()
            self.named = {}
            for number, firm in enumerate(self.firms):
                named = [uploads(self.round, firm, PDF + f"%{number}{each}\n%%EOF".encode()) for each in range(2)]
                if number == 2:
                    named[1] = File(key="11" * 32, sha256="22" * 32)
                self.named[firm.uscc] = named
                market.enters(self.round, firm, f"5{number}000.00", files=named)
        market.goes_on(self.round, at=self.round.closes_at)
        self.round.refresh_from_db()
        self.order = self.round.lots.get().short_list

    def content(self, uscc, each):
        number = [firm.uscc for firm in self.firms].index(uscc)
        return PDF + f"%{number}{each}\n%%EOF".encode()


def test_a_file_is_read_again_with_its_key_alone():
    ciphertext, file = encrypt_file(PDF)
    assert decrypt_file(ciphertext, file) == PDF and PDF not in ciphertext
    other, another = encrypt_file(PDF)
    for wrong, key in ((other, file), (ciphertext, another), (b"", file)):
        with pytest.raises(CannotOpen):
            decrypt_file(wrong, key)


def test_what_is_uploaded_is_kept_as_it_came_and_once(where, settings):
    round_, firm = announced(where), market.firm(where)
    client = acting(market.member_of(firm.organisation))
    ciphertext, file = encrypt_file(PDF)
    for _ in range(2):
        assert posts(client, round_, ciphertext).json() == {"sha256": file.sha256}
    kept = ProposalFile.objects.get()
    assert (kept.sha256, kept.size, kept.firm) == (file.sha256, len(ciphertext), firm)
    assert kept.file.read() == ciphertext and stored(settings) == [file.sha256]


def test_sizes_methods_and_times(where, settings):
    firm = market.firm(where)
    client = acting(market.member_of(firm.organisation))
    proposal, lowest = announced(where), market.announced(where)
    assert posts(client, proposal, b"x" * (LARGEST_CIPHERTEXT + 1)).status_code == 413
    assert posts(client, proposal, b"x" * 28).status_code == 422
    assert posts(client, proposal, b"").status_code in (400, 422)
    assert posts(client, lowest, b"x" * 100).status_code == 422
    assert client.post(f"/api/v1/rounds/{proposal.code}/files", {"a": 1}, "application/json").status_code == 415
    stranger = market.firm(where, offers=False)
    assert posts(acting(market.member_of(stranger.organisation)), proposal, b"x" * 100).status_code == 403
    market.pass_deadline(proposal)
    late = posts(client, proposal, b"x" * 100)
    assert late.status_code == 422 and late.json()["type"].endswith("not_due")
    assert stored(settings) == [] and not ProposalFile.objects.exists()


def test_a_firm_uploads_only_so_much(where, monkeypatch):
    monkeypatch.setattr(files, "MOST_UPLOADS", 2)
    round_, firm = announced(where), market.firm(where)
    for number in range(2):
        uploads(round_, firm, PDF + str(number).encode())
    with pytest.raises(Conflict):
        keep(round_, firm, b"x" * 99)
    uploads(round_, market.firm(where))


def keep(round_, firm, body):
    from io import BytesIO

    from protocol.canonical import sha256_hex

    terms = {"content": BytesIO(body), "sha256": sha256_hex(body), "size": len(body)}
    return files.keep_file(round_id=round_.pk, firm=firm, **terms)


def test_everybody_reads_the_same_whether_files_have_come_or_not(where):
    round_, firm = announced(where), market.firm(where)
    readers = {**outsiders(round_), "another firm": acting(market.member_of(market.firm(where).organisation))}
    paths = [f"/rounds/{round_.code}/", f"/rounds/{round_.code}/record.json", f"/rounds/{round_.code}/live/",
             f"/api/v1/rounds/{round_.code}", "/desk/owner/", "/desk/operator/",
             f"/desk/operator/rounds/{round_.code}/", f"/desk/firm/rounds/{round_.code}/"]  # fmt: skip

    def read():
        return {(name, path): steady(client.get(path)) for name, client in readers.items() for path in paths}

    before = read()
    for number in range(3):
        uploads(round_, firm, PDF + str(number).encode())
    assert read() == before


@pytest.mark.parametrize("method", ["proposal", "scored"])
def test_what_no_envelope_names_is_deleted_at_the_opening(where, settings, method):
    lived = Lived(where, method)
    named = {file.sha256 for each in lived.named.values() for file in each} - {"22" * 32}
    assert len(stored(settings)) == 6  # the rows go with the opening, the files when it is committed
    assert set(ProposalFile.objects.values_list("sha256", flat=True)) == named


@pytest.mark.django_db(transaction=True)
def test_files_go_from_the_disk_too(where, settings):
    round_, firm = announced(where), market.firm(where)
    uploads(round_, firm)
    with pytest.raises(DomainError):
        rounds.cancel_round(round_id=round_.pk, reason=" ", by=where.owner)
    assert len(stored(settings)) == 1
    rounds.cancel_round(round_id=round_.pk, reason="不做了", by=where.owner)
    assert stored(settings) == [] and not ProposalFile.objects.exists()


def test_the_owner_reads_proposals_by_number(where):
    lived = Lived(where, "proposal")
    client, address = acting(where.owner), f"/desk/owner/rounds/{lived.round.code}/choose/"
    page = client.get(address).content.decode()
    assert page.count("没有上传到平台") == 1
    for number, uscc in enumerate(lived.order, start=1):
        answer = client.get(f"{address}1/{number}/1/")
        assert answer.status_code == 200 and answer.content == lived.content(uscc, 0)
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert uscc not in str(answer.headers) and uscc not in page
    missing = lived.order.index(lived.firms[2].uscc) + 1
    gone = client.get(f"{address}1/{missing}/2/")
    assert gone.status_code == 409 and "没有上传到平台" in gone.content.decode()
    assert Entry.objects.get(lot__round=lived.round, firm=lived.firms[2]).valid
    for path in ("1/4/1/", "1/0/1/", "1/1/3/", "2/1/1/", "1/1/0/"):
        assert client.get(address + path).status_code == 404


def test_only_drawn_experts_who_accepted_read_them(where):
    lived = Lived(where, "scored")
    first, second = panel.seats(lived.round)[:2]
    address = f"/desk/expert/rounds/{lived.round.code}/1/1/1/"
    reader, waiting = panel.signed_in(first.expert), panel.signed_in(second.expert)
    with panel.at_work(lived.round):
        assert reader.get(address).status_code == 404
        reader.post(f"/desk/expert/rounds/{lived.round.code}/1/", {"step": "accept"})
        assert reader.get(address).content == lived.content(lived.order[0], 0)
        assert waiting.get(address).status_code == 404
    others = [acting(where.owner), acting(where.operator), acting(market.member_of(lived.firms[0].organisation))]
    assert [each.get(address).status_code for each in others] == [404, 404, 404]
    assert acting(where.owner).get(f"/desk/owner/rounds/{lived.round.code}/choose/1/1/1/").status_code == 404
    page = reader.get(f"/desk/expert/rounds/{lived.round.code}/1/").content.decode()
    for file in lived.named[lived.order[0]]:
        assert file.key not in page and file.sha256 not in page
    Seat.objects.filter(pk=first.pk).update(status="conflict", ended_at=clock.now())
    assert reader.get(address).status_code == 404


def test_afterwards_the_owner_reads_the_winners_alone(where):
    lived = Lived(where, "scored")
    address = f"/desk/owner/rounds/{lived.round.code}/"
    decided = panel.judge(lived.round)
    winner = decided.lots.get().winner
    number = lived.order.index(winner.uscc) + 1
    client = acting(where.owner)
    page = client.get(address).content.decode()
    assert "中选机构的方案" in page and f"{address}choose/1/{number}/1/" in page
    read = [client.get(f"{address}choose/1/{each}/1/").status_code for each in (1, 2, 3)]
    assert read == [200 if each == number else 404 for each in (1, 2, 3)]
    seat = panel.seats(decided)[0]
    assert panel.signed_in(seat.expert).get(f"/desk/expert/rounds/{decided.code}/1/{number}/1/").status_code == 404
    other = acting(market.member_of(market.organisation("owner")))
    assert other.get(f"{address}choose/1/{number}/1/").status_code == 404


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html>", "不是完整的 PDF"),
        (PDF[:-8], "不是完整的 PDF"),
        (PDF.replace(b"/Type", b"/JavaScript"), "含有脚本"),
        (None, "不能用密封件里的钥匙打开"),
    ],
)
def test_what_is_no_paper_is_said_to_be_so_and_harms_nobody(where, content, told):
    start, firm = clock.now() - timedelta(minutes=30), market.firm(where)
    with clock.travelling(start):
        round_ = announced(where)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        file = uploads(round_, firm, content or PDF)
        file = file if content else File(key="00" * 32, sha256=file.sha256)
        market.enters(round_, firm, "50000.00", files=[file])
    market.goes_on(round_, at=round_.closes_at)
    answer = acting(where.owner).get(f"/desk/owner/rounds/{round_.code}/choose/1/1/1/")
    assert answer.status_code == 409 and told in answer.content.decode()
    assert Entry.objects.get(lot__round=round_).valid


def test_another_firms_ciphertext_is_not_shown_as_ones_own(where):
    """Whoever learned a hash of another's file cannot make it part of its own proposal."""
    start = clock.now() - timedelta(minutes=30)
    one, thief = market.firm(where), market.firm(where)
    with clock.travelling(start):
        round_ = announced(where)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        file = uploads(round_, one)
        market.enters(round_, one, "50000.00", files=[file])
        market.enters(round_, thief, "40000.00", files=[file])
    market.goes_on(round_, at=round_.closes_at)
    number = Round.objects.get(pk=round_.pk).lots.get().short_list.index(thief.uscc) + 1
    answer = acting(where.owner).get(f"/desk/owner/rounds/{round_.code}/choose/1/{number}/1/")
    assert answer.status_code == 409


def test_files_are_taken_where_proposals_are_judged():
    assert files.TAKES_FILES == {"proposal", "scored"} == {code for code, each in METHODS.items() if each.proposals}


def test_a_program_seals_with_files(where, tmp_path, capsys):
    round_, firm = announced(where), market.firm(where)
    record, proposal = tmp_path / "record.json", tmp_path / "a.pdf"
    record.write_bytes(Client().get(f"/rounds/{round_.code}/record.json").content)
    proposal.write_bytes(PDF)
    terms = [str(record), "--uscc", firm.uscc, "--amount", "50000.00", "--days", "9"]
    assert seal.main([*terms, "--file", str(proposal), "--out", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    (upload,) = told["upload"]
    client = acting(market.member_of(firm.organisation))
    assert posts(client, round_, Path(upload).read_bytes()).status_code == 201
    answer = client.post(f"/api/v1/rounds/{round_.code}/envelopes", told["send"], "application/json")
    assert answer.status_code == 201
    assert len(base64.b64decode(told["send"]["envelope"])) == 2 * 48 + 2048
    market.closed_and_evaluated(round_)
    assert ProposalFile.objects.filter(sha256=Path(upload).name).exists()
    assert seal.main([*terms, *["--file", str(proposal)] * 6, "--out", str(tmp_path)]) == 1
    assert due.move_due_rounds() >= 0
