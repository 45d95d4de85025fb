"""A round that people speak about: a question, an addendum, an objection and a complaint, and still an award."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts.models import Kind
from bidding.domain import due
from bidding.models import Objection, Round
from core import clock
from tests import market_place as market
from tests.bidding.discussion import PDF, notice_ends
from tests.browsing import SIZES

pytestmark = pytest.mark.browser


@pytest.fixture
def where(transactional_db: None) -> market.Place:
    place = market.place(notice_minimum=60)
    TOTPDevice.objects.create(user=place.operator.user, name="test", confirmed=True)
    return place


def regulator():
    member = market.member_of(market.organisation(Kind.REGULATOR))
    TOTPDevice.objects.create(user=member.user, name="test", confirmed=True)
    return member


@pytest.fixture
def picture(new_page, screenshot):
    """Keep a page as somebody sees it, at a desk and on a phone."""

    def take(path, name, user=None):
        for size in SIZES:
            page = new_page(user, size=size)
            page.goto(path)
            expect(page.locator("main")).to_be_visible()
            screenshot(page, f"questions-{name}")

    return take


def asks(page, round_, text):
    page.goto(f"/rounds/{round_.code}/")
    page.get_by_role("link", name="提问", exact=True).click()
    page.get_by_role("button", name="公开这个问题").click()
    expect(page.locator(".error-summary")).to_contain_text("请写明问题")
    page.locator("[name=text]").fill(text)
    page.get_by_role("button", name="公开这个问题").click()
    expect(page.locator("#questions")).to_contain_text("这是贵机构提的")


def answers_with_an_addendum(page, round_, text):
    page.goto("/desk/")
    page.get_by_role("link", name="1 个提问待答复").click()
    page.get_by_role("link", name="答复", exact=True).click()
    page.locator("[name=answer]").fill(text)
    page.locator("[name=changes]").check()
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.locator(".summary-box")).to_contain_text("延至")
    page.get_by_role("button", name="公布补遗，移动截止时间").click()
    expect(page.locator("#addenda")).to_contain_text("补遗第 1 号")


def objects(page, round_):
    page.goto(f"/rounds/{round_.code}/")
    page.get_by_role("link", name="提出异议").click()
    page.locator("[name=text]").fill("中选候选机构的资质证书在截止日已经过期，见附件。")
    page.locator("[name=evidence]").set_input_files({"name": "证书.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_role("button", name="提交异议").click()
    expect(page.locator("main")).to_contain_text("材料 1")
    return Objection.objects.get()


def reads_once_more(page, objection, option, text):
    """From the desk to the last summary before an answer or a decision."""
    page.goto("/desk/")
    page.get_by_role("link", name=objection.round.title).first.click()
    page.get_by_label(option).check()
    page.locator("main [name=text]").fill(text)
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.locator(".summary-box")).to_contain_text(option)


def settles(page, button, text):
    page.get_by_role("button", name=button).click()
    expect(page.locator(".card", has_text=text)).to_be_visible()


def complains(page, objection):
    page.goto(f"/desk/objections/{objection.code}/")
    page.locator("main [name=text]").fill("答复没有说明证书为什么有效。")
    page.get_by_role("button", name="向监管部门投诉").click()
    expect(page.locator("main")).to_contain_text("已向监管部门投诉")


def test_a_question_and_an_addendum(new_page, picture, where):
    round_ = market.announced(where)
    Round.objects.filter(pk=round_.pk).update(closes_at=clock.now() + timedelta(minutes=5))
    early = market.firm(where)
    market.enters(round_, early, "48000.00")
    asker = market.member_of(market.firm(where).organisation)
    visitor = new_page()
    visitor.goto(f"/rounds/{round_.code}/")
    expect(visitor.locator("[data-live-state]")).to_have_attribute("data-state", "live")

    asks(new_page(asker.user, size="phone"), round_, "报告书要不要包含地下水专项评价？工期能否相应延长？")
    expect(visitor.locator("#questions")).to_contain_text("地下水专项评价")  # it changed by itself
    expect(visitor.locator("#questions")).not_to_contain_text("这是贵机构提的")
    picture(f"/desk/firm/rounds/{round_.code}/ask/", "ask", asker.user)
    picture(f"/desk/rounds/{round_.code}/questions/1/", "answer", where.owner.user)

    answers_with_an_addendum(new_page(where.owner.user), round_, "要包含地下水专项评价，完成时限相应改为 30 个工作日。")
    expect(visitor.locator("#addenda")).to_contain_text("延至")
    left = visitor.locator(".countdown").first.get_attribute("data-target")
    assert left == Round.objects.get(pk=round_.pk).closes_at.astimezone(clock.LOCAL).isoformat()[:19] + left[19:]
    early_one = market.member_of(early.organisation).user
    picture(f"/rounds/{round_.code}/", "addendum-entrant", early_one)
    picture(f"/rounds/{round_.code}/notice/", "notice")
    picture(f"/desk/owner/rounds/{round_.code}/", "owner-round", where.owner.user)


def test_an_objection_a_complaint_and_the_award(new_page, picture, screenshot, where):
    winner, loser = market.firm(where), market.firm(where)
    watching, objecting = regulator(), market.member_of(loser.organisation)
    round_ = market.announced(where)
    market.enters(round_, winner, "48000.00")
    market.enters(round_, loser, "49000.00")
    market.move_on(market.pass_deadline(round_))
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() + timedelta(minutes=10))
    visitor = new_page(size="phone")
    visitor.goto(f"/rounds/{round_.code}/")
    expect(visitor.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    picture(f"/desk/rounds/{round_.code}/object/", "object", objecting.user)

    firm = new_page(objecting.user, size="phone")
    objection = objects(firm, round_)
    expect(visitor.locator("#objections")).to_contain_text(objection.code)
    expect(visitor.locator("main")).not_to_contain_text("资质证书在截止日")
    picture(f"/rounds/{round_.code}/", "objection-public")
    picture("/desk/operator/", "operator-objections", where.operator.user)

    notice_ends(round_)
    due.move_due_rounds()
    operator, text = new_page(where.operator.user), "证书的有效期到今年年底，截止日有效。"
    reads_once_more(operator, objection, "异议不成立，选取继续", text)
    screenshot(operator, "questions-review")
    settles(operator, "公布结论，答复各方", text)
    complains(firm, objection)
    expect(visitor.locator("#objections")).to_contain_text("已向监管部门投诉")
    due.move_due_rounds()
    assert Round.objects.get(pk=round_.pk).status == Round.Status.CANDIDATE
    picture("/desk/regulator/", "regulator", watching.user)
    picture(f"/desk/objections/{objection.code}/", "decide", watching.user)

    deciding, text = new_page(watching.user), "证书登记系统显示该证书有效，投诉不成立。"
    reads_once_more(deciding, objection, "投诉不成立，恢复进行", text)
    settles(deciding, "作出决定", text)
    due.move_due_rounds()
    expect(visitor.get_by_role("link", name="中选通知书")).to_be_visible()
