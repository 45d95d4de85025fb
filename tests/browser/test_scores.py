"""Scores in a browser: the league table, a firm's page to the single line, a department's page, and the firm's own page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_lines import aside, media
from tests.ratings import scores as city

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["media"]


def lived_city(where):
    """Three lines of as many firms, with returns and corrections; the first of them heavy enough to be ranked."""
    for number in range(3):
        contract, case = city.decided(where, returned=number % 2, corrected=number // 2)
        city.spread(contract, case, days=2 + number)
    city.scored()
    city.ranked(contract.firm)
    return contract


def test_from_the_league_table_to_a_line(where, new_page, screenshot, media):
    contract = aside(lived_city, where)
    for size in ("desk", "phone"):
        page = new_page(size=size)
        page.goto("/scores/")
        expect(page.locator("svg.score-dot")).to_have_count(3)
        screenshot(page, "scores-league")
        for box in page.get_by_role("checkbox").all()[:2]:
            box.check()
        page.get_by_role("button", name="比较所选机构").click()
        expect(page.locator("svg.score-dot")).to_have_count(4)
        screenshot(page, "scores-compare")
        page.goto("/scores/")
        page.get_by_role("link", name=contract.firm.organisation.name).click()
        page.locator("details.score-line > summary").first.click()
        expect(page.get_by_text("自身效率：")).to_be_visible()
        screenshot(page, "scores-firm")
        page.goto(f"/departments/{where.department.code}/score/")
        screenshot(page, "scores-department")
        page.goto(f"/firms/{contract.firm.uscc}/")
        expect(page.locator(".score-large svg.score-dot")).to_be_visible()
        screenshot(page, "scores-on-firm")
        if size == "desk":
            page.goto(f"/firms/{contract.firm.uscc}/score/")
            page.get_by_role("button", name="English").first.click()
            expect(page.get_by_text("All services")).to_be_visible()
            screenshot(page, "scores-firm-english")
            page.goto("/scores/")
            screenshot(page, "scores-league-english")
    page.goto(f"/firms/{contract.firm.uscc}/score/")
    page.locator("details.score-line > summary").first.click()
    page.get_by_role("link", name="看这件事的时间轴").click()
    expect(page.locator("svg.timeline-bar").first).to_be_visible()
