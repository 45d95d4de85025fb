"""From a lead to a decision in a browser: triage, inquiry, frozen evidence, hearing, decision, publication, appeal; the rule's
precision changes, and the list of leads hears of a new one by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts.models import Kind
from core import clock
from oversight.domain import inquiries
from oversight.domain.alerting import take_in
from oversight.models import Alert, Inquiry
from tests import market_place as market
from tests.browsing import SIZES
from tests.oversight import desk
from tests.payments.place import SCAN

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def media(_live_processes, settings):
    settings.MEDIA_ROOT = settings.DATA_DIR / "media"


def with_second_factor(member: Any) -> Any:
    TOTPDevice.objects.create(user=member.user, name="test", confirmed=True)
    return member


@pytest.fixture
def regulator(where):
    return with_second_factor(market.member_of(market.organisation(Kind.REGULATOR)))


def in_english(new_page: Any, user: Any, address: str, screenshot: Any, name: str) -> None:
    page = new_page(user)
    page.goto(address)
    page.get_by_role("button", name="English").first.click()
    screenshot(page, f"cases-{name}-english", *SIZES)


def test_from_a_lead_to_a_decision_and_its_appeal(where, new_page, screenshot, media, tmp_path, regulator):
    tied = desk.with_person(where, desk.tied(where))
    take_in("CL5", [desk.lead(market.firm(where), weight=55)], now=clock.now())
    other = with_second_factor(desk.colleague(regulator))
    proof = tmp_path / "proof.pdf"
    proof.write_bytes(SCAN)
    watch, firm, visitor = new_page(regulator.user), new_page(market.member_of(tied.organisation).user), new_page()
    for page in (watch, firm):
        page.on("dialog", lambda dialog: dialog.accept())

    watch.goto("/desk/")
    watch.get_by_role("link", name="线索等待分流").click()
    expect(watch.get_by_text("实时更新")).to_be_visible()
    take_in("CL2", [desk.lead(market.firm(where), rule="CL2", weight=70)], now=clock.now())
    expect(watch.get_by_role("link", name="报价离散小、最低两家差距大")).to_be_visible()
    screenshot(watch, "cases-alerts", *SIZES)
    watch.get_by_role("link", name="长期同场、轮流中选或一同落选").click()
    watch.get_by_role("textbox", name="排除的理由").fill("两家合作过一次，同场次数与活跃程度相称。")
    screenshot(watch, "cases-screen", *SIZES)
    watch.get_by_role("button", name="排除这条线索").click()
    expect(watch.locator("main")).to_contain_text("已排除")
    screenshot(watch, "cases-dismissed", *SIZES)

    watch.goto(f"/desk/alerts/{Alert.objects.get(rule='RH3').pk}/")
    expect(watch.locator("main")).to_contain_text(desk.NAME)
    for box in watch.locator("[name=further]").all():
        box.check()
    screenshot(watch, "cases-alert", *SIZES)
    watch.get_by_role("button", name="立案，由我承办").click()
    screenshot(watch, "cases-opened", *SIZES)
    watch.get_by_role("button", name="固定现在的证据").click()
    found = Inquiry.objects.get()
    expect(watch.locator("main")).to_contain_text(found.frozen.get().sha256)
    watch.get_by_role("textbox", name="告知的事实和依据").fill(
        "登记显示审批部门的下属单位持有贵机构 51% 股份，另有人员在审批部门任职。"
    )
    screenshot(watch, "cases-frozen", *SIZES)
    watch.get_by_role("button", name="告知当事方，请其陈述申辩").click()

    firm.goto("/desk/")
    firm.get_by_role("link", name="核查告知等贵方陈述申辩").click()
    screenshot(firm, "cases-firm-list", *SIZES)
    firm.get_by_role("link", name=found.code).click()
    firm.get_by_role("textbox", name="陈述申辩").fill("股权正在转让，尚未登记。")
    firm.locator("[name=evidence]").set_input_files(proof)
    screenshot(firm, "cases-firm-noticed", *SIZES)
    firm.get_by_role("button", name="提交陈述申辩").click()

    address = f"/desk/inquiries/{found.code}/"
    watch.goto(address)
    watch.get_by_role("button", name="作出决定，告知当事方").click()
    expect(watch.locator(".error-summary")).to_contain_text("请选择如何决定")
    screenshot(watch, "cases-decide-refused", *SIZES)
    watch.get_by_label("应当回避", exact=True).check()
    watch.get_by_role("textbox", name="依据").fill("优化营商环境条例 第四十三条")
    watch.locator("#id_decide_text").fill("股权转让没有登记，关联仍在。")
    screenshot(watch, "cases-decide", *SIZES)
    watch.get_by_role("button", name="作出决定，告知当事方").click()
    watch.locator("#id_publish_text").fill(f"经核查，{desk.NAME}在两处任职。")
    watch.get_by_role("button", name="公布", exact=True).click()
    expect(watch.locator(".error-summary")).to_contain_text("自然人的姓名")
    watch.locator("#id_publish_text").fill(
        "经核查，该机构与该审批部门存在关联，在该部门审批的事项中应当回避；关联终止后可以申请解除。"
    )
    screenshot(watch, "cases-decided", *SIZES)
    watch.get_by_role("button", name="公布", exact=True).click()
    watch.goto("/desk/alerts/rules/RH3/")
    expect(watch.locator("main")).to_contain_text("精度 100.0 %")
    screenshot(watch, "cases-rule", *SIZES)

    visitor.goto("/oversight/decisions/")
    screenshot(visitor, "cases-decisions", *SIZES)
    visitor.get_by_role("link", name="应当回避", exact=True).click()
    expect(visitor.locator("main")).not_to_contain_text(desk.NAME)
    screenshot(visitor, "cases-decision", *SIZES)
    visitor.goto(f"/firms/{tied.uscc}/")
    expect(visitor.get_by_role("heading", name="监管决定")).to_be_visible()
    in_english(new_page, None, f"/oversight/decisions/{found.code}/", screenshot, "decision")

    firm.goto(address)
    firm.get_by_role("textbox", name="申诉理由").fill("登记已于昨日完成。")
    screenshot(firm, "cases-firm-decided", *SIZES)
    firm.get_by_role("button", name="提出申诉").click()
    second = new_page(other.user)
    second.on("dialog", lambda dialog: dialog.accept())
    second.goto("/desk/")
    second.get_by_role("link", name="对核查决定的申诉等待处理").click()
    second.get_by_role("link", name=found.code).click()
    second.get_by_label("申诉成立，撤销决定").check()
    second.get_by_role("textbox", name="理由").fill("登记已经变更，关联终止。")
    screenshot(second, "cases-appealed", *SIZES)
    second.get_by_role("button", name="作出处理，告知当事方").click()
    expect(second.locator("main")).to_contain_text("申诉成立，已撤销")
    screenshot(second, "cases-revoked", *SIZES)
    second.goto("/desk/alerts/rules/RH3/")
    expect(second.locator("main")).to_contain_text("精度 0.0 %")
    visitor.goto("/oversight/decisions/")
    expect(visitor.locator("main")).to_contain_text("申诉成立，已撤销")
    in_english(new_page, other.user, address, screenshot, "inquiry")


def test_a_figure_is_tried_and_lists_are_empty_or_full(where, new_page, screenshot, regulator):
    watch = new_page(regulator.user)
    watch.goto("/desk/alerts/")
    screenshot(watch, "cases-alerts-empty", *SIZES)
    watch.goto("/desk/inquiries/")
    screenshot(watch, "cases-inquiries-empty", *SIZES)
    visitor = new_page()
    visitor.goto("/oversight/decisions/")
    screenshot(visitor, "cases-decisions-empty", *SIZES)
    desk.tied(where)
    leads = [desk.lead(market.firm(where), key=str(number), weight=20 + number) for number in range(45)]
    take_in("CL5", leads, now=clock.now())
    inquiries.dismiss(alert_id=Alert.objects.filter(rule="CL5").first().pk, reason="无关", by=regulator)
    watch.goto("/desk/alerts/?tab=new")
    screenshot(watch, "cases-alerts-full", *SIZES)
    watch.goto("/desk/alerts/rules/")
    screenshot(watch, "cases-rules", *SIZES)
    watch.get_by_role("link", name="审批部门或其下属单位持股").click()
    watch.get_by_label("试算的取值").first.fill("60")
    watch.get_by_role("button", name="试算").click()
    expect(watch.get_by_role("heading", name="改为这个取值")).to_be_visible()
    screenshot(watch, "cases-tried", *SIZES)
    watch.get_by_role("textbox", name="依据").fill("市政府办公厅文件")
    watch.get_by_role("button", name="从生效日期起使用").click()
    expect(watch.locator("main")).to_contain_text("已记录")
    in_english(new_page, regulator.user, "/desk/alerts/", screenshot, "alerts")
