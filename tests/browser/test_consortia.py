"""A consortium in real browsers: the owner accepts it, two firms form it, it wins, and everybody reads who they are."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bidding.models import Round
from tests import market_place as market
from tests.browser.steps import announces, ends_the_notice, enters, posts_a_need

pytestmark = pytest.mark.browser


def test_a_consortium_wins(new_page, pictures, where, firms):
    lead, member, other = firms
    owner, operator, visitor = new_page(where.owner.user), new_page(where.operator.user), new_page(size="phone")
    leads, joins = new_page(lead.user), new_page(member.user, size="phone")
    terms = {"upper": "50000", "consortium_most": "3"}
    round_ = posts_a_need(
        owner, where, method="lowest", terms=terms, refused=lambda page: pictures(page, "consortium-terms")
    )
    announces(operator, round_)

    proposes(leads, round_, member, pictures)
    confirms(joins, pictures)
    leads.reload()
    expect(leads.locator("main")).to_contain_text("可以报名了")
    leads.get_by_role("link", name="以联合体报名").click()
    expect(leads.locator("main")).to_contain_text("代表联合体的全部成员")
    leads.get_by_label("报价（元）").fill("48000")
    pictures(leads, "consortium-enter")
    enters(leads, round_, "48000")
    enters(new_page(other.user), round_, "49000")
    visitor.goto(f"/rounds/{round_.code}/")
    expect(visitor.locator("main")).to_contain_text("接受，最多 3 家")
    joins.goto(f"/desk/firm/rounds/{round_.code}/")
    expect(joins.locator("main")).to_contain_text("不能再单独报名")

    market.move_on(market.pass_deadline(round_))
    expect(visitor.locator(".winner")).to_contain_text(member.organisation.name)
    expect(visitor.locator(".winner-name")).to_have_text(lead.organisation.name)
    pictures(visitor, "consortium-candidate")
    ends_the_notice(round_)
    assert Round.objects.get().status == Round.Status.AWARDED
    owner.goto(f"/rounds/{round_.code}/award/")
    expect(owner.locator("article")).to_contain_text("现场踏勘和监测")
    pictures(owner, "consortium-award")
    owner.goto(f"/firms/{member.organisation.uscc}/")
    expect(owner.locator("main")).to_contain_text(lead.organisation.name)
    pictures(owner, "consortium-firm")


@pytest.fixture
def pictures(screenshot):
    """A picture of a page as wide as a desk, and one as wide as a phone."""

    def take(page, name):
        before = page.viewport_size
        for width, height in ((1440, 900), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            screenshot(page, name)
        page.set_viewport_size(before)

    return take


def proposes(page, round_, member, pictures):
    """The lead firm forms the consortium, after naming nobody it could be formed with."""
    page.goto(f"/rounds/{round_.code}/")
    page.get_by_role("link", name="组成联合体报名").click()
    page.locator("[name=own]").fill("报告书编制和总负责")
    page.locator("[name=member_1]").fill("没有这一家")
    page.locator("[name=share_1]").fill("现场踏勘和监测")
    page.get_by_role("button", name="提出联合体").click()
    expect(page.locator(".error-summary")).to_contain_text("没有这个名称")
    page.locator("[name=member_1]").fill(member.organisation.name)
    pictures(page, "consortium-propose")
    page.get_by_role("button", name="提出联合体").click()
    expect(page.locator("main")).to_contain_text("已提出联合体")
    pictures(page, "consortium-proposed")


def confirms(page, pictures):
    """The member reads at its desk that it is asked, and confirms."""
    page.goto("/desk/")
    page.get_by_role("link", name="查看联合体").click()
    pictures(page, "consortia")
    page.locator("tbody a").first.click()
    expect(page.locator("main")).to_contain_text("现场踏勘和监测")
    pictures(page, "consortium-asked")
    page.get_by_role("button", name="确认参加").click()
    expect(page.locator("main")).to_contain_text("已确认参加联合体")
