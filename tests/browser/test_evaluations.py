"""Said and answered in a browser: an accepted line is evaluated, the window passes, the firm replies; a deduction is noticed,
heard, decided, appealed and revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts.models import Kind
from core import clock
from ratings.domain import due
from ratings.domain.finding import propose_found
from ratings.models import Burst, Deduction, Evaluation, EvaluationReply
from tests import market_place as market
from tests.browsing import SIZES
from tests.payments.place import SCAN
from tests.ratings import lives, saying
from tests.ratings.test_finding import returned

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def media(_live_processes, settings):
    settings.MEDIA_ROOT = settings.DATA_DIR / "media"


@pytest.fixture
def regulator(where):
    member = market.member_of(market.organisation(Kind.REGULATOR))
    TOTPDevice.objects.create(user=member.user, name="test", confirmed=True)
    return member


def in_english(new_page: Any, user: Any, address: str, screenshot: Any, name: str) -> None:
    page = new_page(user)
    page.goto(address)
    page.get_by_role("button", name="English").first.click()
    screenshot(page, f"ratings-{name}-english", *SIZES)


def window_passes(model: Any) -> None:
    """As if the edit window had begun so long ago that it is over now."""
    for row in model.objects.all():
        began, now = ("given_at" if model is Evaluation else "at"), clock.now()
        length = row.public_at - getattr(row, began)
        model.objects.filter(pk=row.pk).update(**{began: now - length, "public_at": now})
    due.settle_due()


def test_a_line_is_evaluated_and_the_firm_replies(where, new_page, screenshot, media, tmp_path, regulator):
    own = saying.accepted(where)
    firm_member = market.member_of(own.contract.firm.organisation)
    owner, firm, visitor = new_page(where.owner.user), new_page(firm_member.user), new_page()
    proof = tmp_path / "照片.pdf"
    proof.write_bytes(SCAN)

    owner.goto("/desk/")
    owner.get_by_role("link", name="办结的事项等贵方评价机构").click()
    screenshot(owner, "ratings-waiting", *SIZES)
    owner.get_by_role("link", name="评价", exact=True).click()
    for label, mark in (("成果质量", "92"), ("服务时效", "78"), ("服务态度", "90"), ("收费规范", "101")):
        owner.get_by_label(label).fill(mark)
    owner.get_by_role("button", name="提交评价").click()
    expect(owner.locator(".error-summary")).to_contain_text("填 0 到 100 的整数")
    screenshot(owner, "ratings-evaluate-refused", *SIZES)
    owner.get_by_label("收费规范").fill("100")
    owner.get_by_label("诚信执业").fill("95")
    owner.get_by_role("textbox", name="评价内容").fill("报告一次通过审查，比承诺晚了两天。")
    owner.locator("[name=evidence]").set_input_files(proof)
    owner.get_by_role("button", name="提交评价").click()
    expect(owner.locator("main")).to_contain_text("评价已保存")
    screenshot(owner, "ratings-given", *SIZES)
    owner.get_by_role("link", name="修改评价").click()
    owner.get_by_label("服务时效").fill("80")
    screenshot(owner, "ratings-evaluate", *SIZES)
    owner.get_by_role("button", name="保存修改").click()

    public = f"/firms/{own.contract.firm.uscc}/"
    visitor.goto(public)
    expect(visitor.get_by_text("还没有公开的评价。")).to_be_visible()
    window_passes(Evaluation)
    firm.goto("/desk/")
    firm.get_by_role("link", name="新公开的评价可以回复").click()
    screenshot(firm, "ratings-received", *SIZES)
    firm.get_by_role("link", name=own.service.name).click()
    firm.get_by_role("textbox", name="回复").fill("两天是等总平面图，今后提前提醒。")
    screenshot(firm, "ratings-reply", *SIZES)
    firm.get_by_role("button", name="提交回复").click()
    expect(firm.locator("main")).to_contain_text("回复已保存")
    window_passes(EvaluationReply)

    saying.decided(where, own)
    for by in (where.operator, lives.clerk(where.department)):
        saying.evaluates(own, by)
    window_passes(Evaluation)
    visitor.goto(public)
    expect(visitor.locator("main")).to_contain_text("两天是等总平面图")
    screenshot(visitor, "ratings-firm", *SIZES)
    visitor.goto(f"{public}evaluations/")
    screenshot(visitor, "ratings-public", *SIZES)
    in_english(new_page, None, f"{public}evaluations/", screenshot, "public")
    in_english(new_page, where.operator.user, "/desk/evaluations/", screenshot, "operator")
    burst = Burst.objects.create(
        by="firm", organisation=own.contract.firm.organisation, marks=list(saying.MARKS.values()),
        first_at=clock.now(), last_at=clock.now(), found_at=clock.now(),
    )  # fmt: skip
    burst.evaluations.set(Evaluation.objects.all())
    page = new_page(regulator.user)
    page.goto("/desk/evaluations/bursts/")
    screenshot(page, "ratings-bursts", *SIZES)
    page.goto("/desk/evaluations/")
    screenshot(page, "ratings-regulator", *SIZES)


def test_a_deduction_is_noticed_heard_decided_appealed_and_revoked(
    where, new_page, screenshot, media, tmp_path, regulator
):
    own = saying.accepted(where)
    returned(where, own, category="quality", fault="deliverable")
    Deduction.objects.filter(pk=saying.in_force(where, kind="abandoned").pk).update(listed=True)
    propose_found()
    found = Deduction.objects.get(firm=own.contract.firm)
    proof = tmp_path / "proof.pdf"
    proof.write_bytes(SCAN)
    centre, firm = new_page(where.operator.user), new_page(market.member_of(own.contract.firm.organisation).user)
    watch = new_page(regulator.user)
    for page in (centre, watch):
        page.on("dialog", lambda dialog: dialog.accept())
    address = f"/desk/conduct/{found.code}/"

    centre.goto("/desk/")
    centre.get_by_role("link", name="发现的行为等待告知机构").click()
    screenshot(centre, "ratings-conduct", *SIZES)
    centre.get_by_role("link", name="成果因质量问题被审批部门退回").click()
    screenshot(centre, "ratings-proposed", *SIZES)
    centre.get_by_role("button", name="告知机构，请其陈述申辩").click()
    expect(centre.locator("main")).to_contain_text("已告知机构")

    firm.goto("/desk/")
    firm.get_by_role("link", name="扣分告知等贵方陈述申辩").click()
    firm.get_by_role("link", name="成果因质量问题被审批部门退回").click()
    firm.get_by_role("textbox", name="陈述申辩").fill("深度不足是因为审批部门临时改用了新的技术导则。")
    firm.locator("[name=evidence]").set_input_files(proof)
    screenshot(firm, "ratings-noticed", *SIZES)
    firm.get_by_role("button", name="提交陈述申辩").click()

    centre.goto(address)
    centre.get_by_label("予以扣分", exact=True).check()
    centre.get_by_role("textbox", name="理由").fill("新导则施行在先，理由不成立。")
    screenshot(centre, "ratings-heard", *SIZES)
    centre.get_by_role("button", name="作出决定，告知机构").click()
    expect(centre.locator("main")).to_contain_text("已生效")

    firm.goto(address)
    firm.get_by_role("textbox", name="申诉理由").fill("导则附则写明有六个月过渡期。")
    screenshot(firm, "ratings-decided", *SIZES)
    firm.get_by_role("button", name="向监管部门申诉").click()

    watch.goto("/desk/")
    watch.get_by_role("link", name="申诉等待处理").click()
    watch.get_by_role("link", name="成果因质量问题被审批部门退回").click()
    watch.get_by_label("申诉成立，撤销扣分").check()
    watch.get_by_role("textbox", name="理由").fill("过渡期属实。")
    screenshot(watch, "ratings-appealed", *SIZES)
    watch.get_by_role("button", name="作出处理，告知机构").click()
    expect(watch.locator("main")).to_contain_text("申诉成立，已撤销")
    screenshot(watch, "ratings-revoked", *SIZES)
    in_english(new_page, regulator.user, address, screenshot, "revoked")

    visitor = new_page()
    visitor.goto("/conduct/")
    screenshot(visitor, "ratings-lists", *SIZES)
    in_english(new_page, None, "/conduct/", screenshot, "lists")
    visitor.goto("/conduct/?tab=red")
    screenshot(visitor, "ratings-red", *SIZES)
    centre.goto("/desk/conduct/report/")
    screenshot(centre, "ratings-report", *SIZES)
    repaired = Deduction.objects.get(status="in_force")
    Deduction.objects.filter(pk=repaired.pk).update(repair_from=clock.now() - timedelta(days=1))
    fixer = new_page(market.member_of(repaired.firm.organisation).user)
    fixer.goto(f"/desk/conduct/{repaired.code}/")
    fixer.get_by_role("button", name="申请信用修复").click()
    expect(fixer.locator(".error-summary")).to_contain_text("请附上已经纠正的证明材料")
    screenshot(fixer, "ratings-repair-refused", *SIZES)
