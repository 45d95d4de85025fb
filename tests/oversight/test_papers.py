"""CL4 over proposals: read after everything of their round is public, once, as keyed hashes; what two share is a lead."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO

import numpy as np
import pytest
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from bidding.domain import choosing, files
from bidding.models import ProposalFile, Round, TracePolicy
from core import clock
from oversight.domain import alerting, papers
from oversight.domain.screening import leads_of
from oversight.models import Alert, PaperMarks
from oversight.screens import wording
from oversight.sources import papers as source
from oversight.sources.papers import Paper, read, read_apart
from oversight.tasks import scan_everything
from protocol.canonical import sha256_hex
from protocol.files import encrypt_file
from tests import custody
from tests import market_place as market
from tests.bidding.browse import acting, outsiders
from tests.oversight.place import regulator

KEY = b"k" * 32
PROPOSAL = {"upper": "60000.00", "ground": "方案差别大，比价不足以选优"}


def words(seed, count=400):
    """A text that nobody else has written."""
    letters = np.random.default_rng(seed).choice(list("abcdefghijklmnopqrstuvwxyz"), (count, 7))
    return " ".join(map("".join, letters))


def pdf(text="", *, author=""):
    document = FPDF()
    document.set_author(author)
    document.add_page()
    document.set_font("Helvetica", size=9)
    document.multi_cell(0, text=text)
    return bytes(document.output())


def saved_again(content, text):
    """The same document, changed and saved under its permanent number."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    writer.add_metadata({"/Title": text})
    writer.generate_file_identifiers()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


# what a paper says of itself


def test_author_number_and_text_are_read():
    content = pdf("A proposal\nin two lines", author="Zhang  San")
    paper = read(content)
    assert paper.author == "zhang san" and "A proposal" in paper.text
    again = read(saved_again(content, "other"))
    assert len(paper.numbers) == 1 and paper.numbers == again.numbers
    assert read(pdf("Something else")).numbers.isdisjoint(paper.numbers)
    assert "zhang" not in str(paper) and "proposal" not in repr(paper)


@pytest.mark.parametrize("name", ["", "Administrator", " USER ", "微软用户", "\x00"])
def test_what_programs_write_for_nobody_is_no_author(name):
    assert read(pdf("text", author=name)).author == ""


@given(st.binary(max_size=60), st.integers(0, 900), st.integers(0, 60))
def test_no_file_is_too_odd_to_be_passed_over(noise, at, gone):
    whole = pdf("text", author="Zhang")
    read(whole[:at] + noise + whole[at + gone :])
    assert read(noise) == Paper()


def test_a_process_of_its_own_reads_the_same_and_has_its_time(monkeypatch):
    content = pdf(words(9), author="Zhang San")
    assert read_apart(content) == read(content) != Paper()
    assert read_apart(b"no paper") == Paper()
    monkeypatch.setattr(source, "SECONDS", 0.01)
    assert read_apart(content) == Paper()


def test_a_paper_that_asks_for_a_password_tells_nothing():
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf("secret", author="Zhang"))))
    writer.encrypt("password")
    out = BytesIO()
    writer.write(out)
    paper = read(out.getvalue())
    assert (paper.author, paper.text) == ("", "")


# what is alike


def test_the_share_that_two_texts_have_in_common_is_estimated():
    one, other = words(1), words(2)
    half = one[: len(one) // 2] + other[len(other) // 2 :]
    sketches = [wording.sketch(each, key=KEY) for each in (one, half)]
    ((low, high, of),) = wording.alike(sketches)
    assert (low, high) == (0, 1) and of == pytest.approx(1 / 3, abs=0.08)
    assert wording.alike([wording.sketch(each, key=KEY) for each in (one, other)]) == []
    assert wording.alike([wording.sketch(one, key=KEY), wording.sketch(one, key=b"other")]) == []


def test_layout_case_and_figures_say_nothing_and_a_form_is_too_short():
    text = words(3)
    laid_out = text.upper().replace(" ", "\n3. ")
    assert wording.sketch(text, key=KEY) == wording.sketch(laid_out, key=KEY) != []
    assert wording.sketch(text[:900], key=KEY) == []


def test_what_three_have_written_comes_from_what_all_have_read():
    given_to_all = words(4, 300)
    sketches = [wording.sketch(given_to_all + words(number, 150), key=KEY) for number in (5, 6, 7)]
    assert wording.alike(sketches) == []
    sketches.append(wording.sketch(given_to_all + words(5, 150), key=KEY))
    assert [pair[:2] for pair in wording.alike(sketches)] == [(0, 3)]


# rounds


@pytest.fixture
def where(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    TracePolicy.objects.create(legal_basis="测试")
    return market.place()


def sends(round_, firm, content):
    ciphertext, file = encrypt_file(content)
    files.keep_file(
        round_id=round_.pk, firm=firm, content=BytesIO(ciphertext), sha256=sha256_hex(ciphertext), size=len(ciphertext)
    )
    return file


def proposed(where, *contents):
    """A round whose firms have proposed these papers, before its owner has chosen."""
    start = clock.now() - timedelta(minutes=30)
    with clock.travelling(start):
        round_ = market.announced(where, method="proposal", parameters=PROPOSAL)
    firms = [market.firm(where) for _content in contents]
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        for number, (firm, content) in enumerate(zip(firms, contents, strict=True)):
            market.enters(round_, firm, f"4{number}000.00", files=[sends(round_, firm, content)])
    market.goes_on(round_, at=round_.closes_at)
    return round_, firms


def decided(where, *contents):
    round_, firms = proposed(where, *contents)
    chosen(round_, where)
    return round_, firms


def chosen(round_, where):
    round_.refresh_from_db()
    listed = round_.lots.get().short_list
    with clock.travelling(round_.opened_at + timedelta(seconds=10)):
        choosing.choose(
            round_id=round_.pk, uscc=listed[0], reason="合适", reasons=dict.fromkeys(listed, "比较过"), by=where.owner
        )
    round_.refresh_from_db()


def found():
    papers.read_new(now=clock.now())
    return [(lead.firms, lead.evidence["shared"], lead.weight) for lead in leads_of("CL4", clock.now())]


def test_nothing_is_read_before_everything_of_the_round_is_public(where):
    round_, firms = proposed(where, pdf(author="Zhang San"), pdf("x", author="Zhang San"))
    assert Round.objects.get().status == Round.Status.OPENED
    assert papers.read_new(now=clock.now()) == 0 and not PaperMarks.objects.exists()
    chosen(round_, where)
    assert found() == [((firms[0].pk, firms[1].pk), {"author": 1}, 70)]


def test_two_of_one_hand_are_a_lead_and_a_third_is_not(where):
    common = pdf(words(1), author="Zhang San")
    round_, (one, other, _third) = decided(where, common, saved_again(common, "b"), pdf(words(2), author="Li Si"))
    assert found() == [((one.pk, other.pk), {"author": 1, "document": 1, "wording": 1}, 99)]
    alerting.ask(["CL4"])
    alert = Alert.objects.get(rule="CL4")
    shown = acting(regulator()).get(f"/desk/alerts/{alert.pk}/").content.decode()
    assert all(kind in shown for kind in ("方案文字雷同的比选", "方案文件的编号", "方案文件的作者"))
    told = shown + json.dumps(alert.evidence)
    for marks in PaperMarks.objects.all():
        for mark in filter(None, (marks.author, *marks.numbers)):
            assert bytes(mark).hex() not in told and str(papers._number(mark)) not in told
    for who, client in outsiders(round_).items():
        page = client.get(f"/rounds/{round_.code}/").content.decode()
        assert who == "regulator" or "方案文件的作者" not in page
    assert "zhang" not in told.lower()


def test_the_same_author_in_two_rounds_of_different_firms_is_nothing(where):
    for name in ("Li Si", "Wang Wu"):
        decided(where, pdf(words(1), author="Zhang San"), pdf(words(2), author=name))
    assert found() == []


def test_a_file_is_read_once_whatever_comes_of_it(where):
    decided(where, pdf(author="Zhang San"), b"%PDF-1.7\nnothing\n%%EOF\n", b"no paper at all")
    assert papers.read_new(now=clock.now()) == 3
    assert papers.read_new(now=clock.now()) == 0
    assert PaperMarks.objects.filter(author=None, numbers=[], sketch=[]).count() == 2


def test_without_a_policy_nothing_is_read_and_nothing_compared(where):
    decided(where, pdf(author="Zhang San"), pdf("x", author="Zhang San"))
    policy = TracePolicy.objects.get()
    TracePolicy.objects.all().delete()
    assert papers.read_new(now=clock.now()) == 0 and found() == []
    policy.save()
    assert len(found()) == 1
    TracePolicy.objects.all().delete()
    assert found() == []


def test_the_night_reads_them_and_the_hashes_go_with_the_file(where):
    decided(where, pdf(author="Zhang San"), pdf("x", author="Zhang San"))
    scan_everything()
    assert Alert.objects.filter(rule="CL4").count() == 1
    assert PaperMarks.objects.count() == 2
    ProposalFile.objects.all().delete()
    assert not PaperMarks.objects.exists()
