"""The joint limit on the boards of a department and of the regulator, on a desk and on a phone, in both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from approvals.domain.windows import Wanted
from approvals.tasks import note_late_cases
from core import clock
from tests import market_place as market
from tests.approvals import office
from tests.approvals.test_windows import files
from tests.browsing import SIZES

pytestmark = pytest.mark.browser


def test_late_and_due_soon_on_every_board(new_page, screenshot, transactional_db):
    where = office.place()
    now = clock.now()
    for days in (30, 12, 1):
        with clock.travelling(now - timedelta(days=days)):
            made = files(where, market.need(where).project, Wanted(item=where.item), lead=where.item)
    note_late_cases()
    department = office.clerk(where.department)
    regulator = market.member_of(market.organisation("regulator"))
    TOTPDevice.objects.create(user=regulator.user, name="test", confirmed=True)
    for name, by in (("department", department), ("regulator", regulator)):
        page = new_page(by.user)
        for size in ("phone", "desk"):
            page.set_viewport_size(SIZES[size])
            page.goto("/desk/cases/")
            expect(page.locator("main")).to_contain_text("联合审批已超期，最早的在前")
            screenshot(page, f"joint-cases-{name}")
            page.goto("/desk/applications/")
            expect(page.locator("main")).to_contain_text(made.code)
            screenshot(page, f"joint-board-{name}")
    page.goto(f"/desk/applications/{made.code}/")
    screenshot(page, "joint-application")
    page.goto("/desk/applications/?urgency=late")
    page.get_by_role("button", name="English").first.click()
    expect(page.locator("main")).to_contain_text("working days over")
    screenshot(page, "joint-board-english")
