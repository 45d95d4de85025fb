"""A real browser opens the socket of a round's page by both names of this machine, under the strict policy."""

import pytest
from playwright.sync_api import expect

from tests import auctions
from tests import market_place as market


@pytest.mark.browser
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_rounds_page_goes_live(live_server, new_page, host):
    round_ = market.announced(market.place())
    page = new_page()
    page.goto(f"http://{host}:{live_server.port}/rounds/{round_.code}/")
    expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live", timeout=15_000)


@pytest.mark.browser
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_room_of_an_auction_goes_live(live_server, new_page, host):
    played = auctions.running(firms=2)
    page = new_page()
    page.goto(f"http://{host}:{live_server.port}/rounds/{played.round.code}/auction/1/")
    expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live", timeout=15_000)
    played.offer(0, "48000.00")
    expect(page.locator("[data-shown=best]")).to_have_text("¥ 48,000.00", timeout=15_000)
