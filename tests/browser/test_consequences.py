"""What follows from how approvals go, in a browser: a department decides and the score follows; a case that it did not accept
costs points until an appeal is upheld; a firm in grade D is refused at a round with the reason and the way back."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts.models import Kind
from approvals.domain import cases
from core import clock
from protocol import verify_score
from ratings.domain.finding import propose_found
from ratings.models import Deduction
from ratings.tasks import refresh_lines
from tests import market_place as market
from tests.browser.test_evaluations import media
from tests.browsing import SIZES
from tests.ratings import lives, saying

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["media"]


def shown(page, uscc, *, score, grade):
    """A visitor reads the standing of a firm, and the file says the same and can be computed again."""
    refresh_lines()
    page.goto(f"/firms/{uscc}/score/")
    expect(page.locator(".score-number").first).to_contain_text(score)
    expect(page.locator(".score-number").first).to_contain_text(f"{grade} 级")
    content = page.request.get(f"/firms/{uscc}/score.json").body()
    assert json.loads(content)["standing"]["score"] == score
    assert all(check.holds for check in verify_score.verify(content))


def decides(page, case, *, steps, button):
    """A clerk takes a step of a case on its page."""
    page.goto(reverse("approvals:case", args=[case.code]))
    steps(page)
    page.get_by_role("button", name=button).click()


def not_accepted(page):
    page.get_by_role("link", name="不予受理").click()
    page.get_by_label("成果内容或深度不足").check()
    page.get_by_label("中介成果", exact=True).check()
    page.locator("[name=words]").fill("噪声预测深度不足。")


def in_english(page, address, screenshot, name):
    page.goto(address)
    page.get_by_role("button", name="English").first.click()
    screenshot(page, name, *SIZES)


def test_from_a_decision_to_the_score_a_deduction_and_its_appeal(where, new_page, screenshot, media):
    own = saying.accepted(where)
    firm, clerk = own.contract.firm, lives.clerk(where.department)
    regulator = market.member_of(market.organisation(Kind.REGULATOR))
    TOTPDevice.objects.create(user=regulator.user, name="test", confirmed=True)
    visitor, office, centre = new_page(), new_page(clerk.user), new_page(where.operator.user)
    for page in (centre, office):
        page.on("dialog", lambda dialog: dialog.accept())
    shown(visitor, firm.uscc, score="77.50", grade="B")  # no line counts yet: 45 + 22.5 + 10
    screenshot(visitor, "consequences-accepted", *SIZES)

    decides(office, lives.received(where, own.contract), steps=not_accepted, button="作出不予受理决定")
    expect(office.locator("main")).to_contain_text("噪声预测深度不足")
    again = lives.received(where, own.contract)
    cases.accept_case(case_id=again.pk, by=clerk, occurred_at=clock.now())
    decides(office, again, steps=lambda page: page.get_by_label("准予许可").check(), button="作出决定，办结")
    expect(office.locator(".page-kicker")).to_contain_text("准予许可")
    shown(visitor, firm.uscc, score="79.83", grade="B")  # J = 1.3104 beside five lines of 1
    visitor.locator("details.score-line > summary").first.click()
    screenshot(visitor, "consequences-decided", *SIZES)

    assert propose_found() == 1
    found = Deduction.objects.get()
    address = f"/desk/conduct/{found.code}/"
    centre.goto(address)
    centre.get_by_role("button", name="告知机构，请其陈述申辩").click()
    own_page = new_page(market.member_of(firm.organisation).user)
    own_page.goto(address)
    own_page.get_by_role("textbox", name="陈述申辩").fill("导则有六个月过渡期。")
    own_page.get_by_role("button", name="提交陈述申辩").click()
    shown(visitor, firm.uscc, score="79.83", grade="B")
    centre.goto(address)
    centre.get_by_label("予以扣分", exact=True).check()
    centre.get_by_role("textbox", name="理由").fill("理由不成立。")
    centre.get_by_role("button", name="作出决定，告知机构").click()
    expect(centre.locator("main")).to_contain_text("已生效")
    shown(visitor, firm.uscc, score="71.83", grade="B")
    expect(visitor.locator("main")).to_contain_text("前可以申诉")
    screenshot(visitor, "consequences-deducted", *SIZES)

    own_page.goto(address)
    own_page.get_by_role("textbox", name="申诉理由").fill("导则附则写明有六个月过渡期。")
    own_page.get_by_role("button", name="向监管部门申诉").click()
    shown(visitor, firm.uscc, score="71.83", grade="B")
    expect(visitor.locator("main")).to_contain_text("申诉处理中")
    watch = new_page(regulator.user)
    watch.on("dialog", lambda dialog: dialog.accept())
    watch.goto(address)
    watch.get_by_label("申诉成立，撤销扣分").check()
    watch.get_by_role("textbox", name="理由").fill("过渡期属实。")
    watch.get_by_role("button", name="作出处理，告知机构").click()
    expect(watch.locator("main")).to_contain_text("申诉成立，已撤销")
    shown(visitor, firm.uscc, score="79.83", grade="B")
    screenshot(visitor, "consequences-upheld", *SIZES)


def test_a_firm_in_grade_d_is_refused_with_the_reason_and_the_way_back(where, new_page, screenshot, media):
    round_, firm, other = market.announced(where), market.firm(where), market.firm(where)
    for kind, source in (("abandoned", "test/1"), ("fee_raised", "test/2")):
        saying.in_force(where, firm=firm, kind=kind, source=source)
    shown(new_page(), firm.uscc, score="37.50", grade="D")
    page = new_page(market.member_of(firm.organisation).user)
    page.goto("/desk/firm/rounds/")
    expect(page.locator("#own-standing").locator("..")).to_contain_text("不再是 D 级，可以参加")
    screenshot(page, "consequences-desk", *SIZES)
    page.goto("/desk/firm/rounds/?show=others")
    expect(page.locator("main")).to_contain_text("信用等级为 D（信用分 37.50）")
    screenshot(page, "consequences-others", *SIZES)
    page.goto(f"/desk/firm/rounds/{round_.code}/")
    expect(page.locator("main")).to_contain_text("贵机构不能报名这次比选")
    expect(page.locator("main")).to_contain_text("可以申诉到")
    screenshot(page, "consequences-refused", *SIZES)
    page.get_by_role("link", name="看怎样组成、怎样恢复").click()
    expect(page.locator("main")).to_contain_text("D 级不能参加比选")
    screenshot(page, "consequences-score", *SIZES)
    page.goto(f"/scores/compare/?firm={firm.uscc}&firm={other.uscc}")
    expect(page.locator("main")).to_contain_text("77.50")
    screenshot(page, "consequences-compare", *SIZES)
    own = new_page(market.member_of(firm.organisation).user)
    in_english(own, f"/desk/firm/rounds/{round_.code}/", screenshot, "consequences-refused-english")
    in_english(new_page(), f"/firms/{firm.uscc}/score/", screenshot, "consequences-score-english")
    dark = new_page(color_scheme="dark")
    dark.goto(f"/firms/{firm.uscc}/score/")
    screenshot(dark, "consequences-score-dark")
