"""The service centre files a contract, after it said what was amiss, and writes the next contract template."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from contracts.models import ContractTemplate, Filing
from tests import market_place as market
from tests.contracts import place

pytestmark = pytest.mark.browser


@pytest.fixture
def contract(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    where = market.place()
    TOTPDevice.objects.create(user=where.operator.user, name="test", confirmed=True)
    return where, place.running(where)


def test_the_centre_files_a_contract(new_page, screenshot, contract):
    where, contract = contract
    centre = new_page(where.operator.user)
    centre.goto("/desk/contracts/filing/")
    screenshot(centre, "filings")
    centre.get_by_role("link", name=contract.title).click()
    centre.get_by_role("link", name="提出意见").click()
    centre.get_by_label("哪里与选取结果不一致").fill("付款计划的首期比例高于公告")
    centre.get_by_role("button", name="告知双方").click()
    owner = new_page(where.owner.user, size="phone")
    owner.goto(f"/desk/contracts/{contract.code}/")
    expect(owner.locator("#filing-head").locator("..")).to_contain_text("付款计划的首期比例高于公告")
    screenshot(owner, "filing-remark")
    centre.get_by_role("button", name="予以备案").click()
    number = Filing.objects.get().number
    expect(centre.locator("#filing-head").locator("..")).to_contain_text(number)
    visitor = new_page(size="phone")
    visitor.goto(f"/contracts/{contract.code}/")
    expect(visitor.locator("main")).to_contain_text(number)
    expect(visitor.locator("main")).not_to_contain_text("首期比例高于公告")
    screenshot(visitor, "contract-filed")


def test_the_centre_writes_the_next_template(new_page, screenshot, contract):
    where, _contract = contract
    centre = new_page(where.operator.user)
    centre.goto("/desk/contracts/templates/")
    screenshot(centre, "templates")
    centre.get_by_role("link", name="据此出新版本").click()
    centre.get_by_label("版本").fill("2027-01")
    centre.get_by_label("从哪一天起用").fill(timezone.localdate().isoformat())
    centre.locator("[name=share1]").fill("40")
    centre.get_by_role("button", name="保存这个版本").click()
    expect(centre.locator(".error-summary")).to_contain_text("之和须为 100")
    screenshot(centre, "template-refused")
    centre.locator("[name=share2]").fill("60")
    centre.get_by_role("button", name="保存这个版本").click()
    expect(centre.locator("h1")).to_contain_text("通用文本")
    added = ContractTemplate.objects.latest("id")
    assert [row["share"] for row in added.plan] == [40, 60]
    english = new_page(where.operator.user)
    english.goto("/desk/contracts/templates/")
    english.get_by_role("button", name="English").first.click()
    expect(english.locator("h1")).to_have_text("Contract templates")
    screenshot(english, "templates-english")
