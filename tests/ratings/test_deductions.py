"""The life of a deduction: who may take which step, in which order, and what it is worth."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Kind, Role
from bidding.domain import credit
from core import clock
from core.clock import LOCAL
from core.errors import Conflict, DomainError, NotAllowed, NotDue, WrongState
from ledger.models import QueuedEntry
from market.domain import standing
from protocol import canonical
from ratings.domain import deductions as domain
from ratings.domain import due, lists, standings
from ratings.domain.deductions import months_after
from ratings.honours import Standing
from ratings.models import Deduction, DeductionEvent, DeductionRule
from tests import market_place as market
from tests.ratings import saying

pytestmark = pytest.mark.django_db
Status = Deduction.Status


def entries(found):
    rows = QueuedEntry.objects.filter(subject=found.subject).order_by("id")
    return [canonical.decode(bytes(each.entry)) for each in rows]


def firm_of(found):
    return market.member_of(found.firm.organisation)


def test_outsiders_take_no_step(where):
    found, (centre, regulator) = saying.deed(where), saying.overseers(where)
    stranger = market.member_of(market.firm(where).organisation)
    looks = market.member_of(centre.organisation, role=Role.VIEWER)
    for by in (stranger, where.owner, firm_of(found), looks):
        with pytest.raises(NotAllowed):
            domain.notice(deduction_id=found.pk, text="", by=by)
    # Before it is told the firm does not know, and has nothing to say.
    with pytest.raises(NotAllowed):
        domain.state(deduction_id=found.pk, text="不属实", files=[], by=firm_of(found))
    domain.notice(deduction_id=found.pk, text="", by=centre)
    for step in (domain.state, domain.appeal, domain.ask_repair):
        with pytest.raises(NotAllowed):
            step(deduction_id=found.pk, text="不属实", files=[], by=stranger)
    with pytest.raises(NotAllowed):
        domain.decide_appeal(deduction_id=found.pk, upheld=True, text="成立", by=centre)
    assert Deduction.objects.get().status == Status.NOTICED
    assert not Deduction.objects.readable_by(stranger.organisation).exists()
    assert Deduction.objects.readable_by(found.firm.organisation).get() == found
    assert Deduction.objects.readable_by(regulator.organisation).get() == found


def test_what_is_only_proposed_is_not_the_firms_to_read(where):
    found = saying.deed(where)
    assert not Deduction.objects.readable_by(found.firm.organisation).exists()


def test_nothing_is_decided_before_the_firm_has_spoken_or_its_term_is_over(where):
    found, centre = saying.deed(where), where.operator
    with pytest.raises(WrongState):
        domain.decide(deduction_id=found.pk, deducts=True, text="属实", by=centre)
    found = domain.notice(deduction_id=found.pk, text="", by=centre)
    with pytest.raises(NotDue):
        domain.decide(deduction_id=found.pk, deducts=True, text="属实", by=centre)
    with clock.travelling(found.state_until):
        with pytest.raises(NotDue):
            domain.state(deduction_id=found.pk, text="不属实", files=[], by=firm_of(found))
        done = domain.decide(deduction_id=found.pk, deducts=True, text="属实，未陈述。", by=centre)
    assert done.status == Status.IN_FORCE and done.stated_at is None


def test_from_the_notice_to_a_decision_that_is_appealed_and_upheld(where):
    found, (_centre, regulator) = saying.in_force(where), saying.overseers(where)
    now = clock.now()
    assert found.costs_at(now) and standings.in_force_at([found.firm], now)[found.firm_id] == [found]
    domain.appeal(deduction_id=found.pk, text="工期因业主顺延。", files=[saying.scan()], by=firm_of(found))
    assert Deduction.objects.standing(now=clock.now()).exists(), "an appeal changes nothing until it is decided"
    done = domain.decide_appeal(deduction_id=found.pk, upheld=True, text="顺延属实。", by=regulator)
    assert done.status == Status.REVOKED and not Deduction.objects.standing(now=clock.now()).exists()
    assert domain.decide_appeal(deduction_id=found.pk, upheld=True, text="顺延属实。", by=regulator) == done
    with pytest.raises(WrongState):
        domain.ask_repair(deduction_id=found.pk, text="x", files=[saying.scan()], by=firm_of(found))
    steps = [each.kind for each in found.events.order_by("number")]
    assert steps == ["proposed", "noticed", "stated", "decided", "appealed", "appeal_upheld"]
    assert DeductionEvent.objects.get(kind="appealed").files.get().sha256


def test_an_appeal_is_rejected_once_and_for_all(where):
    found, (_centre, regulator) = saying.in_force(where), saying.overseers(where)
    domain.appeal(deduction_id=found.pk, text="不服", files=[], by=firm_of(found))
    done = domain.decide_appeal(deduction_id=found.pk, upheld=False, text="证据充分", by=regulator)
    assert done.status == Status.IN_FORCE and done.costs_at(clock.now())
    with pytest.raises(NotDue):
        domain.appeal(deduction_id=found.pk, text="还是不服", files=[], by=firm_of(found))


def test_too_late_is_not_appealed(where):
    found = saying.in_force(where)
    with clock.travelling(found.appeal_until), pytest.raises(NotDue):
        domain.appeal(deduction_id=found.pk, text="不服", files=[], by=firm_of(found))


def test_who_decided_does_not_decide_the_appeal(where):
    found, (_centre, regulator) = saying.deed(where), saying.overseers(where)
    domain.notice(deduction_id=found.pk, text="", by=regulator)
    domain.state(deduction_id=found.pk, text="不属实", files=[], by=firm_of(found))
    domain.decide(deduction_id=found.pk, deducts=True, text="属实", by=regulator)
    domain.appeal(deduction_id=found.pk, text="不服", files=[], by=firm_of(found))
    with pytest.raises(NotAllowed):
        domain.decide_appeal(deduction_id=found.pk, upheld=False, text="维持", by=regulator)
    colleague = market.member_of(regulator.organisation)
    assert (
        domain.decide_appeal(deduction_id=found.pk, upheld=False, text="维持", by=colleague).status == Status.IN_FORCE
    )


def test_repair_after_its_time_with_proof_ends_it_early(where):
    found, centre = saying.in_force(where), where.operator
    with pytest.raises(NotDue):
        domain.ask_repair(deduction_id=found.pk, text="已整改", files=[saying.scan()], by=firm_of(found))
    with clock.travelling(found.repair_from):
        with pytest.raises(DomainError) as refused:
            domain.ask_repair(deduction_id=found.pk, text="已整改", files=[], by=firm_of(found))
        assert refused.value.code == "evidence"
        domain.ask_repair(deduction_id=found.pk, text="已整改", files=[saying.scan()], by=firm_of(found))
        refused_ = domain.decide_repair(deduction_id=found.pk, repaired=False, text="材料不足", by=centre)
        assert refused_.status == Status.IN_FORCE and refused_.repair_from > clock.now()
    with clock.travelling(refused_.repair_from):
        domain.ask_repair(deduction_id=found.pk, text="补充整改", files=[saying.scan()], by=firm_of(found))
        done = domain.decide_repair(deduction_id=found.pk, repaired=True, text="已纠正", by=centre)
        assert done.status == Status.REPAIRED and not done.costs_at(clock.now())


def test_it_ends_by_time_whether_or_not_the_worker_is_there(where):
    found = saying.in_force(where)
    last = found.until - timedelta(microseconds=1)
    assert Deduction.objects.standing(now=last).exists() and due.settle_due(last) == 0
    assert not Deduction.objects.standing(now=found.until).exists()
    with pytest.raises(NotDue):
        domain.expire(deduction_id=found.pk, now=last)
    assert due.settle_due(found.until) == 1 and due.settle_due(found.until) == 0
    assert Deduction.objects.get().status == Status.EXPIRED


@pytest.mark.parametrize(
    ("at", "months", "until"),
    [
        (datetime(2026, 8, 31, 9, tzinfo=LOCAL), 6, datetime(2027, 3, 1, tzinfo=LOCAL)),
        (datetime(2026, 11, 30, 0, tzinfo=LOCAL), 12, datetime(2027, 12, 1, tzinfo=LOCAL)),
        (datetime(2026, 1, 15, 23, 59, tzinfo=LOCAL), 1, datetime(2026, 2, 16, tzinfo=LOCAL)),
        (datetime(2027, 8, 31, 9, tzinfo=LOCAL), 6, datetime(2028, 3, 1, tzinfo=LOCAL)),
    ],
)
def test_months_end_with_the_same_day_or_the_last_of_a_shorter_month(at, months, until):
    assert months_after(at, months) == until


def test_one_fact_costs_once_even_when_it_was_dropped_before(where):
    firm = market.firm(where)
    found = saying.deed(where, firm=firm)
    domain.decide(deduction_id=found.pk, deducts=False, text="不属实", by=where.operator)
    assert saying.deed(where, firm=firm).pk == found.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        Deduction.objects.filter(pk=saying.deed(where, firm=firm, source="contract/C2").pk).update(source=found.source)


@pytest.mark.django_db(transaction=True)
def test_two_workers_propose_one_fact_once(where, in_threads):
    firm = market.firm(where)
    results = in_threads(*(lambda: saying.deed(where, firm=firm) for _number in range(4)))
    assert len({each.pk for each in results}) == 1 and Deduction.objects.count() == 1


def test_points_and_months_are_those_of_the_day_on_which_it_was_done(where):
    now = clock.now().astimezone(clock.LOCAL)
    old = DeductionRule.objects.get(kind="late")
    DeductionRule.objects.create(
        kind="late", points=50, months=1, listed=True, valid_from=(now + timedelta(days=1)).date(), legal_basis="新规"
    )
    assert saying.deed(where).points == old.points
    with clock.travelling(now + timedelta(days=2)):
        assert saying.deed(where, source="contract/C2").points == 50


def test_what_is_older_than_the_policy_looks_back_costs_nothing(where):
    long_ago = clock.now() - timedelta(days=366)
    found = domain.propose(firm=market.firm(where), kind="late", source="x", occurred_at=long_ago, facts={})
    assert found is None and not Deduction.objects.exists()


def test_the_log_names_nobody_before_a_decision_and_quotes_nobody_ever(where):
    found = saying.in_force(where)
    written = entries(found)
    assert [each["type"] for each in written] == [
        "deduction.proposed", "deduction.noticed", "deduction.stated", "deduction.decided",
    ]  # fmt: skip
    assert all(found.firm.uscc not in str(each) for each in written[:3])
    assert written[3]["data"]["firm"] == found.firm.uscc and written[3]["data"]["points"] == found.points
    assert "业主资料迟到" not in str(written)


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "in_force"}, {"status": "expired"}, {"status": "noticed"}, {"status": "repaired"},
        {"status": "appealed"}, {"ended_at": datetime(2026, 1, 1, tzinfo=LOCAL)},
    ],
)  # fmt: skip
def test_the_database_takes_no_row_that_cannot_be(where, broken):
    found = saying.deed(where)
    with pytest.raises(IntegrityError), transaction.atomic():
        Deduction.objects.filter(pk=found.pk).update(**broken)


def test_every_state_can_be_reached_and_every_end_is_one(where):
    table = Deduction.lifecycle.transitions
    reached = {"proposed"}.union(*table.values())
    assert reached == set(Status.values)
    assert set(Status.values) - set(table) == {"dropped", "revoked", "repaired", "expired"}


# --- what no rule can find ------------------------------------------------------------------------------------------


def test_a_fee_raised_in_secret_is_reported_once(where):
    contract = saying.running(where)
    given = {"contract": contract, "kind": "fee_raised", "occurred_at": clock.now(), "files": []}
    with pytest.raises(NotAllowed):
        domain.report_deed(**given, text="另收 5000 元", by=where.owner)
    found = domain.report_deed(**given, text="另收 5000 元", by=where.operator)
    assert found.firm == contract.firm and found.events.get().words == "另收 5000 元"
    with pytest.raises(Conflict):
        domain.report_deed(**given, text="另收 5000 元", by=where.operator)
    # A rule that finds the same later finds it charged.
    again = domain.propose(
        firm=contract.firm, kind="fee_raised", source=f"contract/{contract.code}", occurred_at=clock.now(), facts={},
        contract=contract,
    )  # fmt: skip
    assert again == found
    with pytest.raises(DomainError):
        domain.report_deed(**given | {"occurred_at": clock.now() + timedelta(days=1)}, text="x", by=where.operator)


# --- the lists ------------------------------------------------------------------------------------------------------


def test_the_lists_follow_from_what_is_in_force(where):
    now, plain = clock.now(), saying.in_force(where)
    listed = saying.in_force(where, kind="abandoned", source="contract/C2")
    assert list(lists.black_deductions(now=clock.now())) == [listed]
    standing.suspend_firm(firm_id=plain.firm_id, reason="立案", until=None, by=where.operator)
    assert [each.firm for each in lists.black_suspensions(now=clock.now())] == [plain.firm]
    good = market.firm(where)
    rows = [
        Standing(uscc=each.uscc, score=credit.USUAL, grade="A", months=12, ranked=True)
        for each in (good, plain.firm, listed.firm)
    ]
    before = list(lists._sources)
    try:
        assert lists.red_list(now=now) == []
        lists.register(lambda at: rows)
        assert [firm for firm, _standing in lists.red_list(now=clock.now())] == [good]
    finally:
        lists._sources[:] = before


def test_the_kind_of_organisation_that_oversees_is_told_by_one_place():
    assert set(domain.OVERSEERS) == {Kind.OPERATOR, Kind.REGULATOR}
