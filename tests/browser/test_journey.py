"""A whole round in real browsers: an owner posts, the operator announces, three firms enter, everybody reads the result."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bidding.domain import due
from bidding.models import Entry, Policy, Round
from market.models import Firm
from protocol.methods import METHODS
from tests import market_place as market
from tests.browser.steps import announces, ends_the_notice, enters, posts_a_need

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


def winner_of(round_: Round) -> Firm:
    winner = Round.objects.get(pk=round_.pk).lots.get().winner
    assert winner is not None
    return winner


@pytest.mark.parametrize("method", TERMS)
def test_a_whole_round(new_page, screenshot, where, firms, method):
    owner, operator, visitor = new_page(where.owner.user), new_page(where.operator.user), new_page(size="phone")
    round_ = posts_a_need(owner, where, method=method, terms=TERMS[method])
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


def test_a_firm_that_is_named(new_page, screenshot, where, firms):
    Policy.objects.filter(pk=where.policy.pk).update(direct_limit="50000.00")
    owner, operator, visitor = new_page(where.owner.user), new_page(where.operator.user), new_page(size="phone")
    named = Firm.objects.get(organisation=firms[1].organisation)
    terms = {"price": "50000", "ground": "上一阶段的报告由其编制", "named": named.uscc}
    round_ = posts_a_need(owner, where, method="direct", terms=terms, counted="1 家符合条件", refused=names_wrongly)
    announces(operator, round_)
    visitor.goto(f"/rounds/{round_.code}/")
    expect(visitor.locator("main")).to_contain_text("上一阶段的报告由其编制")
    screenshot(visitor, "round-direct-announced")

    other = new_page(firms[0].user)
    other.goto(f"/desk/firm/rounds/{round_.code}/")
    expect(other.locator("main")).to_contain_text("业主直接选取了另一家机构")
    expect(other.locator("[data-step=fill]")).to_have_count(0)
    enters(new_page(firms[1].user), round_, None)
    market.move_on(market.pass_deadline(round_))
    expect(visitor.locator(".winner-name")).to_have_text(named.organisation.name)
    expect(visitor.locator(".working")).to_contain_text("¥ 50,000.00")
    screenshot(visitor, "round-direct-candidate")
    ends_the_notice(round_)
    owner.goto(f"/rounds/{round_.code}/award/")
    expect(owner.locator("article")).to_contain_text(named.organisation.name)
    expect(owner.locator("article")).to_contain_text("50,000.00")
    screenshot(owner, "award-direct")


def names_wrongly(page: Any) -> None:
    """The wizard's second step refuses nobody's number, a price beyond the limit, and no ground."""
    page.locator("[name=named]").fill("91330201MA0000000X")
    page.locator("[name=price]").fill("50,000.01")
    page.get_by_role("button", name="下一步：核对").click()
    summary = page.locator(".error-summary")
    expect(summary).to_contain_text("没有这个统一社会信用代码的入驻机构")
    expect(summary).to_contain_text("超过直接选取的金额上限（¥ 50,000.00）")
    expect(summary).to_contain_text("请写明依据")


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
    first = posts_a_need(owner, where, method="lowest", terms=TERMS["lowest"], public_money=True)
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
