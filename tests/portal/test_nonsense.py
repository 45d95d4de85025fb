"""Nonsense in an address is answered in a sentence, never with an error of ours."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db

NONSENSE = ["%00", "a%00b", "%EF%BF%BE", "²", "'", "9" * 300, "🀄", "%20"]


@pytest.mark.parametrize("word", NONSENSE)
@pytest.mark.parametrize(
    "address", ["/firms/{}/", "/services/{}/", "/rounds/{}/", "/rounds/historical/{}/", "/api/v1/rounds/{}",
                "/api/v1/firms/{}", "/api/v1/services/{}"],
)  # fmt: skip
def test_a_code_that_is_none_is_not_found(address, word):
    assert Client().get(address.format(word)).status_code == 404


@pytest.mark.parametrize("word", [*NONSENSE, "9" * 5000, "-1", "０", "1e400", "NaN"])
@pytest.mark.parametrize(
    ("address", "name"),
    [("/rounds/", "page"), ("/rounds/", "status"), ("/rounds/", "q"), ("/firms/", "page"), ("/firms/", "q"), ("/search/", "q"),
     ("/api/v1/rounds", "page_size"), ("/api/v1/rounds", "cursor"), ("/api/v1/firms", "q"), ("/account/sign-in/", "next")],
)  # fmt: skip
def test_a_parameter_that_is_none_is_told_or_passed_over(address, name, word):
    assert Client().get(address, {name: word.replace("%00", "\0")}).status_code in {200, 400}


@pytest.mark.parametrize(
    "wanted", ["Infinity", "²", "[]", "http://[", "//elsewhere", "https://elsewhere/", "javascript:alert(1)"]
)
def test_a_next_page_that_is_no_address_leads_to_the_desk(wanted):
    client = acting(market.place().operator)
    answer = client.post("/account/second-factor/", {"next": wanted})
    assert answer.status_code == 302
    assert answer["Location"] == "/desk/"
