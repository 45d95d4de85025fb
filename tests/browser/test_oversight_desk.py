"""The regulator's desk in a browser: who enters with whom, by keyboard and as a table, down to the rounds and the lead;
departments that are late, owners that owe, shares and prices, in both languages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts.models import Kind
from approvals.models import Department
from core import clock
from market.domain.search import search_text
from market.models import Firm, Service
from oversight.domain import meetings
from oversight.domain.alerting import take_in
from oversight.leads import Lead
from oversight.models import Alert
from tests import market_place as market
from tests.approvals import office
from tests.browsing import SIZES
from tests.oversight import desk, met
from tests.oversight.test_late import decided, owes, running
from tests.oversight.test_shares import given

pytestmark = pytest.mark.browser
FIRMS = (
    "甬江",
    "海曙",
    "四明",
    "天一",
    "镜湖",
    "东钱",
    "保国",
    "招宝",
    "九峰",
    "雪窦",
    "溪口",
    "慈城",
    "象山港",
    "杭州湾",
)


@pytest.fixture
def media(_live_processes: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = settings.DATA_DIR / "media"


@pytest.fixture
def watch(where: market.Place, new_page: Any) -> Any:
    member = market.member_of(market.organisation(Kind.REGULATOR, name="宁波市审管办"))
    TOTPDevice.objects.create(user=member.user, name="test", confirmed=True)
    return new_page(member.user)


def called(firms: list[Firm], names: tuple[str, ...]) -> list[Firm]:
    for firm, name in zip(firms, names, strict=False):
        firm.organisation.name = f"宁波{name}环境技术有限公司"
        firm.organisation.save()
        Firm.objects.filter(pk=firm.pk).update(search=search_text(firm.organisation.name, firm.uscc))
    return firms


def lead(key: str, weight: int, firms: list[Firm]) -> Lead:
    return Lead("CL5", key, weight, tuple(sorted(firm.pk for firm in firms)), evidence={"members": len(firms)})


def reads(page: Any, language: str) -> None:
    """Choose a language, where its button is in sight."""
    page.set_viewport_size(SIZES["desk"])
    page.get_by_role("button", name=language).first.click()
    page.wait_for_load_state()


def in_both(page: Any, address: str, screenshot: Any, name: str) -> None:
    """Pictures of a page in Chinese and in English, at both sizes."""
    page.goto(address)
    screenshot(page, f"oversight-{name}", *SIZES)
    reads(page, "English")
    screenshot(page, f"oversight-{name}-english", *SIZES)
    reads(page, "中文")


def test_who_enters_with_whom(where, watch, screenshot):
    watch.goto("/desk/oversight/network/")
    expect(watch.locator("main")).to_contain_text("没有可以计算的比选")
    screenshot(watch, "oversight-network-empty", *SIZES)
    first, some = met.town(where, ring=4, others=4)
    second, more = met.town(where, ring=3, others=3)
    crowd = called([market.firm(where) for _number in range(20)], tuple(f"明州第{number}" for number in range(20)))
    called([*first, *second, *some, *more], FIRMS)
    for number in range(60):  # a crowd, in which some meet by chance
        met.over(where, [crowd[(number * 7 + step * step) % 20] for step in range(3)])
    meetings.count_anew()
    take_in("CL5", [lead("a", 90, first), lead("b", 70, second)], now=clock.now())
    watch.goto("/desk/oversight/")
    screenshot(watch, "oversight-desk-chips", *SIZES)
    watch.get_by_role("link", name="同场网络").click()
    expect(watch.locator("[data-graph][data-ready=yes]")).to_be_visible()
    in_both(watch, "/desk/oversight/network/", screenshot, "network")
    watch.set_viewport_size(SIZES["desk"])
    expect(watch.locator("[data-graph][data-ready=yes]")).to_be_visible()
    watch.locator("[data-graph]").focus()
    watch.keyboard.press("ArrowRight")
    expect(watch.locator("[data-graph-said]")).to_contain_text("同场 8 次")
    expect(watch.locator("[data-graph-said]")).to_contain_text("群组 1")
    watch.keyboard.press("Enter")
    watch.wait_for_url("**q=9*")
    assert watch.locator("tbody tr").count() == 3
    screenshot(watch, "oversight-network-one", *SIZES)
    watch.locator("tbody tr a").first.click()
    expect(watch.locator("main")).to_contain_text("共 8 场")
    in_both(watch, watch.url, screenshot, "pair")
    watch.goto("/desk/oversight/network/")
    watch.get_by_role("link", name="群组 1").click()
    assert watch.url.endswith(f"/desk/alerts/{Alert.objects.get(key='a').pk}/")
    watch.emulate_media(color_scheme="dark")
    watch.goto("/desk/oversight/network/")
    expect(watch.locator("[data-graph][data-ready=yes]")).to_be_visible()
    screenshot(watch, "oversight-network-dark", *SIZES)


def test_the_graph_around_a_firm(where, watch, screenshot):
    firm = desk.tied(where, *called([market.firm(where)], FIRMS))
    in_both(watch, f"/desk/oversight/graph/{firm.organisation.party.pk}/", screenshot, "graph")
    expect(watch.locator("[data-graph][data-ready=yes]")).to_be_visible()


def test_departments_that_are_late(where, watch, screenshot):
    in_both(watch, "/desk/oversight/late/", screenshot, "late-empty")
    for number, name in enumerate(("海曙区生态环境局", "鄞州区住房和城乡建设局", "北仑区应急管理局")):
        place = office.place(committed=10, statutory=20)
        clerk = office.clerk(place.department)
        place.department.organisation.name = name
        place.department.organisation.save()
        for case in range(number + 1):
            running(place, clerk, due=timedelta(days=-3 - 9 * case), statutory=timedelta(days=2 - 4 * case))
            decided(place, clerk, days=f"{11 + case * 3}.5")
        decided(place, clerk, days="8")
    watch.goto("/desk/oversight/")
    watch.get_by_role("link", name="超期的部门").click()
    expect(watch.locator("tbody tr")).to_have_count(3)
    in_both(watch, "/desk/oversight/late/", screenshot, "late")
    watch.locator("tbody tr a").first.click()
    expect(watch.get_by_role("heading", level=1)).to_have_text("北仑区应急管理局")
    expect(watch.locator("tbody tr")).to_have_count(3)
    in_both(watch, watch.url, screenshot, "late-cases")
    watch.get_by_role("link", name="超期办结").click()
    expect(watch.locator("tbody tr")).to_have_count(3)
    in_both(watch, watch.url, screenshot, "late-decided")
    watch.locator("tbody tr a").first.click()
    expect(watch).to_have_url(watch.url)
    assert "/desk/cases/" in watch.url
    assert Department.objects.count() == 4


def test_owners_that_owe(where, watch, screenshot, media):
    in_both(watch, "/desk/oversight/unpaid/", screenshot, "unpaid-empty")
    for days, name in ((12, "宁波甬水工程有限公司"), (75, "宁波东部新城开发建设投资有限公司"), (210, "余姚市水利局")):
        asked = owes(days, funding="public" if days > 100 else "private")
        asked.owner.name = name
        asked.owner.save()
    watch.goto("/desk/oversight/")
    watch.get_by_role("link", name="拖欠机构的业主").click()
    in_both(watch, "/desk/oversight/unpaid/", screenshot, "unpaid")
    watch.set_viewport_size(SIZES["desk"])
    watch.get_by_label("逾期", exact=True).select_option("180")
    expect(watch.locator("tbody tr")).to_have_count(1)
    watch.get_by_role("link", name="余姚市水利局").click()
    in_both(watch, watch.url, screenshot, "unpaid-requests")
    watch.locator("tbody tr a").first.click()
    assert "/desk/payments/" in watch.url


def test_shares_and_prices(where, watch, screenshot):
    in_both(watch, "/desk/oversight/shares/", screenshot, "shares-empty")
    elsewhere = market.place()
    firms = called([market.firm(where) for _number in range(4)], FIRMS)
    Service.objects.filter(pk=where.service.pk).update(name="建设项目环境影响报告书编制")
    where.service.refresh_from_db()
    where.department.organisation.name = "宁波市生态环境局海曙分局"
    where.department.organisation.save()
    given(where, firms[0], 9)
    given(where, firms[1], 3)
    given(where, firms[2], 3, method="direct")
    given(elsewhere, firms[0], 1, service=where.service)
    given(elsewhere, firms[3], 5, service=where.service)
    in_both(watch, "/desk/oversight/shares/", screenshot, "shares")
    in_both(watch, "/desk/oversight/shares/?tab=markets", screenshot, "markets")
    round_ = market.announced(where)
    for amount in ("48000.00", "50400.00", "52800.00", "99999.00"):
        market.enters(round_, market.firm(where), amount)
    address = f"/desk/oversight/rounds/{round_.code}/prices/"
    in_both(watch, address, screenshot, "prices-not-yet")
    market.closed_and_evaluated(round_)
    in_both(watch, address, screenshot, "prices")
