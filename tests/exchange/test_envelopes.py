"""Envelopes through the API: with a token or a session, sent twice or wrongly, by the wrong organisation, too late."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.test import Client

from accounts.domain import tokens
from accounts.models import ApiToken, Kind, Membership, Role
from bidding.models import Entry, Round
from core import clock
from core.errors import DomainError
from exchange import writing
from exchange.models import IdempotentAnswer
from ledger.domain import keys
from protocol.files import LARGEST_CIPHERTEXT
from protocol.receipt import Receipt
from tests import market_place as market

pytestmark = pytest.mark.django_db


@pytest.fixture
def where():
    return market.place()


@pytest.fixture
def round_(where):
    return market.announced(where)


@pytest.fixture
def firm(where):
    return market.firm(where)


def with_token(member, *, label="投标软件"):
    return {"Authorization": f"Token {tokens.issue_token(membership=member, label=label)}"}


@pytest.fixture
def headers(firm):
    return with_token(market.member_of(firm.organisation))


def body(round_, firm, amount="48000.00", **more):
    bid = market.sealed(round_, firm, amount)
    sent = {"envelope": base64.b64encode(bid.envelope).decode(), "token_sha256": bid.token_sha256, **more}
    return bid, sent


def post(path, sent, headers, **more):
    return Client().post(path, sent, content_type="application/json", headers={**headers, **more})


def test_a_program_submits_replaces_and_withdraws(round_, firm, headers):
    address = f"/api/v1/rounds/{round_.code}/envelopes"
    first, sent = body(round_, firm)
    answer = post(address, sent, headers)
    assert answer.status_code == 201
    told = answer.json()
    assert told["sha256"] == first.sha256 and told["replaced"] is False
    assert Receipt.verified(told["receipt"], key=keys.receipt_signer().verifier).leaf
    second, sent = body(round_, firm, "47000.00", token=first.token)
    assert post(address, sent, headers).json()["replaced"] is True
    gone = post(f"{address}/1/withdrawal", {"token": second.token}, headers)
    assert (gone.status_code, gone.json()["sha256"]) == (200, "")
    assert not Entry.objects.live().exists()


def test_sent_twice_under_one_key_counts_once(round_, firm, headers):
    address = f"/api/v1/rounds/{round_.code}/envelopes"
    _bid, sent = body(round_, firm)
    first = post(address, sent, headers, **{"Idempotency-Key": "k1"})
    again = post(address, sent, headers, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    other = post(address, body(round_, firm)[1], headers, **{"Idempotency-Key": "k1"})
    assert other.status_code == 400 and "Idempotency-Key" in other.json()["errors"]
    wrong = post(address, sent, headers, **{"Idempotency-Key": "a b"})
    assert wrong.status_code == 400
    IdempotentAnswer.objects.update(at=clock.now() - timedelta(hours=25))
    assert writing.forget_answers() == 1


def test_a_refused_write_leaves_its_key_free(round_, firm, headers):
    address = f"/api/v1/rounds/{round_.code}/envelopes"
    _bid, sent = body(round_, firm)
    refused = post(address, {**sent, "lot": "9"}, headers, **{"Idempotency-Key": "k2"})
    assert refused.status_code == 422 and not IdempotentAnswer.objects.exists()
    assert post(address, sent, headers, **{"Idempotency-Key": "k2"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"envelope": ""}, "envelope"),
        ({"envelope": "§§§"}, "envelope"),
        ({"envelope": "A" * 9000}, "envelope"),
        ({"token_sha256": "x"}, "token_sha256"),
        ({"lot": "12345"}, "lot"),
    ],
)
def test_nonsense_is_told_by_field(round_, firm, headers, change, field):
    answer = post(f"/api/v1/rounds/{round_.code}/envelopes", {**body(round_, firm)[1], **change}, headers)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "sent",
    [b"{", b"[" * 100_000, b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000, b'{"lot": NaN}',
     b'{"lot": "\xff"}', b'{"lot": ' + b"9" * 5_000 + b"}"],
)  # fmt: skip
def test_what_is_no_json_is_told_as_that(round_, headers, sent):
    answer = post(f"/api/v1/rounds/{round_.code}/envelopes", sent, headers)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert "不是 JSON" in answer.json()["detail"]


def test_a_body_that_is_too_large_is_a_problem_too(round_, headers):
    answer = post(f"/api/v1/rounds/{round_.code}/envelopes", b'{"lot": "' + b"x" * 3_000_000 + b'"}', headers)
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")
    assert answer.json()["type"].endswith("/too_large") and "大小" in answer.json()["detail"]


def test_a_refusal_is_not_called_an_error_of_the_server(round_, firm, headers):
    answer = post(f"/api/v1/rounds/{round_.code}/envelopes", {**body(round_, firm)[1], "envelope": "AAAA"}, headers)
    assert (answer.status_code, answer.json()["title"]) == (422, "没有执行")
    assert "密封" in answer.json()["detail"]


def test_a_problem_says_what_the_address_takes(round_, headers):
    files = f"/api/v1/rounds/{round_.code}/files"
    wrong = post(files, {}, headers)
    assert wrong.status_code == 415 and "application/octet-stream" in wrong.json()["detail"]
    large = Client().post(
        files, b"x" * (LARGEST_CIPHERTEXT + 1), content_type="application/octet-stream", headers=headers
    )
    assert (large.status_code, large.json()["type"]) == (413, "/api/v1/problems/too_large")
    assert "20 MB" in large.json()["detail"]
    nothing = Client().post(files, b"", content_type="application/octet-stream", headers=headers)
    assert (nothing.status_code, nothing.json()["detail"]) == (400, "没有收到文件内容。")
    read = Client().get(f"/api/v1/rounds/{round_.code}/envelopes", headers=headers)
    assert read.status_code == 405 and "POST" in read.json()["detail"]


def test_a_wrong_token_a_late_envelope_and_one_kept_out_are_refused(where, round_, firm, headers):
    address = f"/api/v1/rounds/{round_.code}/envelopes"
    first, sent = body(round_, firm)
    assert post(address, sent, headers).status_code == 201
    assert post(address, body(round_, firm)[1], headers).status_code == 403
    assert post(f"{address}/1/withdrawal", {"token": "0" * 64}, headers).status_code == 403
    assert post(f"{address}/7/withdrawal", {"token": first.token}, headers).status_code == 404
    out = market.firm(where, offers=False)
    kept_out = post(address, body(round_, out)[1], with_token(market.member_of(out.organisation)))
    assert kept_out.status_code == 403 and kept_out.json()["detail"]
    Round.objects.filter(pk=round_.pk).update(closes_at=clock.now())
    late = post(address, body(round_, firm, token=first.token)[1], headers)
    assert late.status_code == 422 and late.json()["type"].endswith("/not_due")


def test_who_may_not_write_is_refused(where, round_, firm):
    address = f"/api/v1/rounds/{round_.code}/envelopes"
    _bid, sent = body(round_, firm)
    assert post(address, sent, {}).status_code == 401
    assert post(address, sent, {"Authorization": "Token mx_nonsense"}).status_code == 401
    assert post(address, sent, with_token(where.owner)).status_code == 403
    viewer = market.member_of(firm.organisation, role=Role.VIEWER)
    assert post(address, sent, with_token(viewer)).status_code == 403
    assert (
        post(
            "/api/v1/rounds/R209901010001/envelopes", sent, with_token(market.member_of(firm.organisation))
        ).status_code
        == 404
    )


def test_a_session_needs_the_pages_own_protection(round_, firm):
    member = market.member_of(firm.organisation)
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    _bid, sent = body(round_, firm)
    answer = client.post(f"/api/v1/rounds/{round_.code}/envelopes", sent, content_type="application/json")
    assert answer.status_code == 403 and "刷新本页" in answer.json()["detail"]
    assert not Entry.objects.exists()


def test_a_token_ends_when_it_is_revoked_or_its_membership_ends(firm):
    member = market.member_of(firm.organisation)
    raw = tokens.issue_token(membership=member, label="投标软件")
    assert raw not in str(list(ApiToken.objects.values()))
    assert tokens.membership_of(raw) == member
    with pytest.raises(ApiToken.DoesNotExist):
        tokens.revoke_token(
            membership=market.member_of(market.organisation(Kind.OWNER)), token_id=ApiToken.objects.get().pk
        )
    Membership.objects.filter(pk=member.pk).update(active_until=clock.now())
    assert tokens.membership_of(raw) is None
    Membership.objects.filter(pk=member.pk).update(active_until=None)
    tokens.revoke_token(membership=member, token_id=ApiToken.objects.get().pk)
    assert tokens.membership_of(raw) is None
    for number in range(10):
        tokens.issue_token(membership=member, label=str(number))
    with pytest.raises(DomainError):
        tokens.issue_token(membership=member, label="eleven")


def test_the_page_shows_a_token_once(firm):
    member = market.member_of(firm.organisation)
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/account/tokens/", {"label": " "}).status_code == 422
    shown = client.post("/account/tokens/", {"label": "投标软件"}).content.decode()
    assert "mx_" in shown
    later = client.get("/account/tokens/").content.decode()
    assert "mx_" not in later and "投标软件" in later
    assert client.post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/").status_code == 302
    assert client.post("/account/tokens/999999/revoke/").status_code == 404


def test_the_service_centre_withdraws_and_learns_nothing(where, round_, firm):
    from tests.bidding.browse import acting

    market.enters(round_, firm, "48000.00")
    client, address = acting(where.operator), f"/desk/operator/rounds/{round_.code}/withdraw/"
    other = market.firm(where)
    pages = []
    for uscc in (firm.uscc, other.uscc):
        answer = client.post(address, {"uscc": uscc, "reason": "凭证丢失"}, follow=True)
        pages.append(answer.content.decode().count("已处理"))
    assert pages == [1, 1]
    assert not Entry.objects.live().exists()
    assert client.post(address, {"uscc": "x", "reason": "凭证丢失"}).status_code == 422
    assert client.post(address, {"uscc": firm.uscc, "reason": ""}).status_code == 422
