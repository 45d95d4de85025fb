"""Real threads on the real database: at the deadline nothing is lost, late or twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from bidding.domain import closing, due, entries, opening, rounds
from bidding.models import Award, Entry, Objection, Question, Round
from core import clock
from core.errors import Conflict, DomainError, NotDue
from ledger import domain as ledger
from ledger.models import QueuedEntry
from tests import custody
from tests import market_place as market
from tests.bidding.discussion import answers, asks, member, notice_ends, objects, settles, with_candidate

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run every work in a thread of its own, started together; give results or exceptions in order."""
    together = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        try:
            together.wait(timeout=30)
            return work()
        except DomainError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_fifty_entries_at_the_deadline_are_in_or_told_that_they_are_late():
    where = market.place()
    round_ = market.announced(where)
    firms = [market.firm(where) for _ in range(50)]

    def close_as_soon_as_due() -> Round:
        while Entry.objects.count() < 10:
            time.sleep(0.005)
        with transaction.atomic():  # however fast the machine is, some come before the deadline and some after
            Round.objects.select_for_update().get(pk=round_.pk)
            Round.objects.filter(pk=round_.pk).update(closes_at=clock.now() + timedelta(milliseconds=50))
        while True:
            try:
                return closing.close_round(round_id=round_.pk, now=clock.now())
            except NotDue:
                time.sleep(0.01)

    outcomes = at_once(
        *[lambda firm=firm: market.enters(round_, firm, "100.00") for firm in firms], close_as_soon_as_due
    )
    receipts = {each.sha256 for each in outcomes if isinstance(each, entries.Receipt)}
    late = [each for each in outcomes if isinstance(each, NotDue)]
    stored = list(Entry.objects.filter(lot__round=round_))
    closes_at = Round.objects.get(pk=round_.pk).closes_at
    assert len(receipts) + len(late) == 50 and receipts
    assert {each.envelope_sha256 for each in stored} == receipts
    assert all(each.received_at < closes_at and each.eligible is not None for each in stored)
    assert QueuedEntry.objects.filter(sealed_for=round_.subject).count() == len(receipts)


def test_two_closings_at_once_close_once():
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "100.00")
    now = market.pass_deadline(round_)
    at_once(*[lambda: closing.close_round(round_id=round_.pk, now=now)] * 2)
    assert QueuedEntry.objects.filter(subject=round_.subject, type="round.closed").count() == 1


def test_two_workers_move_a_round_once_through_every_step():
    where = market.place()
    several = [market.announced(where) for _ in range(4)]
    for each in several:
        market.enters(each, market.firm(where), "100.00")
        market.pass_deadline(each)
    at_once(*[due.move_due_rounds] * 3)
    custody.attend(deadlines_passed=True)
    for _ in range(3):
        at_once(*[due.move_due_rounds] * 3)
    for each in several:
        types = list(QueuedEntry.objects.filter(subject=each.subject).order_by("id").values_list("type", flat=True))
        assert types.count("round.closed") == types.count("round.opened") == types.count("round.evaluated") == 1
    ends = max(Round.objects.filter(pk__in=[each.pk for each in several]).values_list("candidate_until", flat=True))
    at_once(*[lambda: due.move_due_rounds(ends)] * 3)
    assert Award.objects.filter(lot__round__in=several).count() == 4


def test_a_worker_that_was_held_up_takes_its_next_step_at_its_own_time():
    """Another opens a round while the first worker is busy with the one before it: it was not evaluated before it was open."""
    where = market.place()
    first, second = [market.announced(where) for _ in range(2)]
    for each in (first, second):
        market.enters(each, market.firm(where), "100.00")
        closing.close_round(round_id=each.pk, now=market.pass_deadline(each))
    custody.attend(deadlines_passed=True)
    held, opened = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Entry.objects.select_for_update().get(lot__round=first)
            held.set()
            assert opened.wait(timeout=20)

    def busy() -> int:
        held.wait(timeout=10)
        return due.move_due_rounds()

    def other() -> Round:
        held.wait(timeout=10)
        time.sleep(0.3)  # the first worker waits in the opening of the first round
        opening.open_round(round_id=second.pk, now=clock.now())
        opened.set()
        return Round.objects.get(pk=second.pk)

    at_once(hold, busy, other)
    moved = Round.objects.get(pk=second.pk)
    assert (
        moved.opened_at
        and moved.evaluated_at
        and moved.opened_at < moved.evaluated_at < (moved.candidate_at or clock.now())
    )


def test_a_bid_in_the_last_millisecond_is_in_although_closing_waits_behind_it():
    """The bid holds the round FOR SHARE; the closing that comes meanwhile waits, and then finds the bid."""
    where = market.place()
    round_ = market.announced(where)
    who, closes_at = market.firm(where), clock.now() + timedelta(seconds=1)
    Round.objects.filter(pk=round_.pk).update(closes_at=closes_at)
    bid_is_in = threading.Event()

    def bid() -> entries.Receipt:
        with transaction.atomic():
            receipt = market.enters(round_, who, "100.00")
            bid_is_in.set()
            while clock.now() < closes_at + timedelta(milliseconds=200):
                time.sleep(0.02)
        return receipt

    def close() -> Round:
        bid_is_in.wait(timeout=10)
        while clock.now() < closes_at:
            time.sleep(0.005)
        return closing.close_round(round_id=round_.pk, now=clock.now())

    receipt, closed = at_once(bid, close)
    assert isinstance(receipt, entries.Receipt) and isinstance(closed, Round)
    entry = Entry.objects.get(firm=who)
    assert entry.envelope_sha256 == receipt.sha256 and entry.eligible is True


def test_a_bid_that_waited_past_the_deadline_is_late():
    """Whoever waits for the lock is judged by the clock after it, not by the time of asking."""
    where = market.place()
    round_ = market.announced(where)
    who, closes_at = market.firm(where), clock.now() + timedelta(milliseconds=500)
    Round.objects.filter(pk=round_.pk).update(closes_at=closes_at)
    held = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Round.objects.select_for_update().get(pk=round_.pk)
            held.set()
            while clock.now() < closes_at + timedelta(milliseconds=50):
                time.sleep(0.02)

    def bid() -> entries.Receipt:
        held.wait(timeout=10)
        return market.enters(round_, who, "100.00")

    _, late = at_once(hold, bid)
    assert isinstance(late, NotDue) and not Entry.objects.exists()


def test_the_same_firm_twice_at_once_has_one_entry_and_the_other_hand_is_told():
    where = market.place()
    round_ = market.announced(where)
    who = market.firm(where)
    outcomes = at_once(*[lambda amount=amount: market.enters(round_, who, amount) for amount in ("100.00", "90.00")])
    (receipt,) = [each for each in outcomes if isinstance(each, entries.Receipt)]
    assert next(type(each) for each in outcomes if each is not receipt) in (Conflict, entries.WrongToken)
    assert Entry.objects.get(firm=who).envelope_sha256 == receipt.sha256
    assert len(ledger.unsealed(round_.subject)) == 1


def test_announcing_and_cancelling_at_once_leaves_one_of_the_two():
    where = market.place()
    round_ = market.submitted(where)
    at_once(
        lambda: rounds.announce_round(round_id=round_.pk, by=where.operator),
        lambda: rounds.cancel_round(round_id=round_.pk, reason="撤销", by=where.owner),
    )
    assert Round.objects.get(pk=round_.pk).status == Round.Status.CANCELLED


def test_two_second_announcements_at_once_are_one():
    where = market.place()
    failed = market.closed_and_evaluated(market.announced(where))
    first, second = at_once(*[lambda: rounds.announce_again(round_id=failed.pk, by=where.owner)] * 2)
    assert first.pk == second.pk


def test_questions_at_once_are_numbered_one_by_one():
    where = market.place(notice_minimum=60)
    round_ = market.announced(where)
    firms = [market.firm(where) for _ in range(8)]
    at_once(*[lambda firm=firm: asks(round_, firm) for firm in firms])
    assert sorted(Question.objects.values_list("number", flat=True)) == list(range(1, 9))


def test_a_firm_that_asks_twice_at_once_stays_below_its_most():
    where = market.place(notice_minimum=60)
    round_ = market.announced(where)
    firm = market.firm(where)
    for number in range(19):
        asks(round_, firm, f"问题 {number}")
    at_once(*[lambda text=text: asks(round_, firm, text) for text in ("甲", "乙", "丙")])
    assert Question.objects.count() == 20


def test_an_addendum_and_the_closing_at_once_leave_one_of_the_two():
    """Whoever has the round first decides: closed without the addendum, or open with a later deadline."""
    where = market.place()
    round_ = market.announced(where)
    question = asks(round_, market.firm(where))
    closes_at = clock.now() + timedelta(milliseconds=300)
    Round.objects.filter(pk=round_.pk).update(announced_at=closes_at - timedelta(minutes=2), closes_at=closes_at)

    def answer() -> Question:
        while clock.now() < closes_at - timedelta(milliseconds=20):
            time.sleep(0.002)
        return answers(round_, question, where.owner, changes=True)

    def close() -> Round:
        while clock.now() < closes_at:
            time.sleep(0.002)
        return closing.close_round(round_id=round_.pk, now=clock.now())

    answered, _closed = at_once(answer, close)
    now = Round.objects.get(pk=round_.pk)
    if isinstance(answered, Question):
        assert now.status == Round.Status.ANNOUNCED and now.closes_at == answered.closes_at
    else:
        assert isinstance(answered, NotDue) and now.closes_at == closes_at


def test_the_same_party_objects_once_at_once():
    where = market.place()
    winner, loser = market.firm(where), market.firm(where)
    round_ = with_candidate(where, winner, loser)
    at_once(*[lambda by=by: objects(round_, by) for by in (member(loser), member(loser))])
    assert Objection.objects.count() == 1


def test_the_award_and_an_objection_in_the_last_moment_do_not_both_happen():
    where = market.place()
    winner, loser = market.firm(where), market.firm(where)
    round_, by = with_candidate(where, winner, loser), member(loser)
    until = clock.now() + timedelta(milliseconds=300)
    Round.objects.filter(pk=round_.pk).update(candidate_until=until)

    def object_late() -> Objection:
        while clock.now() < until - timedelta(milliseconds=20):
            time.sleep(0.002)
        return objects(round_, by)

    def award() -> int:
        while clock.now() < until:
            time.sleep(0.002)
        return due.move_due_rounds()

    objected, _moved = at_once(object_late, award)
    assert isinstance(objected, Objection) != Award.objects.exists()


def test_two_different_answers_at_once_are_one():
    where = market.place()
    winner, loser = market.firm(where), market.firm(where)
    round_ = with_candidate(where, winner, loser)
    objection = objects(round_, member(loser))
    at_once(*[lambda each=each: settles(objection, where.operator, each) for each in ("rejected", "upheld")])
    notice_ends(round_)
    status = Objection.objects.get().status
    ended = Round.objects.get(pk=round_.pk).status
    assert (status, ended) in {("rejected", Round.Status.CANDIDATE), ("upheld", Round.Status.VOID)}
