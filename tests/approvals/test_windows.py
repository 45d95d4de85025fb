"""One window: one application for everything, routed to who decides, material once, steps one after the other."""

from __future__ import annotations

import hashlib
import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Kind, Role
from approvals.domain import attach, cases, events_of, materials, windows
from approvals.domain.windows import Wanted
from approvals.models import Application, ApprovalItem, Case, Department, District, Fault, ItemVersion, Material
from core.errors import Conflict, DomainError, NotAllowed, WrongState
from market.models import Project
from tests import market_place as market
from tests.approvals import office
from tests.bidding.browse import acting, member_client

pytestmark = pytest.mark.django_db

GRANTED = Case.Outcome.GRANTED
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def project(where):
    return market.need(where).project


@pytest.fixture
def second(where):
    """Another item, decided by another department of the same district."""
    item = ApprovalItem.objects.create(code="I-SECOND", name="水保审批", name_en="Water")
    line = where.department.functions.create(code="second-line", name="水利", name_en="Water")
    where.department.functions.remove(line)
    ItemVersion.objects.create(item=item, legal_basis="测试依据", committed_days=7).functions.add(line)
    department = Department.objects.create(
        organisation=market.organisation(Kind.DEPARTMENT), code="D-SECOND", district=where.district
    )
    department.functions.add(line)
    return item


def pdf(name="平面图.pdf", more=b""):
    return SimpleUploadedFile(name, PDF + more + b"%%EOF\n", content_type="application/pdf")


def files(where, project, *wanted, **given):
    made = {
        "key": uuid4(), "project_code": project.code, "wanted": wanted or [Wanted(item=where.item)],
        "filed_in": where.district, "lead": None, "files": [], "by": where.owner, **given,
    }  # fmt: skip
    return windows.file_application(**made)


def clerk_of(case):
    return office.clerk(case.department)


def finishes(case, outcome=GRANTED):
    by = clerk_of(case)
    cases.accept_case(case_id=case.pk, by=by)
    return cases.decide_case(case_id=case.pk, outcome=outcome, by=by, words="理由")


# --- who may -------------------------------------------------------------------------------------------------------


def test_nobody_applies_for_anothers_project(where, project):
    other = market.member_of(market.organisation(Kind.OWNER))
    with pytest.raises(DomainError, match="从您的项目中选择"):
        files(where, project, by=other)
    for kind in (Kind.FIRM, Kind.DEPARTMENT, Kind.OPERATOR):
        with pytest.raises(NotAllowed):
            files(where, project, by=market.member_of(market.organisation(kind)))
    with pytest.raises(NotAllowed):
        files(where, project, by=market.member_of(where.owner.organisation, role=Role.VIEWER))
    assert not Application.objects.exists()


def test_pages_of_anothers_application_are_not_there(where, project):
    made = files(where, project)
    address = reverse("approvals:application", args=[made.code])
    for kind in (Kind.OWNER, Kind.PERSON, Kind.DEPARTMENT, Kind.FIRM, Kind.OPERATOR):
        stranger = member_client(market.organisation(kind))
        assert stranger.get(address).status_code == 404, kind
        assert stranger.post(reverse("approvals:hand_in", args=[made.code])).status_code == 404, kind
        assert stranger.get(reverse("approvals:application_new"), {"project": project.code}).status_code == 404, kind
    assert Client().get(address).status_code == 302
    for client in (
        acting(where.owner),
        acting(office.clerk(where.department)),
        member_client(market.organisation(Kind.REGULATOR)),
    ):
        assert client.get(address).status_code == 200


# --- one application -----------------------------------------------------------------------------------------------


def test_each_item_goes_to_who_decides_it_and_material_is_shared(where, project, second):
    made = files(
        where,
        project,
        Wanted(item=where.item),
        Wanted(item=second),
        files=[("总平面图", pdf()), ("同一份", pdf("again.pdf"))],
    )
    told = {each.item.code: each for each in made.cases.all()}
    assert told["I-SECOND"].department.code == "D-SECOND" and told[where.item.code].department == where.department
    assert {each.status for each in told.values()} == {"received"}
    material = Material.objects.get()
    assert set(material.cases.all()) == set(told.values()), "handed in once, for both"
    for case in told.values():
        answer = acting(clerk_of(case)).get(reverse("approvals:material", args=[material.pk]))
        assert answer.status_code == 200 and b"".join(answer.streaming_content).startswith(b"%PDF")
    assert member_client(market.organisation(Kind.DEPARTMENT)).get(
        reverse("approvals:material", args=[material.pk])
    ).status_code == 404  # fmt: skip


def test_the_same_form_twice_is_one_application(where, project):
    key = uuid4()
    assert files(where, project, key=key) == files(where, project, key=key)
    with pytest.raises(Conflict, match="已经在办理"):
        files(where, project)
    assert Case.objects.count() == 1


def test_the_same_form_at_one_moment_is_one_application(in_threads):
    where = office.place()
    project = market.need(where).project
    key = uuid4()
    results = in_threads(*[lambda: files(where, project, key=key)] * 3, lambda: files(where, project))
    assert Application.objects.count() == 1
    assert sum(isinstance(each, Conflict) for each in results) in (1, 3)


def test_filed_in_one_district_and_decided_in_another(where, project):
    elsewhere = District.objects.create(
        code="990001", name="另一区", name_en="Elsewhere", short="另一", kind=District.Kind.DISTRICT
    )
    made = files(where, project, filed_in=elsewhere)
    case = made.cases.get()
    assert made.is_elsewhere and case.is_elsewhere
    assert (case.filed_in, case.district, case.department) == (elsewhere, where.district, where.department)
    shown = acting(office.clerk(where.department)).get(reverse("approvals:cases")).content.decode()
    assert "在另一区收件" in shown


def test_where_nobody_decides_it_is_said_and_nothing_is_kept(where, project):
    lost = ApprovalItem.objects.create(code="I-LOST", name="无人办理", name_en="Lost")
    ItemVersion.objects.create(item=lost, legal_basis="测试依据")
    with pytest.raises(DomainError, match="没有办理“无人办理”的部门"):
        files(where, project, Wanted(item=where.item), Wanted(item=lost))
    assert not Application.objects.exists() and not Case.objects.exists()


# --- joint approval ------------------------------------------------------------------------------------------------


def test_the_second_step_begins_when_the_first_is_granted(where, project, second):
    third = ApprovalItem.objects.create(code="I-THIRD", name="三", name_en="Third")
    ItemVersion.objects.create(item=third, legal_basis="测试依据").functions.add(*where.department.functions.all())
    made = files(
        where, project, Wanted(item=where.item), Wanted(item=second), Wanted(item=third, step=2), lead=where.item
    )
    assert (made.lead, made.joint_days) == (where.department, 10)
    first, other, later = made.cases.order_by("step", "id")
    assert later.status == "planned" and events_of(later) == []
    with pytest.raises(WrongState):
        cases.accept_case(case_id=later.pk, by=clerk_of(later))
    finishes(first)
    later.refresh_from_db()
    assert later.status == "planned"
    finishes(other)
    later.refresh_from_db()
    assert later.status == "received" and later.due_at is not None
    assert later.events.get().source == "window"


def test_both_of_a_step_decided_at_one_moment_begin_the_next_once(in_threads):
    where = office.place()
    project = market.need(where).project
    items = [where.item]
    for number in range(2):
        item = ApprovalItem.objects.create(code=f"I-{number}", name=f"事项{number}", name_en="Item")
        ItemVersion.objects.create(item=item, legal_basis="测试依据").functions.add(*where.department.functions.all())
        items.append(item)
    wanted = [Wanted(item=items[0]), Wanted(item=items[1]), Wanted(item=items[2], step=2)]
    made = files(where, project, *wanted, lead=where.item)
    by = office.clerk(where.department)
    first, other, later = made.cases.order_by("step", "id")
    for case in (first, other):
        cases.accept_case(case_id=case.pk, by=by)

    def decide(case):
        return lambda: cases.decide_case(case_id=case.pk, outcome=GRANTED, by=by)

    results = in_threads(decide(first), decide(other), decide(first))
    assert not [each for each in results if isinstance(each, Exception)]
    assert later.events.count() == 1 and Case.objects.get(pk=later.pk).status == "received"


def test_a_refusal_holds_the_next_step_until_it_is_granted_anew(where, project, second):
    made = files(where, project, Wanted(item=where.item), Wanted(item=second, step=2), lead=where.item)
    first, later = made.cases.order_by("step")
    finishes(first, Case.Outcome.REFUSED)
    later.refresh_from_db()
    assert later.status == "planned"
    again = windows.refile(case_id=first.pk, by=where.owner)
    assert windows.refile(case_id=first.pk, by=where.owner) == again
    assert again.previous == first and again.status == "received"
    finishes(again)
    later.refresh_from_db()
    assert later.status == "received"


def test_what_was_granted_is_not_applied_for_again(where, project):
    made = files(where, project)
    case = made.cases.get()
    with pytest.raises(WrongState):
        windows.refile(case_id=case.pk, by=where.owner)
    finishes(case)
    with pytest.raises(WrongState):
        windows.refile(case_id=case.pk, by=where.owner)
    with pytest.raises(NotAllowed):
        windows.refile(case_id=case.pk, by=clerk_of(case))


# --- material ------------------------------------------------------------------------------------------------------


def test_more_material_goes_to_every_case_that_is_not_over(where, project, second):
    made = files(where, project, Wanted(item=where.item), Wanted(item=second))
    done, running = made.cases.order_by("id")
    finishes(done)
    material = materials.hand_in(application_id=made.pk, title="补充说明", file=pdf(more=b"x"), by=where.owner)
    assert list(material.cases.all()) == [running]
    again = materials.hand_in(application_id=made.pk, title="补充说明", file=pdf(more=b"x"), by=where.owner)
    assert again == material
    with pytest.raises(NotAllowed):
        materials.hand_in(application_id=made.pk, title="x", file=pdf(), by=clerk_of(running))
    cases.withdraw_case(case_id=running.pk, fault=Fault.OTHER, words="", by=where.owner)
    with pytest.raises(WrongState):
        materials.hand_in(application_id=made.pk, title="迟到", file=pdf(more=b"y"), by=where.owner)


def test_a_deliverable_comes_by_itself_and_once(where, project):
    case = files(where, project).cases.get()
    digest = hashlib.sha256(b"report").hexdigest()
    for _twice in range(2):
        attach(case, "环评报告书", digest, 1024, "D202611250001", None)
    material = case.materials.get()
    assert (material.reference, material.sha256, bool(material.file)) == ("D202611250001", digest, False)
    shown = acting(office.clerk(where.department)).get(reverse("approvals:case", args=[case.code])).content.decode()
    assert "成果 D202611250001" in shown and digest in shown
    finishes(case)
    with pytest.raises(WrongState):
        attach(case, "迟到的报告", hashlib.sha256(b"late").hexdigest(), 1, "D2", None)


# --- pages ---------------------------------------------------------------------------------------------------------


def query(where, project, *items):
    return {
        "project": project.code,
        "items": [each.code for each in items or [where.item]],
        "filed_in": where.district.code,
    }


def test_an_owner_applies_through_the_pages(where, project, second):
    client, address = acting(where.owner), reverse("approvals:application_new")
    assert project.name in client.get(address).content.decode()
    items = client.get(address, {"project": project.code}).content.decode()
    assert f'value="{where.item.code}" ' in items and "checked" in items, "what a need names is chosen already"
    last = client.get(address, query(where, project, where.item, second))
    assert "D-SECOND" not in last.content.decode() and where.department.organisation.name in last.content.decode()
    key = last.context["form"].initial["key"]
    given = {"key": key, "lead": where.item.code, "later": [second.code], "title_1": "总平面图", "file_1": pdf()}
    from urllib.parse import urlencode

    target = f"{address}?{urlencode(query(where, project, where.item, second), doseq=True)}"
    answer = client.post(target, given)
    made = Application.objects.get()
    assert answer["Location"] == reverse("approvals:application", args=[made.code])
    assert sorted(made.cases.values_list("step", "status")) == [(1, "received"), (2, "planned")]
    shown = client.get(answer["Location"]).content.decode()
    assert "总平面图" in shown and "第 2 步" in shown and "联合审批期限" in shown
    assert client.post(target, {**given, "file_1": pdf()})["Location"] == answer["Location"], "twice is once"
    assert made.code in client.get(reverse("approvals:applications")).content.decode()
    department = acting(office.clerk(where.department))
    assert made.code in department.get(reverse("approvals:applications")).content.decode()
    assert "再交一份材料" not in department.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"later": ["I-SECOND"]}, "later"),
        ({"lead": "I-SECOND", "later": ["I-SECOND", "FIRST"]}, "later"),
        ({"lead": "nothing"}, "lead"),
        ({"title_2": "没有文件"}, "file_2"),
        ({"file_1": SimpleUploadedFile("x.pdf", b"not a pdf")}, "file_1"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(where, project, second, given, field):
    from urllib.parse import urlencode

    target = (
        f"{reverse('approvals:application_new')}?{urlencode(query(where, project, where.item, second), doseq=True)}"
    )
    given = {name: [where.item.code if each == "FIRST" else each for each in value] if isinstance(value, list) else value
             for name, value in given.items()}  # fmt: skip
    answer = acting(where.owner).post(target, {"key": uuid4(), "title_1": "总平面图", **given})
    assert answer.status_code == 422 and f'id="id_{field}_error"' in answer.content.decode()
    assert "总平面图" in answer.content.decode()
    assert not Application.objects.exists()


@pytest.mark.parametrize("wrong", [{"items": "nothing"}, {"filed_in": "999999"}, {"items": []}, {"items": "\x00"}])
def test_nonsense_in_the_address_is_answered(where, project, wrong):
    answer = acting(where.owner).get(reverse("approvals:application_new"), {**query(where, project), **wrong})
    assert answer.status_code == 422


def test_without_projects_and_without_applications(where):
    client = member_client(market.organisation(Kind.OWNER))
    assert "还没有项目" in client.get(reverse("approvals:application_new")).content.decode()
    assert "还没有申请" in client.get(reverse("approvals:applications")).content.decode()
    assert (
        "还没有联合审批"
        in acting(office.clerk(where.department)).get(reverse("approvals:applications")).content.decode()
    )


def test_a_project_leads_to_its_application(where, project):
    shown = acting(where.owner).get(reverse("market:project", args=[project.code])).content.decode()
    assert f"{reverse('approvals:application_new')}?project={project.code}" in shown
    assert Project.objects.count() == 1


def test_a_department_sees_nothing_of_a_round_before_opening(where, project):
    """Its pages of a case of the very project and item that a round is about tell nothing of who has entered."""
    firm = market.firm(where)
    round_ = market.announced(where, of=project.needs.get())
    market.enters(round_, firm, "48000.00")
    made = files(where, project)
    client = acting(office.clerk(where.department, role=Role.ADMIN))
    case = made.cases.get()
    pages = [
        reverse("approvals:cases"), reverse("approvals:case", args=[case.code]), reverse("approvals:register"),
        reverse("approvals:application", args=[made.code]), reverse("approvals:applications"), reverse("approvals:clients"),
    ]  # fmt: skip
    before = type(round_).objects.filter(pk=round_.pk).values().get()
    for page in pages:
        text = client.get(page).content.decode()
        assert firm.uscc not in text and firm.organisation.name not in text and "48000" not in text, page
    for name in ("accept", "correction", "decide", "suspend"):
        client.post(reverse("approvals:step", args=[case.code, name]), {"outcome": "granted", "firm": firm.uscc})
    assert type(round_).objects.filter(pk=round_.pk).values().get() == before


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_in_both_languages(where, project, second, language):
    made = files(where, project, Wanted(item=where.item), Wanted(item=second, step=2), lead=where.item)
    other = market.need(where).project
    client = acting(where.owner)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    new = reverse("approvals:application_new")
    names = re.compile("[\u4e00-\u9fff]*(测试|环评审批|水保审批|中文)[\u4e00-\u9fff]*")
    asked = [(new, {}), (new, {"project": other.code}), (new, query(where, other)),
             (reverse("approvals:applications"), {}), (reverse("approvals:application", args=[made.code]), {})]  # fmt: skip
    for address, given in asked:
        answer = client.get(address, given)
        assert answer.status_code == 200
        words = names.sub("", re.sub(r"<[^>]+>", " ", answer.content.decode()))
        assert bool(re.search("[\u4e00-\u9fff]", words)) == (language == "zh-hans"), (address, words)
