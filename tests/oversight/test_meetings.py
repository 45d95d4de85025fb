"""Who enters with whom: counted as the screens do, kept by period and service, shown to regulators who are not tied."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from bidding.models import Round
from core import clock
from market.domain.search import search_text
from market.models import Firm
from oversight import tasks
from oversight.domain import gathering, inquiries, meetings
from oversight.domain.alerting import take_in
from oversight.models import Abstention, Alert, Meeting, Network
from oversight.screens import meeting
from oversight.views import network as views
from tests import market_place as market
from tests.bidding.browse import acting
from tests.oversight import desk, met
from tests.oversight.bidding_arrays import of_rounds
from tests.oversight.place import regulator

ADDRESS = "/desk/oversight/network/"


@pytest.fixture
def where(db):
    return market.place()


def kept(period: str = "12m", service=None):
    return list(Meeting.objects.filter(network__period=period, network__service=service).order_by("place"))


def cells(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


# outside


@pytest.mark.django_db
def test_a_regulator_who_is_tied_to_a_firm_sees_nothing_of_it(where):
    ring, _others = met.town(where)
    meetings.count_anew()
    take_in("CL5", [desk.lead(ring[0], weight=70)], now=clock.now())
    me = regulator()
    client = acting(me)
    pair = f"{ADDRESS}{ring[0].uscc}/{ring[1].uscc}/"
    assert ring[0].organisation.name in client.get(ADDRESS).content.decode()
    assert client.get(pair).status_code == 200
    Abstention.objects.create(user=me.user, organisation=ring[0].organisation, at=clock.now())
    page = client.get(ADDRESS)
    told = page.content.decode()
    assert ring[0].organisation.name not in told and ring[1].organisation.name in told
    assert "与您有利害关系的机构不在其中" in told and page.context["groups"] == []
    assert client.get(pair).status_code == 404
    assert ring[0].organisation.name not in client.get(f"{ADDRESS}?format=csv").content.decode()


@pytest.mark.django_db
def test_nothing_is_counted_of_a_round_that_is_not_public(where):
    firms = [market.firm(where) for _number in range(3)]
    for _number in range(4):
        met.over(where, firms, status=Round.Status.OPENED)
    met.over(where, firms, status=Round.Status.VOID, reason="x", evaluated_at=None)
    assert meetings.count_anew() == 0 and not Network.objects.exists()
    assert not meetings.met_in(firms[0], firms[1]).exists()
    assert "没有可以计算的比选" in acting(regulator()).get(ADDRESS).content.decode()


# the rule


@pytest.mark.django_db
def test_pairs_are_those_of_the_screen_the_most_surprising_first(where):
    ring, _others = met.town(where)
    meetings.count_anew()
    rows = kept()
    bids = gathering.rounds().bids()
    pairs = meeting.pairs(bids)
    keys = gathering.rounds().keys()
    expected = {
        tuple(sorted((keys[pairs.low[at]], keys[pairs.high[at]]))): (pairs.met[at], f"{pairs.expected[at]:.1f}")
        for at in pairs.tied
    }
    assert {(row.low_id, row.high_id): (row.met, str(row.expected)) for row in rows} == expected
    assert {firm for row in rows[:3] for firm in (row.low_id, row.high_id)} == {firm.pk for firm in ring}
    assert [row.met for row in rows[:3]] == [8, 8, 8] and {rows[0].bids_low, rows[0].bids_high} == {8}
    assert [row.place for row in rows] == list(range(1, len(rows) + 1))
    network = Network.objects.get(period="12m", service=None)
    assert (network.rounds, network.firms, network.tied) == (16, 9, len(expected)) and network.pairs == len(pairs.met)


@pytest.mark.django_db
def test_by_period_and_by_service(where):
    other = market.place().service
    ring, _others = met.town(where)
    long_ago = clock.now() - timedelta(days=800)
    for _number in range(5):
        met.over(where, ring[:2], at=long_ago, service=other)
        met.over(where, [market.firm(where), market.firm(where)], at=long_ago, service=other)
    meetings.count_anew()
    assert {row.met for row in kept()[:3]} == {8}
    assert kept("12m", other) == [] and not Network.objects.filter(period="12m", service=other).exists()
    (old,) = kept("36m", other)
    assert (old.met, {old.low, old.high}) == (5, set(ring[:2]))
    assert max(row.met for row in kept("36m")) == 13
    client = acting(regulator())
    page = client.get(ADDRESS, {"period": "36m", "service": other.code})
    assert [row["meeting"] for row in page.context["page"].object_list] == [old]
    pair = f"{ADDRESS}{old.low.uscc}/{old.high.uscc}/"
    counts = [
        client.get(pair, query).context["page"].paginator.count
        for query in ({}, {"period": "12m"}, {"period": "36m", "service": other.code}, {"service": where.service.code})
    ]
    assert counts == [13, 8, 5, 8]


@pytest.mark.django_db
def test_counting_again_changes_nothing_and_asks_no_more_queries(where):
    met.town(where)
    meetings.count_anew()
    counts = []
    for _again in range(2):
        with CaptureQueriesContext(connection) as queries:
            meetings.count_anew()
        counts.append(len(queries))
        before = [(row.low_id, row.high_id, row.met, row.expected) for row in kept()]
    assert counts[0] == counts[1]
    assert before == [(row.low_id, row.high_id, row.met, row.expected) for row in kept()]


@pytest.mark.django_db
def test_every_night(where):
    met.town(where)
    tasks.scan_everything()
    assert Network.objects.filter(period="12m", service=None).exists() and kept()


@pytest.mark.django_db
def test_a_page_asks_no_more_for_more_rounds(where):
    met.town(where)
    client = acting(regulator())
    counts = []
    for _more in range(2):
        meetings.count_anew()
        with CaptureQueriesContext(connection) as queries:
            client.get(ADDRESS)
        counts.append(len(queries))
        met.town(where)
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_groups_of_the_screens_have_a_look_each_until_they_are_dismissed(where):
    ring, others = met.town(where)
    meetings.count_anew()
    leads = [
        desk.lead(ring[0], key="a", weight=90),
        desk.lead(others[0], key="b", weight=60),
    ]
    leads[0] = type(leads[0])("CL5", "a", 90, tuple(firm.pk for firm in ring), evidence={"members": 3})
    take_in("CL5", leads, now=clock.now())
    me = regulator()
    client = acting(me)
    page = client.get(ADDRESS)
    nodes = {node["id"]: node for node in page.context["picture"]["nodes"]}
    assert {(nodes[str(firm.pk)]["colour"], nodes[str(firm.pk)]["mark"]) for firm in ring} == {(0, 0)}
    assert {row["group"]["number"] for row in page.context["page"].object_list[:3]} == {1}
    inside = [link for link in page.context["picture"]["links"] if "colour" in link]
    assert len(inside) == 3 and all(link["colour"] == 0 for link in inside)
    alert = Alert.objects.get(key="a")
    assert f"/desk/alerts/{alert.pk}/" in page.content.decode()
    inquiries.dismiss(alert_id=alert.pk, reason="同一专业，常常同场。", by=me)
    nodes = {node["id"]: node for node in client.get(ADDRESS).context["picture"]["nodes"]}
    assert "colour" not in nodes[str(ring[0].pk)]


def test_no_two_groups_look_the_same():
    looks = {(number % views.COLOURS, number % views.MARKS) for number in range(views.GROUPS)}
    assert len(looks) == views.GROUPS


@pytest.mark.django_db
def test_the_picture_the_table_and_the_file_hold_the_same(where):
    ring, _others = met.town(where)
    meetings.count_anew()
    client = acting(regulator())
    page = client.get(ADDRESS)
    picture = page.context["picture"]
    data = json.loads(page.content.decode().split('id="graph-data" type="application/json">')[1].split("</script>")[0])
    assert data == picture and len(picture["links"]) == page.context["page"].paginator.count
    told = cells(client.get(ADDRESS, {"format": "csv"}))
    assert [row[4] for row in told[1:]] == [str(row.met) for row in kept()]
    assert ring[0].uscc in {row[1] for row in told[1:]}
    Firm.objects.filter(pk=ring[0].pk).update(search=search_text(ring[0].uscc))
    node = next(each for each in picture["nodes"] if each["id"] == str(ring[0].pk))
    alone = client.get(f"{ADDRESS}?{node['query']}").context["page"].object_list
    assert {ring[0].pk} == set.intersection(*({row["meeting"].low_id, row["meeting"].high_id} for row in alone))


@pytest.mark.django_db
def test_what_is_left_out_is_said(where, monkeypatch):
    monkeypatch.setattr(meetings, "MOST", 2)
    monkeypatch.setattr(views, "DRAWN", 1)
    met.town(where)
    meetings.count_anew()
    assert len(kept()) == 2
    left = Network.objects.get(period="12m", service=None).tied - 2
    told = acting(regulator()).get(ADDRESS).content.decode()
    assert f"另有 {left} 对没有列出" in told and "图中只画最前的 1 对，表格列出 2 对" in told


@pytest.mark.django_db
def test_the_rounds_of_a_pair_with_what_both_asked(where):
    firms = [market.firm(where) for _number in range(3)]
    first = met.over(where, firms, at=clock.now() - timedelta(days=60))
    met.over(where, firms[1:], at=clock.now() - timedelta(days=40))
    last = met.over(where, [firms[1], firms[0]], at=clock.now() - timedelta(days=20))
    client = acting(regulator())
    address = f"{ADDRESS}{firms[0].uscc}/{firms[1].uscc}/"
    page = client.get(address)
    assert [(row["round"], row["first"], row["second"]) for row in page.context["rows"]] == [
        (last, Decimal("51000.00"), Decimal("50000.00")), (first, Decimal("50000.00"), Decimal("51000.00")),
    ]  # fmt: skip
    assert f"/desk/oversight/rounds/{last.code}/prices/" in page.content.decode()
    told = cells(client.get(address, {"format": "csv"}))
    assert [row[1] for row in told[1:]] == [last.code, first.code] and told[1][6] == firms[1].organisation.name
    assert client.get(f"{ADDRESS}{firms[0].uscc}/{firms[0].uscc}/").status_code == 404
    assert client.get(f"{ADDRESS}{firms[0].uscc}/91330200NOBODY0000/").status_code == 404


# the edges


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["period=forever", "service=x", "page=x", "q=%00", "period=1999&service=-1&q=" + "长" * 80]
)
def test_nonsense_is_passed_over(where, query):
    met.town(where)
    meetings.count_anew()
    client = acting(regulator())
    ring = Firm.objects.order_by("pk")[:2]
    assert client.get(f"{ADDRESS}?{query}").status_code == 200
    assert client.get(f"{ADDRESS}{ring[0].uscc}/{ring[1].uscc}/?{query}").status_code == 200


@pytest.mark.django_db
def test_nobody_beyond_expectation_and_nothing_at_all(where):
    client = acting(regulator())
    assert meetings.count_anew() == 0
    assert "没有可以计算的比选" in client.get(ADDRESS).content.decode()
    met.over(where, [market.firm(where), market.firm(where)])
    meetings.count_anew()
    told = client.get(ADDRESS).content.decode()
    assert "没有超出预期的两家" in told and "graph.js" not in told


ROUNDS = st.lists(
    st.dictionaries(st.integers(0, 5), st.integers(100, 200), min_size=1, max_size=4), min_size=1, max_size=12
)


@given(rounds=ROUNDS, chosen=st.data())
def test_some_rounds_alone_are_as_if_there_had_been_no_others(rounds, chosen):
    keep = chosen.draw(st.lists(st.booleans(), min_size=len(rounds), max_size=len(rounds)))
    part = of_rounds(*rounds).only(np.array(keep, bool))
    alone = of_rounds(*(each for each, kept_ in zip(rounds, keep, strict=True) if kept_))
    assert part.rounds == alone.rounds and part.size.tolist() == alone.size.tolist()
    one, other = meeting.pairs(part), meeting.pairs(alone)
    assert [column.tolist() for column in (one.low, one.high, one.met)] == [
        column.tolist() for column in (other.low, other.high, other.met)
    ]
    assert np.allclose(one.expected, other.expected)
