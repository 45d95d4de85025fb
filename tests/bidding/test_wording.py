"""Every code that the protocol may give has words for people."""

from __future__ import annotations

import pytest
from django.test import Client

from bidding.domain import rounds
from bidding.domain.reasons import TEXTS
from bidding.domain.rounds import OFFERED
from bidding.forms.wizard import MethodForm
from bidding.wording import METHOD_NAMES, METHOD_SENTENCES, TAKES_AMOUNT
from protocol.auction import REFUSALS
from protocol.methods import METHODS
from protocol.methods.base import REASONS, TOO_FEW
from tests import custody
from tests import market_place as market
from tests.bidding import browse, panel


def test_every_method_has_a_name_and_a_sentence():
    assert set(METHOD_NAMES) == set(METHOD_SENTENCES) == set(METHODS) >= set(OFFERED)


def test_every_reason_has_a_sentence():
    assert {*REASONS, *REFUSALS, TOO_FEW} <= set(TEXTS)


def test_who_seals_a_price():
    assert {"lowest", "mean", "lowest_draw", "scored", "proposal"} == TAKES_AMOUNT


def test_the_wizard_offers_what_it_can_ask_for():
    assert {code for code, _ in MethodForm().fields["method"].choices} == set(OFFERED)


TERMS: dict[str, tuple[dict[str, object], list[str]]] = {
    "mean": (
        {"upper": "60000.00", "coefficients": ["0.96", "0.98"], "trim_over": "7"},
        ["0.96、0.98，开启时公开抽出一个", "多于 7 家"],
    ),
    "lowest_draw": ({"upper": "60000.00", "k": "4"}, ["报价最低的 4 家"]),
    "credit_draw": (
        {"price": "48000.00", "long_list": "9", "short_list": "4"},
        ["信用分最高的 9 家", "公开抽出的 4 家"],
    ),
    "scored": (
        {"upper": "60000.00", "weights": {"price": "30", "quality": "50", "record": "20"}},
        ["价格 30，质量 50，信用 20", "公开抽取的 3 名专家"],
    ),
    "proposal": ({"upper": "60000.00", "ground": "方案差别大"}, ["方案差别大"]),
    "auction": (
        {"upper": "60000.00", "step": "500.00", "extend_within_s": "90", "extend_by_s": "150", "max_extensions": "6"},
        ["¥ 500.00", "最后 90 秒内有出价的，结束时间改为该次出价后 150 秒，最多 6 次"],
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("method", TERMS)
def test_the_announcement_tells_every_parameter(method):
    parameters, told = TERMS[method]
    where = market.place()
    for _number in range(4):
        panel.expert(where)
    round_ = market.announced(where, method=method, parameters=parameters)
    for address in (f"/rounds/{round_.code}/", f"/rounds/{round_.code}/notice/"):
        page = Client().get(address).content.decode()
        assert [text for text in told if text not in page] == []


@pytest.mark.django_db
def test_the_announcement_tells_whom_the_owner_has_named():
    where = market.place(direct_limit="50000.00")
    named = market.firm(where)
    drafted = rounds.draft_round(need=market.need(where), by=where.owner)
    parameters = {"price": "48000.00", "ground": "上一阶段的报告由其编制"}
    rounds.edit_round(
        round_id=drafted.pk,
        method="direct",
        parameters=parameters,
        notice_length=where.policy.notice_minimum,
        named=named,
        by=where.owner,
    )
    rounds.submit_round(round_id=drafted.pk, by=where.owner)
    operator, checked = browse.acting(where.operator), f"/desk/operator/rounds/{drafted.code}/"
    assert named.organisation.name in operator.get(checked).content.decode()
    custody.fill_stock()
    rounds.announce_round(round_id=drafted.pk, by=where.operator)
    for address in (f"/rounds/{drafted.code}/", f"/rounds/{drafted.code}/notice/"):
        page = Client().get(address).content.decode()
        assert named.organisation.name in page and "上一阶段的报告由其编制" in page


@pytest.mark.django_db
def test_the_way_to_an_entry_is_shown_to_firms_and_visitors_alone():
    where = market.place()
    round_ = market.announced(where)
    address, way = f"/rounds/{round_.code}/", f"/desk/firm/rounds/{round_.code}/"
    shown = {
        "visitor": Client(),
        "firm": browse.member_client(market.firm(where).organisation),
        "owner": browse.acting(where.owner),
        "operator": browse.acting(where.operator),
    }
    assert [who for who, client in shown.items() if f'"{way}"' in client.get(address).content.decode()] == [
        "visitor", "firm"
    ]  # fmt: skip
