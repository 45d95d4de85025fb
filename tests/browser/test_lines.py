"""The time of lines in a browser: on the pages of other rooms, on its own, and what a desk is reminded of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from playwright.sync_api import expect

from approvals.domain import cases
from approvals.models import Case
from contracts.domain import delivering
from contracts.models import Contract, ContractLine, Deliverable
from core import clock
from ratings.domain.reminders import remind
from tests import market_place as market
from tests.contracts import place
from tests.ratings import lives
from tests.ratings.spread import spread

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def media(_live_processes, settings):
    settings.MEDIA_ROOT = settings.DATA_DIR / "media"


def aside(work, *args):
    """Do something in a thread of its own: sealing has a loop of its own, and the browser keeps one in this thread."""

    def alone():
        try:
            return work(*args)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(alone).result()


def lived(where):
    """A line with everything that parties and the department do, each of its events some days after the last."""
    contract = place.running(where)
    lives.goes_on(lives.waits(contract, "input"))
    lives.goes_on(lives.waits(contract, "suspension", charged_to="owner"))
    place.submits(contract)
    deliverable = Deliverable.objects.get()
    delivering.return_deliverable(
        deliverable_id=deliverable.pk, reasons=["errors"], words="预测有误", by=market.member_of(contract.owner)
    )
    lives.accept(place.submits(contract, text="第二版"))
    case = lives.received(where, contract)
    lives.corrected(case)
    by = lives.clerk(where.department)
    cases.resubmit_case(case_id=case.pk, by=by, occurred_at=clock.now())
    cases.accept_case(case_id=case.pk, by=by, occurred_at=clock.now())
    cases.start_special(case_id=case.pk, by=by, special="review", occurred_at=clock.now())
    cases.end_special(case_id=case.pk, by=by, occurred_at=clock.now())
    spread(contract, case)
    passed = clock.now() - timedelta(hours=1)  # so that somebody is to be told, whatever day of the week it is
    Case.objects.filter(pk=case.pk).update(due_at=passed, soon_at=passed - timedelta(days=2))
    return contract, case


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_time_of_a_line_on_every_page(where, new_page, screenshot, media, size):
    contract, case = aside(lived, where)
    need, round_ = lives.need_of(contract), contract.award.lot.round
    own, other = contract.lines.get(), market.place()
    ContractLine.objects.create(
        contract=Contract.objects.get(pk=contract.pk), number=2, need=own.need, project=own.project,
        service=other.service, item=other.item, department=other.department,
    )  # fmt: skip
    assert remind() >= 1
    owner, clerk = market.member_of(where.owner.organisation), lives.clerk(where.department)
    for who, name, address in (
        (None, "round", f"/rounds/{round_.code}/"),
        (None, "contract", f"/contracts/{contract.code}/"),
        (owner, "project", f"/desk/owner/projects/{need.project.code}/"),
        (clerk, "case", f"/desk/cases/{case.code}/"),
        (None, "line", f"/lines/{need.code}/"),
    ):
        page = new_page(who.user if who else None, size=size)
        page.goto(address)
        expect(page.locator("svg.timeline-bar").first).to_be_visible()
        screenshot(page, f"lines-{name}")
    dark = new_page(size=size, color_scheme="dark")
    dark.goto(f"/lines/{need.code}/")
    if size == "desk":
        dark.get_by_role("button", name="English").first.click()
    screenshot(dark, "lines-dark")
    dark.emulate_media(media="print")
    screenshot(dark, "lines-print")
    desk = new_page(clerk.user, size=size)
    desk.goto("/desk/cases/")
    expect(desk.locator("#reminders-head")).to_be_visible()
    screenshot(desk, "lines-reminded")
    desk.goto("/desk/reminders/")
    screenshot(desk, "lines-reminders")
    desk.get_by_role("link", name=need.title).click()
    expect(desk.locator("svg.timeline-bar").first).to_be_visible()


def test_without_scripts_there_is_a_way_to_the_line(where, new_page):
    round_ = market.announced(where)
    page = new_page(java_script_enabled=False)
    page.goto(f"/rounds/{round_.code}/")
    page.get_by_role("link", name="看各方用时的时间轴").click()
    expect(page.locator("svg.timeline-bar")).to_be_visible()
