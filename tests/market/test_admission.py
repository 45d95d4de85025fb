"""A firm's admission from an empty form to the public list, as its people and the service centre do it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Kind, Role
from core import clock
from core.errors import Conflict, DomainError
from core.identifiers import generate_id_number, generate_uscc
from ledger import domain as ledger
from ledger.models import QueuedEntry
from market.domain import admission as domain
from market.domain import standing
from market.models import Admission, Firm, PractitionerRegistration
from market.tasks import move_due_admissions
from protocol.entries import blinded
from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64 + b"IEND\xaeB`\x82"
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"
MATERIAL = {
    "legal_representative": "壤驷翾", "address": "宁波市云樵路 8 号", "established_on": "2019-05-06",
    "registered_capital": "3,000,000", "introduction": "测绘", "contact_name": "壤驷翀", "contact_phone": "0574-00000001",
    "no_affiliation": "on",
}  # fmt: skip


def scan(name="licence.png", content=PNG):
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")


@pytest.fixture
def where():
    return market.place()


@pytest.fixture
def applicant():
    return market.member_of(market.organisation(Kind.FIRM), role=Role.ADMIN)


@pytest.fixture
def firm(applicant):
    return acting(applicant)


def add(client, section, **fields):
    return client.post(reverse("market:admission_add", args=[section]), fields)


def fill(client, where, *, identity=None, **changes):
    client.post(reverse("market:admission_begin"))
    assert client.post(reverse("market:admission_edit"), {**MATERIAL, "licence": scan(), **changes}).status_code == 302
    offering = {"service": where.service.pk, "promised_days": "20", "price_from": "10,000", "price_to": "20000"}
    assert add(client, "offerings", **offering).status_code == 302
    held = {"kind": where.kind.pk, "level": "甲级", "number": "Q1", "issuer": "省厅", "valid_from": "2020-01-01"}
    assert add(client, "qualifications", **held, scan=scan("q.pdf", PDF)).status_code == 302
    person = {
        "name": "漆雕飏", "id_number": identity or generate_id_number(market._rng), "certificate": "注册测绘师",
        "certificate_number": "ZS1", "social_security_unit": "本公司",
    }  # fmt: skip
    assert add(client, "practitioners", **person).status_code == 302


def submit(client):
    return client.post(reverse("market:admission_submit"), {"undertaken": "on"})


def listed(client, where, applicant):
    fill(client, where)
    submit(client)
    admission = Admission.objects.get(firm__organisation=applicant.organisation, status="submitted")
    domain.publish_admission(admission_id=admission.pk, by=where.operator)
    Admission.objects.filter(pk=admission.pk).update(notice_until=clock.now() - timedelta(seconds=1))
    move_due_admissions()
    return Firm.objects.get(organisation=applicant.organisation)


def test_from_an_empty_form_to_the_public_list(where, applicant, firm):
    fill(firm, where)
    uscc = applicant.organisation.uscc
    assert Client().get(f"/firms/{uscc}/").status_code == 404
    assert submit(firm).status_code == 302
    admission = Admission.objects.get(firm__organisation=applicant.organisation)
    assert admission.status == "submitted"
    operator = acting(where.operator)
    assert admission.code in operator.get("/desk/operator/").content.decode()
    page = operator.get(reverse("market:admission_check", args=[admission.code])).content.decode()
    assert "0574-00000001" in page
    assert operator.post(reverse("market:admission_publish", args=[admission.code])).status_code == 302
    assert applicant.organisation.name in Client().get("/firms/notices/").content.decode()
    move_due_admissions()
    admission.refresh_from_db()
    assert admission.status == "notice"
    Admission.objects.filter(pk=admission.pk).update(notice_until=clock.now() - timedelta(seconds=1))
    move_due_admissions()
    public = Client().get(f"/firms/{uscc}/").content.decode()
    assert where.service.name in public
    for secret in ("壤驷翀", "0574-00000001", "漆雕飏"):
        assert secret not in public
    assert applicant.organisation.name in Client().get("/firms/", {"q": uscc[-6:]}).content.decode()


def test_what_is_missing_is_said_and_nothing_is_submitted(where, applicant, firm):
    firm.post(reverse("market:admission_begin"))
    answer = submit(firm)
    assert answer.status_code in (409, 422)
    for what in ("法定代表人", "营业执照扫描件", "至少一项服务承诺", "关联关系申报"):
        assert what in answer.content.decode()
    assert Admission.objects.get(firm__organisation=applicant.organisation).status == "draft"


def test_without_the_undertaking_nothing_is_submitted(where, applicant, firm):
    fill(firm, where)
    assert firm.post(reverse("market:admission_submit"), {}).status_code in (409, 422)
    assert Admission.objects.get(firm__organisation=applicant.organisation).status == "draft"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("virus.pdf", b"MZ\x90\x00" + b"0" * 100, "只接受 PDF、PNG 或 JPEG"),
        ("empty.pdf", b"", "文件是空的"),
        ("half.png", PNG[:-4], "文件不完整"),
        ("script.pdf", b"%PDF-1.7\n/JavaScript (x)\n%%EOF", "脚本或附件"),
        ("large.png", PNG[:8] + b"0" * (8 * 1024 * 1024 + 1) + PNG[-8:], "超过 8 MB"),
    ],
)
def test_a_scan_is_taken_by_its_content(where, firm, name, content, told):
    firm.post(reverse("market:admission_begin"))
    answer = firm.post(reverse("market:admission_edit"), {**MATERIAL, "licence": scan(name, content)})
    assert answer.status_code == 422
    assert told in answer.content.decode()


@pytest.mark.parametrize(
    ("section", "fields", "told"),
    [
        ("offerings", {"promised_days": "0"}, "promised_days"),
        ("offerings", {"service": "999999", "promised_days": "5"}, "service"),
        ("offerings", {"promised_days": "5", "price_from": "200", "price_to": "100"}, ""),
        ("qualifications", {"level": "特级", "number": "1", "issuer": "x", "valid_from": "2020-01-01"}, "甲级"),
        ("qualifications", {"level": "甲级", "number": "1", "issuer": "x", "valid_from": "2020-01-01",
          "valid_to": "2019-01-01"}, "有效期至"),
        ("practitioners", {"name": "x", "id_number": "330203199001010001"}, "身份证号码"),
        ("declarations", {"kind": "shareholder"}, "请填写对方单位的代码或名称"),
        ("declarations", {"kind": "shareholder", "counterpart_uscc": "91330200NOBODYHERE"}, "平台上没有这个代码"),
        ("declarations", {"kind": "shareholder", "counterpart_name": "x", "share": "101"}, "share"),
    ],
)  # fmt: skip
def test_bad_input_is_told_at_the_field_and_nothing_is_added(where, firm, section, fields, told):
    firm.post(reverse("market:admission_begin"))
    given = {"service": where.service.pk, "kind": where.kind.pk} | fields
    answer = add(firm, section, **given)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    draft = Admission.objects.get(status="draft")
    assert not getattr(draft, section).exists()


def test_the_same_service_twice(where, firm):
    fill(firm, where)
    answer = add(firm, "offerings", service=where.service.pk, promised_days="5")
    assert answer.status_code == 422
    assert Admission.objects.get().offerings.count() == 1


def test_an_unknown_section_is_not_there(firm):
    firm.post(reverse("market:admission_begin"))
    assert add(firm, "secrets").status_code == 404


def test_refused_with_a_reason_and_begun_again(where, applicant, firm):
    fill(firm, where)
    submit(firm)
    admission = Admission.objects.get()
    operator = acting(where.operator)
    refuse = reverse("market:admission_refuse", args=[admission.code])
    assert operator.post(refuse, {"reason": " "}).status_code == 422
    assert operator.post(refuse, {"reason": "扫描件不清楚"}).status_code == 302
    assert "扫描件不清楚" in firm.get("/desk/firm/admission/").content.decode()
    again = domain.begin_admission(by=applicant)
    assert (again.number, again.legal_representative, again.offerings.count()) == (2, "壤驷翾", 1)


def test_a_change_is_a_version_and_the_old_one_stays_in_force_meanwhile(where, applicant, firm):
    made = listed(firm, where, applicant)
    first = made.current_id
    firm.post(reverse("market:admission_begin"))
    firm.post(reverse("market:admission_edit"), {**MATERIAL, "address": "新址 1 号"})
    assert submit(firm).status_code == 302
    made.refresh_from_db()
    assert made.current_id == first
    second = made.admissions.get(number=2)
    domain.publish_admission(admission_id=second.pk, by=where.operator)
    Admission.objects.filter(pk=second.pk).update(notice_until=clock.now() - timedelta(seconds=1))
    move_due_admissions()
    assert "新址 1 号" in Client().get(f"/firms/{made.uscc}/").content.decode()


def test_submitted_material_stands_still_until_taken_back(where, applicant, firm):
    fill(firm, where)
    submit(firm)
    answer = firm.post(reverse("market:admission_edit"), {**MATERIAL, "address": "别处"})
    assert answer.status_code in (302, 409)
    assert Admission.objects.get().address != "别处"
    firm.post(reverse("market:admission_withdraw"))
    assert Admission.objects.get().status == "withdrawn"


def test_a_practitioner_is_registered_at_one_firm_only(where, applicant, firm):
    identity = generate_id_number(market._rng)
    other = market.member_of(market.organisation(Kind.FIRM), role=Role.ADMIN)
    fill(acting(other), where, identity=identity)
    submit(acting(other))
    waiting = Admission.objects.get(firm__organisation=other.organisation)
    noticed = domain.publish_admission(admission_id=waiting.pk, by=where.operator)
    domain.accept_admission(noticed, at=clock.now())
    fill(firm, where, identity=identity)
    with pytest.raises(Conflict, match="ZS1"):
        domain.submit_admission(by=applicant, undertaken=True)
    assert PractitionerRegistration.objects.filter(until=None).count() == 1


def test_two_firms_naming_one_practitioner_at_once_leave_one(where, applicant, firm):
    identity = generate_id_number(market._rng)
    other = market.member_of(market.organisation(Kind.FIRM), role=Role.ADMIN)
    for member in (applicant, other):
        fill(acting(member), where, identity=identity)
        domain.submit_admission(by=member, undertaken=True)
    for admission in Admission.objects.all():
        domain.publish_admission(admission_id=admission.pk, by=where.operator)
    Admission.objects.update(notice_until=clock.now() - timedelta(seconds=1))
    move_due_admissions()
    assert sorted(Admission.objects.values_list("status", flat=True)) == ["accepted", "refused"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_accept_once(in_threads):
    where = market.place()
    member = market.member_of(market.organisation(Kind.FIRM), role=Role.ADMIN)
    fill(acting(member), where)
    admission = domain.submit_admission(by=member, undertaken=True)
    domain.publish_admission(admission_id=admission.pk, by=where.operator)
    Admission.objects.update(notice_until=clock.now() - timedelta(seconds=1))
    moved = in_threads(domain.accept_due_admissions, domain.accept_due_admissions)
    assert sorted(moved) in ([0, 1], [1, 1])  # the second finds nothing, or a row that is no longer due
    assert Firm.objects.get().status == "listed"
    assert PractitionerRegistration.objects.count() == 1


def test_scans_are_for_the_firm_and_the_service_centre(where, applicant, firm):
    fill(firm, where)
    admission = Admission.objects.get()
    address = reverse("market:scan", args=[admission.code, "licence", 0])
    answer = firm.get(address)
    assert b"".join(answer.streaming_content) == PNG
    assert "sandbox" in answer["Content-Security-Policy"]
    assert acting(where.operator).get(address).status_code == 200
    stranger = market.member_of(market.firm(where).organisation)
    assert acting(stranger).get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_standing(where, applicant, firm):
    made = listed(firm, where, applicant)
    page = reverse("market:firm_standing", args=[made.uscc])
    operator = acting(where.operator)
    assert operator.post(page, {"step": "suspend", "reason": ""}).status_code == 422
    with pytest.raises(DomainError, match="现在之后"):
        standing.suspend_firm(firm_id=made.pk, reason="x", until=clock.now() - timedelta(days=1), by=where.operator)
    standing.suspend_firm(firm_id=made.pk, reason="报告失实", until=None, by=where.operator)
    assert "报告失实" in Client().get(f"/firms/{made.uscc}/").content.decode()
    assert made.organisation.name in Client().get("/firms/?status=suspended").content.decode()
    standing.lift_suspension(firm_id=made.pk, reason="查清", by=where.operator)
    cache.clear()  # nothing commits in this test, so the kept list does not know
    assert made.organisation.name not in Client().get("/firms/?status=suspended").content.decode()
    standing.delist_firm(firm_id=made.pk, reason="自愿退出", by=where.operator)
    assert "自愿退出" in Client().get(f"/firms/{made.uscc}/").content.decode()
    assert not PractitionerRegistration.objects.filter(until=None).exists()


def test_a_sole_trader_is_not_named_in_the_log(where):
    """A person's code enters the log blinded, the same in all its entries, and is erased with one blind (PROTOCOL §1)."""
    uscc = generate_uscc(random.Random(92), prefix="92")
    trader = market.member_of(market.organisation(Kind.FIRM, uscc=uscc), role=Role.ADMIN)
    found = listed(acting(trader), where, trader)
    regulator = market.member_of(market.organisation(Kind.REGULATOR))
    standing.suspend_firm(firm_id=found.pk, reason="借用证书", until=None, by=regulator)
    told = QueuedEntry.objects.filter(type__regex="^(admission|firm)[.]")
    assert set(told.values_list("type", flat=True)) >= {"admission.submitted", "admission.accepted", "firm.suspended"}
    assert not [row for row in told if uscc in bytes(row.entry).decode()]
    (subject,) = set(told.values_list("subject", flat=True))
    digest = subject.removeprefix("firm/")
    blind = ledger.unblinded(digest)
    assert blind is not None and blinded(uscc, bytes.fromhex(blind)) == digest
