"""What waits for something else: events that came before their case, and an award for an objection to one of its lots."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from bidding.models import Entry, Round
from core import clock
from tests import lots as several
from tests import market_place as market
from tests.approvals import office
from tests.approvals.signing import system
from tests.browsing import SIZES
from tests.exchange.test_approval_events import life

pytestmark = pytest.mark.browser


def test_early_events_on_the_departments_desk(new_page, screenshot, transactional_db):
    where = office.place()
    system(where.department).sends(*life(where)[1:5])
    page = new_page(office.clerk(where.department).user)
    for size in ("phone", "desk"):
        page.set_viewport_size(SIZES[size])
        page.goto("/desk/cases/")
        page.get_by_role("link", name="查看这些事件").click()
        expect(page.locator("main")).to_contain_text("SX-1-4")
        screenshot(page, "early-events")
    page.get_by_role("button", name="English").first.click()
    expect(page.locator("main")).to_contain_text("Events that came early")
    screenshot(page, "early-events-english")


def test_an_objection_to_one_lot(new_page, screenshot, transactional_db):
    where = several.place("lowest")
    made = several.opened(where, "lowest")
    Round.objects.filter(pk=made.pk).update(candidate_until=clock.now() + timedelta(minutes=30))
    firm = Entry.objects.live().filter(lot__round=made).first().firm
    page = new_page(market.member_of(firm.organisation).user)
    page.goto(f"/desk/rounds/{made.code}/object/")
    page.locator("[name=lot]").select_option("2")
    page.locator("[name=text]").fill("第二标段候选机构的业绩证明过期。")
    for size in ("phone", "desk"):
        page.set_viewport_size(SIZES[size])
        screenshot(page, "objection-lot-file")
    page.get_by_role("button", name="提交异议").click()
    expect(page.locator("main")).to_contain_text("水土保持方案")
    for size in ("phone", "desk"):
        page.set_viewport_size(SIZES[size])
        screenshot(page, "objection-lot")
    page.get_by_role("button", name="English").first.click()
    screenshot(page, "objection-lot-english")
