"""An auction in real browsers: two firms, the service centre, and a visitor with a phone, who all watch the same room."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from bidding.domain import due, live
from bidding.models import Auction
from core import clock
from tests import auctions
from tests import market_place as market
from tests.browser import steps

pytestmark = pytest.mark.browser

TERMS = {"upper": "50000", "step": "500"}


@pytest.fixture
def played(transactional_db: None) -> auctions.Played:
    made = auctions.opened(firms=3, terms={"extend_within_s": "60", "extend_by_s": "120"})
    auctions.move(made, seconds=300)
    TOTPDevice.objects.create(user=made.where.operator.user, name="test", confirmed=True)
    return made


def address(played):
    return f"/rounds/{played.round.code}/auction/1/"


def enters(new_page, played, who=None, **options):
    """Somebody opens the room, and it goes live."""
    user = None if who is None else market.member_of(played.firms[who].organisation).user
    page = new_page(user, **options)
    page.goto(address(played))
    expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live", timeout=15_000)
    return page


def offers(page, amount=None):
    if amount is None:
        page.get_by_role("button", name="填入最高可出价").click()
    else:
        page.get_by_label("出价（元）").fill(amount)
        page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name=re.compile("^提交出价")).click()
    expect(page.locator("[data-done]")).to_contain_text("已收下")


def test_from_the_wizard_to_the_award(new_page, screenshot, transactional_db):
    where = market.place(auction_lead_minutes=auctions.LEAD, auction_minutes=auctions.LENGTH)
    TOTPDevice.objects.create(user=where.operator.user, name="test", confirmed=True)
    members = [market.member_of(market.firm(where, level="甲级").organisation) for _number in range(3)]
    owner, visitor = new_page(where.owner.user), new_page(size="phone")
    round_ = steps.posts_a_need(owner, where, method="auction", terms=TERMS, refused=leaves_the_step_out)
    steps.announces(new_page(where.operator.user), round_)
    firms = [new_page(member.user) for member in members]
    for page in firms:
        steps.enters(page, round_, None)
    visitor.goto(f"/rounds/{round_.code}/")
    expect(visitor.locator("[data-live-state]")).to_have_attribute("data-state", "live", timeout=15_000)
    market.move_on(market.pass_deadline(round_))

    visitor.get_by_role("link", name="进入竞价室").click()
    expect(visitor.locator("[data-when=scheduled]").first).to_be_visible()
    screenshot(visitor, "auction-waiting")
    played = auctions.Played(where=where, round=round_, firms=[])
    auctions.move(played, seconds=300)
    for page in firms[:2]:
        page.goto(f"/rounds/{round_.code}/")
        page.get_by_role("link", name="进入竞价室").click()
        expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live", timeout=15_000)
    offers(firms[0], "50,000")
    expect(firms[1].locator("[data-shown=best]")).to_have_text("¥ 50,000.00")
    offers(firms[1])
    live.auction_moved(played.auction.lot_id)
    expect(visitor.locator("[data-shown=best]")).to_have_text("¥ 49,500.00")

    shorten(played, seconds=2)
    expect(visitor.get_by_role("link", name="查看结果")).to_be_visible(timeout=15_000)
    due.move_due_rounds()
    visitor.get_by_role("link", name="查看结果").click()
    expect(visitor.locator(".winner-name")).to_have_text(members[1].organisation.name)
    steps.ends_the_notice(round_)
    owner.goto(f"/rounds/{round_.code}/award/")
    expect(owner.locator("article")).to_contain_text(members[1].organisation.name)
    expect(owner.locator("article")).to_contain_text("49,500.00")
    screenshot(owner, "award-auction")


def leaves_the_step_out(page):
    """The wizard's second step wants to know by how much an offer must be lower."""
    page.locator("[name=upper]").fill("50000")
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.locator(".error-summary")).to_contain_text("请填写")


def test_two_firms_and_a_visitor(new_page, screenshot, played):
    first, second = enters(new_page, played, 0), enters(new_page, played, 1)
    visitor = enters(new_page, played, size="phone")
    best, rank = "[data-shown=best]", "[data-rank]"
    expect(visitor.locator(best)).to_have_text("还没有出价")

    offers(first, "48,000")
    for page in (first, second, visitor):
        expect(page.locator(best)).to_have_text("¥ 48,000.00")
        expect(page.locator(".table-offers tbody tr")).to_have_count(1)
    expect(first.locator(rank)).to_have_text("第 1")
    offers(second)
    expect(visitor.locator(best)).to_have_text("¥ 47,500.00")
    expect(visitor.locator("[data-shown=leader]")).to_have_text(played.pseudonym(1))
    expect(first.locator(rank)).to_have_text("第 2")
    expect(second.locator(rank)).to_have_text("第 1")
    assert not any(firm.organisation.name in visitor.content() for firm in played.firms)

    first.get_by_label("出价（元）").fill("47,200")
    first.get_by_role("button", name="下一步：核对").click()
    expect(first.locator("[data-errors]")).to_contain_text("高于现在最高可以出的价")
    screenshot(first, "auction-running")
    screenshot(visitor, "auction-running")

    operator = new_page(played.where.operator.user)
    operator.goto(address(played))
    operator.get_by_label("原因").first.fill("机构反映网络中断，核实中")
    operator.get_by_role("button", name="暂停竞价，公布原因").click()
    expect(visitor.locator("[data-shown=reason]")).to_have_text("机构反映网络中断，核实中")
    expect(first.locator("[data-offer]")).to_be_hidden()
    screenshot(operator, "auction-paused")
    screenshot(visitor, "auction-paused")
    operator.get_by_label("原因").last.fill("网络已恢复")
    operator.get_by_role("button", name="恢复竞价").click()
    expect(first.locator("[data-offer]")).to_be_visible()
    expect(visitor.locator("[data-when=running]").first).to_be_visible()

    shorten(played, seconds=30)
    offers(first, "46,000")
    expect(visitor.locator("[data-shown=extensions]")).to_have_text("1")
    expect(visitor.locator(".table-offers tbody tr").first).to_contain_text("延时至")
    end = played.auction.ends_at
    assert end > clock.now() + auctions.timedelta(seconds=100)
    screenshot(visitor, "auction-extended")

    shorten(played, seconds=2)
    expect(visitor.get_by_role("link", name="查看结果")).to_be_visible(timeout=15_000)
    assert played.auction.ended_at is None  # the room knows that it is over although no worker has been here
    expect(first.locator("[data-offer]")).to_be_hidden()
    due.move_due_rounds()
    name = played.firms[0].organisation.name
    expect(visitor.locator(".table-offers tbody tr").first).to_contain_text(name, timeout=15_000)
    screenshot(visitor, "auction-ended")
    visitor.get_by_role("link", name="查看结果").click()
    expect(visitor.locator(".winner-name")).to_have_text(name)
    expect(visitor.locator(".working")).to_contain_text("¥ 46,000.00")
    screenshot(visitor, "round-auction-candidate")
    first.goto(f"/rounds/{played.round.code}/")
    screenshot(first, "round-auction-candidate")


def shorten(played, *, seconds):
    """Bring the end near, and let the rooms know as after any other step."""
    end = clock.now() + timedelta(seconds=seconds)
    Auction.objects.filter(pk=played.auction.pk).update(planned_end=end, ends_at=end, moved_at=clock.now())
    live.auction_moved(played.auction.lot_id)


def test_whoever_was_away_comes_back_to_everything(new_page, played):
    page = enters(new_page, played, size="phone")
    played.offer(0, "48000.00")
    expect(page.locator(".table-offers tbody tr")).to_have_count(1)
    sockets = []
    page.route_web_socket(re.compile("auction"), lambda socket: sockets.append(socket.connect_to_server()))
    page.reload()
    expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live", timeout=15_000)
    page.context.set_offline(True)
    sockets[-1].close()
    for amount in ("47000.00", "46000.00", "45000.00"):
        played.offer(1, amount)
    page.wait_for_timeout(500)
    page.context.set_offline(False)
    expect(page.locator(".table-offers tbody tr")).to_have_count(4, timeout=30_000)
    numbers = page.locator(".table-offers tbody tr td:first-child").all_inner_texts()
    assert numbers == ["4", "3", "2", "1"]


def test_the_room_where_sockets_are_blocked(new_page, played):
    page = new_page(size="phone")
    page.route_web_socket(re.compile(".*"), lambda socket: socket.close())
    page.goto(address(played))
    expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "polling", timeout=15_000)
    played.offer(0, "48000.00")
    expect(page.locator("[data-shown=best]")).to_have_text("¥ 48,000.00", timeout=15_000)


def test_the_way_into_the_room(new_page, screenshot, played):
    page = new_page(size="phone")
    page.goto(f"/rounds/{played.round.code}/")
    screenshot(page, "round-auction-running")
    page.get_by_role("link", name="进入竞价室").click()
    expect(page.locator("h1")).to_have_text("竞价室")
