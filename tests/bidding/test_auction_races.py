"""Real threads on the real database: in an auction nothing is above the standing best, out of order, late or lost."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from bidding.domain import auction as domain
from bidding.domain import closing, due
from bidding.models import Auction, Offer, Round
from core import clock
from core.errors import DomainError
from ledger.models import QueuedEntry
from protocol.auction import Auction as Terms
from protocol.auction import Offer as Told
from protocol.auction import replay
from tests import auctions
from tests import market_place as market
from tests.bidding.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
FIRMS = 50


def played_again(played):
    """The offers as they are committed, played by the protocol; and that the log says the same."""
    auction = played.auction
    offers = list(Offer.objects.filter(auction=auction).select_related("bidder").order_by("n"))
    assert [offer.n for offer in offers] == list(range(1, auction.count + 1))
    terms = Terms.of(played.round.parameters, starts_at=auction.starts_at, ends_at=auction.planned_end)
    found = replay(
        terms,
        [Told(at=each.at, uscc=each.bidder.pseudonym, amount=each.amount, ends_at=each.ends_at) for each in offers],
    )
    assert found.problems == []
    assert (found.standing.best, found.standing.ends_at) == (auction.best, auction.ends_at)
    logged = QueuedEntry.objects.filter(subject=played.round.subject, type="auction.offer").order_by("id")
    told = [json.loads(bytes(each.entry))["data"] for each in logged]
    assert [(each["n"], each["amount"]) for each in told] == [(each.n, f"{each.amount:.2f}") for each in offers]
    return offers


def users(played):
    """A person of every firm, made before the threads begin."""
    for firm in played.firms:
        played.users[firm.pk] = market.member_of(firm.organisation).user


def across_the_end(played, chronograph):
    """An offer that is taken before the end and committed after it, and what a chronograph that starts at the end comes to."""
    end = played.auction.ends_at
    offered = threading.Event()

    def offer():
        with transaction.atomic():
            taken = played.offer(0, "40000.00")
            offered.set()
            while clock.now() < end + timedelta(milliseconds=200):
                time.sleep(0.02)
        return taken

    def at_the_end():
        offered.wait(timeout=10)
        while clock.now() < end:
            time.sleep(0.005)
        return chronograph()

    return at_once(offer, at_the_end)


def test_fifty_bidders_at_once():
    played = auctions.running(firms=FIRMS, terms={"step": "1.00", "lower": "1.00"})
    users(played)
    amounts = random.Random(36).sample(range(20_000, 50_000), FIRMS * 4)

    def bids(who: int) -> list[object]:
        seen: list[object] = []
        for amount in amounts[who * 4 : who * 4 + 4]:
            try:
                seen.append(played.offer(who, f"{amount}.00"))
            except DomainError as refused:
                seen.append(refused.code)
        return seen

    outcomes = at_once(*[lambda who=who: bids(who) for who in range(FIRMS)])
    seen = [each for outcome in outcomes for each in outcome]
    accepted = [each for each in seen if isinstance(each, Offer)]
    assert {each for each in seen if not isinstance(each, Offer)} <= {"step_too_small"}
    offers = played_again(played)
    assert {(each.n, each.amount) for each in accepted} == {(each.n, each.amount) for each in offers}
    assert all(after.amount <= before.amount - 1 for before, after in itertools.pairwise(offers))
    assert played.auction.best == min(amounts)


def test_fifty_who_all_want_the_same_amount():
    played = auctions.running(firms=FIRMS)
    users(played)
    outcomes = at_once(*[lambda who=who: played.offer(who, "50000.00") for who in range(FIRMS)])
    assert sum(isinstance(each, Offer) for each in outcomes) == 1
    assert {each.code for each in outcomes if not isinstance(each, Offer)} == {"step_too_small"}
    assert len(played_again(played)) == 1


def test_an_offer_of_the_last_millisecond_counts_although_the_chronograph_waits_behind_it():
    """The offer holds the auction; the end that comes meanwhile waits, and then finds the offer."""
    played = auctions.running(
        firms=2, seconds=1.0, terms={"extend_within_s": "1", "extend_by_s": "1", "max_extensions": "1"}
    )
    users(played)
    played.offer(1, "50000.00")  # uses the one extension there is
    end = played.auction.ends_at
    taken, moved = across_the_end(played, auctions.evaluates)
    assert isinstance(taken, Offer) and taken.at < end
    assert moved == 1 and played.now().lots.get().amount == Decimal("40000.00")
    played_again(played)


def test_an_offer_that_extends_keeps_the_chronograph_from_ending():
    played = auctions.running(firms=2, seconds=0.6, terms={"extend_within_s": "30", "extend_by_s": "60"})
    users(played)
    end = played.auction.ends_at
    _taken, round_ = across_the_end(played, lambda: closing.evaluate_round(round_id=played.round.pk, now=clock.now()))
    assert round_.status == Round.Status.OPENED and played.auction.ends_at > end + timedelta(seconds=50)


def test_an_offer_that_waited_past_the_end_is_too_late():
    """Whoever waits for the lock is judged by the clock after it, not by the time of asking."""
    played = auctions.running(firms=2, seconds=0.6)
    users(played)
    held = threading.Event()
    end = played.auction.ends_at

    def hold() -> None:
        with transaction.atomic():
            Auction.objects.select_for_update().get(pk=played.auction.pk)
            held.set()
            while clock.now() < end + timedelta(milliseconds=50):
                time.sleep(0.02)

    def offer():
        held.wait(timeout=10)
        return played.offer(0, "40000.00")

    _, late = at_once(hold, offer)
    assert late.code == "ended" and not Offer.objects.exists()


def test_bidders_until_the_very_end_lose_nothing_and_nothing_comes_after_it():
    terms = {"step": "0.01", "extend_within_s": "1", "extend_by_s": "1", "max_extensions": "1"}
    played = auctions.running(firms=8, seconds=1.0, terms=terms)
    users(played)
    stop = threading.Event()

    def bids(who: int) -> list[Offer]:
        taken = []
        while True:
            best = Auction.objects.values_list("best", flat=True).get(pk=pk)
            try:
                taken.append(played.offer(who, f"{(best or Decimal('50000.01')) - Decimal('0.01'):.2f}"))
            except DomainError as refused:
                if refused.code == "ended":
                    stop.set()
                    return taken

    def chronograph() -> int:
        moved = 0
        while not moved and not stop.wait(timeout=0.01):
            moved = auctions.evaluates()
        return moved or auctions.evaluates()

    pk = played.auction.pk
    *taken, moved = at_once(*[lambda who=who: bids(who) for who in range(8)], chronograph)
    offers = played_again(played)
    assert sorted(each.n for seen in taken for each in seen) == [each.n for each in offers]
    assert all(each.at < played.auction.ends_at for each in offers) and len(offers) > 8
    auctions.evaluates()
    assert played.now().lots.get().amount == offers[-1].amount and moved in (0, 1)


def test_pausing_and_offering_at_once_leaves_no_offer_within_the_pause():
    played = auctions.running(firms=6, terms={"step": "0.01"})
    users(played)
    lot, by = played.auction.lot_id, played.where.operator

    def bids(who: int) -> None:
        for number in range(10):
            try:
                played.offer(who, f"{50_000 - number * 10 - who}.00")
            except DomainError:
                time.sleep(0.002)

    def pauses() -> None:
        time.sleep(0.02)
        domain.pause_auction(lot_id=lot, reason="x", by=by)
        time.sleep(0.05)
        domain.resume_auction(lot_id=lot, reason="y", by=by)

    at_once(*[lambda who=who: bids(who) for who in range(6)], pauses)
    (pause,) = played.auction.pauses.all()
    assert not Offer.objects.filter(at__gt=pause.at, at__lt=pause.until).exists()
    assert played.auction.ends_at == played.auction.planned_end + (pause.until - pause.at)


def test_two_pauses_and_two_workers_at_once_are_one_of_each():
    played = auctions.running(firms=3)
    lot, by = played.auction.lot_id, played.where.operator
    first, second = at_once(*[lambda: domain.pause_auction(lot_id=lot, reason="x", by=by)] * 2)
    assert first.pk == second.pk
    outcomes = at_once(*[lambda: domain.resume_auction(lot_id=lot, reason="y", by=by)] * 2)
    assert sum(isinstance(each, DomainError) for each in outcomes) == 1
    assert QueuedEntry.objects.filter(type="auction.paused").count() == 1
    auctions.move(played, seconds=-1, begun=10)
    at_once(*[auctions.evaluates] * 3, *[due.move_due_rounds] * 2)
    types = list(QueuedEntry.objects.filter(subject=played.round.subject).values_list("type", flat=True))
    assert types.count("round.evaluated") + types.count("round.failed") == 1
    connection.close()
