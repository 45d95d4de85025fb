"""Money on its way: a firm asks, the owner pays at the cashier, a part goes back, the rest is settled with the acceptance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts.models import Kind
from contracts.payments.domain import due, reconciling, transfers
from contracts.payments.models import PaymentRequest, Transfer
from tests import market_place as market
from tests.browsing import SIZES
from tests.payments import place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILE = {"name": "发票.pdf", "mimeType": "application/pdf", "buffer": place.SCAN}


@pytest.fixture(autouse=True)
def _site(settings, live_server, tmp_path):
    settings.SITE_URL = live_server.url


@pytest.fixture
def picture(new_page, screenshot):
    """Keep a page as somebody sees it, at a desk and on a phone, in Chinese and in English."""

    def take(path, name, user=None, *, english=False):
        for size in SIZES:
            page = new_page(user, size=size)
            page.goto(path)
            if english:
                page.context.add_cookies([{"name": "mingxuan_language", "value": "en", "url": page.url}])
                page.goto(path)
            expect(page.locator("main")).to_be_visible()
            screenshot(page, f"payments-{name}{'-en' if english else ''}")

    return take


def official(kind):
    member = market.member_of(market.organisation(kind))
    TOTPDevice.objects.create(user=member.user, name="test", confirmed=True)
    return member


def asks(page):
    page.goto("/desk/firm/payments/")
    page.get_by_role("link", name="填写商户号").click()
    page.locator("[name=merchant_id]").fill("1234")
    page.get_by_role("button", name="保存商户号").click()
    expect(page.locator(".error-summary")).to_contain_text("2088 开头")
    page.locator("[name=merchant_id]").fill(place.MERCHANT)
    page.get_by_role("button", name="保存商户号").click()
    page.get_by_role("link", name="申请付款").first.click()
    page.locator("[name=invoice_number]").fill("12")
    page.locator("[name=invoice]").set_input_files(FILE)
    page.get_by_role("button", name="向业主申请付款").click()
    expect(page.locator(".error-summary")).to_contain_text("8 位或 20 位")
    page.locator("[name=invoice_number]").fill("24332000000012345678")
    page.locator("[name=invoice]").set_input_files(FILE)
    page.get_by_role("button", name="向业主申请付款").click()
    expect(page.locator(".messages")).to_contain_text("已交给业主")
    return PaymentRequest.objects.get()


def pays(page, request, screenshot):
    page.goto("/desk/owner/payments/")
    page.get_by_role("link", name=request.milestone.name).click()
    page.get_by_role("button", name="打开支付宝收银台").click()
    expect(page.locator("#order")).to_contain_text(f"{request.code}_1")
    screenshot(page, "payments-order")
    page.get_by_role("link", name="去支付宝付款").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(request.contract.title[:10])
    screenshot(page, "payments-cashier")
    page.get_by_role("button", name="不付款，返回").click()
    expect(page.locator(".messages")).to_contain_text("还没有收到")
    page.get_by_role("link", name="去支付宝付款").click()
    page.get_by_role("button", name="确认付款").click()
    expect(page.locator(".page-head")).to_contain_text("已付款")
    expect(page.locator(".messages")).to_contain_text("付款成功")


def gives_back(page, request):
    page.goto(f"/desk/payments/{request.code}/")
    page.locator("[name=amount]").fill("99999999")
    page.locator("[name=reason]").fill("少做一个监测点")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="退款给业主").click()
    page.get_by_role("dialog").get_by_role("button").first.click() if page.get_by_role("dialog").count() else None
    expect(page.locator(".error-summary")).to_contain_text("最多")
    page.locator("[name=amount]").fill("1200.50")
    page.get_by_role("button", name="退款给业主").click()
    page.get_by_role("dialog").get_by_role("button").first.click() if page.get_by_role("dialog").count() else None
    expect(page.locator(".messages")).to_contain_text("已退款")


def test_from_the_request_to_the_settlement(alipay, new_page, screenshot, picture):
    case = place.running(registered=False, accepted=False)
    firm, owner = new_page(case.firm.user), new_page(case.owner.user)
    picture("/desk/firm/payments/", "firm-desk-begin", case.firm.user)
    picture("/desk/owner/payments/", "owner-desk-empty", case.owner.user)
    request = asks(firm)
    pays(owner, request, screenshot)
    gives_back(firm, request)
    owner.goto(f"/desk/payments/{request.code}/")
    expect(owner.locator(".rail")).to_contain_text("验收后结算给机构")
    case.accept()
    due.follow_payments()
    owner.reload()
    expect(owner.locator(".history")).to_contain_text("支付宝结算给机构")
    for english in (False, True):
        picture(f"/desk/payments/{request.code}/", "settled", case.owner.user, english=english)
    picture(f"/desk/payments/{request.code}/", "settled-firm", case.firm.user)
    picture("/desk/firm/payments/", "firm-desk", case.firm.user)
    reconciling.reconcile(day=timezone.localdate())
    assert not reconciling.payments_not_billed().exists()


def test_paying_by_scanning_and_a_transfer_of_public_money(alipay, new_page, screenshot, picture):
    case = place.running()
    request = place.asks(case)
    owner = new_page(case.owner.user)
    owner.goto(f"/desk/payments/{request.code}/")
    owner.get_by_role("button", name="用手机扫码付款").click()
    expect(owner.get_by_alt_text("付款二维码")).to_be_visible()
    picture(f"/desk/payments/{request.code}/", "code", case.owner.user)
    phone = new_page(size="phone")
    phone.goto(request.payments.get().qr_code)
    screenshot(phone, "payments-cashier")
    phone.get_by_role("button", name="确认付款").click()
    expect(phone.locator("main")).to_contain_text("已经付款")
    owner.get_by_role("link", name="查看付款结果").click()
    expect(owner.locator(".page-head")).to_contain_text("已付款")

    public = place.running(funding="public")
    request = place.asks(public)
    owner, firm = new_page(public.owner.user), new_page(public.firm.user)
    owner.goto(f"/desk/payments/{request.code}/")
    owner.locator("[name=paid_on]").fill(timezone.localdate().isoformat())
    owner.locator("[name=proof]").set_input_files(FILE)
    owner.get_by_role("button", name="提交转账凭证").click()
    expect(owner.locator(".messages")).to_contain_text("等机构确认")
    picture(f"/desk/payments/{request.code}/", "remitted", public.firm.user)
    firm.goto(f"/desk/payments/{request.code}/")
    firm.get_by_label("已经到账").check()
    firm.get_by_role("button", name="告知业主").click()
    expect(firm.locator(".page-head")).to_contain_text("已付款")


def test_a_transfer_that_nobody_confirms(alipay, new_page, picture):
    public = place.running(funding="public")
    request = place.asks(public)
    sent = transfers.send_transfer(
        request_id=request.pk, paid_on=timezone.localdate(), proof=place.scan(), by=public.owner
    )
    Transfer.objects.filter(pk=sent.pk).update(confirm_by=timezone.now() - timedelta(seconds=1))
    due.presume_transfers()
    address = f"/desk/payments/{request.code}/"
    picture(address, "presumed-owner", public.owner.user)
    picture(address, "presumed-english", public.owner.user, english=True)
    picture("/desk/regulator/payments/", "presumed-regulator", official(Kind.REGULATOR).user)
    picture("/desk/firm/payments/", "presumed-desk", public.firm.user)
    firm = new_page(public.firm.user)
    firm.goto(address)
    firm.get_by_label("没有到账").check()
    firm.locator("[name=reason]").fill("账户没有收到这笔款。")
    firm.get_by_role("button", name="告知业主").click()
    expect(firm.locator(".page-head")).to_contain_text("待付款")
    picture(address, "presumed-denied", public.firm.user)


def test_what_is_late_is_seen(alipay, new_page, picture):
    case = place.running()
    request = place.asks(case)
    then = timezone.now() - timedelta(days=75)
    PaymentRequest.objects.update(
        requested_at=then, due_at=then + timedelta(days=30), public_at=then + timedelta(days=60)
    )
    regulator, operator = official(Kind.REGULATOR), official(Kind.OPERATOR)
    picture("/desk/regulator/payments/", "regulator", regulator.user)
    picture(f"/desk/payments/{request.code}/", "overdue", case.owner.user)
    picture("/desk/owner/payments/", "owner-desk", case.owner.user)
    public = f"/owners/{case.owner.organisation.public_code}/payments/"
    for english in (False, True):
        picture(public, "owner-public", english=english)
    page = new_page()
    page.goto(public)
    expect(page.locator("main")).to_contain_text(request.code)
    order = place.opens(request, case)
    from contracts.payments import gateway
    from contracts.payments.domain import paying
    from tests.payments import buyer

    buyer.pays(gateway.pay_url(paying.order_of(order)))
    paying.follow(payment_id=order.pk)
    alipay.books.one("UPDATE trade SET amount = '1.00'")
    reconciling.reconcile(day=timezone.localdate())
    for english in (False, True):
        picture("/desk/reconciliation/", "reconciliation", operator.user, english=english)
