"""One life in real browsers: from the need over round, contract, two versions, money and a correction to the decision.

Owner, firm, service centre, department, regulator and a visitor each do their own part; at the end everybody reads who had the
ball when.
"""

from __future__ import annotations

import re
from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts.models import Kind, Membership
from approvals.models import Case, ItemVersion
from bidding.domain import due as rounds_due
from bidding.models import Award, Round
from contracts.domain import due as contracts_due
from contracts.models import Contract, Deliverable
from contracts.payments.domain import due as payments_due
from contracts.payments.domain import reconciling
from contracts.payments.models import Payment, PaymentRequest
from core import clock
from market.models import Firm, Need
from ratings.lines import Lines
from ratings.words import PARTIES, days_told
from tests import market_place as market
from tests.browser.steps import announces, ends_the_notice, enters, posts_a_need
from tests.contracts import place as contracts
from tests.payments import place as payments
from tests.ratings.spread import spread

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

INVOICE = {"name": "发票.pdf", "mimeType": "application/pdf", "buffer": payments.SCAN}
PRICES = ("49500", "48000", "49000")


@pytest.fixture(autouse=True)
def _site(settings, live_server):
    settings.SITE_URL = live_server.url
    settings.MEDIA_ROOT = settings.DATA_DIR / "media"


@pytest.fixture
def look(screenshot):
    """Keep a page as wide as a phone and as a desk; nothing on it is wider than the phone."""

    def take(page: Any, name: str) -> None:
        screenshot(page, f"life-{name}", "phone", "desk")  # it goes on at a desk

    return take


def agreeing(page: Any) -> Any:
    """Who answers yes when a page asks whether it is meant."""
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def test_from_the_need_to_the_decision(alipay, where, firms, new_page, look, tmp_path):
    ItemVersion.objects.filter(item=where.item).update(acceptance_days=5, committed_days=10, statutory_days=20)
    owner, operator = agreeing(new_page(where.owner.user)), new_page(where.operator.user)
    round_, winner = selects(owner, operator, firms, where, new_page)
    firm = agreeing(new_page(winner.user))
    look(owner, "round")

    contract = seals(owner, firm)
    request = asks_to_be_paid(firm, contract)
    pays(owner, request)
    gives_back(firm, request, look)
    delivers(owner, firm, contract, tmp_path, look)
    payments_due.follow_payments()
    settled = Payment.objects.get(request=request)
    assert settled.settled_at is not None
    assert settled.settle_amount == settled.amount - settled.refunded
    owner.goto(f"/desk/payments/{request.code}/")
    expect(owner.locator(".history")).to_contain_text("支付宝结算给机构")
    look(owner, "settled")
    reconciling.reconcile(day=timezone.localdate())
    assert not reconciling.payments_not_billed().exists()

    case = applies(owner, where)
    clerk = agreeing(new_page(market.member_of(where.department.organisation).user))
    decides(owner, clerk, case, look)
    need = round_.need
    spread(Contract.objects.get(), case)
    everybody_reads(need, contract, case, (owner, firm, clerk), where, new_page, look)


def selects(
    owner: Any, operator: Any, firms: list[Membership], where: market.Place, new_page: Any
) -> tuple[Round, Membership]:
    """The round: posted with the wizard, announced, three sealed bids, the lowest wins."""
    round_ = posts_a_need(owner, where, method="lowest", terms={"upper": "50000"})
    announces(operator, round_)
    for member, price in zip(firms, PRICES, strict=True):
        enters(new_page(member.user), round_, price)
    market.move_on(market.pass_deadline(round_))
    ends_the_notice(round_)
    rounds_due.move_due_rounds()
    won = Award.objects.get().firm
    assert won == Firm.objects.get(organisation=firms[1].organisation)
    owner.goto(f"/rounds/{round_.code}/")
    expect(owner.locator(".winner-name")).to_have_text(won.organisation.name)
    return Round.objects.get(pk=round_.pk), firms[1]


def seals(owner: Any, firm: Any) -> Contract:
    """The contract: drafted by itself, handed over, agreed, sealed by both."""
    contracts_due.move_due_contracts()
    contract = Contract.objects.get()
    address = f"/desk/contracts/{contract.code}/"
    owner.goto(address)
    owner.get_by_role("button", name="交给机构确认").click()
    expect(owner.locator("main")).to_contain_text("已交给机构确认")
    firm.goto(address)
    firm.get_by_role("button", name="同意合同文本").click()
    for page in (firm, owner):
        page.goto(address)
        page.get_by_role("link", name="盖章", exact=True).click()
        page.get_by_role("button", name="盖章").click()
        expect(page.locator("main")).to_contain_text("已盖章。")
    contract.refresh_from_db()
    assert contract.status == Contract.Status.RUNNING
    return contract


def asks_to_be_paid(firm: Any, contract: Contract) -> PaymentRequest:
    """The firm registers its number at Alipay and asks for the last milestone, before its acceptance."""
    firm.goto("/desk/firm/payments/payee/")
    firm.locator("[name=merchant_id]").fill(payments.MERCHANT)
    firm.get_by_role("button", name="保存商户号").click()
    last = contract.milestones.latest("number")
    firm.goto(f"/desk/firm/payments/ask/{contract.code}/{last.number}/")
    firm.locator("[name=invoice_number]").fill("26332000000012345678")
    firm.locator("[name=invoice]").set_input_files(INVOICE)
    firm.get_by_role("button", name="向业主申请付款").click()
    expect(firm.locator(".messages")).to_contain_text("已交给业主")
    return PaymentRequest.objects.get()


def pays(owner: Any, request: PaymentRequest) -> None:
    """The owner pays at the sandbox's cashier."""
    owner.goto(f"/desk/payments/{request.code}/")
    owner.get_by_role("button", name="打开支付宝收银台").click()
    owner.get_by_role("link", name="去支付宝付款").click()
    owner.get_by_role("button", name="确认付款").click()
    expect(owner.locator(".page-head")).to_contain_text("已付款")


def gives_back(firm: Any, request: PaymentRequest, look: Any) -> None:
    """A part goes back while Alipay still has the money."""
    firm.goto(f"/desk/payments/{request.code}/")
    firm.locator("[name=amount]").fill("1200.50")
    firm.locator("[name=reason]").fill("少做一个监测点")
    firm.get_by_role("button", name="退款给业主").click()
    expect(firm.locator(".messages")).to_contain_text("已退款")
    look(firm, "refunded")


def delivers(owner: Any, firm: Any, contract: Contract, folder: Any, look: Any) -> None:
    """Two versions: the first is returned for its quality, the second accepted."""
    address, paper = f"/desk/contracts/{contract.code}/", folder / "报告.pdf"
    for version, text in enumerate(("报批稿", "修改稿"), start=1):
        firm.goto(address)
        firm.get_by_role("link", name="提交成果：").click()
        paper.write_bytes(contracts.pdf(text))
        firm.locator("[name=file]").set_input_files(paper)
        firm.locator("[name=note]").fill(text)
        firm.get_by_role("button", name="提交业主验收").click()
        expect(firm.locator("main")).to_contain_text("已提交，等业主验收。")
        owner.goto(address)
        expect(owner.locator("main")).to_contain_text(f"第 {version} 版")
        if version == 1:
            owner.get_by_role("link", name="退回", exact=True).click()
            owner.get_by_label("数据、计算或结论有误").check()
            owner.locator("[name=words]").fill("第 3 章源强核算有误。")
            owner.get_by_role("button", name="退回机构修改").click()
    owner.get_by_role("button", name="验收通过").click()
    expect(owner.locator("main")).to_contain_text("已验收。")
    look(owner, "accepted")


def applies(owner: Any, where: market.Place) -> Case:
    """One window: the owner applies for the item, and the accepted result is there without being carried."""
    owner.goto("/desk/applications/new/")
    owner.locator("[name=project]").check()
    owner.get_by_role("button", name="下一步：选事项").click()
    owner.get_by_label(re.compile(where.item.name)).check()
    owner.get_by_role("button", name="下一步：材料").click()
    owner.get_by_role("button", name="提交申请").click()
    expect(owner.locator("main")).to_contain_text("已提交，申请编号")
    return Case.objects.get()


def decides(owner: Any, clerk: Any, case: Case, look: Any) -> None:
    """The department asks for one correction because of the result, accepts and grants."""
    address = f"/desk/cases/{case.code}/"
    clerk.goto("/desk/cases/")
    clerk.locator("main").get_by_role("link", name=case.item.name).first.click()
    expect(clerk.locator("main")).to_contain_text("第 2 版")
    clerk.get_by_role("link", name="要求补正").click()
    clerk.get_by_label("成果内容或深度不足").check()
    clerk.get_by_label("中介成果", exact=True).check()
    clerk.get_by_label(re.compile("^否")).check()
    clerk.locator("[name=words]").fill("补充夜间噪声预测。")
    clerk.get_by_role("button", name="发出补正通知").click()
    expect(clerk.locator(".history")).to_contain_text("补充夜间噪声预测。")
    owner.goto(address)
    look(owner, "correction")
    owner.get_by_role("button", name="已补正，再次提交").click()
    clerk.goto(address)
    clerk.get_by_role("button", name="受理，开始办理").click()
    clerk.get_by_label("准予许可").check()
    clerk.get_by_role("button", name="作出决定，办结").click()
    expect(clerk.locator(".page-kicker")).to_contain_text("准予许可")
    look(clerk, "decided")
    case.refresh_from_db()
    assert (case.status, case.outcome) == (Case.Status.DECIDED, Case.Outcome.GRANTED)


def everybody_reads(
    need: Need, contract: Contract, case: Case, pages: tuple[Any, ...], where: market.Place, new_page: Any, look: Any
) -> None:
    """The time of the line, the same for everybody: each piece with the party it is charged to, and the sum of all."""
    lines = Lines.of(Need.objects.filter(pk=need.pk))
    now = clock.now()
    line, workdays = lines[0].timeline(now=now), lines.workdays(now=now)
    pieces = [(part.kind, part.party, workdays.working_time(part.start, part.end)) for part in line.segments]
    assert [(str(kind), str(party)) for kind, party, _days in pieces] == [
        ("selection", "platform"), ("contracting", "firm"), ("contracting", "owner"), ("service", "firm"),
        ("review", "owner"), ("revision", "firm"), ("review", "owner"), ("filing", "owner"), ("check", "department"),
        ("correction", "firm"), ("check", "department"), ("examination", "department"),
    ]  # fmt: skip
    assert [each.start for each in line.segments[1:]] == [each.end for each in line.segments[:-1]]
    assert line.start is not None
    assert line.end is not None
    whole = sum((days for _kind, _party, days in pieces), Fraction(0))
    assert whole == workdays.working_time(line.start, line.end)
    by_party: dict[str, Fraction] = defaultdict(Fraction)
    for _kind, party, days in pieces:
        by_party[str(PARTIES[party])] += days

    visitor = new_page()
    visitor.goto(f"/lines/{need.code}/")
    expect(visitor.locator(".timeline-sum")).to_contain_text(f"合计 {days_told(whole)} 个工作日")
    rows = visitor.locator(".timeline-pieces tbody tr")
    expect(rows).to_have_count(len(pieces))
    told: dict[str, Fraction] = defaultdict(Fraction)
    for row in rows.all():
        cells = row.locator("td").all_inner_texts()
        told[cells[2].strip()] += Fraction(cells[5].strip())
    assert told.keys() == by_party.keys()
    assert all(abs(told[party] - by_party[party]) <= Fraction(5, 100) for party in told)
    look(visitor, "line")

    visitor.goto(f"/contracts/{contract.code}/")
    expect(visitor.locator("main")).to_contain_text(contract.title)
    expect(visitor.locator("main")).not_to_contain_text("第 3 章源强核算有误。")
    expect(visitor.locator("svg.timeline-bar").first).to_be_visible()
    look(visitor, "contract-public")
    visitor.get_by_role("button", name="English").first.click()
    expect(visitor.locator("html")).to_have_attribute("lang", "en")
    look(visitor, "contract-english")

    regulator = market.member_of(market.organisation(Kind.REGULATOR))
    TOTPDevice.objects.create(user=regulator.user, name="test", confirmed=True)
    for page, address in zip(
        (*pages, new_page(regulator.user)),
        (
            f"/desk/owner/projects/{need.project.code}/",
            f"/desk/contracts/{contract.code}/",
            *[f"/desk/cases/{case.code}/"] * 2,
        ),
        strict=True,
    ):
        page.goto(address)
        expect(page.locator("svg.timeline-bar").first).to_be_visible()
    look(pages[0], "project")
    stranger = new_page(market.member_of(market.firm(where).organisation).user)
    deliverable = Deliverable.objects.latest("version")
    assert stranger.request.get(f"/desk/deliverables/{deliverable.code}/").status == 404
    assert stranger.request.get(f"/desk/payments/{PaymentRequest.objects.get().code}/").status == 404
