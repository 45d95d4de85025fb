"""Leads from this marketplace: from what is public alone, in a fixed number of queries, with nobody's amount in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.cartels_world import PLANTED, city
from bench.favours_world import TOWNS, cases
from bidding.models import HistoricalBid, HistoricalRound, Policy, Round
from core import clock
from market.models import Firm, Need
from oversight.domain import gathering, marketplace, screening
from oversight.domain.screening import leads_of
from oversight.evidence_words import facts_of
from oversight.leads import Lead
from ratings.models import LineRow
from tests import consortia as joint
from tests import market_place as market
from tests.oversight.place import holds

pytestmark = pytest.mark.django_db
RULES = tuple(screening.SCREENS)
EQUAL = ("50000.00", "50000.00", "51234.00")


def leads(rule: str) -> list[Lead]:
    return list(leads_of(rule, now=clock.now()))


def test_an_empty_marketplace_has_no_leads():
    assert [lead for rule in RULES for lead in leads(rule)] == []
    assert all(
        told == {"flagged": 0, "not_flagged": 0, "not_applicable": 0} for told in screening.indicators().values()
    )


def test_nothing_is_read_of_a_round_before_everything_of_it_is_public():
    where = market.place()
    round_ = market.announced(where)
    for amount in EQUAL:
        market.enters(round_, market.firm(where), amount)
    assert gathering.rounds().terms == []
    market.pass_deadline(round_)
    assert gathering.rounds().terms == []
    market.move_on()
    assert len(gathering.rounds().rows) == 3


def test_a_failed_round_keeps_its_amounts():
    where = market.place(minimum_private=5)
    market.lived(where, amounts=EQUAL)
    assert Round.objects.get().status == Round.Status.FAILED
    assert gathering.rounds().rows == []


def test_identical_prices_are_a_lead_about_the_round_and_its_firms():
    where = market.place()
    round_ = market.lived(where, amounts=EQUAL)
    (lead,) = leads("R028")
    firms = tuple(sorted(Firm.objects.values_list("pk", flat=True)))
    assert (lead.rounds, lead.firms) == ((round_.pk,), firms)
    assert lead.key == lead.evidence["lot"] == f"{round_.code}/1" and 0 < lead.weight <= 100
    assert leads("R028") == [lead]  # found again, it is the same


def test_no_lead_tells_an_amount():
    where = market.place()
    market.lived(where, amounts=("50000.13", "51000.13", "52000.13", "53000.13"))
    found = [lead for rule in RULES for lead in leads(rule)]
    told = json.dumps([dict(lead.evidence) for lead in found])
    assert any(lead.rule == "CL1" for lead in found)
    assert not any(amount in told for amount in ("50000", "51000", "52000", "53000"))


def test_a_single_bid_is_flagged_and_a_named_firm_is_not_applicable():
    where = market.place(direct_limit="100000.00")
    market.lived(where, amounts=("50000.00",))
    named = market.firm(where)
    start = clock.now() - timedelta(minutes=30)
    with clock.travelling(start):
        direct = market.announced(
            where, method="direct", named=named, parameters={"price": "48000.00", "ground": "续做上一阶段"}
        )
    with clock.travelling(start + timedelta(seconds=20)):
        market.custody.attend()
        market.enters(direct, named)
    assert direct.closes_at is not None
    market.goes_on(direct, at=direct.closes_at)
    told = screening.indicators()["R018"]
    assert told == {"flagged": 1, "not_flagged": 0, "not_applicable": 1}


def test_a_consortium_takes_its_round_out_of_what_asks_for_single_bidders():
    where = market.place()
    start = clock.now() - timedelta(minutes=30)
    with clock.travelling(start):
        round_ = joint.announced(where)
        lead, member = market.firm(where), market.firm(where)
    with clock.travelling(start + timedelta(seconds=20)):
        market.custody.attend()
        joint.enters(round_, lead, member, amount="50000.00")
        market.enters(round_, market.firm(where), "51000.00")
    assert round_.closes_at is not None
    market.goes_on(round_, at=round_.closes_at)
    assert gathering.rounds().asked().joint.tolist() == [True]


@pytest.mark.parametrize("rule", RULES)
def test_more_rounds_ask_no_more_queries(rule):
    where = market.place()
    counts = []
    for _more in range(2):
        market.lived(where, amounts=EQUAL)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            leads(rule)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


# historical rounds


def historical(made, names) -> None:
    """The rounds of a bench city as an older system recorded them, by the names of their bidders."""
    bids = made.bids
    rows = HistoricalRound.objects.bulk_create(
        HistoricalRound(
            code=f"H{number}", opened_on=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=int(bids.day[number])),
            title="x", kind=f"k{bids.segment[number]}", upper_limit=Decimal(int(bids.upper[number])), source="test",
        )
        for number in range(bids.rounds)
    )  # fmt: skip
    HistoricalBid.objects.bulk_create(
        HistoricalBid(round=rows[round_], bidder=names[firm], amount=Decimal(f"{amount:.2f}"), won=bool(won))
        for round_, firm, amount, won in zip(bids.round, bids.firm, bids.amount, bids.won, strict=True)
    )


def test_a_group_of_historical_rounds_is_a_lead_about_those_of_its_firms_that_are_ours():
    made = city(PLANTED[2], 2005)
    where = market.place()
    names = [f"外地公司{number}" for number in range(made.bids.firms)]
    members = made.cartels[0].tolist()
    ours = [market.firm(where) for _firm in members[:3]]
    for firm, number in zip(ours, members, strict=False):
        names[number] = firm.organisation.name
    historical(made, names)
    found = leads("CL5")
    assert [set(lead.firms) for lead in found] == [{firm.pk for firm in ours}]
    assert found[0].rounds == () and found[0].evidence["members"] >= 3
    assert "外地公司" not in json.dumps(dict(found[0].evidence), ensure_ascii=False)


def test_historical_rounds_of_strangers_are_nobodys_lead():
    made = city(PLANTED[2], 2005)
    historical(made, [f"外地公司{number}" for number in range(made.bids.firms)])
    assert [lead for rule in ("CL1", "CL2", "CL3", "CL5") for lead in leads(rule)] == []


# CL4


def test_competitors_with_the_same_shareholder_are_a_lead_and_others_are_not():
    where = market.place()
    market.lived(where, amounts=EQUAL[:2])
    one, other = Firm.objects.order_by("pk")
    stranger = market.firm(where)
    marketplace.import_everything()
    holder = market.organisation("owner")
    for number, firm in enumerate((one, other, stranger)):
        holds(holder, firm, share=30, key=f"s{number}")
    (lead,) = leads("CL4")
    assert lead.firms == (one.pk, other.pk) and len(lead.rounds) == 1
    assert lead.evidence == {"shared": {"shareholder": 1}, "met": 1}


# CL6


def test_a_need_split_under_the_limit_of_direct_choice_is_a_lead_about_its_owner():
    where = market.place(direct_limit="100000.00")
    for _need in range(2):
        market.announced(where, budget=Decimal("60000.00"))
    found = [lead for lead in leads("CL6") if lead.owner == where.owner.organisation_id]
    assert [lead.evidence["limit"] for lead in found] == ["100000.00"]
    assert found[0].evidence["needs"] == sorted(Need.objects.values_list("code", flat=True))
    assert found[0].rounds == tuple(Round.objects.order_by("pk").values_list("pk", flat=True))
    told = facts_of(found[0].evidence)
    assert ("服务", where.service.name) in told and not any(value.isdigit() for name, value in told if name == "需求")


def test_one_need_under_the_limit_or_drafts_alone_are_no_split():
    where = market.place(direct_limit="100000.00")
    market.announced(where, budget=Decimal("60000.00"))
    market.need(where, budget=Decimal("60000.00"))  # never announced
    assert Policy.objects.filter(direct_limit__isnull=False).exists() and leads("CL6") == []


# RH8 to RH10


def lines(made) -> None:
    """Lines as the refreshing would keep them; references are not the database's business there."""
    start = datetime(2024, 3, 1, tzinfo=UTC)
    rows = []
    for number in range(len(made.firm)):
        decided = start + timedelta(days=60)
        rows.append(
            LineRow(
                code=f"L{number}",
                need_id=1,
                project_id=1,
                owner_id=1 + made.owner[number],
                service_id=1 + made.kind[number],
                item_id=1,
                department_id=1 + made.department[number],
                district_id=1,
                firm_id=1 + made.firm[number],
                award_id=1 + number,
                outcome=2,
                started_at=start,
                ended_at=decided,
                decided_at=decided,
                used1=1,
                used2=int(made.days[number] * gathering.MICROSECONDS),
                quality_returns=0,
                deliverable_corrections=int(not made.passed[number]),
                late_corrections=0,
            )
        )
    LineRow.objects.bulk_create(rows, batch_size=2000)


def test_departments_that_favour_a_firm_are_leads_with_counts_interval_and_rate():
    made = cases(TOWNS[0], 2002)
    lines(made)
    given = {(lead.department - 1, lead.firms[0] - 1) for lead in leads("RH8")}
    assert len(given & made.given) >= 0.8 * len(made.given) and len(given - made.given) <= 2
    quick = leads("RH9")
    found = {(lead.department - 1, lead.firms[0] - 1) for lead in quick}
    assert len(found & made.hurried) >= 0.7 * len(made.hurried) and len(found - made.hurried) <= 2
    for lead in quick:
        low, high = lead.evidence["interval"]
        assert 0 < low < lead.evidence["effect_size"] < high and lead.evidence["false_discovery_rate"] <= 0.05


def test_a_case_that_serves_several_lines_of_a_firm_is_decided_once():
    lines(cases(TOWNS[0], 2002))
    pks = list(LineRow.objects.order_by("pk").values_list("pk", flat=True)[:3])
    LineRow.objects.filter(pk__in=pks).update(last_case_id=5, firm_id=77)
    found = gathering.cases()
    assert found.decided[:4].tolist() == [True, False, False, True]


def test_an_owner_who_names_firms_far_above_what_is_usual_is_a_lead():
    where = market.place()
    usual = [market.organisation("owner") for _owner in range(8)]
    chance, now = np.random.default_rng(7), clock.now()
    need = market.need(where)
    rows = [
        Round(
            need=need, owner=owner, service=where.service, district=where.district, department=where.department,
            code=f"X{number}", status=Round.Status.CANCELLED, reason="测试", announced_at=now, title="x",
            method="direct" if chance.random() < (0.8 if owner is usual[0] else 0.1) else "lowest",
        )
        for number, owner in enumerate(usual * 20)
    ]  # fmt: skip
    Round.objects.bulk_create(rows)
    (lead,) = leads("RH10")
    assert lead.owner == usual[0].pk and lead.department is None and lead.firms == ()
    assert lead.evidence["count"] > 2 * lead.evidence["expected"]
