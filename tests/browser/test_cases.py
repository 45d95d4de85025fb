"""A case at the department's desk: received on paper, corrected once, a hearing, decided; on a desk and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from approvals.domain import cases
from approvals.models import Case, Function
from market.catalogue.loader import load_catalogue
from tests import market_place as market
from tests.approvals import office
from tests.approvals.office import on

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def office_with_cases(transactional_db):
    where = office.place()
    by = office.clerk(where.department)
    done = office.accepted(where, by=by)
    cases.decide_case(case_id=done.pk, outcome=Case.Outcome.GRANTED, by=by, occurred_at=on(6))
    for _number in range(3):
        office.received(where, by=by, project_name="滨水商务楼 7 号地块项目")
    office.received(where, at=None, by=by)
    return where, by


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_case_from_receipt_to_decision(office_with_cases, new_page, screenshot, size):
    where, by = office_with_cases
    page = new_page(by.user, size=size)
    page.goto("/desk/cases/")
    screenshot(page, "cases")
    page.get_by_role("link", name="登记收件").click()
    page.locator("[name=item]").select_option(str(where.item.pk))
    page.locator("[name=applicant]").fill(where.owner.organisation.uscc)
    page.get_by_role("button", name="登记收件").click()
    expect(page.locator(".error-summary")).to_contain_text("请填写项目名称")
    screenshot(page, "case-register")
    page.locator("[name=project_name]").fill("云樵路厂房扩建项目")
    page.locator("[name=occurred_at]").fill("2026-11-03T09:00")
    page.get_by_role("button", name="登记收件").click()
    expect(page.locator("main")).to_contain_text("已收件，办件编号")
    page.get_by_role("link", name="要求补正").click()
    page.get_by_label("成果内容或深度不足").check()
    page.get_by_label("中介成果", exact=True).check()
    page.get_by_label(re.compile("^是，上次就应当")).check()
    page.locator("[name=words]").fill("补充夜间噪声预测。")
    page.locator("[name=occurred_at]").fill("2026-11-04T09:00")
    screenshot(page, "case-correction")
    page.get_by_role("button", name="发出补正通知").click()
    expect(page.locator(".history")).to_contain_text("本可一次性告知")
    page.locator("[name=occurred_at]").fill("2026-11-05T09:00")
    page.get_by_role("button", name="登记，重新审查").click()
    page.locator("[name=occurred_at]").fill("2026-11-06T09:00")
    page.get_by_role("button", name="受理，开始办理").click()
    page.get_by_role("link", name="特别程序").click()
    page.get_by_label("听证").check()
    page.get_by_role("button", name="开始，停止计时").click()
    expect(page.locator("main")).to_contain_text("停止计时")
    screenshot(page, "case")
    page.get_by_role("button", name="结束，继续计时").click()
    page.get_by_label("准予许可").check()
    page.get_by_role("button", name="作出决定，办结").click()
    expect(page.locator(".page-kicker")).to_contain_text("准予许可")
    assert Case.objects.filter(status="decided").count() == 2
    screenshot(page, "case-decided")
    page.get_by_role("link", name="出件：上传决定文书").click()
    page.get_by_label("文号").fill("甬环建〔2026〕12号")
    document = {"name": "决定.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF\n"}
    page.get_by_label("决定文书").set_input_files(document)
    screenshot(page, "result-issue")
    page.get_by_role("button", name="出件，通知申请人签收").click()
    expect(page.locator("#results-head").locator("..")).to_contain_text("待签收")
    owner = new_page(where.owner.user, size=size)
    owner.goto(page.url)
    owner.get_by_role("button", name="签收文书").click()
    expect(owner.locator("#results-head").locator("..")).not_to_contain_text("待签收")
    screenshot(owner, "case-collected")
    page.locator(".history").get_by_role("link", name="更正").last.click()
    screenshot(page, "case-correct")


def test_the_regulator_looks_over_all(office_with_cases, new_page, screenshot):
    from django_otp.plugins.otp_totp.models import TOTPDevice

    regulator = market.member_of(market.organisation("regulator"))
    TOTPDevice.objects.create(user=regulator.user, name="test", confirmed=True)
    page = new_page(regulator.user)
    page.goto("/desk/cases/")
    expect(page.locator("main")).to_contain_text("已超期，最早的在前")
    screenshot(page, "cases-regulator")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_an_owner_applies_for_everything_at_once(transactional_db, new_page, screenshot, settings, tmp_path, size):
    settings.MEDIA_ROOT = tmp_path / "media"
    load_catalogue()
    where = office.place()
    line = Function.objects.get(code="water")
    where.department.functions.add(line)
    market.need(where)
    paper = tmp_path / "总平面图.pdf"
    paper.write_bytes(b"%PDF-1.4\ntrailer\n<<>>\n%%EOF\n")
    page = new_page(where.owner.user, size=size)
    page.goto("/desk/applications/")
    screenshot(page, "applications-empty")
    page.get_by_role("link", name="新的申请").first.click()
    page.locator("[name=project]").check()
    screenshot(page, "application-project")
    page.get_by_role("button", name="下一步：选事项").click()
    page.get_by_label(re.compile("生产建设项目水土保持方案审批")).check()
    page.get_by_label(re.compile("取水许可")).check()
    screenshot(page, "application-items")
    page.get_by_role("button", name="下一步：材料").click()
    page.locator("[name=lead]").select_option("I005")
    page.get_by_label("取水许可").check()
    page.locator("[name=title_1]").fill("总平面图")
    page.locator("[name=file_1]").set_input_files(paper)
    screenshot(page, "application-new")
    page.get_by_role("button", name="提交申请").click()
    expect(page.locator("main")).to_contain_text("已提交，申请编号")
    expect(page.locator("main")).to_contain_text("等待上一步")
    screenshot(page, "application")
    assert Case.objects.filter(status="received").count() == 2
    page.goto("/desk/applications/")
    screenshot(page, "applications")
    clerk = new_page(office.clerk(where.department).user, size=size)
    clerk.goto("/desk/applications/")
    clerk.get_by_role("link", name="测试项目").click()
    expect(clerk.locator("main")).to_contain_text("总平面图")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_table_is_looked_at_before_it_is_taken(office_with_cases, new_page, screenshot, tmp_path, size):
    where, by = office_with_cases
    head = "id,case,kind,occurred_at,item,applicant,project_name"
    row = f"EV-1,SX-1,case_received,2026-11-03 09:00,{where.item.code},{where.owner.organisation.uscc},厂房扩建"
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(
        f"{head}\n{row}\nEV-2,SX-1,case_accepted,六号,,,\nEV-2,SX-9,case_decided,2026-11-04,,,\n", encoding="utf-8"
    )
    good.write_text(f"{head}\n{row}\nEV-2,SX-1,case_accepted,2026-11-04 10:00,,,\n", encoding="gb18030")
    page = new_page(by.user, size=size)
    page.goto("/desk/cases/tables/")
    screenshot(page, "tables")
    page.get_by_role("link", name="导入", exact=True).first.click()
    page.locator("[name=file]").set_input_files(bad)
    page.get_by_role("button", name="预览").click()
    expect(page.locator("main")).to_contain_text("一行也没有导入")
    screenshot(page, "table-wrong")
    page.locator("[name=file]").set_input_files(good)
    page.get_by_role("button", name="预览").click()
    expect(page.locator("main")).to_contain_text("还没有导入")
    screenshot(page, "table-preview")
    assert not Case.objects.filter(external_code="SX-1").exists()
    page.get_by_role("button", name="确认导入").click()
    expect(page.locator("main")).to_contain_text("已导入：新 2 行")
    assert Case.objects.get(external_code="SX-1").status == "accepted"
