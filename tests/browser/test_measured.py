"""What was measured, in a browser: where the time goes, districts, months, a bulletin, a trial of other rules, differences."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import expect

from approvals.models import District
from core import clock
from market.models import Service
from ratings.columns import DAY_US
from ratings.domain.trials import run_waiting
from ratings.models import Bulletin, DistrictScore, FirmScore, ScorePolicy, TimeSpent
from tests import market_place as market
from tests.browser.test_evaluations import in_english, media, regulator
from tests.browser.test_lines import aside
from tests.browsing import SIZES
from tests.ratings import months
from tests.ratings import scores as city
from tests.ratings.test_score_pages import kept

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["media", "regulator"]
SERVICES = ("水土保持方案编制", "建设项目环境影响评价文件编制", "施工图设计文件审查", "地质灾害危险性评估")
DISTRICTS = ("海曙区", "鄞州区", "宁海县")


def lived_city(where: market.Place) -> Any:
    """Two lines of as many firms, and rows as a city of many would have them."""
    chance = random.Random(5)
    for number in range(2):
        contract, case = city.decided(where, returned=2 * number)
        city.spread(contract, case, days=2)
    city.scored()
    now, rules = clock.now(), ScorePolicy.objects.get()
    for name in SERVICES:
        service = Service.objects.create(code=f"S{SERVICES.index(name)}", name=name, name_en=f"Service {name[:2]}")
        parties = {
            party: chance.randrange(most * DAY_US)
            for party, most in {
                "platform": 9, "firm": 30, "owner": 12, "department": 15, "statutory": 9, "line": 4,
            }.items()
        }  # fmt: skip
        TimeSpent.objects.create(
            period=12, service=service, as_of=now, n=chance.randrange(3, 200), median=sum(parties.values()),
            p90=2 * sum(parties.values()), **parties,
        )  # fmt: skip
    for place, name in enumerate(DISTRICTS):
        district = District.objects.create(
            code=f"33020{place}", name=name, name_en=f"District {place}", short=name[:2], kind="district"
        )
        for of in DistrictScore.Of:
            score = chance.randrange(6_000, 8_500)
            DistrictScore.objects.create(
                of=of, district=district, policy=rules, as_of=now, n=30 * (place + 1), weight=10_000, score=score,
                low=score - 600 // (place + 1), high=score + 600 // (place + 1), ranked=place > 0, efficiency=10_400,
                first_pass=70, overdue=12,
            )  # fmt: skip
    FirmScore.objects.filter(month__isnull=False).delete()
    for number in range(14):
        score = chance.randrange(6_900, 7_300) + 60 * number
        kept(
            contract.firm, month=date(2025 + (9 + number) // 12, (9 + number) % 12 + 1, 1), score=score,
            low=score - 900 + 40 * number, high=score + 900 - 40 * number, n=3 + number,
        )  # fmt: skip
    made = months.made()
    made.content = months.full(contract.firm.uscc)
    made.save()
    return contract


def test_from_the_home_page_to_where_the_time_goes(where, new_page, screenshot, media):
    contract = aside(lived_city, where)
    page = new_page()
    page.goto("/")
    page.locator("main").get_by_role("link", name="全程用时").click()
    expect(page.locator("svg.spent-bar")).to_have_count(1 + 1 + len(SERVICES))
    screenshot(page, "measured-time", *SIZES)
    page.set_viewport_size(SIZES["desk"])
    page.get_by_role("link", name=where.service.name, exact=True).click()
    expect(page.get_by_role("heading", name="各区县市")).to_be_visible()
    page.locator("main").get_by_role("link", name="各区县市比较").click()
    expect(page.locator("svg.score-dot")).to_have_count(2 * (2 + len(DISTRICTS)))
    screenshot(page, "measured-districts", *SIZES)
    page.goto(f"/firms/{contract.firm.uscc}/score/")
    page.get_by_text("逐月列出").click()
    expect(page.locator("svg.trend-chart")).to_be_visible()
    screenshot(page, "measured-trend", *SIZES)
    page.goto(f"/departments/{where.department.code}/score/")
    expect(page.get_by_text("只有一个月")).to_be_visible()
    screenshot(page, "measured-department", *SIZES)
    for name, address in (("time", "/scores/time/"), ("districts", "/scores/districts/")):
        in_english(new_page, None, address, screenshot, f"measured-{name}")
    dark = new_page(color_scheme="dark")
    dark.goto("/scores/time/")
    screenshot(dark, "measured-time-dark")
    dark.goto(f"/firms/{contract.firm.uscc}/score/")
    screenshot(dark, "measured-trend-dark")


def test_a_bulletin_a_trial_and_what_a_department_differs_by(where, new_page, screenshot, media, regulator):
    aside(lived_city, where)
    desk = new_page(where.operator.user)
    desk.goto("/desk/bulletins/")
    screenshot(desk, "bulletins-desk", *SIZES)
    desk.get_by_role("link", name="2026-10").click()
    desk.get_by_label("卷首语").fill("十月各项指标平稳。")
    screenshot(desk, "bulletin-publish", *SIZES)
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.get_by_role("button", name="发布通报").click()
    expect(desk.get_by_text("十月各项指标平稳。")).to_be_visible()
    page = new_page()
    page.goto("/bulletins/")
    screenshot(page, "bulletins", *SIZES)
    page.get_by_role("link", name="2026-10").click()
    screenshot(page, "bulletin", *SIZES)
    answer = page.request.get("/bulletins/2026-10/bulletin.pdf")
    assert answer.body().startswith(b"%PDF-") and Bulletin.objects.get().digest
    watch = new_page(regulator.user)
    watch.goto("/desk/trials/")
    watch.get_by_role("link", name="新的试算").click()
    watch.get_by_label("每次退回或补正的系数").fill("0.50")
    screenshot(watch, "trial-new", *SIZES)
    watch.get_by_role("button", name="开始试算").click()
    expect(watch.get_by_text("正在算")).to_be_visible()
    aside(run_waiting)
    watch.reload()
    expect(watch.get_by_role("cell", name="−").first).to_be_visible()
    screenshot(watch, "trial", *SIZES)
    in_english(new_page, regulator.user, watch.url, screenshot, "trial")
    watch.goto("/desk/differences/")
    screenshot(watch, "differences", *SIZES)
    watch.locator("td a").first.click()
    expect(watch.get_by_text("含 0").first).to_be_visible()
    screenshot(watch, "difference", *SIZES)
    in_english(new_page, regulator.user, watch.url, screenshot, "difference")
    in_english(new_page, None, "/bulletins/", screenshot, "bulletins")
