"""A contract in real browsers: from the award over both seals to a deliverable that was returned once and then accepted."""

from __future__ import annotations

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
    owner.get_by_role("link", name="合同管理", exact=True).first.click()
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


def test_two_versions_of_a_deliverable_and_what_is_agreed_on_the_way(
    new_page, screenshot, where, media, tmp_path, in_threads
):
    [contract] = in_threads(
        lambda: place.running(where)
    )  # pyHanko has a loop of its own; Playwright's is in this thread
    owner_member, firm_member = place.people(where, contract)
    owner, firm = new_page(owner_member.user), new_page(firm_member.user)
    address = f"/desk/contracts/{contract.code}/"
    paper = tmp_path / "报告.pdf"

    firm.goto(address)
    firm.get_by_role("link", name="等待业主提供资料").click()
    firm.locator("[name=words]").fill("请提供总平面图的电子版。")
    firm.get_by_role("button", name="提出，等对方答复").click()
    owner.goto(address)
    owner.get_by_role("link", name="答复", exact=True).click()
    both(screenshot, owner, "matter-answer")
    owner.get_by_label("同意", exact=True).check()
    owner.get_by_role("button", name="答复").click()
    owner.get_by_role("button", name="已提供").click()
    expect(owner.locator("main")).to_contain_text("已了结")

    firm.goto(address)
    firm.get_by_role("link", name="提交成果：").click()
    paper.write_bytes(b"MZ not a paper")
    firm.locator("[name=file]").set_input_files(paper)
    firm.get_by_role("button", name="提交业主验收").click()
    expect(firm.locator(".error-summary")).to_contain_text("只接受 PDF")
    both(screenshot, firm, "submit-refused")
    for version, text in enumerate(("报批稿", "修改稿"), start=1):
        firm.goto(address)
        firm.get_by_role("link", name="提交成果：").click()
        paper.write_bytes(place.pdf(text))
        firm.locator("[name=file]").set_input_files(paper)
        firm.locator("[name=note]").fill(text)
        firm.get_by_role("button", name="提交业主验收").click()
        expect(firm.locator("main")).to_contain_text("已提交，等业主验收。")
        owner.goto(address)
        expect(owner.locator("main")).to_contain_text(f"第 {version} 版")
        if version == 1:
            owner.get_by_role("link", name="退回", exact=True).click()
            owner.get_by_label("数据、计算或结论有误").check()
            owner.locator("[name=words]").fill("第 3 章源强核算有误。")
            both(screenshot, owner, "return")
            owner.get_by_role("button", name="退回机构修改").click()
            expect(owner.locator("main")).to_contain_text("第 3 章源强核算有误。")
    both(screenshot, owner, "to-review")
    stale = new_page(owner_member.user)
    stale.goto(address)
    for page in (owner, stale):
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="验收通过").click()
        expect(page.locator("main")).to_contain_text("已验收。")
    both(screenshot, owner, "completed")
    assert Contract.objects.get().status == Contract.Status.COMPLETED

    stranger = new_page(market.member_of(market.firm(where).organisation).user)
    stranger.goto("/desk/contracts/")
    expect(stranger.locator("main")).not_to_contain_text(contract.code)
    both(screenshot, stranger, "desk-empty")
    firm.goto(address)
    firm.get_by_role("button", name="English").first.click()
    both(screenshot, firm, "completed-english")
