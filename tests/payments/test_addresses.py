"""The cashier by the name under which a demonstration was opened; nothing changes for the real Alipay."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest
from django.test import RequestFactory
from django.urls import reverse

from contracts.payments.addresses import reached, site_of
from tests.bidding.browse import acting
from tests.payments import place


@pytest.fixture
def case(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return place.running()


def page_at(host, case, request):
    return acting(case.owner).get(reverse("payments:request", args=[request.code]), headers={"host": host})


def cashier_on(page):
    return unescape(re.search(r'href="([^"]+/gateway\.do[^"]*)"', page.content.decode())[1])


def test_a_name_that_is_not_allowed_gets_no_link(case, alipay):
    asked = place.asks(case)
    place.opens(asked, case)
    assert page_at("evil.example", case, asked).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "demo.lan:8000", "[::1]:8000"])
def test_cashier_and_way_back_are_of_the_same_name(case, alipay, settings, host):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "demo.lan", "[::1]"]
    asked = place.asks(case)
    place.opens(asked, case)
    link = httpx.URL(cashier_on(page_at(host, case, asked)))
    name = host.rpartition(":")[0].strip("[]")
    assert (link.host, link.port) == (name, httpx.URL(alipay.url).port)
    here = link.copy_with(host="127.0.0.1")
    opened = httpx.get(here)
    assert opened.status_code == 303
    token = opened.headers["location"].rpartition("/")[2]
    back = httpx.post(here.join(f"/cashier/{token}/leave")).headers["location"]
    assert back.startswith(f"http://{host}{reverse('payments:returned', args=[asked.code])}?")


def test_a_way_back_that_somebody_has_changed_is_refused(case, alipay):
    asked = place.asks(case)
    place.opens(asked, case)
    link = cashier_on(page_at("localhost:8000", case, asked))
    assert "localhost%3A8000" in link
    assert httpx.get(link.replace("localhost%3A8000", "evil.example")).status_code == 400


def test_the_code_on_the_page_and_on_the_cashier_lead_to_the_same_machine(case, alipay, settings):
    settings.ALLOWED_HOSTS = ["192.168.1.5"]
    asked = place.asks(case)
    payment = place.opens(asked, case, channel="code")
    request = RequestFactory().get("/", headers={"host": "192.168.1.5:8000"})
    address = httpx.URL(reached(payment.qr_code, request))
    assert (address.host, address.path) == ("192.168.1.5", httpx.URL(payment.qr_code).path)
    cashier = httpx.URL(payment.qr_code)
    codes = [httpx.get(cashier, headers={"Host": host}).text for host in ("192.168.1.5:1", "192.168.1.5:1", "other:1")]
    assert codes[0] == codes[1] != codes[2]
    odd = httpx.get(cashier, headers={"Host": "a b/<script>"}).text
    assert "<script>" not in odd


def test_the_real_alipay_has_one_address_for_everybody(settings):
    settings.ALIPAY_IS_SANDBOX, settings.ALLOWED_HOSTS = False, ["demo.lan"]
    settings.SITE_URL, settings.ALIPAY_GATEWAY = "https://mingxuan.example", "https://openapi.alipay.com/gateway.do"
    request = RequestFactory().get("/", headers={"host": "demo.lan"})
    address = "https://openapi.alipay.com/gateway.do?sign=x"
    assert (site_of(request), reached(address, request)) == ("https://mingxuan.example", address)
