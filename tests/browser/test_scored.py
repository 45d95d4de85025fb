"""A round that experts mark, in real browsers: an owner, the service centre, three firms with a file each, four experts."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from bidding.domain import due
from bidding.models import Entry, Expert, ProposalFile, Round, Seat
from tests import custody
from tests import market_place as market
from tests.bidding import panel
from tests.browser.steps import ends_the_notice

pytestmark = pytest.mark.browser
PRICES = ("50,000", "40000", "45000.00")
MARKS = (("80", "90", "70"), ("85.5", "88", "60"), ("90", "92", "75"))


@pytest.fixture
def where(transactional_db: None, settings: Any, tmp_path: Path) -> market.Place:
    settings.MEDIA_ROOT = tmp_path / "media"
    place = market.place()
    TOTPDevice.objects.create(user=place.operator.user, name="test", confirmed=True)
    for _number in range(3):
        panel.expert(place)
    return place


def pdf(folder: Path, number: int) -> Path:
    path = folder / f"方案{number}.pdf"
    path.write_bytes(b"%PDF-1.7\n" + b"%" * 300_000 + f"\n%{number}\n%%EOF\n".encode())
    return path


def registers_one_more(page: Any, where: market.Place) -> Expert:
    """The service centre's part: a fourth expert, with an employer."""
    page.goto("/desk/operator/experts/")
    page.get_by_role("link", name="增加专家").click()
    page.get_by_label("登录名").fill("zhuanjia")
    page.get_by_label("姓名").fill("某专家")
    page.locator(f"[name=services][value={where.service.code}]").check()
    page.get_by_role("button", name="列入专家名册").click()
    expect(page.locator("main")).to_contain_text("初始密码")
    page.locator("[name=party]").fill("宁波某设计院")
    page.locator("[name=since]").fill("2020-01-01")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("main")).to_contain_text("宁波某设计院")
    return Expert.objects.get(user__username="zhuanjia")


def chooses_the_method(page: Any, round_: Round) -> None:
    """The owner's part of the wizard."""
    page.goto(f"/desk/owner/rounds/{round_.code}/method/")
    page.locator("[name=method][value=scored]").check()
    page.get_by_role("button", name="下一步：价格与时长").click()
    page.locator("[name=upper]").fill("60000")
    page.locator("[name=notice_length]").fill("2")
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.locator("main")).to_contain_text("价格 40，质量 40，信用 20")
    page.get_by_role("button", name="提交服务中心审核").click()
    expect(page.locator("main")).to_contain_text("已提交服务中心审核")


def enters(page: Any, round_: Round, amount: str, file: Path) -> None:
    """A firm's part."""
    page.goto(f"/desk/firm/rounds/{round_.code}/")
    page.get_by_label("报价（元）").fill(amount)
    page.get_by_label("承诺时限").fill("15")
    page.get_by_label("方案文件").set_input_files(file)
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name=re.compile("^密封并提交")).click()
    expect(page.get_by_role("heading", name="已密封并收到")).to_be_visible()


def passes(round_: Round) -> None:
    market.move_on()
    due.move_due_rounds()


def test_a_round_that_experts_mark(new_page, screenshot, where, tmp_path):
    owner, operator, visitor = new_page(where.owner.user), new_page(where.operator.user), new_page(size="phone")
    registers_one_more(operator, where)
    screenshot(operator, "expert-registered")
    from bidding.domain import rounds

    round_ = rounds.draft_round(need=market.need(where, days=20), by=where.owner)
    chooses_the_method(owner, round_)
    custody.fill_stock()
    operator.goto(f"/desk/operator/rounds/{round_.code}/")
    operator.get_by_role("button", name="公告，开始接受报名").click()
    expect(operator.locator("main")).to_contain_text(f"{round_.code} 已公告")

    firms = [market.firm(where) for _number in range(3)]
    wrong = new_page(market.member_of(firms[0].organisation).user, size="phone")
    wrong.goto(f"/desk/firm/rounds/{round_.code}/")
    (tmp_path / "a.pdf").write_bytes(b"<html>no paper</html>")
    wrong.get_by_label("报价（元）").fill("50000")
    wrong.get_by_label("承诺时限").fill("15")
    wrong.get_by_label("方案文件").set_input_files(tmp_path / "a.pdf")
    wrong.get_by_role("button", name="下一步：核对").click()
    wrong.get_by_role("button", name=re.compile("^密封并提交")).click()
    expect(wrong.locator("[data-errors]")).to_contain_text("不是完整的 PDF")
    screenshot(wrong, "seal-file-refused")
    for number, (firm, price) in enumerate(zip(firms, PRICES, strict=True)):
        page = new_page(market.member_of(firm.organisation).user)
        enters(page, round_, price, pdf(tmp_path, number))
    assert ProposalFile.objects.count() == 3

    market.move_on(market.pass_deadline(round_))
    round_.refresh_from_db()
    visitor.goto(f"/rounds/{round_.code}/")
    expect(visitor.locator("main")).to_contain_text("等专家评分")
    screenshot(visitor, "scored-waiting")

    first = Seat.objects.select_related("expert__user").filter(lot__round=round_).order_by("id").first()
    assert first is not None
    leaver = new_page(first.expert.user, size="phone")
    leaver.goto("/desk/expert/")
    screenshot(leaver, "expert-desk")
    leaver.get_by_role("link", name=round_.title).click()
    screenshot(leaver, "seat-drawn")
    leaver.locator("[name=reason]").fill("五年前参与过该项目")
    leaver.get_by_role("button", name="有利害关系，回避").click()
    expect(leaver.locator("main")).to_contain_text("已退出")
    passes(round_)
    passes(round_)
    seats = list(Seat.objects.running().select_related("expert__user").filter(lot__round=round_).order_by("id"))
    assert len(seats) == 3 and seats[-1].iteration == 2

    for number, (seat, given) in enumerate(zip(seats, MARKS, strict=True)):
        page = new_page(seat.expert.user, size="phone" if number == 1 else "desk")
        if number == 0:
            reads_and_keeps_a_draft(page, screenshot, round_)
        marks_from(page, round_, given, screenshot, accepted=number == 0)
    passes(round_)
    round_.refresh_from_db()
    assert round_.status == Round.Status.CANDIDATE
    winner = round_.lots.get().winner
    expect(visitor.locator(".winner-name")).to_have_text(winner.organisation.name)
    expect(visitor.locator(".working")).to_contain_text("总分最高的是")
    visitor.locator("summary", has_text="专家评分和评语").click()
    expect(visitor.locator("main")).to_contain_text("方案 1 的评语")
    screenshot(visitor, "round-scored")
    owner.goto(f"/rounds/{round_.code}/")
    owner.locator("summary", has_text="专家评分和评语").click()
    screenshot(owner, "round-scored")
    told = Decimal(Entry.objects.get(lot__round=round_, firm=winner).scores["total"])
    assert told == max(Decimal(each.scores["total"]) for each in Entry.objects.filter(lot__round=round_))

    ends_the_notice(round_)
    expect(visitor.get_by_role("link", name="中选通知书")).to_be_visible()
    owner.goto(f"/rounds/{round_.code}/award/")
    expect(owner.locator("article")).to_contain_text(winner.organisation.name)
    expect(owner.locator("article .qr img")).to_be_visible()
    screenshot(owner, "award-scored")


def reads_and_keeps_a_draft(page: Any, screenshot: Any, round_: Round) -> None:
    page.goto(f"/desk/expert/rounds/{round_.code}/1/")
    page.get_by_role("button", name="应邀，开始评审").click()
    file = page.get_by_role("link", name="文件 1").first
    answer = page.request.get(file.get_attribute("href"))
    assert answer.status == 200 and answer.body().startswith(b"%PDF-")
    page.locator("[name=mark_1]").fill("101")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator(".field-error")).to_be_visible()
    page.locator("[name=mark_1]").fill("70")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("main")).to_contain_text("草稿已保存")
    screenshot(page, "marking")


def marks_from(page: Any, round_: Round, given: tuple[str, ...], screenshot: Any, *, accepted: bool) -> None:
    page.goto("/desk/expert/")
    page.get_by_role("link", name=round_.title).click()
    if not accepted:
        page.get_by_role("button", name="应邀，开始评审").click()
    for number, mark in enumerate(given, start=1):
        page.locator(f"[name=mark_{number}]").fill(mark)
        page.locator(f"[name=comment_{number}]").fill(f"方案 {number} 的评语")
    screenshot(page, "marking-filled")
    page.get_by_role("button", name="下一步：核对").click()
    screenshot(page, "marking-review")
    page.get_by_role("button", name="提交全部评分").click()
    expect(page.locator("main")).to_contain_text("您已提交")
