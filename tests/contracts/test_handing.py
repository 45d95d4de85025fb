"""An accepted deliverable goes to the case that it is for by itself, and is known where it is needed again."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Kind
from approvals.domain import cases, windows
from approvals.domain.windows import Wanted
from approvals.models import ApprovalItem, Case, Department, ItemVersion
from contracts.domain import delivering, due
from contracts.models import Deliverable
from core import clock
from ledger.models import QueuedEntry
from market.domain import reuse
from market.domain.guidance import guidance
from tests import market_place as market
from tests.contracts import place

pytestmark = pytest.mark.django_db


def registered(where, contract, *, item=None, department=None, **fields):
    """A case of the contract's project, as a department writes it down."""
    department = department or where.department
    given = {
        "applicant": contract.owner, "project_name": contract.project.name, "project_code": contract.project.code,
        "filed_in": where.district, "district": where.district, **fields,
    }  # fmt: skip
    by = market.member_of(department.organisation)
    return cases.register_case(by=by, department=department, item=item or where.item, **given)


def accepted(where, contract, text="报告"):
    found = place.submits(contract, text=text)
    return delivering.accept_deliverable(deliverable_id=found.pk, by=where.owner)


def references(case):
    return list(case.materials.order_by("id").values_list("reference", flat=True))


def signed_in(member):
    client = Client()
    client.force_login(member.user)
    return client


def test_a_case_that_runs_gets_it_when_it_is_accepted_and_not_before(where):
    contract = place.running(where)
    case = registered(where, contract)
    found = place.submits(contract)
    assert references(case) == []
    delivering.accept_deliverable(deliverable_id=found.pk, by=where.owner)
    delivering.accept_deliverable(deliverable_id=found.pk, by=where.owner)
    assert references(case) == [f"deliverable/{found.code}"]
    assert case.materials.get().sha256 == found.sha256


def test_a_case_that_is_opened_later_has_it_from_the_beginning(where):
    contract = place.running(where)
    found = accepted(where, contract)
    assert references(registered(where, contract)) == [found.reference]


def test_an_application_has_it_once_and_the_log_tells_of_it_once(where):
    contract = place.running(where)
    found = accepted(where, contract)
    windows.file_application(
        key=uuid4(), project_code=contract.project.code, wanted=[Wanted(item=where.item)], filed_in=where.district,
        lead=None, files=[], by=where.owner,
    )  # fmt: skip
    case = Case.objects.get()
    assert references(case) == [found.reference]
    assert QueuedEntry.objects.filter(subject=case.subject, type="case.material").count() == 1


def test_nobody_elses_case_gets_it(where):
    contract = place.running(where)
    other_owner = registered(where, contract, applicant=market.organisation(Kind.OWNER))
    other_project = registered(where, contract, project_code="P209901010001")
    other_item = registered(where, contract, item=another_item(where))
    accepted(where, contract)
    assert [references(each) for each in (other_owner, other_project, other_item)] == [[], [], []]


def test_a_case_that_is_over_gets_nothing(where):
    contract = place.running(where)
    case = registered(where, contract)
    by = market.member_of(where.department.organisation)
    cases.refuse_to_accept(case_id=case.pk, category="missing", fault="other", words="材料不全", by=by)
    accepted(where, contract)
    assert references(case) == []


def test_what_both_missed_in_the_same_moment_beat_hands_over(where):
    contract = place.running(where)
    found = accepted(where, contract)
    case = registered(where, contract)
    case.materials.clear()
    due.move_due_contracts()
    assert references(case) == [found.reference]


def test_its_department_opens_it_from_the_case_and_another_does_not(where):
    contract = place.running(where)
    found = accepted(where, contract)
    elsewhere = another_department(where)
    reading, stranger = (signed_in(market.member_of(each.organisation)) for each in (where.department, elsewhere))
    case = registered(where, contract)
    address = f"/desk/deliverables/{found.code}/"
    assert address in reading.get(f"/desk/cases/{case.code}/").content.decode()
    assert reading.get(address).status_code == 200
    assert stranger.get(address).status_code == 404


# Needed again.


def another_department(where):
    made = Department.objects.create(
        organisation=market.organisation(Kind.DEPARTMENT), code=f"{where.department.code}b", district=where.district
    )
    made.functions.set(where.department.functions.all())
    return made


def another_item(where):
    """A second item of the same department that the same service serves."""
    made = ApprovalItem.objects.create(code=f"{where.item.code}b", name="施工许可", name_en="Permit")
    ItemVersion.objects.create(item=made, legal_basis="测试", statutory_days=20).functions.set(
        where.department.functions.all()
    )
    where.service.versions.get().items.add(made)
    return made


def test_another_item_of_the_project_uses_it_and_its_case_has_it(where):
    contract = place.running(where)
    found = accepted(where, contract)
    item, department = another_item(where), another_department(where)
    chosen = reuse.use_existing(
        project_id=contract.project_id, service=where.service, item=item, reference=found.reference, by=where.owner
    )
    assert chosen.sha256 == found.sha256
    case = registered(where, contract, item=item, department=department)
    assert references(case) == [found.reference]
    reader = signed_in(market.member_of(department.organisation))
    assert reader.get(f"/desk/deliverables/{found.code}/").status_code == 200


def test_the_wizard_says_so_before_a_second_need_is_posted(where):
    contract = place.running(where)
    owner = signed_in(where.owner)
    address = f"/desk/owner/projects/{contract.project.code}/need/?service={where.service.code}"
    assert "/desk/deliverables/" not in owner.get(address).content.decode()
    found = accepted(where, contract)
    assert f"/desk/deliverables/{found.code}/" in owner.get(address).content.decode()
    need = market.need(where)
    need.project, need.item = contract.project, another_item(where)
    told = {each.code: each.severity for each in guidance(need=need, method="", parameters={}, at=clock.now())}
    assert told["exists"] == "stop"


def test_only_the_version_accepted_last_is_known(where):
    contract = place.running(where)
    first = accepted(where, contract, "第一版")
    delivering.ask_for_revision(milestone_id=first.milestone_id, words="专家要求修改", by=where.owner)
    second = accepted(where, contract, "第二版")
    assert Deliverable.objects.filter(status="accepted").count() == 2
    day = clock.now().astimezone(clock.LOCAL).date()
    known = reuse.existing(project=contract.project, service=where.service, day=day)
    assert [each.reference for each in known] == [second.reference]
    assert references(registered(where, contract)) == [second.reference]
    assert Case.objects.count() == 1
