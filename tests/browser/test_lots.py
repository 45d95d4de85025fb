"""A round of two lots in real browsers: split in the wizard, entered lot by lot, each with its own winner and award."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from bidding.domain import due
from bidding.models import Entry, Round
from tests import custody, lots
from tests import market_place as market
from tests.bidding.test_lots import walks
from tests.browser.steps import announces, ends_the_notice, posts_a_need, seals
from tests.browsing import SIZES

pytestmark = pytest.mark.browser

TERMS = {
    "lot1_title": "环境影响报告书", "lot1_upper": "30,000",
    "lot2_title": "地下水监测", "lot2_upper": "20000", "lot2_lower": "5000",
}  # fmt: skip


def enters_lot(page: Any, round_: Round, lot: str, amount: str) -> None:
    """From the desk over the list of lots to the receipt."""
    page.goto(f"/desk/firm/rounds/{round_.code}/")
    page.locator("tr", has_text=f"标段 {lot} ").get_by_role("link", name="报名", exact=True).click()
    seals(page, amount)
    expect(page.locator("main")).to_contain_text(f"{lot} · {TERMS[f'lot{lot}_title']}")


def both(screenshot: Any, page: Any, name: str) -> None:
    """A picture as wide as a phone, and one as wide as a desk."""
    for size in ("phone", "desk"):
        page.set_viewport_size(SIZES[size])
        screenshot(page, f"lots-{name}")


def test_two_lots_from_the_wizard_to_the_awards(new_page, screenshot, where, firms):
    owner, operator, visitor = new_page(where.owner.user), new_page(where.operator.user), new_page()

    def splits(page: Any) -> None:
        page.get_by_role("link", name="分成几个标段").click()
        page.locator("[name=lot1_title]").fill("环境影响报告书")
        page.get_by_role("button", name="再加一个标段").click()
        expect(page.locator("[name=lot3_title]")).to_be_visible()
        expect(page.locator("[name=lot1_title]")).to_have_value("环境影响报告书")
        page.get_by_role("button", name="下一步：核对").click()
        expect(page.locator(".error-summary")).to_contain_text("至少两个标段")
        both(screenshot, page, "wizard")

    round_ = posts_a_need(owner, where, method="lowest", terms=TERMS, refused=splits)
    announces(operator, round_)
    visitor.goto(f"/rounds/{round_.code}/")
    expect(visitor.locator("main")).to_contain_text("地下水监测")
    both(screenshot, visitor, "announced")

    first, second = (new_page(member.user) for member in firms[:2])
    enters_lot(first, round_, "1", "25000")
    enters_lot(second, round_, "1", "26,000")
    enters_lot(second, round_, "2", "15000")
    second.goto(f"/desk/firm/rounds/{round_.code}/")
    expect(second.get_by_role("link", name="更换")).to_have_count(2)
    first.goto(f"/desk/firm/rounds/{round_.code}/")
    expect(first.get_by_role("link", name="更换")).to_have_count(1)
    expect(first.locator("main")).not_to_contain_text("15,000")
    both(screenshot, first, "entering")
    assert Entry.objects.filter(lot__round=round_).count() == 3

    market.move_on(market.pass_deadline(round_))
    names = [member.organisation.name for member in firms]
    expect(visitor.locator(".winner-name")).to_have_text([names[0], names[1]])
    both(screenshot, visitor, "candidate")
    first.goto("/desk/firm/entries/")
    first.get_by_role("link", name="放弃中选").click()
    first.locator("[name=reason]").fill("人员调离，不能承接")
    first.get_by_role("button", name="弃选").click()
    due.move_due_rounds()
    visitor.reload()
    expect(visitor.locator(".winner-name")).to_have_text([names[1], names[1]])
    expect(visitor.locator("main")).to_contain_text(f"按原来的名次，{names[1]} 递补")

    ends_the_notice(round_)
    owner.goto(f"/rounds/{round_.code}/award/")
    expect(owner.locator("article")).to_contain_text("1 · 环境影响报告书")
    expect(owner.locator("article")).to_contain_text("2 · 地下水监测")
    both(screenshot, owner, "award")


def test_a_stranger_computes_every_lot_again(new_page, screenshot, transactional_db):
    round_ = lots.lived(lots.place("lowest"), "lowest")
    walks(round_, "1", seconds=10)
    custody.attend()
    page = new_page()
    page.goto(f"/rounds/{round_.code}/verify/")
    expect(page.locator("[data-part=overall]")).to_have_attribute("data-state", "holds", timeout=30_000)
    expect(page.locator("[data-step=method]")).to_contain_text("标段 3：")
    both(screenshot, page, "verify")
    page.locator("[data-part=firm]").select_option(index=1)
    page.get_by_role("button", name="改掉它，再核对一遍").click()
    expect(page.locator("[data-part=overall]")).to_have_attribute("data-state", "fails", timeout=30_000)
    both(screenshot, page, "noticed")
