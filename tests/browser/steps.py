"""What people do in a round's pages, for journeys that begin with the wizard."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from playwright.sync_api import expect

from bidding.domain import due
from bidding.models import Entry, Round
from core import clock
from tests import custody
from tests import market_place as market


def posts_a_need(
    page: Any,
    where: market.Place,
    *,
    method: str,
    terms: Mapping[str, str],
    public_money: bool = False,
    counted: str = "3 家符合条件",
    refused: Callable[[Any], None] = lambda page: None,
) -> Round:
    """The owner's part: a project, a need, and the three steps of the wizard.

    `refused` tries the second step in ways that it does not take; the third tells by `counted` how many firms may enter.
    """
    page.goto("/desk/")
    page.get_by_role("link", name="新建项目").first.click()
    page.locator("[name=name]").fill("云樵路厂房扩建项目")
    page.locator("[name=district]").select_option(str(where.district.pk))
    page.locator("[name=address]").fill("云樵路 8 号")
    page.locator("[name=funding]").select_option("public" if public_money else "private")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("link", name="提出需求").first.click()
    page.locator("[name=service]").select_option(where.service.code)
    page.get_by_role("button", name="下一步").click()
    page.locator("[name=title]").fill("厂房扩建环境影响评价")
    page.locator("[name=item]").select_option(str(where.item.pk))
    page.locator("[name=requirement]").fill("编制报告书并配合审查。")
    page.locator("[name=budget]").fill("60,000")
    page.locator("[name=days]").fill("20")
    page.locator("[name=kind]").select_option(str(where.kind.pk))
    page.locator("[name=level]").fill("乙级")
    page.get_by_role("button", name="保存，选择选取方式").click()
    page.locator(f"[name=method][value={method}]").check()
    page.get_by_role("button", name="下一步：价格与时长").click()
    refused(page)
    for name, value in terms.items():
        field = page.locator(f"[name={name}]")
        (field.select_option if field.evaluate("each => each.tagName") == "SELECT" else field.fill)(value)
    page.locator("[name=notice_length]").fill("2")
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.locator("main")).to_contain_text(counted)
    page.get_by_role("button", name="提交服务中心审核").click()
    expect(page.locator("main")).to_contain_text("已提交服务中心审核")
    return Round.objects.get()


def announces(page: Any, round_: Round) -> None:
    """The operator's part."""
    custody.fill_stock()
    page.goto("/desk/")
    page.get_by_role("link", name=round_.title).click()
    page.get_by_role("button", name="公告，开始接受报名").click()
    expect(page.locator("main")).to_contain_text(f"{round_.code} 已公告")


def enters(page: Any, round_: Round, amount: str | None) -> None:
    """A firm's part, up to the receipt."""
    page.goto("/desk/")
    page.locator("tr", has_text=round_.code).get_by_role("link", name="报名").click()
    seals(page, amount)
    sealed = Entry.objects.get(lot__round=round_, firm__organisation__name=page.locator("dd").first.inner_text())
    expect(page.locator("main")).to_contain_text(sealed.envelope_sha256)


def seals(page: Any, amount: str | None) -> None:
    """What a firm fills in, up to the receipt."""
    if amount is not None:
        page.get_by_label("报价（元）").fill(amount)
    page.get_by_label("承诺时限").fill("15")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name=re.compile("^密封并提交")).click()
    expect(page.get_by_role("heading", name="已密封并收到")).to_be_visible()
    page.get_by_role("link", name="查看回执").click()
    expect(page.locator("main")).to_contain_text("mingxuan/receipt/v1")


def ends_the_notice(round_: Round) -> None:
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() - timedelta(seconds=1))
    due.move_due_rounds()
