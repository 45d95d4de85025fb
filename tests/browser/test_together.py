"""Several services of one need in real browsers: the wizard, one winner, one contract of two lines, each result to its case."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from bidding.models import Round
from contracts.domain import due
from contracts.models import Contract
from protocol.record import read_record
from protocol.verify import verify
from tests import market_place as market
from tests import together
from tests.browser.steps import announces, ends_the_notice, enters
from tests.browsing import SIZES
from tests.contracts import place

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def media(_live_processes, settings):
    """Where the live server keeps its files, so that a test reads the same."""
    settings.MEDIA_ROOT = settings.DATA_DIR / "media"


@pytest.fixture
def of(transactional_db):
    made = together.places(3)
    TOTPDevice.objects.create(user=made[0].operator.user, name="test", confirmed=True)
    for each, names in zip(
        made, (("土地勘测定界", "用地审批"), ("竣工规划测绘", "规划核实"), ("房产测绘", "不动产登记")), strict=True
    ):
        type(each.service).objects.filter(pk=each.service.pk).update(name=names[0])
        type(each.item).objects.filter(pk=each.item.pk).update(name=names[1])
        each.service.refresh_from_db()
        each.item.refresh_from_db()
    return made


def posts(page: Any, of: together.Places, screenshot: Any) -> Round:
    """The owner's part: two services together, and the three steps of the wizard."""
    project = together.drafted(of[0]).project
    page.goto(reverse("market:need_new", args=[project.code]))
    page.locator("[name=service]").select_option(of[0].service.code)
    page.get_by_role("button", name="下一步").click()
    screenshot(page, "together-offered", *SIZES)
    page.get_by_role("link", name="选择一并委托的服务").click()
    page.get_by_label(of[1].service.name).check()
    screenshot(page, "together-choose", *SIZES)
    page.get_by_role("button", name="下一步：填写需求").click()
    page.locator("[name=title]").fill("厂房扩建多测合一")
    page.locator("[name=item]").select_option(str(of[0].item.pk))
    page.locator("[name=requirement]").fill("一次进场，分别出具成果。")
    page.locator("[name=budget]").fill("60,000")
    screenshot(page, "together-need", *SIZES)
    page.get_by_role("button", name="保存，选择选取方式").click()
    page.locator("[name=method][value=lowest]").check()
    page.get_by_role("button", name="下一步：价格与时长").click()
    expect(page.locator("main")).to_contain_text("不再分标段")
    screenshot(page, "together-terms", *SIZES)
    page.locator("[name=upper]").fill("60000")
    page.locator("[name=notice_length]").fill("2")
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.locator("main")).to_contain_text("1 家具备全部几项服务的条件")
    screenshot(page, "together-review", *SIZES)
    page.get_by_role("button", name="提交服务中心审核").click()
    expect(page.locator("main")).to_contain_text("已提交服务中心审核")
    return Round.objects.get()


def test_two_services_from_the_wizard_to_their_cases(new_page, screenshot, of, media, tmp_path):
    whole = market.member_of(together.firm(*of[:2]).organisation)
    half = market.member_of(together.firm(of[0]).organisation)
    owner, operator, visitor = new_page(of[0].owner.user), new_page(of[0].operator.user), new_page()
    firm = new_page(whole.user)
    for page in (owner, firm):
        page.set_default_timeout(60_000)  # the contract's PDF takes its time where all cores are busy
    round_ = posts(owner, of, screenshot)
    announces(operator, round_)
    visitor.goto(f"/rounds/{round_.code}/")
    expect(visitor.locator("main")).to_contain_text(of[1].department.organisation.name)
    screenshot(visitor, "together-round", *SIZES)
    kept_out = new_page(half.user)
    kept_out.goto(f"/desk/firm/rounds/{round_.code}/")
    expect(kept_out.locator("main")).to_contain_text(of[1].service.name)
    expect(kept_out.locator("[data-step=fill]")).to_have_count(0)
    enters(firm, round_, "48000")
    market.move_on(market.pass_deadline(round_))
    ends_the_notice(round_)
    visitor.goto(f"/rounds/{round_.code}/award/")
    expect(visitor.locator("article")).to_contain_text(of[1].service.name)

    due.move_due_contracts()
    contract = Contract.objects.get()
    owner.goto(f"/desk/contracts/{contract.code}/")
    owner.get_by_role("link", name="修改服务内容和付款计划").click()
    screenshot(owner, "together-contract-edit", *SIZES)
    owner.get_by_role("button", name="保存").click()
    owner.get_by_role("button", name="交给机构确认").click()
    firm.goto(f"/desk/contracts/{contract.code}/")
    firm.get_by_role("button", name="同意合同文本").click()
    for page in (firm, owner):
        page.goto(f"/desk/contracts/{contract.code}/")
        page.get_by_role("link", name="盖章", exact=True).click()
        page.get_by_role("button", name="盖章").click()
        expect(page.locator("main")).to_contain_text("已盖章。")
    opened = [together.case_of(each, contract) for each in of[:2]]
    delivers(firm, owner, contract, of, tmp_path)
    screenshot(owner, "together-contract", *SIZES)
    for number, (each, case) in enumerate(zip(of, opened, strict=False), start=1):
        found = contract.milestones.get(lines__number=number).deliverables.get()
        clerk = new_page(market.member_of(each.department.organisation).user)
        clerk.goto(f"/desk/cases/{case.code}/")
        expect(clerk.locator("main")).to_contain_text(each.service.name)
        assert [one.reference for one in case.materials.all()] == [found.reference]
        screenshot(clerk, f"together-case-{number}", *SIZES)
    english = new_page()
    english.goto(f"/lines/{round_.need.code}/")
    english.get_by_role("button", name="English").first.click()
    expect(english.locator("article.line")).to_have_count(2)
    screenshot(english, "together-lines", *SIZES)
    english.goto(f"/rounds/{round_.code}/notice/")
    screenshot(english, "together-notice", *SIZES)
    # `pass_deadline` has moved the deadline behind the log's back; all the rest holds.
    checks = verify(read_record(visitor.request.get(f"/rounds/{round_.code}/record.json").body()))
    assert not [str(check) for check in checks if check.holds is False and "deadline" not in check.what]


def delivers(firm: Any, owner: Any, contract: Contract, of: together.Places, folder: Any) -> None:
    """One deliverable for each line, accepted by the owner."""
    owner.on("dialog", lambda dialog: dialog.accept())
    for each in of[:2]:
        firm.goto(f"/desk/contracts/{contract.code}/")
        firm.get_by_role("link", name=f"提交成果：{each.service.name}").click()
        paper = folder / f"{each.service.code}.pdf"
        paper.write_bytes(place.pdf(each.service.name))
        firm.locator("[name=file]").set_input_files(paper)
        firm.get_by_role("button", name="提交业主验收").click()
        expect(firm.locator("main")).to_contain_text("已提交，等业主验收。")
        owner.goto(f"/desk/contracts/{contract.code}/")
        owner.get_by_role("button", name="验收通过").click()
        expect(owner.locator("main")).to_contain_text("已验收。")
