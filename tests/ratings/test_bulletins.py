"""Bulletins: who may publish, made once, kept as they were, and nothing in them of natural persons."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from accounts.models import Kind, Organisation, Role
from core import clock
from core.clock import LOCAL
from core.errors import NotAllowed
from ledger.models import QueuedEntry
from protocol.scores.exact import later
from ratings.domain import bulletins
from ratings.domain.bulletin_figures import figures_of
from ratings.models import Bulletin, FirmScore, LineRow
from ratings.tasks import settle_bulletins
from tests import market_place as market
from tests.bidding.browse import acting
from tests.payments import place as payments
from tests.ratings import months
from tests.ratings import scores as city

pytestmark = pytest.mark.django_db


def at(month: date, day: int, hour: int) -> datetime:
    return datetime(month.year, month.month, day, hour, tzinfo=LOCAL)


@pytest.fixture
def lived(where):
    """A line that was decided, with its scores and those of the month."""
    contract, case = city.decided(where, returned=1)
    city.spread(contract, case, days=1)
    city.scored()
    return contract, case


def this_month() -> date:
    return clock.now().astimezone(LOCAL).date().replace(day=1)


def next_first() -> tuple[date, datetime]:
    """This month, and the morning of the first working day after it."""
    month = this_month()
    following = later(month, 1)
    return month, datetime.combine(bulletins.first_working_day(following), bulletins.MADE_AT, tzinfo=LOCAL)


def test_before_its_publication_nobody_reads_it_but_the_service_centre(client, where):
    made = months.made()
    for address in ("", "bulletin.pdf", "bulletin.json", "qr.svg"):
        assert client.get(f"/bulletins/2026-10/{address}").status_code == 404
    assert "还没有通报" in client.get("/bulletins/").content.decode()
    assert client.get("/bulletins/2026-13/").status_code == 404
    desk = acting(where.operator)
    assert "2026-10" in desk.get("/desk/bulletins/").content.decode()
    assert "全市情况" in desk.get("/desk/bulletins/2026-10/").content.decode()
    regulator = market.member_of(market.organisation(Kind.REGULATOR))
    viewer = market.member_of(where.operator.organisation, role=Role.VIEWER)
    for somebody in (regulator, viewer, where.owner):
        assert acting(somebody).post("/desk/bulletins/2026-10/", {"foreword": ""}).status_code in (403, 404)
        with pytest.raises(NotAllowed):
            bulletins.publish(bulletin_id=made.pk, by=somebody)


def test_published_once_with_its_digest_in_the_log(where):
    months.made()
    desk = acting(where.operator)
    refused = desk.post("/desk/bulletins/2026-10/", {"foreword": "请打 13912345678"})
    assert refused.status_code == 422 and "电话号码" in refused.content.decode()
    assert desk.post("/desk/bulletins/2026-10/", {"foreword": "长" * 1001}).status_code == 422
    assert desk.post("/desk/bulletins/2026-10/", {"foreword": "本月平稳。"}).status_code == 302
    found = Bulletin.objects.get()
    assert desk.post("/desk/bulletins/2026-10/", {"foreword": "另一段"}).status_code == 302
    assert bulletins.publish(bulletin_id=found.pk, foreword="又一段").foreword == "本月平稳。"
    (entry,) = QueuedEntry.objects.filter(type="bulletin.published")
    told = json.loads(bytes(entry.entry))["data"]
    public = Client()
    file, paper = (public.get(f"/bulletins/2026-10/bulletin.{kind}") for kind in ("json", "pdf"))
    content = b"".join(paper.streaming_content)
    assert hashlib.sha256(file.content).hexdigest() == told["sha256"] == found.digest
    assert hashlib.sha256(content).hexdigest() == told["pdf_sha256"] and content.startswith(b"%PDF-")
    page = public.get("/bulletins/2026-10/").content.decode()
    assert "本月平稳。" in page and found.digest in page
    assert "2026-10" in public.get("/bulletins/").content.decode()


def test_made_on_the_first_working_day_and_published_by_time(lived):
    month, morning = next_first()
    with clock.travelling(morning - timedelta(seconds=1)):
        assert settle_bulletins() == 0
    with clock.travelling(morning):
        assert settle_bulletins() == 1
        assert settle_bulletins() == 0, "twice is as good as once"
    made = Bulletin.objects.get()
    assert made.month == month and made.published_at is None and made.publishes_at > morning
    kept = made.content
    FirmScore.objects.all().delete()
    LineRow.objects.all().delete()
    with clock.travelling(made.publishes_at):
        assert settle_bulletins() == 1
    made.refresh_from_db()
    assert made.content == kept and made.published_by is None and made.foreword == ""


def test_a_bulletin_without_anything_to_tell_is_not_made(where):
    with clock.travelling(next_first()[1]):
        assert settle_bulletins() == 0
    assert not Bulletin.objects.exists()


def test_one_that_cannot_be_printed_stops_no_other(where, monkeypatch):
    broken, whole = months.made(date(2026, 9, 1)), months.made()
    Bulletin.objects.filter(pk=broken.pk).update(content={})
    bulletins.settle_bulletins()
    assert [
        each.published_at is None for each in (Bulletin.objects.get(pk=broken.pk), Bulletin.objects.get(pk=whole.pk))
    ] == [
        True,
        False,
    ]


def test_what_is_in_it(lived, where):
    contract, case = lived
    month = case.events.order_by("number").last().occurred_at.astimezone(LOCAL).date().replace(day=1)
    FirmScore.objects.filter(month__isnull=False).delete()
    FirmScore.objects.update(month=month, ranked=True)
    told = figures_of(month, now=clock.now())
    assert told["city"]["time"]["n"] == 1 and told["services"]["rows"][0]["name"] == where.service.name
    assert told["departments"]["decided"] == 1
    assert [row["uscc"] for row in told["firms"]["rows"]] == [contract.firm.uscc]
    row = told["firms"]["rows"][0]
    assert row["low"] <= row["score"] <= row["high"] and row["n"] == 1
    before = figures_of(date(2020, 1, 1), now=clock.now())
    assert before["city"]["time"] is None and before["services"] == {"all": 0, "rows": []}


def test_a_department_that_was_late(lived, where):
    from ratings.models import CaseRow

    month = this_month()
    CaseRow.objects.update(decided_at=at(month, 1, 9), received_at=at(month, 1, 8), used2=11 * 86_400_000_000)
    (row,) = figures_of(month, now=clock.now())["departments"]["rows"]
    assert (row["code"], row["n"], row["late"], row["overdue"]) == (where.department.code, 1, 1, 0)
    CaseRow.objects.update(used2=10 * 86_400_000_000 + 431_999_999)
    assert figures_of(month, now=clock.now())["departments"]["rows"] == [], "to a hundredth of a day it was in time"
    CaseRow.objects.update(used2=21 * 86_400_000_000)
    (row,) = figures_of(month, now=clock.now())["departments"]["rows"]
    assert (row["late"], row["overdue"]) == (1, 1)


def test_owners_overdue_beyond_the_term_and_never_a_person(where):
    case = payments.running(funding="public")
    asked = payments.asks(case)
    now = clock.now()
    Payment = type(asked)
    Payment.objects.filter(pk=asked.pk).update(due_at=now - timedelta(days=40), public_at=now + timedelta(days=1))
    assert figures_of(this_month(), now=now)["owners"] == {"all": 0, "rows": []}, "overdue, but not public yet"
    Payment.objects.filter(pk=asked.pk).update(public_at=now - timedelta(days=1))
    (row,) = figures_of(this_month(), now=now)["owners"]["rows"]
    assert (row["name"], row["n"], row["sum"]) == (asked.owner.public_name, 1, f"{asked.amount:.2f}")
    Organisation.objects.filter(pk=asked.owner_id).update(kind=Kind.PERSON, uscc=None, code="ZR0001")
    assert figures_of(this_month(), now=now)["owners"]["all"] == 0


def test_the_database_keeps_no_half_published_one(where):
    from django.db import IntegrityError, transaction

    made = months.made()
    for change in ({"digest": "a" * 64}, {"published_at": clock.now()}, {"month": date(2026, 10, 2)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Bulletin.objects.filter(pk=made.pk).update(**change)


def test_every_section_is_printed_and_shown(where, settings):
    """Rows in every table, with names that are longer than a column."""
    made = months.made()
    made.content = months.full(market.firm(where).uscc)
    made.save()
    bulletins.publish(bulletin_id=made.pk, foreword="第一段。\n第二段。")
    page = Client().get("/bulletins/2026-10/").content.decode()
    for words in ("73.91", "67.83", "1,234,567.80", "解除之日", "暂停", "第二段", "2 / 1"):
        assert words in page, words
    english = Client(headers={"accept-language": "en"}).get("/bulletins/2026-10/").content.decode()
    assert "A long name" in english and "The whole city" in english
    assert isinstance(ContentFile(Bulletin.objects.get().pdf.read()).size, int)
