"""Documents of decisions: who issues them, when, once; who collects them, and where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from accounts.models import Kind, Role
from approvals.domain import cases
from approvals.domain import results as domain
from approvals.models import Case, Result
from core.errors import NotAllowed, WrongState
from ledger import domain as ledger
from tests import market_place as market
from tests.approvals import office, windows
from tests.bidding.browse import acting

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"


@pytest.fixture(autouse=True)
def _files_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def scan(text=b"", name="decision.pdf"):
    return SimpleUploadedFile(name, PDF.replace(b"1 0", text + b"1 0"), "application/pdf")


def decided(where, by, case=None):
    case = case or office.accepted(where, by=by)
    return cases.decide_case(case_id=case.pk, by=by, outcome=Case.Outcome.GRANTED)


def issued(case, by, **given):
    return domain.issue_result(case_id=case.pk, by=by, **{"number": "甬环建〔2026〕12号", "file": scan(), **given})


def test_only_the_department_that_decided_issues(where, by):
    case = decided(where, by)
    other = office.clerk(market.place().department)
    looks = office.clerk(where.department, role=Role.VIEWER)
    for outsider in (where.owner, other, looks, where.operator):
        with pytest.raises(NotAllowed):
            issued(case, outsider)
    assert not Result.objects.exists()


def test_nothing_is_issued_before_the_decision(where, by, client):
    case = office.accepted(where, by=by)
    with pytest.raises(WrongState, match="作出决定以后"):
        issued(case, by)
    assert client.get(reverse("approvals:result_issue", args=[case.code])).status_code == 404


def test_the_same_document_twice_is_one_and_another_is_another(where, by):
    case = decided(where, by)
    first = issued(case, by)
    assert issued(case, by, number="别的文号") == first
    second = issued(case, by, file=scan(b"2"), number="甬环建〔2026〕13号")
    assert [each.number for each in case.results.all()] == [first.number, second.number]
    logged = [entry["type"] for entry in ledger.published(case.subject)]
    assert logged.count("case.result") == 2


def test_several_who_issue_the_same_at_once_make_one(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    where = office.place()
    by = office.clerk(where.department)
    case = decided(where, by)

    def issues(_n):
        try:
            return issued(case, by).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(issues, range(4)))) == 1


def test_only_the_applicant_collects_and_only_once(where, by):
    case = decided(where, by)
    made = issued(case, by)
    other = market.member_of(market.organisation(Kind.OWNER))
    looks = market.member_of(where.owner.organisation, role=Role.VIEWER)
    for outsider in (by, other, looks):
        with pytest.raises(NotAllowed):
            domain.collect_results(case_id=case.pk, by=outsider)
    assert domain.collect_results(case_id=case.pk, by=where.owner) == [made]
    made.refresh_from_db()
    first = made.collected_at
    assert domain.collect_results(case_id=case.pk, by=where.owner) == []
    made.refresh_from_db()
    assert made.collected_at == first


def test_a_document_is_read_by_those_who_read_its_case(where, by, client):
    made = issued(decided(where, by), by)
    address = reverse("approvals:result", args=[made.pk])
    answer = client.get(address)
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert acting(where.owner).get(address).status_code == 200
    for outsider in (market.member_of(market.organisation(Kind.OWNER)), office.clerk(market.place().department)):
        assert acting(outsider).get(address).status_code == 404


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"number": " "}, "请填写文号"),
        ({"file": SimpleUploadedFile("a.pdf", b"not a pdf", "application/pdf")}, "只接受 PDF"),
        ({"file": SimpleUploadedFile("a.pdf", PDF[:20], "application/pdf")}, "文件不完整"),
        ({}, "请上传扫描件"),
    ],
)
def test_bad_input_is_told_at_its_field(where, by, client, given, says):
    case = decided(where, by)
    answer = client.post(reverse("approvals:result_issue", args=[case.code]), {"number": "甬环建〔2026〕12号", **given})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Result.objects.exists()


def test_everything_of_an_application_is_collected_in_one_place(where, by, client):
    application = windows.filed(where)
    case = application.cases.get()
    cases.accept_case(case_id=case.pk, by=by)
    case = decided(where, by, case)
    answer = client.post(
        reverse("approvals:result_issue", args=[case.code]),
        {"number": "甬环建〔2026〕12号", "file": scan()},
        follow=True,
    )
    assert "待签收" in answer.content.decode()
    owner = acting(where.owner)
    page = reverse("approvals:application", args=[application.code])
    assert "全部签收" in owner.get(page).content.decode()
    answer = owner.post(reverse("approvals:collect_all", args=[application.code]), follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "全部签收" not in answer.content.decode()
    assert Result.objects.get().collected_by == where.owner.user
    assert owner.post(reverse("approvals:collect_all", args=[application.code])).status_code == 302
    stranger = acting(market.member_of(market.organisation(Kind.OWNER)))
    assert stranger.post(reverse("approvals:collect_all", args=[application.code])).status_code == 404
