"""A case at the department's desk: received on paper, corrected once, a hearing, decided; on a desk and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from approvals.domain import cases
from approvals.models import Case
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
