"""Pages of scores: not there for what is not public, in the order of evidence, and each line told in numbers."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings

from accounts.models import Kind, Organisation
from core import clock
from market.models import Firm
from protocol.scores.firms import firms, norms
from protocol.scores.lines import cases_of, habits, judge
from protocol.scores.policy import FIRST
from ratings.models import FirmScore, ScorePolicy
from ratings.raising import RETURNS, raises_most
from ratings.views import scores
from tests import market_place as market
from tests.protocol.scored import AS_OF, FIRM, line, lines
from tests.ratings import scores as city


def kept(firm, **fields):
    """A score of a firm over all services, as the whole computation keeps it."""
    fields = {
        "n": 6, "weight": 60_000, "score": 7_500, "low": 7_000, "high": 8_000, "ranked": True, "efficiency": 10_000,
        "overdue": 0, "as_of": clock.now(), "policy": ScorePolicy.objects.get(), **fields,
    }  # fmt: skip
    return FirmScore.objects.create(firm=firm, **fields)


@pytest.mark.django_db
def test_there_is_no_page_of_what_is_not_public(client, where):
    applicant = Firm.objects.create(organisation=market.organisation("firm"))
    kept(applicant)
    assert client.get(f"/firms/{applicant.uscc}/score/").status_code == 404
    assert client.get(f"/firms/{applicant.uscc}/score/part/").status_code == 404
    assert client.get("/departments/nowhere/score/").status_code == 404
    assert applicant.uscc not in client.get("/scores/").content.decode()


@pytest.mark.django_db
def test_the_ranked_by_the_low_end_and_then_the_provisional(client, where):
    names = {}
    for name, fields in {
        "third": {"ranked": False, "low": 7_900, "score": 9_900, "high": 10_000},
        "second": {"low": 6_000, "score": 9_000, "high": 10_000},
        "first": {"low": 7_000},
    }.items():
        names[name] = market.firm(where)
        kept(names[name], **fields)
    page = client.get("/scores/").content.decode()
    places = [page.index(names[name].uscc) for name in ("first", "second", "third")]
    assert places == sorted(places)
    assert [row["place"] for row in client.get("/scores/").context["rows"]] == [1, 2, None]


@pytest.mark.django_db
def test_by_service_and_district_and_what_is_shown_of_nothing(client, where):
    firm = market.firm(where)
    assert "第一件事办结以后" in client.get("/scores/").content.decode()
    kept(firm, service=where.service, district=where.district)
    chosen = {"service": where.service.code, "district": where.district.code}
    assert [row["row"].firm for row in client.get("/scores/", chosen).context["rows"]] == [firm]
    del chosen["district"]
    assert "查看全部" in client.get("/scores/", chosen).content.decode()
    assert client.get("/scores/", {"service": "none", "page": "x"}).status_code == 200


@pytest.mark.django_db
def test_up_to_five_firms_side_by_side_and_none_that_is_not_public(client, where):
    assert "还没有选择机构" in client.get("/scores/compare/").content.decode()
    hidden = Firm.objects.create(organisation=market.organisation("firm"))
    chosen = [market.firm(where) for _number in range(6)]
    for firm in (hidden, *chosen):
        kept(firm)
        kept(firm, service=where.service)
    context = client.get("/scores/compare/", {"firm": [hidden.uscc, *(each.uscc for each in chosen)]}).context
    assert context["too_many"] and [group["service"] for group in context["groups"]] == [None, where.service]
    shown = [row["row"].firm for row in context["groups"][0]["rows"]]
    assert sorted(each.pk for each in shown) == sorted(each.pk for each in chosen[:4])


@pytest.mark.django_db
def test_a_firms_page_tells_each_line_in_numbers(client, where):
    contract, case = city.decided(where, returned=1)
    city.spread(contract, case)
    city.scored()
    page = client.get(f"/firms/{contract.firm.uscc}/score/").content.decode()
    assert "E₁ = " in page and "× 0.90" in page and "J = ∛(E₁ × E₁ × E₂*)" in page
    assert f"/lines/{contract.award.lot.round.need.code}/" in page and "最能提高得分的是" in page
    assert ScorePolicy.objects.get().legal_basis in page
    assert case.code in client.get(f"/departments/{where.department.code}/score/").content.decode()
    assert "score-dot" in client.get(f"/firms/{contract.firm.uscc}/score/part/").content.decode()


@pytest.mark.django_db
def test_nothing_of_a_natural_person_is_on_a_page(client, where):
    contract, case = city.decided(where, corrected=1)
    Organisation.objects.filter(pk=contract.owner_id).update(kind=Kind.PERSON, uscc=None, code="ZR0001")
    city.spread(contract, case)
    city.scored()
    for address in (f"/firms/{contract.firm.uscc}", f"/departments/{where.department.code}"):
        for what in ("score/", "score.json"):
            content = client.get(f"{address}/{what}").content.decode()
            assert case.code not in content and "ZR0001" not in content and contract.owner.name not in content
    assert "没有公开的审批办件" in client.get(f"/firms/{contract.firm.uscc}/score/").content.decode()


@pytest.mark.django_db
def test_what_made_a_score_is_paged(client, where, monkeypatch):
    monkeypatch.setattr(scores, "LINES", 1)
    codes = []
    for _number in range(2):
        contract, case = city.decided(where)
        city.spread(contract, case)
        codes.append(case.code)
    city.scored()
    address = f"/departments/{where.department.code}/score/"
    page = client.get(address).content.decode()
    assert "看全部 2 件" in page and sum(code in page for code in codes) == 1
    pages = [client.get(address, {"of": where.item.code, "page": number}).content.decode() for number in (1, 2)]
    assert [[code in page for code in codes] for page in pages] == [[True, False], [False, True]]
    assert client.get(address, {"of": "none", "page": "x"}).status_code == 200
    assert "看全部" not in client.get(f"/firms/{contract.firm.uscc}/score/").content.decode()


@pytest.mark.django_db
def test_queries_do_not_grow(client, where):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/scores/").status_code == 200
        return len(asked)

    kept(market.firm(where))
    few = queries()
    for _number in range(5):
        kept(market.firm(where))
    assert queries() == few


def raised(rows, firm=FIRM):
    """What would raise the score of one firm most, in a city of these lines; and its score."""
    judged = judge(rows, FIRST, as_of=AS_OF)
    known, usual = habits(cases_of(rows, FIRST).values(), FIRST), norms(judged, FIRST)
    score = firms(judged, usual, FIRST)[firm].overall
    own = [each for each in rows if each.firm == firm]
    found = raises_most(own, score=score.score, known=known, usual=usual, policy=FIRST, as_of=AS_OF)
    return score.score, found


def test_what_raises_a_score_most():
    assert raised([line(1, used=8, returns=2)])[1].what == RETURNS
    assert raised([line(1, used=30)])[1].what == "promises"
    assert raised([line(1, used=8)])[1] is None


@settings(max_examples=60, deadline=None)
@given(lines(12))
def test_a_raise_is_always_a_raise(rows):
    for firm in {each.firm for each in rows if each.counts}:
        score, found = raised(rows, firm)
        assert found is None or found.score > score
        returned = any(each.returns for each in rows if each.firm == firm and each.counts)
        late = any(each.used1 > each.reference_days * 86_400_000_000 for each in rows if each.firm == firm)
        assert found is None or returned or late
