"""Methods by which the owner picks: who may be picked, by whom, with what reasons, and what nobody sees before."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from bidding.domain import choosing, due, rounds
from bidding.models import Entry, Policy, Round
from core import clock
from core.errors import DomainError, NotAllowed, WrongState
from ledger.models import QueuedEntry
from protocol.record import read_record
from protocol.verify import verify
from tests import custody
from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db
Status = Round.Status
PROPOSAL = {"upper": "60000.00", "ground": "方案差别大，比价不足以选优"}


def record_of(round_):
    return Client().get(f"/rounds/{round_.code}/record.json").json()


def failed(round_):
    return [str(check) for check in verify(read_record(json.dumps(record_of(round_)))) if check.holds is False]


@pytest.fixture
def where():
    return market.place()


@pytest.fixture
def credit(where):
    return market.lived(where, method="credit_draw", parameters=market.CREDIT, amounts=[None] * 5)


@pytest.fixture
def proposal(where):
    return market.lived(where, method="proposal", parameters=PROPOSAL, amounts=["50000.00", "40000.00", "70000.00"])


def short_list(round_):
    return round_.lots.get().short_list


def pick(round_, where, uscc=None, *, by=None, reason="经验更合适", reasons=None):
    listed = short_list(round_)
    every = dict.fromkeys(listed, "比较过") if reasons is None else reasons
    return choosing.choose(
        round_id=round_.pk, uscc=uscc or listed[-1], reason=reason, reasons=every, by=by or where.owner
    )


def at_opening(round_):
    return clock.travelling(round_.opened_at + timedelta(seconds=10))


def test_the_round_waits_for_its_owner(credit):
    assert (credit.status, len(short_list(credit))) == (Status.OPENED, 2)
    assert credit.choice_due_at > credit.opened_at + timedelta(days=4)
    assert Entry.objects.filter(lot__round=credit).values_list("credit", flat=True).distinct().get() == Decimal("77.50")
    market.goes_on(credit, at=credit.opened_at + timedelta(minutes=1))
    assert credit.lots.get().draws.count() == 1  # drawn once, however often beat comes by


def test_only_the_owner_picks_from_the_short_list_with_a_reason(credit, where):
    out = Entry.objects.filter(lot__round=credit).exclude(firm__organisation__uscc__in=short_list(credit)).first()
    with pytest.raises(NotAllowed):
        pick(credit, where, by=where.operator)
    with pytest.raises(DomainError):
        pick(credit, where, reason="  ")
    with pytest.raises(DomainError) as refused:
        pick(credit, where, out.firm.uscc)
    assert refused.value.code == "not_listed"
    assert Round.objects.get(pk=credit.pk).status == Status.OPENED


def test_picking_decides_and_is_final(credit, where):
    chosen = short_list(credit)[1]
    with at_opening(credit):
        for _ in range(2):
            pick(credit, where, chosen)
        with pytest.raises(WrongState):
            pick(credit, where, short_list(credit)[0])
    market.goes_on(credit, at=credit.opened_at + timedelta(minutes=1))
    decided = Round.objects.get(pk=credit.pk)
    lot = decided.lots.get()
    assert (decided.status, lot.winner.uscc, str(lot.amount)) == (Status.CANDIDATE, chosen, "48000.00")
    assert lot.result["reason"] == "经验更合适" and lot.result["ranking"][0] == chosen
    assert failed(decided) == []


def test_before_the_choice_entrants_are_public_and_nothing_is_decided(credit):
    record = record_of(credit)
    assert record["status"] == "opened" and len(record["lots"][0]["entries"]) == 5
    assert record["lots"][0]["result"] is None and record["keys"]["platform"]["private"] is None
    page = Client().get(f"/rounds/{credit.code}/").content.decode()
    assert "等业主选定" in page and "信用分 77.50，8 签" in page


def test_a_proposal_is_compared_without_names_and_nothing_is_public_before(proposal, where):
    entrants = [entry.firm for entry in Entry.objects.filter(lot__round=proposal).select_related("firm__organisation")]
    page = acting(where.owner).get(f"/desk/owner/rounds/{proposal.code}/choose/").content.decode()
    public = [Client().get(f"/rounds/{proposal.code}/{part}").content.decode() for part in ("", "record.json", "live/")]
    log = b"".join(bytes(row.entry) for row in QueuedEntry.objects.all()).decode()
    for firm in entrants:
        assert firm.organisation.name not in page and firm.uscc not in page
        assert all(firm.uscc not in each and firm.organisation.name not in each for each in (*public, log))
    assert "50,000.00" in page and "70,000.00" not in page  # above the limit: not to be picked
    assert "50000.00" not in public[1] and record_of(proposal)["lots"][0]["entries"] == []
    stored = Round.objects.get(pk=proposal.pk)
    assert stored.platform_private not in log and stored.custodian_private not in log


def test_a_proposal_needs_a_reason_for_each(proposal, where):
    first, _second = short_list(proposal)
    with pytest.raises(DomainError) as refused:
        pick(proposal, where, first, reasons={first: "好"})
    assert refused.value.code == "reasons"
    with at_opening(proposal):
        pick(proposal, where, first)
    market.goes_on(proposal, at=proposal.opened_at + timedelta(minutes=1))
    decided = Round.objects.get(pk=proposal.pk)
    assert set(record_of(decided)["lots"][0]["result"]["reasons"]) == set(short_list(decided))
    assert failed(decided) == []


def test_the_page_picks_by_number_and_tells_what_is_missing(proposal, where):
    client, address = acting(where.owner), f"/desk/owner/rounds/{proposal.code}/choose/"
    wrong = client.post(address, {"chosen": "3", "reason": ""})
    assert wrong.status_code == 422 and "请写明理由" in wrong.content.decode()
    whole = {"chosen": "2", "reason": "更好", "reason_1": "不够细", "reason_2": "更细"}
    assert client.post(address, whole).status_code == 302
    assert Round.objects.get(pk=proposal.pk).lots.get().winner.uscc == short_list(proposal)[1]
    for again in (client.get(address), client.post(address, whole | {"chosen": "1"})):  # back, or in another tab
        assert (again.status_code, again["Location"]) == (302, f"/rounds/{proposal.code}/")
    assert Round.objects.get(pk=proposal.pk).lots.get().winner.uscc == short_list(proposal)[1]
    assert "已经选定" in client.get(f"/rounds/{proposal.code}/").content.decode()
    stranger = acting(market.member_of(market.organisation("owner")))
    assert stranger.get(address).status_code == stranger.post(address, whole).status_code == 404


def test_who_does_not_choose_in_time_chooses_no_more_and_the_round_fails(credit, where):
    until = credit.choice_due_at
    with clock.travelling(until - timedelta(seconds=1)):
        due.move_due_rounds(clock.now())
        assert Round.objects.get(pk=credit.pk).status == Status.OPENED
    with clock.travelling(until):
        with pytest.raises(WrongState, match="期限已过"):
            pick(credit, where)
        for _again in range(2):
            due.move_due_rounds(clock.now())
    after = Round.objects.get(pk=credit.pk)
    assert (after.status, after.failure, after.lots.get().winner) == (Status.FAILED, "not_chosen", None)
    custody.attend()
    assert failed(after) == []
    assert "逾期未从候选名单中选定" in Client().get(f"/rounds/{credit.code}/").content.decode()


@pytest.fixture
def direct(where):
    Policy.objects.filter(pk=where.policy.pk).update(direct_limit="50000.00")

    def drafted(price="48000.00", firm=None):
        draft = rounds.draft_round(need=market.need(where), by=where.owner)
        parameters = {"price": price, "ground": "金额小，原报告由其编制"}
        terms = {"method": "direct", "parameters": parameters, "notice_length": 2, "by": where.owner}
        return rounds.edit_round(round_id=draft.pk, named=firm, **terms)

    return drafted


def test_a_direct_choice_stays_within_the_limit_and_names_a_firm(where, direct):
    named = market.firm(where)
    for draft, code in ((direct(), "named"), (direct("50000.01", named), "direct_limit")):
        with pytest.raises(DomainError) as refused:
            rounds.submit_round(round_id=draft.pk, by=where.owner)
        assert refused.value.code == code
    draft = direct("50000.00", named)
    assert rounds.submit_round(round_id=draft.pk, by=where.owner).status == Status.SUBMITTED


def test_only_the_named_firm_enters_and_the_ground_is_public(where, direct):
    from tests import custody

    named, other = market.firm(where), market.firm(where)
    start = clock.now() - timedelta(minutes=30)
    with clock.travelling(start):
        draft = direct(firm=named)
        rounds.submit_round(round_id=draft.pk, by=where.owner)
        custody.fill_stock()
        round_ = rounds.announce_round(round_id=draft.pk, by=where.operator)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        with pytest.raises(NotAllowed):
            market.enters(round_, other)
        market.enters(round_, named)
    market.goes_on(round_, at=round_.closes_at)
    round_.refresh_from_db()
    assert (round_.status, round_.lots.get().winner) == (Status.CANDIDATE, named)
    assert record_of(round_)["parameters"]["ground"] == "金额小，原报告由其编制"
    log = b"".join(bytes(row.entry) for row in QueuedEntry.objects.filter(subject=round_.subject)).decode()
    assert "原报告" not in log and named.uscc in log
    assert failed(round_) == []
