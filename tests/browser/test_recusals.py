"""Kept out with the path, objecting; an undeclared tie is imported, a round stands still, and a regulator decides."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts.models import Kind
from bidding.models import Objection, Round, Stop
from core import clock
from oversight.domain import marketplace
from tests import market_place as market
from tests.browsing import SIZES
from tests.oversight.place import body_of

pytestmark = pytest.mark.browser
NAMES = {"department": "宁波市海曙区生态环境局", "body": "海曙区环境科学研究所", "owner": "宁波甬水工程有限公司"}


@pytest.fixture
def regulator(transactional_db: None):
    member = market.member_of(market.organisation(Kind.REGULATOR, name="宁波市审管办"))
    TOTPDevice.objects.create(user=member.user, name="test", confirmed=True)
    return member


@pytest.fixture
def body(where: market.Place):
    """An institution of the department, all of them called as such things are called."""
    made = body_of(where)
    for organisation, name in (
        (where.department.organisation, NAMES["department"]),
        (made, NAMES["body"]),
        (where.owner.organisation, NAMES["owner"]),
    ):
        organisation.name = name
        organisation.save()
    marketplace.import_everything()
    return made


def named(where, name):
    firm = market.firm(where)
    firm.organisation.name = name
    firm.organisation.save()
    return firm


@pytest.fixture
def register(tmp_path, body):
    """An extract of the company register says that the body holds half of a firm; it is taken in and scanned."""

    def take(firm):
        path = tmp_path / f"{firm.pk}.csv"
        path.write_text(
            "企业名称,统一社会信用代码,股东,股东统一社会信用代码,持股比例\n"
            f"{firm.organisation.name},{firm.uscc},{body.name},{body.uscc},51\n",
            encoding="utf-8",
        )
        call_command("import_affiliations", "register", str(path), "--source", "工商登记")
        call_command("scan_ties", "--changed")

    call_command("scan_ties")
    return take


def in_english(page):
    page.goto("/")
    page.get_by_role("button", name="English").first.click()
    page.wait_for_load_state()
    return page


def decides(page, option, text, button="作出决定"):
    page.get_by_label(option).check()
    page.locator("main [name=text]").fill(text)
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.locator(".summary-box")).to_contain_text(option)
    page.get_by_role("button", name=button).click()
    expect(page.locator("main")).to_contain_text(text)


def test_kept_out_with_the_path_and_objecting(new_page, screenshot, where, regulator, register):
    tied = named(where, "宁波清源环境咨询有限公司")
    round_, by = market.announced(where), market.member_of(tied.organisation)
    register(tied)
    page = new_page(by.user)
    page.goto(f"/rounds/{round_.code}/")
    expect(page.locator("#recusal")).to_contain_text(f"{NAMES['body']}持有宁波清源环境咨询有限公司 51% 股份")
    expect(page.get_by_role("link", name="报名", exact=True)).to_have_count(0)
    screenshot(page, "recusal-firm", *SIZES)
    page.goto(f"/desk/firm/rounds/{round_.code}/")
    expect(page.locator("main")).to_contain_text("贵机构不能报名这次比选")
    screenshot(page, "recusal-kept-out", *SIZES)
    page.get_by_role("link", name="认为有误，提出异议").click()
    page.locator("[name=text]").fill("该股权已于今年三月转让，工商变更正在办理。")
    screenshot(page, "recusal-contest", *SIZES)
    page.get_by_role("button", name="提交异议").click()
    expect(page.locator("main")).to_contain_text("待监管部门处理")

    desk = new_page(regulator.user)
    desk.goto("/desk/regulator/")
    desk.get_by_role("link", name=round_.title).first.click()
    expect(desk.locator("main")).to_contain_text("该股权已于今年三月转让")
    screenshot(desk, "recusal-objection", *SIZES)
    decides(desk, "异议成立，这次比选无须回避", "经查，股权确已转让。")
    assert Objection.objects.get().status == "sustained"
    page.goto(f"/rounds/{round_.code}/")
    expect(page.get_by_role("link", name="报名", exact=True)).to_be_visible()


def test_a_tie_stops_a_round_and_a_regulator_lets_it_go_on_and_voids_another(
    new_page, screenshot, where, regulator, register
):
    tied, other = named(where, "宁波清源环境咨询有限公司"), named(where, "宁波江北评估有限公司")
    rounds = []
    for _number in range(2):
        round_ = market.announced(where)
        market.enters(round_, tied, "47000.00")
        market.enters(round_, other, "48000.00")
        rounds.append(round_)
        market.pass_deadline(round_)
    market.move_on(clock.now())
    visitor = new_page(size="phone")
    visitor.goto(f"/rounds/{rounds[0].code}/")
    expect(visitor.locator("main")).to_contain_text("中选候选机构")
    register(tied)
    assert Stop.objects.pending().count() == 2
    visitor.reload()
    expect(visitor.locator("#stops")).to_contain_text("比选已暂停")
    screenshot(visitor, "stop-public", *SIZES)
    english = in_english(new_page())
    english.goto(f"/rounds/{rounds[0].code}/")
    expect(english.locator("#stops")).to_contain_text("The round is stopped")
    screenshot(english, "stop-public-english", *SIZES)

    desk = new_page(regulator.user)
    desk.goto("/desk/oversight/")
    expect(desk.locator("main")).to_contain_text(NAMES["body"])
    screenshot(desk, "oversight-desk", *SIZES)
    desk.goto(f"/desk/regulator/stops/{Stop.objects.get(round=rounds[0]).pk}/")
    screenshot(desk, "stop-regulator", *SIZES)
    decides(desk, "应当回避：该机构退出，比选继续", "登记显示该所持股百分之五十一，关联成立。")
    screenshot(desk, "stop-decided", *SIZES)
    market.move_on(clock.now())
    visitor.reload()
    expect(visitor.locator(".winner-name")).to_contain_text("宁波江北评估有限公司")
    expect(visitor.locator("#stops")).to_contain_text("应当回避，继续进行")
    screenshot(visitor, "stop-over", *SIZES)
    desk.goto(f"/desk/regulator/stops/{Stop.objects.get(round=rounds[1]).pk}/")
    decides(desk, "竞争已受影响：这次比选作废", "两家报价接近，竞争已受影响。", button="作废这次比选")
    assert Round.objects.get(pk=rounds[1].pk).status == "void"


def test_the_graph_by_mouse_keyboard_and_table(new_page, screenshot, where, regulator, register):
    tied = named(where, "宁波清源环境咨询有限公司")
    register(tied)
    page = new_page(regulator.user)
    page.goto("/desk/oversight/")
    page.get_by_role("searchbox").fill("清源环境")
    page.get_by_role("button", name="搜索").click()
    page.get_by_role("link", name="宁波清源环境咨询有限公司").click()
    expect(page.locator("[data-graph][data-ready=yes] canvas")).to_be_visible()
    page.get_by_role("link", name=f"＋ {NAMES['body']}").click()
    expect(page.locator("table")).to_contain_text("举办")
    page.get_by_role("searchbox").fill("生态环境局")
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name=NAMES["department"], exact=True).last.click()
    expect(page.locator("main")).to_contain_text("最短经过 2 个关系")
    page.locator("[data-graph]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-graph-said]")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(page.locator("[data-graph-said]")).to_be_empty()
    screenshot(page, "graph", *SIZES)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url("**open=**")
    page.get_by_role("link", name="关联与回避").first.click()
    page.goto("/desk/oversight/ties/")
    screenshot(page, "ties", *SIZES)
    dark = in_english(new_page(regulator.user, color_scheme="dark"))
    dark.goto(f"/desk/oversight/graph/{tied.organisation.party.pk}/")
    expect(dark.locator("[data-graph][data-ready=yes] canvas")).to_be_visible()
    screenshot(dark, "graph-english-dark", *SIZES)
