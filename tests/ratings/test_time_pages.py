"""Where the time goes, districts beside each other, and a score month by month."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as some

from accounts.models import Kind, Organisation
from core import clock
from protocol.scores.exact import median, percentile_90
from ratings.columns import DAY_US, PARTIES
from ratings.domain import spending
from ratings.models import DepartmentScore, DistrictScore, FirmScore, LineRow, ScorePolicy, SegmentRow, TimeSpent
from ratings.spent_words import all_told, sentence
from ratings.trend import trend
from tests.ratings import scores as city
from tests.ratings.test_score_pages import kept


def copied(many):
    """More lines like the one that was lived, each with time of its own."""
    chance = random.Random(7)
    row, parts = LineRow.objects.get(), list(SegmentRow.objects.all())
    for number in range(many):
        row.pk, row.code = None, f"{row.code[:10]}{number}"
        row._state.adding = True
        row.save()
        SegmentRow.objects.bulk_create(
            [
                SegmentRow(
                    line=row, number=part.number, kind=part.kind, party=part.party, counts_for=part.counts_for,
                    cause=part.cause, started_at=part.started_at, ended_at=part.ended_at,
                    worked=part.counted + chance.randrange(5 * DAY_US), counted=part.counted,
                )
                for part in parts
            ]
        )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("many", [0, 1, 30, 31])
def test_the_time_spent_is_that_of_the_segments(where, many):
    contract, case = city.decided(where, returned=1)
    city.spread(contract, case)
    city.scored()
    copied(many)
    spending.refresh_times(now=clock.now())
    row = TimeSpent.objects.get(period=TimeSpent.Period.YEAR, service=where.service, district=None)
    whole = sorted(
        sum(SegmentRow.objects.filter(line=line).values_list("worked", flat=True)) for line in LineRow.objects.all()
    )
    assert (row.n, row.median, row.p90) == (many + 1, median(whole), percentile_90(whole))
    for party, number in PARTIES.items():
        used = sum(SegmentRow.objects.filter(party=number).values_list("worked", flat=True))
        assert abs(getattr(row, party) * row.n - used) <= row.n
    assert row.firm > 0 and row.owner > 0
    assert TimeSpent.objects.filter(period=TimeSpent.Period.EVER).count() == 4
    assert spending.refresh_times(now=clock.now()) == TimeSpent.objects.count()


@pytest.mark.django_db
def test_a_natural_persons_line_and_a_running_one_are_not_in_it(client, where):
    contract, case = city.decided(where)
    city.spread(contract, case)
    Organisation.objects.filter(pk=contract.owner_id).update(kind=Kind.PERSON, uscc=None, code="ZR0001")
    city.scored()
    assert not TimeSpent.objects.exists()
    assert "第一件事作出审批决定以后" in client.get("/scores/time/").content.decode()


@pytest.mark.django_db
def test_what_was_decided_long_ago_is_in_all_of_it_alone(where):
    contract, case = city.decided(where)
    city.spread(contract, case)
    city.scored()
    now = clock.now()
    assert {row.period for row in TimeSpent.objects.all()} == set(TimeSpent.Period.values)
    spending.refresh_times(now=now + timedelta(days=150))
    assert {row.period for row in TimeSpent.objects.all()} == {TimeSpent.Period.YEAR, TimeSpent.Period.EVER}
    spending.refresh_times(now=now + timedelta(days=500))
    assert {row.period for row in TimeSpent.objects.all()} == {TimeSpent.Period.EVER}


@pytest.mark.django_db
def test_services_then_the_districts_of_one(client, where):
    contract, case = city.decided(where)
    city.spread(contract, case)
    city.scored()
    context = client.get("/scores/time/").context
    assert [row["row"].service for row in context["rows"]] == [where.service] and "平均" in context["sentence"]
    chosen = {"service": where.service.code, "period": "0"}
    context = client.get("/scores/time/", chosen).context
    assert [row["row"].district for row in context["rows"]] == [where.district] and context["active"] == 2
    assert client.get("/scores/time/", {"district": where.district.code}).context["whole"]["n"] == 1
    assert client.get("/scores/time/", {"service": "none", "period": "x", "page": "y"}).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        client.get("/scores/time/")
    assert not any("ratings_segmentrow" in each["sql"] for each in asked), "nothing is added up for a request"


@given(some.lists(some.lists(some.integers(0, 400 * DAY_US), min_size=6, max_size=6), min_size=1, max_size=5))
def test_bars_are_on_one_scale_and_never_leave_it(rows):
    rows = [
        TimeSpent(period=0, n=1, median=sum(each), p90=sum(each), **dict(zip(spending.NAMES, each, strict=True)))
        for each in rows
    ]
    for row, told in zip(rows, all_told(rows), strict=True):
        spans = [share.span for share in told["shares"]]
        assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]] and spans[-1].end <= 1
        whole = sum(getattr(row, name) for name in spending.NAMES)
        assert abs(sum(share.share for share in told["shares"]) - (100 if whole else 0)) <= 3
        assert str(told["most"].label) in sentence(told)


@pytest.mark.django_db
def test_districts_are_the_lines_there_as_if_of_one(client, where):
    assert "第一件事办结以后，各地列在这里" in client.get("/scores/districts/").content.decode()
    for number in range(2):
        contract, case = city.decided(where, returned=number)
        city.spread(contract, case)
    city.scored()
    for of in DistrictScore.Of:
        rows = DistrictScore.objects.filter(of=of, month=None)
        assert {row.district for row in rows} == {None, where.district}
        assert len({(row.n, row.score, row.low, row.high, row.first_pass) for row in rows}) == 1, (
            "the city is this district"
        )
        assert DistrictScore.objects.filter(of=of, month__isnull=False).count() == 2
    firms = DistrictScore.objects.get(of="firms", month=None, district=None)
    assert firms.n == 2 and firms.first_pass == 50
    departments = DistrictScore.objects.get(of="departments", month=None, district=None)
    alone = DepartmentScore.objects.get(month=None, item=None)
    assert (departments.n, departments.efficiency) == (alone.n, alone.efficiency)
    context = client.get("/scores/districts/").context
    assert [each["row"].district for each in context["firms"]] == [None, where.district]
    assert context["firms"][0]["median"] != "–" and len(context["departments"]) == 2


@pytest.mark.django_db
def test_a_score_month_by_month(client, where):
    contract, case = city.decided(where)
    city.spread(contract, case)
    city.scored()
    firm = contract.firm
    page = f"/firms/{firm.uscc}/score/"
    assert "只有一个月" in client.get(page).content.decode()
    assert "只有一个月" in client.get(f"/departments/{where.department.code}/score/").content.decode()
    FirmScore.objects.filter(month__isnull=False).delete()
    assert "还没有按月的得分" in client.get(page).content.decode()
    FirmScore.objects.filter(month__isnull=False).delete()
    kept(firm, month=date(2026, 5, 1), score=5_000, low=4_500, high=5_500)
    kept(firm, month=date(2026, 8, 1), score=8_000, low=7_500, high=8_500)
    shown = client.get(page).context["trend"]
    assert [point.month.month for point in shown.points] == [5, 8] and "不重叠" in shown.sentence
    other = ScorePolicy.objects.get()
    other.pk, other.version, other.valid_from = None, "later", date(2026, 8, 15)
    ScorePolicy.objects.update(valid_to=date(2026, 8, 14))
    other.save()
    row = FirmScore.objects.get(month=date(2026, 8, 1))
    row.pk, row.score, row.low, row.high, row.policy, row.as_of = None, 5_400, 5_000, 6_000, other, clock.now()
    row.save()
    shown = client.get(page).context["trend"]
    assert [point.told["score"] for point in shown.points] == ["50.00", "54.00"] and "还不能说有变化" in shown.sentence


@given(
    some.lists(
        some.tuples(some.integers(0, 40), *[some.integers(0, 10_000)] * 3), max_size=36, unique_by=lambda each: each[0]
    )
)
def test_a_trend_stays_in_its_picture(months):
    rows = []
    for number, *values in sorted(months):
        low, score, high = sorted(values)
        rows.append(
            FirmScore(
                month=date(2023 + number // 12, number % 12 + 1, 1), n=3, weight=1, score=score, low=low, high=high,
                efficiency=1, overdue=0, policy=ScorePolicy(par=75),
            )
        )  # fmt: skip
    shown = trend(rows)
    assert len(shown.points) == len(rows) and shown.sentence
    assert sum(point.dated for point in shown.points) <= 6
    for point in shown.points:
        assert 9 <= float(point.x.rstrip("%")) <= 95
        assert 12 <= float(point.high) <= float(point.y) <= float(point.low) <= 172
    assert len(shown.band.split()) == 2 * len(rows) and len(shown.line.split()) == len(rows)
