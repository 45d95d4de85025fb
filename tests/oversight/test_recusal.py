"""A tie keeps a firm out at entry, sets it aside at closing and holds its award; where the graph is empty nothing changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bidding.domain import closing, eligibility
from bidding.domain.entries import KeptOut
from bidding.domain.stop_decisions import decide_stop
from bidding.models import Award, Round, Stop
from core import clock
from market.models import Firm
from oversight.domain import marketplace, scanning
from oversight.domain.describing import Described, id_hash
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.graph import Kind, NodeKind
from oversight.models import Tie
from tests import market_place as market
from tests.oversight.place import body_of, holds, id_number, organisation_key, regulator

pytestmark = pytest.mark.django_db


def reasons(firm, round_):
    return eligibility.reasons_against(firm=Firm.objects.get(pk=firm.pk), round_=round_, at=clock.now())


def found(where, firm):
    body = body_of(where)
    marketplace.import_everything()
    holds(body, firm)
    scanning.scan_everything()
    return body


def test_nothing_is_kept_out_where_the_graph_is_empty():
    where = market.place()
    assert reasons(market.firm(where), market.announced(where)) == []


def test_kept_out_at_entry_with_the_path_in_words():
    where = market.place()
    round_, tied, free = market.announced(where), market.firm(where), market.firm(where)
    body = found(where, tied)
    told = reasons(tied, round_)
    assert [each.code for each in told] == ["tie_found", "tie_found"]
    department = where.department.organisation.name
    assert told[0].text == (
        f"与本项审批部门存在关联，应当回避（RH1：{department}举办{body.name}；{body.name}持有{tied.organisation.name} 51% 股份）"
    )
    with pytest.raises(KeptOut):
        market.enters(round_, tied, "1.00")
    market.enters(round_, free, "1.00")
    elsewhere = reasons(tied, market.announced(market.place()))
    assert "tie_found" not in [each.code for each in elsewhere]


def test_a_person_on_the_path_is_not_named():
    where = market.place()
    round_, firm = market.announced(where), market.firm(where)
    marketplace.import_everything()
    person = Described(keys=("p",), kind=NodeKind.PERSON, name="欧阳安娜", id_hash=id_hash(id_number()))
    department = organisation_key(where.department.organisation)
    says = (
        Said(kind=Kind.EMPLOYS, tail=department.keys[0], head="p"),
        Said(kind=Kind.OFFICER, tail="p", head=f"org/{firm.organisation_id}"),
    )
    own = organisation_key(firm.organisation)
    state(source_of("x"), parties=[person, department, own], statements=[Stated(key="1", says=says)])
    scanning.scan_everything()
    (told,) = reasons(firm, round_)
    assert "RH3：自然人甲在" in told.text and "自然人甲是" in told.text
    assert "欧阳" not in told.text


def test_a_flag_or_a_tie_of_another_time_keeps_nobody_out():
    where = market.place()
    round_, firm = market.announced(where), market.firm(where)
    found(where, firm)
    Tie.objects.update(effect="flagged")
    assert reasons(firm, round_) == []
    Tie.objects.update(effect="kept_out", until=clock.now().date() - timedelta(days=2))
    assert reasons(firm, round_) == []
    Tie.objects.update(until=None, gone_at=clock.now())
    assert reasons(firm, round_) == []


def test_what_becomes_known_before_closing_sets_the_entry_aside():
    where = market.place()
    round_, tied, free = market.announced(where), market.firm(where), market.firm(where)
    market.enters(round_, tied, "1.00")
    market.enters(round_, free, "2.00")
    found(where, tied)
    lot = market.closed_and_evaluated(round_).lots.get()
    entry = lot.entries.get(firm=tied)
    assert (entry.eligible, entry.valid, entry.reason) == (False, False, "tie_found")
    assert entry.reason_detail.startswith("RH1：")
    assert lot.winner == free


def test_what_becomes_known_of_a_winner_stops_the_award_until_a_regulator_decides():
    where = market.place()
    round_, tied = market.announced(where), market.firm(where)
    market.enters(round_, tied, "1.00")
    round_ = market.closed_and_evaluated(round_)
    assert round_.status == Round.Status.CANDIDATE
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now())
    found(where, tied)
    assert closing.award_round(round_id=round_.pk, now=clock.now()).status == Round.Status.CANDIDATE
    assert not Award.objects.exists()
    Tie.objects.update(gone_at=clock.now())
    assert closing.award_round(round_id=round_.pk, now=clock.now()).status == Round.Status.CANDIDATE
    decide_stop(stop_id=Stop.objects.get().pk, outcome="kept", text="登记已更正。", by=regulator())
    assert closing.award_round(round_id=round_.pk, now=clock.now()).status == Round.Status.AWARDED


def test_who_prepared_a_report_does_not_review_it():
    where = market.place()
    prepared = market.need(where)
    where.service.code = "S016"
    where.service.save()
    round_, firm, other = market.announced(where, of=prepared), market.firm(where), market.firm(where)
    market.enters(round_, firm, "1.00")
    round_ = market.closed_and_evaluated(round_)
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now())
    closing.award_round(round_id=round_.pk, now=clock.now())
    review = market.place()
    review.service.code = "S017"
    review.service.save()
    need = market.need(review)
    later = market.announced(review, of=need)
    assert [each.code for each in reasons(firm, later)] == ["service_not_offered"]
    need.project = prepared.project
    need.save()
    assert "reviews_own_report" in [each.code for each in reasons(firm, later)]
    assert Award.objects.get().code in reasons(firm, later)[-1].text
    assert "reviews_own_report" not in [each.code for each in reasons(other, later)]


def test_many_rounds_and_firms_cost_no_more_queries_than_one():
    where = market.place()
    rounds, firms = [market.announced(where) for _ in range(3)], [market.firm(where) for _ in range(3)]
    for number, firm in enumerate(firms):
        body = body_of(where)
        marketplace.import_everything()
        holds(body, firm, key=f"k{number}")
    scanning.scan_everything()

    def queries(some_rounds, some_firms):
        fresh = (
            list(Firm.objects.filter(pk__in=[each.pk for each in some_firms])),
            list(Round.objects.filter(pk__in=[each.pk for each in some_rounds])),
        )
        with CaptureQueriesContext(connection) as caught:
            eligibility.reasons_between(*fresh, at=clock.now())
        return len(caught)

    assert queries(rounds, firms) == queries(rounds[:1], firms[:1])
