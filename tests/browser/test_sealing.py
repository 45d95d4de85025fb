"""What a firm keeps when it has sealed, what it is told before it replaces, and a browser that cannot seal."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import pytest
from playwright.sync_api import expect

from bidding.models import Entry, EntryTrace, TracePolicy
from tests import market_place as market
from tests.browser.steps import seals
from tests.browsing import SIZES

pytestmark = pytest.mark.browser


def test_token_and_receipt_are_saved_and_a_replacement_is_warned_of(new_page: Any, where: Any, firms: Any) -> None:
    round_ = market.announced(where)
    page = new_page(firms[0].user)
    address = f"/desk/firm/rounds/{round_.code}/"
    page.goto(address)
    expect(page.locator("main")).not_to_contain_text("新的密封件替换原来的")
    page.get_by_label("报价（元）").fill("48000")
    page.get_by_label("承诺时限").fill("15")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name=re.compile("^密封并提交")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="保存凭证和回执").click()
    saved = download.value.path().read_text(encoding="utf-8")
    first = Entry.objects.get(lot__round=round_)
    assert "mingxuan/receipt/v1" in saved and first.envelope_sha256 in saved
    assert first.token_sha256 in {sha256(word.encode()).hexdigest() for word in re.findall("[0-9a-f]{64}", saved)}

    page.goto(address)
    expect(page.locator("main")).to_contain_text("新的密封件替换原来的")
    seals(page, "47000")
    assert Entry.objects.live().get(lot__round=round_).envelope_sha256 != first.envelope_sha256


def test_a_browser_that_cannot_seal_here_is_told_so(new_page: Any, where: Any, firms: Any, screenshot: Any) -> None:
    """Without a secure context browsers have no cryptography: the page asks for nothing that it could not seal."""
    round_ = market.announced(where)
    page = new_page(firms[0].user, size="phone")
    page.add_init_script("Object.defineProperty(globalThis, 'isSecureContext', { value: false })")
    page.goto(f"/desk/firm/rounds/{round_.code}/")
    expect(page.get_by_text("这个浏览器在这里不能密封")).to_be_visible()
    expect(page.get_by_label("报价（元）")).to_be_hidden()
    screenshot(page, "seal-insecure")


def test_what_is_noted_at_entry_is_said_before_sealing(new_page: Any, where: Any, firms: Any, screenshot: Any) -> None:
    TracePolicy.objects.create(
        legal_basis="《个人信息保护法》（2021-11-01施行）第六条、第十三条、第十七条、第十九条", keep_days=180
    )
    round_ = market.announced(where)
    page = new_page(firms[0].user, size="phone")
    page.goto(f"/desk/firm/rounds/{round_.code}/")
    page.get_by_label("报价（元）").fill("48000")
    page.get_by_label("承诺时限").fill("15")
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.get_by_role("button", name=re.compile("^密封并提交"))).to_be_visible()
    expect(page.get_by_text("留存 180 日，开启以后只用来查找串通的线索")).to_be_visible()
    page.get_by_role("link", name="提交时记下什么").click()
    told = page.locator("#traces")
    expect(told).to_be_in_viewport()
    expect(told).to_contain_text("自收到起 180 日")
    expect(told).to_contain_text("不为此运行脚本")
    page.evaluate("scrollTo(0, 0)")
    screenshot(page, "seal-traces", *SIZES)
    page.get_by_role("button", name=re.compile("^密封并提交")).click()
    expect(page.get_by_role("heading", name="已密封并收到")).to_be_visible()
    assert not EntryTrace.objects.exists()  # from this machine itself comes nothing that tells anything

    visitor = new_page()
    visitor.goto("/about/")
    expect(visitor.locator("#traces")).to_be_visible()
    screenshot(visitor, "about-traces", *SIZES)
