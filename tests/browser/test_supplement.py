"""A contract is changed in real browsers: proposed, agreed, sealed by both, checked by anybody."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from contracts.models import Supplement
from tests.browser.test_contract import both, media
from tests.contracts import place

pytestmark = pytest.mark.browser

__all__ = ["media"]


def test_a_firm_raises_the_price_and_both_seal(new_page, screenshot, where, media, tmp_path, in_threads):
    [contract] = in_threads(lambda: place.running(where))
    owner_member, firm_member = place.people(where, contract)
    owner, firm, visitor = new_page(owner_member.user), new_page(firm_member.user), new_page()
    address = f"/desk/contracts/{contract.code}/"

    firm.goto(address)
    firm.get_by_role("link", name="变更合同").click()
    firm.locator("[name=price]").fill("60,000")
    firm.locator("[name=words]").fill("业主增加一个专题，须补充监测。")
    firm.get_by_role("button", name="提出，等对方答复").click()
    expect(firm.locator(".error-summary")).to_contain_text("52,800.00")
    both(screenshot, firm, "supplement-refused")
    firm.locator("[name=price]").fill("51,000")
    firm.locator("[name=days]").fill(str(contract.days + 5))
    firm.get_by_role("button", name="提出，等对方答复").click()

    owner.goto(address)
    owner.get_by_role("link", name="答复", exact=True).click()
    both(screenshot, owner, "supplement-answer")
    owner.get_by_label("同意", exact=True).check()
    owner.get_by_role("button", name="答复").click()
    expect(owner.locator("main")).to_contain_text("补充协议 1 待盖章")
    both(screenshot, owner, "supplement-waiting")
    for page in (firm, owner):
        page.goto(address)
        page.get_by_role("link", name="在补充协议上盖章").click()
        both(screenshot, page, "supplement-seal")
        page.get_by_role("button", name="盖章").click()
        expect(page.locator("main")).to_contain_text("已盖章。")
    both(screenshot, owner, "supplement-in-force")

    supplement = Supplement.objects.get()
    assert supplement.status == Supplement.Status.IN_FORCE
    visitor.goto(f"/contracts/{contract.code}/")
    visitor.get_by_role("link", name=f"{contract.code}-1").click()
    both(screenshot, visitor, "supplement-public")
    sealed = tmp_path / "supplement.pdf"
    with supplement.document.open("rb") as file:
        sealed.write_bytes(file.read())
    visitor.get_by_role("link", name="核对一份 PDF").click()
    visitor.locator("[name=file]").set_input_files(sealed)
    visitor.get_by_role("button", name="核对").click()
    expect(visitor.locator("main")).to_contain_text("补充协议 1，一个字节都没有改")
    both(screenshot, visitor, "supplement-check")
    _in_english(new_page, screenshot, owner_member, contract, sealed)


def _in_english(new_page: Any, screenshot: Any, owner: Any, contract: Any, sealed: Any) -> None:
    page = new_page(owner.user)
    page.goto(f"/contracts/{contract.code}/supplements/1/")
    page.get_by_role("button", name="English").first.click()
    both(screenshot, page, "supplement-english")
    page.goto(f"/desk/contracts/{contract.code}/")
    both(screenshot, page, "supplement-desk-english")
