"""A whole round in real browsers: an owner posts, the operator announces, three firms enter, everybody reads the result."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts.models import Membership
from bidding.domain import due
from bidding.models import Entry, Round
from core import clock
from market.models import Firm
from protocol.methods import METHODS
from tests import custody
from tests import market_place as market

pytestmark = pytest.mark.browser

PRICES = ("49,500", "48000.00", "４９０００")
TERMS: dict[str, dict[str, str]] = {
    "lowest": {"upper": "50000"},
    "draw": {"price": "50000"},
    "mean": {"upper": "50000", "coefficients": "0.97 0.98"},
    "lowest_draw": {"upper": "50000", "k": "2"},
    "credit_draw": {"price": "50000", "long_list": "3", "short_list": "2"},
    "proposal": {"upper": "50000", "ground": "方案差别大，只比价格选不出好的"},
}
PRICED = {"lowest", "mean", "lowest_draw", "proposal"}


@pytest.fixture
def where(transactional_db: None) -> market.Place:
    place = market.place()
    TOTPDevice.objects.create(user=place.operator.user, name="test", confirmed=True)
    return place


@pytest.fixture
def firms(where: market.Place) -> list[Membership]:
    return [market.member_of(market.firm(where, level="甲级").organisation) for _number in range(3)]


def posts_a_need(page: Any, where: market.Place, *, method: str, public_money: bool = False) -> Round:
    """The owner's part: a project, a need, and the three steps of the wizard."""
    page.goto("/desk/")
    page.get_by_role("link", name="新建项目").first.click()
    page.locator("[name=name]").fill("云樵路厂房扩建项目")
    page.locator("[name=district]").select_option(str(where.district.pk))
    page.locator("[name=address]").fill("云樵路 8 号")
    page.locator("[name=funding]").select_option("public" if public_money else "private")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("link", name="提出需求").first.click()
    page.locator("[name=service]").select_option(where.service.code)
    page.get_by_role("button", name="下一步").click()
    page.locator("[name=title]").fill("厂房扩建环境影响评价")
    page.locator("[name=item]").select_option(str(where.item.pk))
    page.locator("[name=requirement]").fill("编制报告书并配合审查。")
    page.locator("[name=budget]").fill("60,000")
    page.locator("[name=days]").fill("20")
    page.locator("[name=kind]").select_option(str(where.kind.pk))
    page.locator("[name=level]").fill("乙级")
    page.get_by_role("button", name="保存，选择选取方式").click()
    page.locator(f"[name=method][value={method}]").check()
    page.get_by_role("button", name="下一步：价格与时长").click()
    for name, value in TERMS[method].items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=notice_length]").fill("2")
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.locator("main")).to_contain_text("3 家符合条件")
    page.get_by_role("button", name="提交服务中心审核").click()
    expect(page.locator("main")).to_contain_text("已提交服务中心审核")
    return Round.objects.get()


def announces(page: Any, round_: Round) -> None:
    """The operator's part."""
    custody.fill_stock()
    page.goto("/desk/")
    page.get_by_role("link", name=round_.title).click()
    page.get_by_role("button", name="公告，开始接受报名").click()
    expect(page.locator("main")).to_contain_text(f"{round_.code} 已公告")


def enters(page: Any, round_: Round, amount: str | None) -> None:
    """A firm's part, up to the receipt."""
    page.goto("/desk/")
    page.locator("tr", has_text=round_.code).get_by_role("link", name="报名").click()
    if amount is not None:
        page.get_by_label("报价（元）").fill(amount)
    page.get_by_label("承诺时限").fill("15")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name=re.compile("^密封并提交")).click()
    expect(page.get_by_role("heading", name="已密封并收到")).to_be_visible()
    page.get_by_role("link", name="查看回执").click()
    expect(page.locator("main")).to_contain_text("mingxuan/receipt/v1")
    sealed = Entry.objects.get(lot__round=round_, firm__organisation__name=page.locator("dd").first.inner_text())
    expect(page.locator("main")).to_contain_text(sealed.envelope_sha256)


def ends_the_notice(round_: Round) -> None:
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() - timedelta(seconds=1))
    due.move_due_rounds()


def winner_of(round_: Round) -> Firm:
    winner = Round.objects.get(pk=round_.pk).lots.get().winner
    assert winner is not None
    return winner


@pytest.mark.parametrize("method", TERMS)
def test_a_whole_round(new_page, screenshot, where, firms, method):
    owner, operator, visitor = new_page(where.owner.user), new_page(where.operator.user), new_page(size="phone")
    round_ = posts_a_need(owner, where, method=method)
    announces(operator, round_)
    visitor.goto(f"/rounds/{round_.code}/")
    expect(visitor.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    for member, price in zip(firms, PRICES, strict=True):
        enters(new_page(member.user), round_, price if method in PRICED else None)
    expect(visitor.locator("main")).to_contain_text("截止前一切都是密封的")

    market.move_on(market.pass_deadline(round_))
    if METHODS[method].picked:
        expect(visitor.locator("main")).to_contain_text("等业主选定")
        screenshot(visitor, f"round-{method}-waits")
        chooses(owner, round_, screenshot)
        due.move_due_rounds()
    winner = winner_of(round_)
    expect(visitor.locator(".winner-name")).to_have_text(winner.organisation.name)  # it changed by itself
    if method == "lowest":
        assert winner.organisation_id == firms[1].organisation_id
        expect(visitor.locator(".working")).to_contain_text("48,000.00")
    screenshot(visitor, f"round-{method}-candidate")

    ends_the_notice(round_)
    expect(visitor.get_by_role("link", name="中选通知书")).to_be_visible()
    owner.goto(f"/rounds/{round_.code}/award/")
    expect(owner.locator("article")).to_contain_text(winner.organisation.name)
    expect(owner.locator("article .qr img")).to_be_visible()
    screenshot(owner, f"award-{method}")


def chooses(page: Any, round_: Round, screenshot: Any) -> None:
    """The owner picks the second of those it may pick, with a reason for each where it is asked for."""
    page.goto("/desk/owner/")
    page.get_by_role("link", name="选定中选机构").click()
    page.locator("[name=chosen]").nth(1).check()
    page.get_by_role("button", name="选定并公布理由").click()
    expect(page.locator(".error-summary")).to_contain_text("请写明理由")
    for box in page.locator("textarea").all():
        box.fill("进度安排更可靠，人员更齐。")
    screenshot(page, f"choose-{round_.method}")
    page.get_by_role("button", name="选定并公布理由").click()
    expect(page.locator("main")).to_contain_text("进度安排更可靠")


def test_a_failed_round_is_announced_again(new_page, screenshot, where, firms):
    owner, operator = new_page(where.owner.user), new_page(where.operator.user)
    first = posts_a_need(owner, where, method="lowest", public_money=True)
    announces(operator, first)
    pages = [new_page(member.user) for member in firms]
    enters(pages[0], first, "48000")
    market.move_on(market.pass_deadline(first))
    owner.goto(f"/desk/owner/rounds/{first.code}/")
    expect(owner.locator("main")).to_contain_text("流标")
    owner.get_by_role("button", name="准备再次公告").click()
    owner.get_by_role("button", name="提交服务中心审核").click()
    second = Round.objects.get(previous=first)

    announces(operator, second)
    for page, price in zip(pages[:2], PRICES, strict=False):
        enters(page, second, price)
    market.move_on(market.pass_deadline(second))
    owner.goto(f"/rounds/{second.code}/")
    expect(owner.locator(".winner-name")).to_have_text(firms[1].organisation.name)
    owner.goto(f"/rounds/{first.code}/")
    expect(owner.locator("main")).to_contain_text(second.code)
    screenshot(owner, "round-failed")


def test_polling_where_sockets_are_blocked(new_page, where, firms):
    round_ = market.announced(where)
    page = new_page(size="phone")
    page.route_web_socket(re.compile(".*"), lambda socket: socket.close())
    page.goto(f"/rounds/{round_.code}/")
    expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "polling", timeout=30_000)
    firm = Firm.objects.get(organisation=firms[0].organisation)
    market.enters(round_, firm, "48000")
    market.move_on(market.pass_deadline(round_))
    expect(page.locator(".winner-name")).to_have_text(firm.organisation.name, timeout=30_000)


def test_the_same_journey_in_english(new_page, where, firms):
    page = new_page(firms[0].user, size="phone")
    round_ = market.announced(where)
    page.goto(f"/desk/firm/rounds/{round_.code}/")
    page.locator("summary").last.click()
    page.get_by_role("button", name="English").last.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator("[data-field=amount]").fill("nonsense")
    page.locator("[data-field=days]").fill("15")
    page.locator("main [data-step=fill] .btn-primary").click()
    expect(page.locator(".field-error:visible")).to_be_visible()
    assert not re.search("[\u4e00-\u9fff]", page.locator(".field-error:visible").inner_text())
    page.locator("[data-field=amount]").fill("48000")
    page.locator("main [data-step=fill] .btn-primary").click()
    page.locator("main [data-action=seal]").click()
    expect(page.locator("main [data-step=done]")).to_be_visible()
    assert Entry.objects.filter(lot__round=round_).count() == 1
    assert timezone.localdate() >= market.FIRST_DAY
