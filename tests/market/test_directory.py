"""The public directory: found by any part of a name, filtered, paged, and up to date at once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from market.catalogue.loader import load_catalogue
from market.domain import directory, standing
from market.domain.search import search_text
from market.models import Firm, NeedRule, Service, ServiceVersion
from tests import market_place as market

pytestmark = pytest.mark.django_db


@pytest.fixture
def where():
    return market.place()


def named(where, name, **options):
    firm = market.firm(where, **options)
    firm.organisation.name = name
    firm.organisation.save()
    firm.search = search_text(name, firm.uscc)
    firm.save()
    directory.changed()
    return firm


def names_in(query):
    return Client().get("/firms/", query).content.decode()


@pytest.mark.parametrize("query", ["云樵", "测绘", "yqch", "yunqiao", "YQCH", "ｙｑｃｈ", "宁波云", " 云樵  测绘 "])
def test_found_by_a_part_of_the_name_pinyin_and_initials(where, query):
    named(where, "宁波云樵测绘有限公司")
    named(where, "宁波汐堤环境有限公司")
    page = names_in({"q": query})
    assert "宁波云樵测绘有限公司" in page
    assert ("宁波汐堤环境有限公司" in page) == (query == "宁波")


def test_found_by_its_code(where):
    firm = named(where, "宁波云樵测绘有限公司")
    for part in (firm.uscc, firm.uscc[4:12].lower()):
        assert "宁波云樵测绘有限公司" in names_in({"q": part})


@pytest.mark.parametrize("query", ["没有这个", "%", "_", "' OR 1=1 --", "\\", "<script>"])
def test_strange_words_find_nothing_and_break_nothing(where, query):
    named(where, "宁波云樵测绘有限公司")
    answer = Client().get("/firms/", {"q": query})
    assert answer.status_code == 200
    assert "宁波云樵测绘有限公司" not in answer.content.decode()
    assert "<script>" not in answer.content.decode().replace('<script type="module"', "")


@pytest.mark.parametrize(
    "query", [{"page": "0"}, {"page": "x"}, {"page": "99999"}, {"status": "x"}, {"service": "x"}, {"kind": "-1"}]
)
def test_nonsense_in_the_address_is_no_error(where, query):
    market.firm(where)
    assert Client().get("/firms/", query).status_code == 200


def test_filters(where):
    listed = named(where, "宁波云樵测绘有限公司", level="甲级")
    other = named(where, "宁波汐堤环境有限公司", offers=False)
    standing.suspend_firm(firm_id=other.pk, reason="x", until=None, by=where.operator)
    for query, found in (
        ({"service": where.service.code}, {listed}),
        ({"kind": where.kind.code}, {listed}),
        ({"status": "listed"}, {listed}),
        ({"status": "suspended"}, {other}),
        ({}, {listed, other}),
    ):
        page = names_in(query)
        assert {firm for firm in (listed, other) if firm.organisation.name in page} == found, query


def test_thirty_on_a_page_and_as_many_queries_for_more(where):
    for _number in range(3):
        market.firm(where)
    directory.changed()
    few = _queries()
    for _number in range(40):
        market.firm(where)
    directory.changed()
    assert _queries() == few
    assert names_in({}).count('class="code"') >= 30


def _queries():
    from django.core.cache import cache

    cache.clear()
    with CaptureQueriesContext(connection) as seen:
        Client().get("/firms/")
    return len(seen)


@pytest.mark.django_db(transaction=True)
def test_a_change_shows_at_once_although_the_list_is_kept():
    where = market.place()
    firm = named(where, "宁波云樵测绘有限公司")
    assert "暂停" not in names_in({}).split("<tbody>")[1]
    with CaptureQueriesContext(connection) as seen:
        names_in({})
    assert len(seen) == 0  # kept
    standing.suspend_firm(firm_id=firm.pk, reason="x", until=None, by=where.operator)
    assert "暂停" in names_in({}).split("<tbody>")[1]


def test_an_empty_directory_says_so():
    directory.changed()
    Firm.objects.all().delete()
    assert "还没有入驻的机构" in names_in({})


def test_the_catalogue_has_34_services_with_basis_and_dates():
    load_catalogue()
    assert Service.objects.filter(code__startswith="S0").count() == 34
    assert not ServiceVersion.objects.filter(legal_basis="").exists()
    assert not NeedRule.objects.filter(legal_basis="").exists()
    assert not load_catalogue()  # a second time changes nothing


def test_every_service_has_a_page_in_both_languages():
    load_catalogue()
    client = Client(headers={"accept-language": "en"})
    for service in Service.objects.filter(code__startswith="S0"):
        chinese, english = Client().get(f"/services/{service.code}/"), client.get(f"/services/{service.code}/")
        assert chinese.status_code == english.status_code == 200
        assert service.name in chinese.content.decode()
        assert service.name_en in english.content.decode()


@pytest.mark.parametrize(
    "query", [{}, {"q": "huanjing"}, {"q": "hjyx"}, {"necessity": "mandatory"}, {"necessity": "x"}, {"q": "没有"}]
)
def test_services_are_found(query):
    load_catalogue()
    answer = Client().get("/services/", query)
    assert answer.status_code == 200
    if "q" in query and query["q"] != "没有":
        assert "环境影响报告书" in answer.content.decode()
