"""Offers through the API: what a program sends and is told, once however often it is sent, and who may not."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.domain.tokens import issue_token
from accounts.models import Role
from bidding.models import Offer
from exchange.models import IdempotentAnswer
from tests import auctions
from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def played():
    return auctions.running(firms=2)


def address(played, lot="1"):
    return reverse("exchange:offers", args=[played.round.code, lot])


def sent(client, played, amount, key=None, **headers):
    if key:
        headers["Idempotency-Key"] = key
    return client.post(address(played), {"amount": amount}, content_type="application/json", headers=headers)


def client_of(played, who, **member):
    return acting(market.member_of(played.firms[who].organisation, **member))


def test_an_offer_is_taken_and_told_as_everybody_sees_it(played):
    answer = sent(client_of(played, 0), played, "48000.00")
    offer = Offer.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "n": 1, "at": auctions.domain.timestamp(offer.at), "pseudonym": played.pseudonym(0), "amount": "48000.00",
        "ends_at": auctions.domain.timestamp(played.auction.ends_at), "extended": False,
    }  # fmt: skip


def test_a_program_sends_with_its_token(played):
    token = issue_token(membership=market.member_of(played.firms[0].organisation), label="程序")
    answer = sent(Client(), played, "48000.00", Authorization=f"Token {token}")
    assert answer.status_code == 201


def test_sent_again_under_one_key_it_counts_once(played):
    client = client_of(played, 0)
    first, again = (sent(client, played, "48000.00", key="k1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() and again["Idempotency-Replayed"] == "true"
    assert Offer.objects.count() == 1
    assert sent(client, played, "47000.00", key="k1").status_code == 400


def test_a_refusal_is_a_problem_with_its_code_and_keeps_no_key(played):
    client = client_of(played, 0)
    sent(client, played, "48000.00")
    refused = sent(client, played, "47900.00", key="k2")
    assert refused.status_code == 422 and refused["Content-Type"] == "application/problem+json"
    assert refused.json()["type"].endswith("/step_too_small") and "¥ 47,500.00" in refused.json()["detail"]
    assert not IdempotentAnswer.objects.filter(key="k2").exists()
    auctions.move(played, seconds=-1, begun=10)
    assert sent(client, played, "40000.00").json()["type"].endswith("/ended")


@pytest.mark.parametrize("amount", ["48000", "48000.001", "-1.00", "4e4", "", None, "NaN", "048000.00", "48000.00 1"])
def test_what_is_no_amount_is_told_at_the_field(played, amount):
    answer = sent(client_of(played, 0), played, amount)
    assert answer.status_code == 400 and "amount" in answer.json()["errors"]
    assert not Offer.objects.exists()


def test_who_may_not(played):
    other = market.firm(played.where)
    cases = {
        "a firm that has not entered": (acting(market.member_of(other.organisation)), "/not_entered"),
        "who only looks": (client_of(played, 0, role=Role.VIEWER), "/not_allowed"),
        "the owner": (acting(played.where.owner), "/not_allowed"),
        "the service centre": (acting(played.where.operator), "/not_allowed"),
    }
    for who, (client, code) in cases.items():
        answer = sent(client, played, "48000.00")
        assert answer.status_code == 403 and answer.json()["type"].endswith(code), who
    assert sent(Client(), played, "48000.00").status_code == 401
    assert not Offer.objects.exists()


def test_where_there_is_no_auction_there_is_nothing(played):
    client = client_of(played, 0)
    assert client.post(address(played, "2"), {"amount": "1.00"}, content_type="application/json").status_code == 404
    lowest = market.announced(played.where)
    other = reverse("exchange:offers", args=[lowest.code, "1"])
    assert client.post(other, {"amount": "1.00"}, content_type="application/json").status_code == 404


def test_a_page_of_another_site_cannot_send(played):
    client = Client(enforce_csrf_checks=True)
    member = market.member_of(played.firms[0].organisation)
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    assert sent(client, played, "48000.00").status_code == 403 and not Offer.objects.exists()
