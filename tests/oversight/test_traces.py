"""CL4 over where entries came from: after opening alone, within a round and a window, as counts; and what is forgotten."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from bidding.domain import traces
from bidding.domain.traces import Origin
from bidding.models import EntryTrace, Round, TracePolicy
from core import clock
from market.models import Firm
from oversight.domain import alerting, decisions, inquiries
from oversight.domain.screening import leads_of
from oversight.domain.traces import forget
from oversight.evidence_words import facts_of
from oversight.models import Alert
from oversight.screens.nearby import near
from oversight.tasks import forget_traces
from tests import market_place as market
from tests.bidding.browse import acting, outsiders
from tests.oversight import desk
from tests.oversight.place import regulator

ONE, NEIGHBOUR, AFAR = "203.0.113.77", "203.0.113.9", "198.51.100.5"
BROWSER = "Testbrowser/77\nzh-CN"


def leads():
    return list(leads_of("CL4", clock.now()))


@pytest.fixture
def where(db):
    TracePolicy.objects.create(legal_basis="测试", keep_days=180, window_hours=12)
    return market.place()


def leave(round_, firm, address=ONE, *, hours=0.0, client=BROWSER):
    """A trace of a firm's entry, as one that was received so many hours after it."""
    entry = round_.lots.get().entries.get(firm=firm)
    at = entry.received_at + timedelta(hours=hours)
    traces.keep(entry, Origin(address=address, client=client), round_=round_, at=at)


def lived(where, *addresses, hours=(0.0, 0.0, 0.0), client=BROWSER):
    """A round to its candidate, its firms' entries from these addresses."""
    round_ = market.lived(where, amounts=("48000.00", "49123.00", "51234.00")[: len(addresses)])
    firms = list(Firm.objects.filter(entries__lot__round=round_).order_by("pk"))
    for firm, address, late in zip(firms, addresses, hours, strict=False):
        leave(round_, firm, address, hours=late, client=client)
    return round_, firms


# who may not, and when


def test_nothing_is_compared_before_everything_of_the_round_is_public(where):
    round_ = market.announced(where)
    for amount in ("48000.00", "49000.00"):
        firm = market.firm(where)
        market.enters(round_, firm, amount)
        leave(round_, firm)
    assert EntryTrace.objects.count() == 2 and leads() == []
    market.pass_deadline(round_)
    assert leads() == []
    market.move_on()
    assert [lead.evidence["shared"] for lead in leads()] == [{"client": 1, "network": 1}]


def test_only_the_desk_reads_it_and_nobody_the_hashes(where):
    round_, _firms = lived(where, ONE, ONE)
    alerting.ask(["CL4"])
    alert = Alert.objects.get(rule="CL4")
    shown = acting(regulator()).get(f"/desk/alerts/{alert.pk}/").content.decode()
    assert "提交时的网络地址（次）" in shown and "相隔不超过（小时）" in shown
    told = shown + json.dumps(alert.evidence)
    for trace in EntryTrace.objects.all():
        for mark in (bytes(trace.address), bytes(trace.client)):
            assert mark.hex() not in told and str(int.from_bytes(mark[:8], "big", signed=True)) not in told
    for who, client in outsiders(round_).items():
        for page in (f"/rounds/{round_.code}/", f"/rounds/{round_.code}/record.json", f"/desk/alerts/{alert.pk}/"):
            answer = client.get(page)
            text = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert who == "regulator" or "网络地址（次）" not in text.decode(), (who, page)


# the rule


@given(
    rows=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.integers(0, 12)), max_size=12),
    within=st.integers(0, 4),
)
def test_a_firm_is_near_wherever_a_row_of_another_is_within_the_time(rows, within):
    firm, place, mark, at = (np.array([row[column] for row in rows], np.int64) for column in range(4))
    flagged = near(firm, place, mark, at, within=within)
    found = {row[:3] for row, is_near in zip(rows, flagged.tolist(), strict=True) if is_near}
    wanted = {
        one[:3] for one in rows for other in rows
        if one[0] != other[0] and one[1:3] == other[1:3] and abs(one[3] - other[3]) <= within
    }  # fmt: skip
    assert found == wanted


def test_two_firms_of_a_round_from_one_address_are_a_lead_with_counts_and_a_third_is_not(where):
    round_, (one, other, _third) = lived(where, ONE, ONE, AFAR)
    (lead,) = leads()
    assert lead.firms == (one.pk, other.pk) and lead.rounds == (round_.pk,)
    assert lead.evidence == {"shared": {"client": 1, "network": 1}, "met": 1, "window_hours": 12}
    assert lead.weight == 70
    assert dict(facts_of(lead.evidence))["相隔不超过（小时）"] == "12"


def test_the_same_browser_next_door_weighs_less_and_another_one_nothing(where):
    lived(where, ONE, NEIGHBOUR)
    assert [(lead.evidence["shared"], lead.weight) for lead in leads()] == [({"client": 1}, 50)]
    EntryTrace.objects.all().delete()
    round_, (one, other) = lived(where, ONE, NEIGHBOUR)
    EntryTrace.objects.all().delete()
    leave(round_, one)
    leave(round_, other, NEIGHBOUR, client="Otherbrowser/1\nzh-CN")
    assert leads() == []


@pytest.mark.parametrize(("hours", "found"), [(11.9, 1), (12.1, 0)])
def test_what_is_further_apart_than_the_window_is_not_compared(where, hours, found):
    lived(where, ONE, ONE, hours=(0.0, hours))
    assert len(leads()) == found


def test_the_same_address_in_two_rounds_of_different_firms_is_nothing(where):
    first, _firms = lived(where, ONE, AFAR)
    second, _firms = lived(where, ONE, "192.0.2.1")
    assert first != second and leads() == []


def test_an_address_that_many_share_says_less_than_one_that_two_share(where):
    lived(where, ONE, ONE, ONE)
    assert {lead.weight for lead in leads()} == {40} and len(leads()) == 3


def test_more_rounds_weigh_more_and_replacing_does_not(where):
    round_, firms = lived(where, ONE, ONE)
    for firm in firms:
        leave(round_, firm, hours=1)
    assert leads()[0].evidence["shared"] == {"client": 1, "network": 1}


def test_a_round_of_which_not_everything_is_public_counts_for_nobody(where):
    """Also not for firms that have met in another one."""
    round_, (one, other) = lived(where, ONE, ONE)
    EntryTrace.objects.all().delete()
    with clock.travelling(clock.now() - timedelta(minutes=30)):
        second = market.announced(where)
    with clock.travelling(clock.now() - timedelta(minutes=29, seconds=40)):
        market.custody.attend()
        for firm in (one, other):
            market.enters(second, firm, "47000.00")
    market.goes_on(second, at=second.closes_at)
    for firm in (one, other):
        leave(second, firm)
    assert [lead.rounds for lead in leads()] == [(round_.pk, second.pk)]
    Round.objects.filter(pk=second.pk).update(status="void", evaluated_at=None, reason="测试")
    assert Round.objects.get(pk=second.pk).opened_at is not None and leads() == []


def test_without_a_policy_of_the_day_nothing_is_compared(where):
    lived(where, ONE, ONE)
    TracePolicy.objects.update(valid_from="2017-01-01", valid_to="2018-01-01")
    assert leads() == []


def test_more_rounds_ask_no_more_queries(where):
    counts = []
    for _more in range(2):
        lived(where, ONE, ONE, AFAR)
        with CaptureQueriesContext(connection) as queries:
            leads()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


# time


@pytest.fixture
def looked_into(where):
    """A round in an inquiry that has been opened, and another one into which nobody looks."""
    round_, firms = lived(where, ONE, ONE)
    alerting.ask(["CL4"])
    by, alert = regulator(), Alert.objects.get(rule="CL4")
    inquiry = inquiries.open_inquiry(
        alert_ids=[alert.pk], party=firms[0].organisation, department=None, text="", by=by
    )  # fmt: skip
    lived(where, ONE, ONE)
    return round_, inquiry, by


def test_an_open_inquiry_keeps_the_traces_of_its_rounds_until_it_ends(looked_into):
    round_, inquiry, by = looked_into
    later = clock.now() + timedelta(days=181)
    assert forget(now=later - timedelta(days=2)) == 0 and EntryTrace.objects.count() == 4
    assert forget(now=later) == 2
    assert set(EntryTrace.objects.values_list("entry__lot__round", flat=True)) == {round_.pk}
    decisions.close(inquiry_id=inquiry.pk, text="同一办公楼，经查无关。", by=by)
    assert forget(now=later) == 2 and not EntryTrace.objects.exists()
    assert forget(now=later) == 0


def test_a_decision_keeps_them_for_the_term_of_an_appeal_and_while_one_runs(looked_into):
    _round, inquiry, by = looked_into
    EntryTrace.objects.update(keep_until=clock.now().date() - timedelta(days=2))
    inquiries.freeze(inquiry_id=inquiry.pk, by=by)
    inquiries.notice(inquiry_id=inquiry.pk, text="请说明。", by=by)
    inquiries.state(inquiry_id=inquiry.pk, text="同一栋楼。", files=[], by=desk.party_of(inquiry))
    assert forget(now=clock.now()) == 2
    inquiry = decisions.decide(inquiry_id=inquiry.pk, outcome="referral", text="移送。", legal_basis="测试", by=by)
    assert forget(now=inquiry.appeal_until - timedelta(seconds=1)) == 0
    decisions.appeal(inquiry_id=inquiry.pk, text="不服。", files=[], by=desk.party_of(inquiry))
    later = inquiry.appeal_until + timedelta(days=90)
    assert forget(now=later) == 0
    decisions.decide_appeal(inquiry_id=inquiry.pk, upheld=False, text="维持。", by=desk.colleague(by))
    assert forget(now=later) == 2


def test_the_evidence_of_an_inquiry_outlives_what_it_was_counted_from(looked_into):
    _round, inquiry, by = looked_into
    frozen = inquiries.freeze(inquiry_id=inquiry.pk, by=by)
    assert '"network":1' in frozen.content
    EntryTrace.objects.all().delete()
    alerting.ask(["CL4"])
    frozen.refresh_from_db()
    assert '"network":1' in frozen.content and Alert.objects.get(pk=inquiry.alerts.get().pk).gone_at is not None


def test_beat_forgets_every_day(where):
    lived(where, ONE, ONE)
    EntryTrace.objects.update(keep_until=clock.now().date() - timedelta(days=2))
    assert forget_traces() == 2 and not EntryTrace.objects.exists()
