"""The API: what PROTOCOL §7 says, errors in words, and as many queries for more rows."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Kind
from bidding.domain import rounds
from tests import custody
from tests import market_place as market

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


@pytest.fixture
def where():
    return market.place()


def get(path, **query):
    return Client().get(path, query)


def codes(**query):
    answer = get("/api/v1/rounds", **query)
    assert answer.status_code == 200, answer.content
    return [each["code"] for each in answer.json()["results"]]


def test_filters_by_the_names_of_the_columns(where):
    one, other = market.announced(where), market.announced(where, method="draw")
    done = market.announced(where)
    firm = market.firm(where)
    market.enters(done, firm, "50000.00")
    done = market.closed_and_evaluated(done)
    market.submitted(where)
    assert set(codes()) == {one.code, other.code, done.code}
    assert codes(method="draw") == [other.code]
    assert codes(status="candidate") == [done.code]
    assert set(codes(status="announced", district=where.district.code)) == {one.code, other.code}
    assert set(codes(service=where.service.code, department=where.department.code)) == {one.code, other.code, done.code}
    assert set(codes(owner=where.owner.organisation.uscc)) == {one.code, other.code, done.code}
    assert codes(owner="91330200NOBODY0000") == []
    assert codes(q=done.code.lower()) == [done.code]
    assert codes(announced_at_after="2099-01-01") == []
    (told,) = [each for each in get("/api/v1/rounds").json()["results"] if each["code"] == done.code]
    assert told["winners"] == [firm.uscc]


def test_before_the_result_there_is_nothing_of_entries(where):
    round_ = market.announced(where)
    before = (get(f"/api/v1/rounds/{round_.code}").content, get("/api/v1/rounds").content)
    market.enters(round_, market.firm(where), "50000.00")
    assert (get(f"/api/v1/rounds/{round_.code}").content, get("/api/v1/rounds").content) == before


def test_a_natural_person_has_a_code_and_no_name(where):
    person = market.organisation(Kind.PERSON, name="漆雕翾")
    member = market.member_of(person)
    need = market.need(where)
    need.project.owner = person
    need.project.save()
    draft = rounds.draft_round(need=need, by=member)
    rounds.edit_round(round_id=draft.pk, method="lowest", parameters={}, notice_length=5, by=member)
    rounds.submit_round(round_id=draft.pk, by=member)
    custody.fill_stock()
    rounds.announce_round(round_id=draft.pk, by=where.operator)
    answer = get(f"/api/v1/rounds/{draft.code}")
    assert answer.json()["owner"] == f"自然人业主 {person.code}"
    for path in (
        f"/api/v1/rounds/{draft.code}",
        "/api/v1/rounds",
        f"/rounds/{draft.code}/",
        "/rounds/",
        f"/rounds/{draft.code}/record.json",
    ):
        assert "漆雕翾" not in get(path).content.decode(), path


def test_pages_by_cursor_hold_everything_once(where):
    made = {market.announced(where).code for _number in range(5)}
    seen, address = [], "/api/v1/rounds?page_size=2"
    while address:
        answer = Client().get(address).json()
        seen += [each["code"] for each in answer["results"]]
        address = answer["next"]
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize("path", ["/api/v1/rounds", "/api/v1/firms", "/api/v1/services"])
@pytest.mark.parametrize(
    ("field", "value"), [("page_size", "0"), ("page_size", "201"), ("colour", "red"), ("cursor", "x")]
)
def test_a_wrong_parameter_is_named(path, field, value):
    answer = get(path, **{field: value})
    assert answer.status_code == 400
    assert answer["Content-Type"] == PROBLEM
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    "query", [{"status": "x"}, {"district": "x"}, {"service": "S999"}, {"announced_at_after": "yesterday"}]
)
def test_a_wrong_value_is_named(where, query):
    answer = get("/api/v1/rounds", **query)
    assert answer.status_code == 400
    assert answer.json()["type"] == "/api/v1/problems/invalid"


@pytest.mark.parametrize(
    "path", ["/api/v1/rounds/R209901010001", "/api/v1/firms/x", "/api/v1/services/x", "/api/v1/", "/api/v1/secrets"]
)
def test_what_is_not_there(path):
    answer = get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == PROBLEM
    assert answer.json()["status"] == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_can_only_be_read(where, method):
    for path in ("/api/v1/rounds", "/api/v1/firms", "/api/v1/services"):
        answer = getattr(Client(), method)(path)
        assert answer.status_code == 405
        assert answer["Content-Type"] == PROBLEM


def test_drafts_and_applicants_are_not_in_it(where):
    waiting = market.submitted(where)
    assert get(f"/api/v1/rounds/{waiting.code}").status_code == 404
    applicant = market.Firm.objects.create(organisation=market.organisation(Kind.FIRM))
    assert get(f"/api/v1/firms/{applicant.uscc}").status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/rounds", "/api/v1/firms", "/api/v1/services"])
def test_more_rows_cost_no_more_queries(where, path):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert get(path).status_code == 200
        return len(seen)

    market.announced(where), market.firm(where)
    few = queries()
    for _number in range(5):
        market.announced(where), market.firm(where)
    assert queries() == few


def test_the_schema_describes_it():
    answer = get("/api/v1/schema/")
    assert answer.status_code == 200
    for path in ("/api/v1/rounds", "/api/v1/firms", "/api/v1/services/{code}"):
        assert path in answer.content.decode()
