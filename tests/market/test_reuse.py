"""What exists is used and not commissioned again: regional assessments, said before a need is posted."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Kind, Role
from approvals.domain import cases
from approvals.models import ApprovalItem
from bidding.domain import rounds
from bidding.models import Round
from core import clock
from core.errors import Conflict, DomainError, NotAllowed
from ledger.models import QueuedEntry
from market.domain import reuse
from market.domain.guidance import guidance
from market.models import Need, Project, Region, RegionalAssessment, Reuse
from tests import market_place as market

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\nregional\n%%EOF\n"


@pytest.fixture
def where():
    return market.place()


def region(where, **fields):
    number = Region.objects.count() + 1
    terms = {"name": "前湾片区", "name_en": "Qianwan", "boundary": "东至一路，西至二路", **fields}
    return Region.objects.create(code=f"region{number}", district=where.district, **terms)


def assessment(where, inside, **fields):
    number = RegionalAssessment.objects.count() + 1
    made = RegionalAssessment(
        code=f"qw-{number}", region=inside, service=where.service, title="前湾片区区域环境影响评价",
        issuer="前湾管委会", basis="甬环建〔2025〕1号", sha256="a" * 64, size=len(PDF), **fields,
    )  # fmt: skip
    made.file.save(f"{made.code}.pdf", ContentFile(PDF))
    return made


def project(where, inside=None):
    need = market.need(where)
    Project.objects.filter(pk=need.project_id).update(region=inside)
    Need.objects.filter(pk=need.pk).delete()
    return Project.objects.get(pk=need.project_id)


def uses(where, its, reference, *, by=None, item=None):
    return reuse.use_existing(
        project_id=its.pk, service=where.service, item=item or where.item, reference=reference, by=by or where.owner
    )


def signed_in(member):
    client = Client()
    client.force_login(member.user)
    return client


def codes(need):
    return {each.code: each.severity for each in guidance(need=need, method="", parameters={}, at=clock.now())}


# Who may not.


def test_nobody_uses_it_for_anothers_project(where):
    inside = region(where)
    its, made = project(where, inside), assessment(where, inside)
    stranger = market.member_of(market.organisation(Kind.OWNER))
    viewer = market.member_of(where.owner.organisation, role=Role.VIEWER)
    for by in (stranger, viewer, where.operator):
        with pytest.raises(NotAllowed):
            uses(where, its, made.reference, by=by)
    address = f"/desk/owner/projects/{its.code}/reuse/{where.service.code}/"
    posted = {"item": where.item.code, "reference": made.reference}
    assert signed_in(stranger).post(address, posted).status_code == 404
    assert signed_in(viewer).post(address, posted).status_code == 403
    assert Client().post(address, posted).status_code == 302
    assert not Reuse.objects.exists()
    mine = uses(where, its, made.reference)
    assert signed_in(stranger).post(f"/desk/owner/reuses/{mine.pk}/end/").status_code == 404
    with pytest.raises(NotAllowed):
        reuse.give_up(reuse_id=mine.pk, by=stranger)


# The rule.


def test_a_project_in_the_region_is_told_before_it_posts_a_need(where):
    inside = region(where)
    made = assessment(where, inside)
    elsewhere, its = project(where), project(where, inside)
    address = "/desk/owner/projects/{}/need/?service=" + where.service.code
    owner = signed_in(where.owner)
    assert made.title in owner.get(address.format(its.code)).content.decode()
    assert made.title not in owner.get(address.format(elsewhere.code)).content.decode()


def test_it_is_used_at_a_press_and_the_log_says_which(where):
    inside = region(where)
    its, made = project(where, inside), assessment(where, inside)
    owner = signed_in(where.owner)
    address = f"/desk/owner/projects/{its.code}/reuse/{where.service.code}/"
    for _twice in range(2):
        answer = owner.post(address, {"item": where.item.code, "reference": made.reference}, follow=True)
        assert answer.status_code == 200 and made.title in answer.content.decode()
    (kept,) = Reuse.objects.all()
    assert (kept.project, kept.item, kept.sha256) == (its, where.item, made.sha256)
    (entry,) = QueuedEntry.objects.filter(subject=f"project/{its.code}")
    written = json.loads(bytes(entry.entry))
    assert written["type"] == "reuse.chosen"
    assert written["data"]["reference"] == made.reference and written["data"]["sha256"] == made.sha256


def test_a_need_for_it_is_stopped_unless_its_owner_says_why(where):
    inside = region(where)
    made = assessment(where, inside)
    need = market.need(where)
    Project.objects.filter(pk=need.project_id).update(region=inside)
    need = Need.objects.get(pk=need.pk)
    assert codes(need)["exists"] == "stop"
    drafted = rounds.draft_round(need=need, by=where.owner)
    rounds.edit_round(
        round_id=drafted.pk, method="lowest", parameters={"upper": "60000.00"}, notice_length=2, by=where.owner
    )
    with pytest.raises(rounds.Stopped):
        rounds.submit_round(round_id=drafted.pk, by=where.owner)
    Need.objects.filter(pk=need.pk).update(optional_ground="片区成果未包括本项目的工艺")
    assert codes(Need.objects.get(pk=need.pk))["exists"] == "warn"
    assert rounds.submit_round(round_id=drafted.pk, by=where.owner).status == Round.Status.SUBMITTED
    with pytest.raises(Conflict):
        uses(where, need.project, made.reference)


def test_what_a_project_uses_is_not_commissioned_until_it_is_taken_back(where):
    inside = region(where)
    made = assessment(where, inside)
    need = market.need(where, optional_ground="另有要求")
    Project.objects.filter(pk=need.project_id).update(region=inside)
    kept = uses(where, need.project, made.reference)
    assert codes(Need.objects.get(pk=need.pk))["reused"] == "stop"
    signed_in(where.owner).post(f"/desk/owner/reuses/{kept.pk}/end/")
    signed_in(where.owner).post(f"/desk/owner/reuses/{kept.pk}/end/")
    assert "reused" not in codes(Need.objects.get(pk=need.pk))
    types = QueuedEntry.objects.filter(subject=f"project/{need.project.code}").order_by("id")
    assert list(types.values_list("type", flat=True)) == ["reuse.chosen", "reuse.ended"]


# The edge.


def test_only_what_holds_today_for_this_service_and_item_is_used(where):
    inside, today = region(where), clock.now().astimezone(clock.LOCAL).date()
    its = project(where, inside)
    over = assessment(where, inside, valid_to=today - timedelta(days=1))
    to_come = assessment(where, inside, valid_from=today + timedelta(days=1))
    elsewhere = assessment(where, region(where))
    last_day = assessment(where, inside, valid_to=today)
    for wrong in (over.reference, to_come.reference, elsewhere.reference, "regional/none", ""):
        with pytest.raises(DomainError) as refused:
            uses(where, its, wrong)
        assert refused.value.code == "reference"
    other = ApprovalItem.objects.create(code="other-item", name="别的事项", name_en="Another")
    with pytest.raises(DomainError) as refused:
        uses(where, its, last_day.reference, item=other)
    assert refused.value.code == "item"
    assert uses(where, its, last_day.reference)


def test_another_result_for_the_same_item_waits_until_the_first_is_taken_back(where):
    inside = region(where)
    its, first, second = project(where, inside), assessment(where, inside), assessment(where, inside)
    kept = uses(where, its, first.reference)
    with pytest.raises(Conflict):
        uses(where, its, second.reference)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reuse.objects.create(
            project=its, service=where.service, item=where.item, reference="x", title="x", sha256="b" * 64, size=1,
            by=where.owner.user, created_at=clock.now(),
        )  # fmt: skip
    reuse.give_up(reuse_id=kept.pk, by=where.owner)
    assert uses(where, its, second.reference).reference == second.reference


@pytest.mark.parametrize("posted", [{}, {"item": "none", "reference": "x"}, {"item": "𝕏\x00", "reference": "<b>"}])
def test_nonsense_is_told_at_the_field(where, posted):
    inside = region(where)
    its, made = project(where, inside), assessment(where, inside)
    address = f"/desk/owner/projects/{its.code}/reuse/{where.service.code}/"
    answer = signed_in(where.owner).post(address, posted)
    assert answer.status_code == 422
    assert "has-error" in answer.content.decode() and made.title in answer.content.decode()
    assert signed_in(where.owner).post(f"/desk/owner/projects/{its.code}/reuse/none/", posted).status_code == 404


def test_a_region_of_another_district_is_refused(where):
    other = market.place()
    far = region(other)
    its = project(where)
    posted = {
        "name": its.name, "district": where.district.pk, "address": "路 1 号", "funding": "private", "region": far.pk,
    }  # fmt: skip
    answer = signed_in(where.owner).post(f"/desk/owner/projects/{its.code}/edit/", posted)
    assert answer.status_code == 422 and far.district.name in answer.content.decode()


# What everybody reads.


def test_everybody_reads_and_opens_them(where):
    inside = region(where)
    made = assessment(where, inside)
    page = Client().get("/regions/").content.decode()
    assert made.title in page and made.sha256 in page and inside.boundary in page
    file = Client().get(f"/regions/{made.code}/file/")
    assert b"".join(file.streaming_content) == PDF
    assert "sandbox" in file["Content-Security-Policy"]
    assert made.title in Client().get(f"/regions/?service={where.service.code}").content.decode()
    nobody = market.place()
    assert made.title not in Client().get(f"/regions/?district={nobody.district.code}").content.decode()
    assert Client().get("/regions/?district=zz&service=%00&page=abc").status_code == 200
    assert Client().get("/regions/none/file/").status_code == 404
    made.file.delete(save=False)
    assert Client().get(f"/regions/{made.code}/file/").status_code == 404


def test_a_long_list_goes_on_on_the_next_page(where):
    inside = region(where)
    for _number in range(51):
        made = assessment(where, inside)
    first = Client().get("/regions/").content.decode()
    assert made.code not in first and "page=2" in first
    assert made.code in Client().get("/regions/?page=2").content.decode()


def test_the_service_centre_adds_one_that_is_checked_by_its_content(where):
    keeper = market.staff()
    inside = region(where)
    row = {
        "code": "new-1", "region": inside.pk, "service": where.service.pk, "title": "新成果", "issuer": "管委会",
        "basis": "文号", "conditions": "", "valid_from": "2026-01-01", "valid_to": "",
    }  # fmt: skip
    address = "/admin/market/regionalassessment/add/"
    refused = keeper.post(address, {**row, "file": ContentFile(b"<html>", name="x.pdf")})
    assert refused.status_code == 200 and not RegionalAssessment.objects.exists()
    assert keeper.post(address, {**row, "file": ContentFile(PDF, name="x.pdf")}).status_code == 302
    assert RegionalAssessment.objects.get().size == len(PDF)


def test_it_comes_to_the_case_by_itself_and_its_department_opens_it(where):
    inside = region(where)
    its, made = project(where, inside), assessment(where, inside)
    uses(where, its, made.reference)
    clerk = market.member_of(where.department.organisation)
    case = cases.register_case(
        by=clerk, department=where.department, item=where.item, applicant=where.owner.organisation,
        project_name=its.name, project_code=its.code, filed_in=where.district, district=where.district,
    )  # fmt: skip
    (material,) = case.materials.all()
    assert (material.reference, material.sha256) == (made.reference, made.sha256)
    page = signed_in(clerk).get(f"/desk/cases/{case.code}/").content.decode()
    assert made.title in page and f"/regions/{made.code}/file/" in page
    other = cases.register_case(
        by=clerk, department=where.department, item=where.item, applicant=market.organisation(Kind.OWNER),
        project_name="别家的项目", project_code=its.code, filed_in=where.district, district=where.district,
    )  # fmt: skip
    assert not other.materials.exists()
