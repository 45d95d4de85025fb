"""A visitor computes a decided round again, changes a number and sees it noticed, and checks a file of their own."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from bidding.models import Entry, Policy, Round
from protocol.note import Signer
from tests import custody
from tests import market_place as market
from tests.bidding import panel
from tests.bidding import test_experts as experts
from tests.bidding import test_substitution as substitution
from tests.bidding.test_choosing import at_opening, pick
from tests.protocol.test_verify import TERMS

pytestmark = pytest.mark.browser

STEPS = ("announced", "sealed", "keys", "opened", "draw", "method", "log")
AMOUNTS = ("52000.00", "48000.00", "50000.00", "48000.00")


@pytest.fixture
def where(transactional_db: None) -> market.Place:
    return market.place()


def decided(where: market.Place, *, method: str = "lowest") -> Round:
    amounts = [None] * 4 if method == "draw" else list(AMOUNTS)
    return market.lived(where, method=method, amounts=amounts, parameters=TERMS[method])


def opens(page: Any, round_: Round) -> Any:
    page.goto(f"/rounds/{round_.code}/verify/")
    expect(overall(page)).not_to_have_attribute("data-state", "running")
    return page


def overall(page: Any) -> Any:
    return page.locator("[data-part=overall]")


def states(page: Any) -> dict[str, str]:
    return {step: page.locator(f"[data-step={step}]").get_attribute("data-state") for step in STEPS}


def holds(page: Any) -> None:
    expect(overall(page)).to_have_attribute("data-state", "holds")
    assert states(page) == dict.fromkeys(STEPS, "holds")


def failing(page: Any) -> set[str]:
    return {step for step, state in states(page).items() if state == "fails"}


def chooses(page: Any, record: dict[str, Any] | str) -> None:
    text = record if isinstance(record, str) else json.dumps(record)
    page.get_by_label("公开记录文件").set_input_files(
        {"name": "record.json", "mimeType": "application/json", "buffer": text.encode()}
    )
    page.get_by_role("button", name="核对这个文件").click()
    expect(overall(page)).not_to_have_attribute("data-state", "running")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_visitor_sees_every_step_hold_and_a_changed_amount_noticed(new_page, screenshot, where, size):
    round_ = decided(where)
    page = new_page(size=size)
    page.goto(f"/rounds/{round_.code}/")
    page.get_by_role("link", name="自己核对").click()
    holds(page)
    opened = page.locator("[data-step=opened]")
    expect(opened.locator("tbody tr")).to_have_count(len(AMOUNTS))
    expect(opened).to_contain_text("¥ 52,000.00")
    expect(page.locator("[data-step=draw]")).to_contain_text(round_.commitment[:12])
    expect(page.locator("[data-step=method] tr.is-winner")).to_contain_text("¥ 48,000.00")
    assert not re.search(r"\{\w+\}|check-|word-|undefined|NaN", page.locator("main").inner_text())
    screenshot(page, "verify-holds")

    page.get_by_role("button", name="改掉它，再核对一遍").click()
    expect(overall(page)).to_have_attribute("data-state", "fails")
    assert {"opened", "method"} <= failing(page)
    expect(overall(page)).to_contain_text("改动被发现了")
    expect(opened.locator("tr.is-wrong")).to_have_count(1)
    expect(page.locator("[data-part=alarm]")).to_be_hidden()
    screenshot(page, "verify-tampered")
    page.get_by_role("button", name="恢复原样").click()
    holds(page)


def test_a_weighted_draw_shows_the_best_ticket_of_each_firm(new_page, screenshot, where):
    round_ = market.lived(where, method="credit_draw", parameters=market.CREDIT, amounts=[None] * 5)
    page = opens(new_page(), round_)
    assert failing(page) == set()
    with at_opening(round_):
        pick(round_, where)
    market.goes_on(round_, at=round_.opened_at + timedelta(minutes=1))
    holds(opens(page, round_))
    expect(page.locator("[data-step=draw] tbody tr")).to_have_count(5)
    expect(page.locator("[data-step=method]")).to_contain_text("经验更合适")
    screenshot(page, "verify-credit_draw")


def test_a_winner_that_walked_away(new_page, screenshot, where):
    round_ = decided(where, method="draw")
    moment = round_.opened_at + timedelta(seconds=40)
    substitution.walks(round_, at=moment)
    market.goes_on(round_, at=moment + timedelta(seconds=5))
    page = opens(new_page(), round_)
    holds(page)
    expect(page.locator("[data-step=draw] tbody tr")).to_have_count(4 + 3)  # the first draw, and that among the rest
    expect(page.locator("[data-step=method]")).to_contain_text("退出，接替的是")
    screenshot(page, "verify-walked-away")


@pytest.mark.parametrize("method", ["draw", "mean", "lowest_draw"])
def test_the_other_ways_of_choosing(new_page, screenshot, where, method):
    page = opens(new_page(), decided(where, method=method))
    holds(page)
    screenshot(page, f"verify-{method}")
    page.get_by_role("button", name="改掉它，再核对一遍").click()
    expect(overall(page)).to_have_attribute("data-state", "fails")
    assert "method" in failing(page)


def scored(where: market.Place) -> Round:
    Policy.objects.filter(pk=where.policy.pk).update(experts=5)
    *_before, round_ = panel.with_two_replaced(where, experts=9)
    return round_


def rows(page: Any, step: str, number: int) -> Any:
    return page.locator(f"[data-step={step}] table").nth(number).locator("tbody tr")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_experts_who_were_drawn_and_replaced_and_their_marks(new_page, screenshot, where, size):
    round_ = scored(where)
    page = opens(new_page(size=size), round_)
    holds(page)
    gone, late, *others = panel.seats(round_)
    draws = page.locator("[data-step=draw]")
    expect(draws).to_contain_text("没有利害关系的专家有 9 人")
    expect(draws).to_contain_text(f"{gone.expert.code} 因利害关系回避，日志第")
    expect(draws).to_contain_text(f"{late.expert.code} 到期没有交评分")
    expect(draws).to_contain_text(f"排在最前的 {others[-1].expert.code} 接替")
    expect(rows(page, "draw", 1)).to_have_count(5 + 3)
    expect(draws).to_contain_text("另有 1 行没有列出")
    expect(page.locator("[data-step=draw] tr.is-winner")).to_have_count(5)
    expect(rows(page, "draw", 2)).to_have_count(7)
    method = page.locator("[data-step=method]")
    expect(method).to_contain_text("5 位专家给 3 份有效的方案各评一次，一共 15 个评分")
    winner = Entry.objects.get(lot__round=round_, firm=round_.lots.get().winner)
    expect(method).to_contain_text(f"合计 {winner.scores['total']}")
    expect(rows(page, "method", 0)).to_have_count(3)
    assert not re.search(r"\{\w+\}|check-|word-|undefined|NaN|null", page.locator("main").inner_text())
    screenshot(page, "verify-scored")

    record = Client().get(f"/rounds/{round_.code}/record.json").json()
    lot = record["lots"][0]
    spare = next(code for code in record["pool"]["codes"] if code not in {each["code"] for each in lot["experts"]})
    lot["marks"][0]["mark"] = "100.00"
    lot["experts"][-1]["code"] = spare
    chooses(page, record)
    assert failing(page) == {"draw", "method"}
    expect(draws.locator(".check-lines li[data-state=fails]")).to_have_text(
        re.compile(f"入席的专家正是抽出的那些.*{spare}")
    )
    expect(draws.locator("tr.is-wrong")).to_have_count(2)  # who was drawn is missing, who sits there was not drawn
    screenshot(page, "verify-scored-tampered")


def test_a_panel_that_could_not_be_filled(new_page, screenshot, where, monkeypatch):
    round_ = panel.scored(where, experts=3)
    with panel.at_work(round_):
        panel.leaves(panel.seats(round_)[0])
    page = opens(new_page(), round_)
    chooses(page, experts.shown_whole(round_, monkeypatch))
    assert failing(page) == set()
    expect(page.locator("[data-step=method]")).to_contain_text("专家只有 3 人，其中 1 人没有评成，补不齐，因此流标")
    expect(page.locator("[data-step=method] table")).to_have_count(0)
    screenshot(page, "verify-scored-short")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_file_that_was_tampered_with(new_page, screenshot, where, size):
    round_ = decided(where)
    record = Client().get(f"/rounds/{round_.code}/record.json").json()
    page = opens(new_page(size=size), round_)
    chooses(page, record)
    holds(page)
    expect(overall(page)).to_contain_text("record.json")
    record["lots"][0]["draws"][0]["order"].reverse()
    chooses(page, record)
    assert "draw" in failing(page)
    expect(page.locator("[data-part=alarm]")).to_be_visible()
    expect(page.locator("[data-step=draw] .check-lines li[data-state=fails]")).to_contain_text("公布的次序与算出的相同")
    screenshot(page, "verify-file")
    chooses(page, "{}")
    expect(overall(page)).to_contain_text("不是一份完整的公开记录")


def test_the_record_that_was_checked_can_be_saved(new_page, where):
    page = opens(new_page(), decided(where))
    with page.expect_download() as download:
        overall(page).get_by_role("link", name="保存公开记录").click()
    assert json.loads(download.value.path().read_text())["v"] == 1


def test_another_key_than_last_time_is_told_in_red(new_page, screenshot, where):
    page = opens(new_page(), decided(where))
    expect(page.locator("[data-step=log]")).to_contain_text("已经记住")
    page.reload()
    holds(page)
    expect(page.locator("[data-step=log]")).to_contain_text("记住的相同")
    other = Signer(custody.NAME, b"\x01" * 32).cosigner.text
    page.evaluate(
        """key => { const keys = JSON.parse(localStorage["mingxuan.keys"]);
        localStorage["mingxuan.keys"] = JSON.stringify({...keys, custodian: key}) }""",
        other,
    )
    page.reload()
    expect(overall(page)).to_have_attribute("data-state", "fails")
    assert failing(page) == {"log"}
    expect(page.locator("[data-step=log]")).to_contain_text("记住的不同")
    screenshot(page, "verify-other-keys")
    page.get_by_role("button", name="我确认过").click()
    holds(page)


def test_before_opening(new_page, screenshot, where):
    round_ = market.announced(where)
    custody.attend()
    page = opens(new_page(size="phone"), round_)
    expect(overall(page)).to_have_attribute("data-state", "open")
    assert states(page) == {step: "holds" if step in ("announced", "log") else "open" for step in STEPS}
    expect(page.locator("[data-part=trying]")).to_be_hidden()
    screenshot(page, "verify-unopened")


def test_without_script_it_says_what_would_be_done(new_page, screenshot, where):
    round_ = decided(where)
    page = new_page(java_script_enabled=False)
    page.goto(f"/rounds/{round_.code}/verify/")
    expect(page.locator("main")).to_contain_text("python -m protocol.verify http")
    expect(page.locator("main")).to_contain_text("两把钥匙配得上公告的锁")
    expect(page.locator("main form:visible")).to_have_count(0)
    screenshot(page, "verify-without-script")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_experts_in_english(new_page, screenshot, where, size):
    page = new_page(size=size)
    page.goto("/")
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": page.url}])
    opens(page, scored(where))
    holds(page)
    expect(page.locator("[data-step=draw]")).to_contain_text("stepped aside for a conflict of interest")
    method = page.locator("[data-step=method]")
    expect(method).to_contain_text("every expert marked every one of them once: 15 marks")
    expect(method).to_contain_text(re.compile(r"[0-9]{2}\.[0-9]{2}, [0-9]{2}\.[0-9]{2}"))
    screenshot(page, "verify-scored-en")
