"""Sealing: a PDF that anybody's validator accepts, each party once, and nothing that was changed meanwhile."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from fontTools.ttLib import TTFont
from fpdf import FPDF
from pyhanko.pdf_utils.reader import PdfFileReader

from accounts.models import Role
from bidding.domain import contracting, substitution
from bidding.models import Award, Round
from bidding.record import public_record
from contracts.document import text_hash
from contracts.domain import drafting, sealing
from contracts.domain.checking import Outcome, check_document
from contracts.domain.plan import Step
from contracts.fonts import FAMILY, REGULAR, add_fonts
from contracts.models import Contract, Milestone, SealAuthority, SealCertificate
from contracts.sealing import NoSealer, Unreadable, seals_of
from contracts.sealing_demo import DemoSealer
from core import clock, worktime
from core.errors import Conflict, DomainError, NotAllowed, WrongState
from ledger.models import QueuedEntry
from protocol import canonical
from tests import consortia, custody
from tests import lots as several
from tests import market_place as market
from tests.contracts import place

Status = Contract.Status


def logged(contract, kind):
    rows = QueuedEntry.objects.filter(subject=contract.subject, type=kind).order_by("id")
    return [canonical.decode(bytes(row.entry))["data"] for row in rows]


@pytest.mark.parametrize("first", ["owner", "firm"])
def test_both_seal_in_either_order(where, first):
    contract = place.agreed(where)
    owner, firm = place.people(where, contract)
    order = [owner, firm] if first == "owner" else [firm, owner]
    half = place.seal(contract, order[0])
    assert half.status == Status.AGREED
    assert [seal.holds for seal in seals_of(place.content(half))] == [True]
    whole = place.seal(contract, order[1])
    assert whole.status == Status.RUNNING
    seals = seals_of(place.content(whole))
    assert [seal.holds for seal in seals] == [True, True]
    assert [seal.name for seal in seals] == [each.organisation.name for each in order]
    assert {seal.number for seal in seals} == {owner.organisation.uscc, firm.organisation.uscc}
    assert whole.sha256 == hashlib.sha256(place.content(whole)).hexdigest()
    assert [entry["sha256"] for entry in logged(contract, "contract.sealed")] == [half.sha256, whole.sha256]
    assert logged(contract, "contract.in_force")[0]["sha256"] == whole.sha256
    kinds = list(contract.events.filter(kind__contains="sealed").values_list("kind", "party"))
    assert kinds == [
        ("sealed", first),
        ("sealed", "firm" if first == "owner" else "owner"),
        ("contract_sealed", "line"),
    ]


def test_in_force_the_terms_run_and_what_is_due_with_the_sealing_may_be_paid(where):
    contract = place.running(where)
    assert contract.service_due_at == worktime.add_working_days(contract.sealed_at, contract.days)
    paid, delivered = contract.milestones.all()
    assert (paid.status, paid.accepted_at) == (Milestone.Status.ACCEPTED, contract.sealed_at)
    assert (delivered.status, delivered.due_at) == (Milestone.Status.WORKING, contract.service_due_at)


def test_the_round_is_contracted_and_its_record_holds(where):
    contract = place.running(where)
    round_ = Round.objects.get(pk=contract.award.lot.round_id)
    assert (round_.status, round_.contracted_at) == (Round.Status.CONTRACTED, contract.sealed_at)
    assert Award.objects.get().signed_at == contract.sealed_at
    told = public_record(round_)
    assert told["log"][-1]["type"] == "round.contracted"
    assert told["timetable"]["contracted_at"] == canonical.timestamp(contract.sealed_at)


def test_nobody_seals_twice(where):
    contract = place.agreed(where)
    owner, _firm = place.people(where, contract)
    once = place.seal(contract, owner)
    twice = place.seal(contract, market.member_of(owner.organisation))
    assert once.sha256 == twice.sha256
    assert len(logged(contract, "contract.sealed")) == 1


def test_who_may_not_seal(where):
    contract = place.agreed(where)
    for by in (
        where.operator,
        market.member_of(market.firm(where).organisation),
        market.member_of(where.owner.organisation, role=Role.VIEWER),
    ):
        with pytest.raises(NotAllowed):
            place.seal(contract, by)
    assert not contract.parties.exclude(sealed_at=None).exists()


def test_a_text_that_changed_meanwhile_is_not_sealed(where):
    contract = place.agreed(where)
    owner, firm = place.people(where, contract)
    read = text_hash(contract)
    drafting.reopen_contract(contract_id=contract.pk, reason="漏了一项", by=owner)
    with pytest.raises(WrongState):
        sealing.seal_contract(contract_id=contract.pk, text_sha256=read, by=firm)
    steps = [Step(name="成果", amount=contract.price, days=contract.days)]
    drafting.edit_contract(contract_id=contract.pk, scope="编制报告书和图件", steps=steps, by=owner)
    drafting.propose_contract(contract_id=contract.pk, by=owner)
    with pytest.raises(Conflict):
        drafting.agree_to_contract(contract_id=contract.pk, text_sha256=read, by=firm)
    contract.refresh_from_db()
    drafting.agree_to_contract(contract_id=contract.pk, text_sha256=text_hash(contract), by=firm)
    with pytest.raises(Conflict):
        sealing.seal_contract(contract_id=contract.pk, text_sha256=read, by=firm)


def test_after_the_first_seal_nobody_takes_the_text_back(where):
    contract = place.agreed(where)
    owner, firm = place.people(where, contract)
    place.seal(contract, firm)
    with pytest.raises(Conflict):
        drafting.reopen_contract(contract_id=contract.pk, reason="反悔", by=owner)


def test_nobody_seals_after_walking_away_nor_walks_away_after_sealing(where):
    contract = place.agreed(where)
    owner, firm = place.people(where, contract)
    place.seal(contract, owner)
    substitution.walk_away(round_id=contract.award.lot.round_id, reason="人员调离", by=firm)
    with pytest.raises(WrongState):
        place.seal(contract, firm)
    done = place.running(market.place())
    with pytest.raises(WrongState):
        substitution.walk_away(
            round_id=done.award.lot.round_id, reason="反悔", by=market.member_of(done.firm.organisation)
        )


def test_changing_one_byte_shows(where):
    contract = place.running(where)
    content = place.content(contract)
    assert check_document(contract, content).outcome == Outcome.SAME
    for at in (100, len(content) // 3, len(content) // 2, len(content) - 40):
        broken = bytearray(content)
        broken[at] ^= 1
        verdict = check_document(contract, bytes(broken))
        assert not verdict.holds, at
    grown = check_document(contract, content + b"\n%changed\n")
    assert grown.outcome == Outcome.CHANGED


def test_a_file_without_the_last_seal_is_told_so(where):
    contract = place.agreed(where)
    owner, firm = place.people(where, contract)
    half = place.content(place.seal(contract, owner))
    contract = place.seal(contract, firm)
    assert check_document(contract, half).outcome == Outcome.PARTLY


def test_another_contract_and_what_is_none(where):
    contract, other = place.running(where), place.running(market.place())
    assert check_document(contract, place.content(other)).outcome == Outcome.OTHER
    assert check_document(contract, b"%PDF-1.7\nnonsense").outcome == Outcome.OTHER
    with pytest.raises(Unreadable):
        seals_of(b"%PDF-1.7\nnonsense")


def test_a_stranger_with_the_right_names_does_not_count(where, db):
    """Seals of another authority, made in the names of the parties."""
    contract = place.running(where)
    genuine = place.content(contract)
    SealCertificate.objects.all().delete()
    SealAuthority.objects.all().delete()
    DemoSealer()
    assert not any(seal.holds for seal in seals_of(genuine))
    assert not check_document(contract, genuine).holds


def test_the_document_brings_its_font_and_every_glyph(where, caplog):
    contract = place.running(where)
    assert not [each for each in caplog.records if each.name.startswith("fpdf")]
    content = place.content(contract)
    assert len(content) < 300_000
    reader = PdfFileReader(BytesIO(content))
    fonts = reader.root["/Pages"]["/Kids"][0]["/Resources"]["/Font"]
    for name in fonts:
        descriptor = fonts[name]["/DescendantFonts"][0]["/FontDescriptor"]
        assert "/FontFile2" in descriptor
        with TTFont(BytesIO(descriptor["/FontFile2"].data)) as font:
            assert len(font.getGlyphOrder()) < 1_000
    assert re.search(rb"/FT\s*/Sig", content)


def test_what_was_cut_once_is_kept_and_what_is_rare_is_a_small_part_of_its_own(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    common_part, rare_part = (tmp_path / "fonts" / f"noto-sans-sc-{REGULAR}-{part}.ttf" for part in ("common", "rare"))

    def document(text):
        paper = FPDF()
        add_fonts(paper, text, REGULAR)
        paper.set_font(FAMILY)
        paper.add_page()
        paper.multi_cell(0, 8, text)
        return bytes(paper.output())

    document("甬江")
    cut = common_part.stat().st_ino
    assert not rare_part.exists()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(document, ["㙦甬江有限公司"] * 2))
    small = rare_part.stat().st_ino
    written = document("鑫鑫翻译有限公司")
    assert common_part.stat().st_ino == cut
    assert rare_part.stat().st_ino != small
    assert drawn(written) == {"鑫", *"翻译有限公司"}
    with TTFont(rare_part) as font:
        assert {ord("㙦"), ord("鑫")} <= set(font.getBestCmap())
        assert len(font.getGlyphOrder()) < 10
    # What the font has no glyph for is not asked for again and again.
    document("\U000e0041")
    grown = rare_part.stat().st_ino
    document("\U000e0041")
    assert rare_part.stat().st_ino == grown


def drawn(content):
    """The characters for which the fonts in a document have outlines."""
    fonts = PdfFileReader(BytesIO(content)).root["/Pages"]["/Kids"][0]["/Resources"]["/Font"]
    characters = set()
    for name in fonts:
        inner = fonts[name]["/DescendantFonts"][0]
        places = inner["/CIDToGIDMap"].data
        with TTFont(BytesIO(inner["/FontDescriptor"]["/FontFile2"].data)) as font:
            outlined = [bool(font["glyf"][glyph].numberOfContours) for glyph in font.getGlyphOrder()]
        for number, code in re.findall(
            r"^<([0-9A-F]{4})> <([0-9A-F]{4})>$", fonts[name]["/ToUnicode"].data.decode(), re.M
        ):
            place = int.from_bytes(places[2 * int(number, 16) :][:2])
            if place and outlined[place]:
                characters.add(chr(int(code, 16)))
    return characters - {" "}


def test_keys_are_encrypted_at_rest(where):
    place.running(where)
    with connection.cursor() as cursor:
        for table in ("contracts_sealauthority", "contracts_sealcertificate"):
            cursor.execute(f"SELECT private_key FROM {table}")
            for (sealed,) in cursor.fetchall():
                assert b"PRIVATE KEY" not in bytes(sealed)


def test_without_a_service_nothing_is_sealed_and_that_is_said(where, settings):
    contract = place.agreed(where)
    settings.SEALER = ""
    with pytest.raises(NoSealer):
        place.seal(contract, where.owner)
    assert not contract.parties.exclude(sealed_at=None).exists()


def test_outside_a_demonstration_its_seals_are_refused(settings):
    settings.DEMO = settings.DEBUG = False
    with pytest.raises(ImproperlyConfigured):
        DemoSealer()


def test_every_firm_of_a_consortium_seals(where):
    start = clock.now() - timedelta(minutes=30)
    lead, member = market.firm(where), market.firm(where)
    with clock.travelling(start):
        round_ = consortia.announced(where)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        consortia.enters(round_, lead, member, amount="50000.00")
    market.goes_on(round_, at=round_.closes_at)
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now())
    market.move_on()
    contract = drafting.draft_contract(award_id=Award.objects.get().pk)
    drafting.propose_contract(contract_id=contract.pk, by=where.owner)
    people = {firm: market.member_of(firm.organisation) for firm in (lead, member)}
    with pytest.raises(NotAllowed):
        drafting.agree_to_contract(contract_id=contract.pk, text_sha256=text_hash(contract), by=people[member])
    contract = drafting.agree_to_contract(contract_id=contract.pk, text_sha256=text_hash(contract), by=people[lead])
    for by in (people[lead], where.owner):
        assert place.seal(contract, by).status == Status.AGREED
    contract = place.seal(contract, people[member])
    assert contract.status == Status.RUNNING
    assert len(seals_of(place.content(contract))) == 3
    told = contract.events.filter(kind__contains="sealed").values_list("kind", flat=True)
    assert list(told) == ["member_sealed", "sealed", "sealed", "contract_sealed"]


def test_a_round_of_lots_is_contracted_with_its_last_contract(where):
    place_ = several.place("lowest")
    round_ = several.opened(place_, "lowest")
    Round.objects.filter(pk=round_.pk).update(candidate_until=round_.opened_at + timedelta(minutes=1))
    market.move_on()
    contracts = [drafting.draft_contract(award_id=award.pk) for award in Award.objects.order_by("lot__number")]
    assert len(contracts) == 2
    assert "环境影响报告" in contracts[0].title
    for number, contract in enumerate(contracts, start=1):
        drafting.propose_contract(contract_id=contract.pk, by=place_.owner)
        firm = market.member_of(contract.firm.organisation)
        drafting.agree_to_contract(contract_id=contract.pk, text_sha256=text_hash(contract), by=firm)
        place.seal(contract, firm)
        place.seal(contract, place_.owner)
        round_.refresh_from_db()
        assert (round_.status == Round.Status.CONTRACTED) == (number == 2)


def test_an_award_that_was_given_up_is_not_signed(where):
    contract = place.agreed(where)
    _owner, firm = place.people(where, contract)
    substitution.walk_away(round_id=contract.award.lot.round_id, reason="人员调离", by=firm)
    with pytest.raises(DomainError):
        contracting.sign_award(award_id=contract.award_id, now=contract.agreed_at)


@pytest.mark.django_db(transaction=True)
def test_all_seal_at_one_moment(in_threads):
    where = market.place()
    contract = place.agreed(where)
    owner, firm = place.people(where, contract)
    other = market.member_of(firm.organisation)
    results = in_threads(*[lambda by=by: place.seal(contract, by) for by in (owner, firm, other, owner)])
    assert all(isinstance(each, Contract) for each in results), results
    contract.refresh_from_db()
    assert contract.status == Status.RUNNING
    assert len(seals_of(place.content(contract))) == 2
    assert len(logged(contract, "contract.sealed")) == 2
    assert len(logged(contract, "contract.in_force")) == 1


@pytest.mark.django_db(transaction=True)
def test_walking_away_and_the_last_seal_at_one_moment(in_threads):
    where = market.place()
    contract = place.agreed(where)
    owner, firm = place.people(where, contract)
    place.seal(contract, owner)
    round_id = contract.award.lot.round_id
    sealed, walked = in_threads(
        lambda: place.seal(contract, firm),
        lambda: substitution.walk_away(round_id=round_id, reason="人员调离", by=firm),
    )
    assert isinstance(sealed, Exception) != isinstance(walked, Exception)
    award = Award.objects.get(pk=contract.award_id)
    assert (award.signed_at is None) != (award.revoked_at is None)
