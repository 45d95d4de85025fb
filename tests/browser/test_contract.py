"""A contract in real browsers: from the award over both seals to a deliverable that was returned once and then accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from contracts.models import Contract
from tests import market_place as market
from tests.browsing import SIZES
from tests.contracts import place

pytestmark = pytest.mark.browser


def both(screenshot: Any, page: Any, name: str) -> None:
    """A picture as wide as a phone, and one as wide as a desk."""
    for size in ("phone", "desk"):
        page.set_viewport_size(SIZES[size])
        screenshot(page, f"contract-{name}")


@pytest.fixture
def media(_live_processes, settings):
    """Where the live server keeps its files, so that a test reads the same."""
    settings.MEDIA_ROOT = settings.DATA_DIR / "media"


def test_from_the_award_to_both_seals(new_page, screenshot, where, media, tmp_path):
    contract = place.drafted(where)
    firm_member = market.member_of(contract.firm.organisation)
    owner, firm, visitor = new_page(where.owner.user), new_page(firm_member.user), new_page()

    owner.goto("/desk/")
    owner.get_by_role("link", name="合同", exact=True).first.click()
    both(screenshot, owner, "desk")
    owner.get_by_role("link", name=contract.title).click()
    both(screenshot, owner, "draft")
    owner.get_by_role("link", name="修改服务内容和付款计划").click()
    owner.locator("[name=scope]").fill("编制环境影响报告书（报批稿）三份，配合技术审查。")
    owner.locator("[name=amount1]").fill("10,000")
    owner.get_by_role("button", name="保存").click()
    expect(owner.locator(".error-summary")).to_contain_text("合计")
    both(screenshot, owner, "edit-refused")
    owner.locator("[name=amount2]").fill("38,000.00")
    owner.get_by_role("button", name="保存").click()
    owner.get_by_role("button", name="交给机构确认").click()
    expect(owner.locator("main")).to_contain_text("已交给机构确认")

    firm.goto(f"/desk/contracts/{contract.code}/")
    firm.get_by_role("link", name="要求修改").click()
    firm.locator("[name=text]").fill("请写明甲方提供图纸的时间。")
    firm.get_by_role("button", name="发给业主").click()
    owner.goto(f"/desk/contracts/{contract.code}/")
    expect(owner.locator("main")).to_contain_text("请写明甲方提供图纸的时间。")
    owner.get_by_role("button", name="交给机构确认").click()
    firm.goto(f"/desk/contracts/{contract.code}/")
    both(screenshot, firm, "proposed")
    firm.get_by_role("button", name="同意合同文本").click()
    for page in (firm, owner):
        page.goto(f"/desk/contracts/{contract.code}/")
        page.get_by_role("link", name="盖章", exact=True).click()
        both(screenshot, page, "seal")
        page.get_by_role("button", name="盖章").click()
        expect(page.locator("main")).to_contain_text("已盖章。")
    both(screenshot, owner, "running")
    assert Contract.objects.get().status == Contract.Status.RUNNING

    contract.refresh_from_db()
    visitor.goto("/contracts/")
    both(screenshot, visitor, "list")
    visitor.get_by_role("link", name=contract.title).click()
    both(screenshot, visitor, "public")
    sealed = tmp_path / "sealed.pdf"
    sealed.write_bytes(place.content(contract))
    Path("/tmp/sealed.pdf").write_bytes(sealed.read_bytes())
    visitor.get_by_role("link", name="核对一份 PDF").click()
    visitor.locator("[name=file]").set_input_files(sealed)
    visitor.get_by_role("button", name="核对").click()
    expect(visitor.locator("main")).to_contain_text("一个字节都没有改")
    both(screenshot, visitor, "check")
    broken = bytearray(sealed.read_bytes())
    broken[len(broken) // 2] ^= 1
    sealed.write_bytes(broken)
    visitor.locator("[name=file]").set_input_files(sealed)
    visitor.get_by_role("button", name="核对").click()
    expect(visitor.locator("main")).not_to_contain_text("一个字节都没有改")
    english = new_page()
    english.goto(f"/contracts/{contract.code}/")
    english.get_by_role("button", name="English").first.click()
    both(screenshot, english, "english")
