"""Every process of the service, killed with its work half done: nothing is lost, nothing happens twice, every record verifies.

The deadline of the rounds, and the end of the auction, pass in real time while the processes die and are started again.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings

from accounts.domain.tokens import issue_token
from bidding.domain import due
from bidding.models import Auction, Entry, Offer, Round
from core import clock
from ledger.domain import keys, sequencer
from ledger.models import Checkpoint, QueuedEntry
from protocol import verify
from tests import custody
from tests import market_place as market
from tests.auctions import TERMS
from tests.custody import CUSTODIAN
from tests.running import Service, end_all_connections, eventually, held_back

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

Status = Round.Status
PRICES = {
    "lowest": market.LOWEST,
    "draw": market.DRAW,
    "mean": {**market.LOWEST, "coefficients": ["0.95", "0.98"], "trim_over": "5"},
}
AMOUNTS = ("48000.00", "47000.00", "46000.00")
QUEUE = "LOCK TABLE ledger_queuedentry IN SHARE MODE"
CHECKPOINTS = "LOCK TABLE ledger_checkpoint IN SHARE MODE"
ROUNDS = "SELECT FROM bidding_round FOR UPDATE"
APPENDING = "INSERT INTO ledger_queuedentry"
SHORT = {**TERMS, "extend_within_s": "60", "extend_by_s": "60", "max_extensions": "1"}
WORKING = ("worker", "beat", "sequencer", "custodian")
IN_SECONDS = 12
"""From now to the deadline, or to the announced end of the auction."""


@pytest.fixture
def service(tmp_path):
    running = Service(tmp_path / "data")
    running.start_pages()
    yield running
    running.end()


def announced(where, *methods, ago):
    """Rounds that were announced so many seconds ago, and the firms that entered them soon after."""
    firms = [market.firm(where) for _amount in AMOUNTS]
    start = clock.now() - timedelta(seconds=ago)
    with clock.travelling(start):
        made = [market.announced(where, method=method, parameters=PRICES.get(method, SHORT)) for method in methods]
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        for round_ in made:
            for firm, amount in zip(firms, AMOUNTS, strict=True):
                market.enters(round_, firm, amount if round_.method in ("lowest", "mean") else None)
        sequencer.sequence(settings.LEDGER_STATE)
    return made, firms


def reach(status, made):
    """Wait until all rounds stand there."""
    there = Round.objects.filter(pk__in=[each.pk for each in made], status=status)
    eventually(lambda: there.count() == len(made))


def demand_whole(service, made):
    """What the log says of each round happened once, nothing waits, and the record verifies by the program for strangers."""
    eventually(lambda: not QueuedEntry.objects.filter(index=None).exists())
    eventually(lambda: Checkpoint.objects.order_by("-size").first().cosignature)
    steps = Counter(
        QueuedEntry.objects.filter(type__startswith="round.")
        .exclude(type="round.submitted")
        .values_list("subject", "type")
    )
    for round_ in made:
        told = {kind: times for (subject, kind), times in steps.items() if subject == round_.subject}
        assert told == dict.fromkeys(
            [f"round.{step}" for step in ("announced", "closed", "opened", "evaluated", "candidate")], 1
        )
        address = f"{service.server.url}/rounds/{round_.code}/record.json"
        given = ["--log-key", keys.log_signer().verifier.text, "--custodian-key", CUSTODIAN.cosigner.text]
        assert verify.main([address, *given]) == 0
    placed = list(QueuedEntry.objects.order_by("index").values_list("index", flat=True))
    assert placed == list(range(len(placed)))


def test_closing_and_opening(service):
    where = market.place(notice_minimum=1, candidate_notice=60)
    made, _firms = announced(where, *PRICES, ago=60 - IN_SECONDS)
    with held_back(CHECKPOINTS) as signing:
        with held_back(QUEUE) as closing:
            service.start(*WORKING)
            closing(APPENDING)  # a round is closed, but for its entry in the log
            service.kill("worker")
        assert not Round.objects.exclude(status=Status.ANNOUNCED).exists()
        service.start("worker")
        signing('INSERT INTO "ledger_checkpoint"')  # the closing has its place and is signed, but for the database
        service.kill("sequencer")
    with held_back(ROUNDS) as releasing:
        service.start("sequencer")
        releasing('SELECT "bidding_round"')  # the custodian has sent a key, and has not heard what became of it
        service.kill("custodian")
        service.kill("beat")
    with held_back(QUEUE) as opening:
        service.start("custodian")
        service.start("beat")
        opening(APPENDING)  # the envelopes of a round are open, but for the entry in the log
        service.kill("worker")
        service.kill("pages")
    assert not Entry.objects.exclude(opened=None).exists()
    service.start("worker")
    service.start("pages")
    reach(Status.CANDIDATE, made)
    end_all_connections()
    demand_whole(service, made)


def in_auction(where):
    """The round of an auction that runs and ends soon, and its firms."""
    (round_,), firms = announced(where, "auction", ago=181 - IN_SECONDS)
    market.goes_on(round_, at=round_.closes_at)
    return Round.objects.get(pk=round_.pk), firms


class Bidder:
    """A program that offers for a firm and asks again under one key until it is answered."""

    def __init__(self, service, round_, firm):
        self.address = f"{service.server.url}/api/v1/rounds/{round_.code}/lots/1/offers"
        self.token = issue_token(membership=market.member_of(firm.organisation), label="投标软件")

    def offers(self, amount):
        """The status and the body of the answer; OSError without one."""
        headers = {
            "Authorization": f"Token {self.token}",
            "Idempotency-Key": amount,
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(self.address, data=json.dumps({"amount": amount}).encode(), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def insists(self, amount):
        answers = []

        def answered():
            try:
                answers.append(self.offers(amount))
            except OSError:
                return False
            return answers[-1][0] < 500

        eventually(answered)
        return answers[-1]


def test_the_last_seconds_of_an_auction(service):
    where = market.place(notice_minimum=1, candidate_notice=60, auction_lead_minutes=1, auction_minutes=1)
    round_, firms = in_auction(where)
    service.start(*WORKING)
    first, second, third = (Bidder(service, round_, firm) for firm in firms)
    taken = [
        first.insists("50000.00"),
        second.insists("49000.00"),
    ]  # late: the end moves, once, by what two restarts may take
    with ThreadPoolExecutor() as pool, held_back(QUEUE) as offering:
        lost = pool.submit(third.offers, "48000.00")
        offering(APPENDING)  # the offer is taken, but for its entry in the log
        service.kill("pages")
        service.kill("sequencer")
        with pytest.raises(OSError):  # noqa: PT011  whatever urllib makes of a connection that broke
            lost.result(timeout=30)
    assert Offer.objects.count() == len(taken)
    service.start("pages")
    service.start("sequencer")
    taken.append(third.insists("48000.00"))
    assert taken == [taken[0], taken[1], third.insists("48000.00")]  # sent twice, taken once
    with held_back(QUEUE) as ending:
        eventually(lambda: clock.now() >= Auction.objects.get().ends_at, 120)
        ending(APPENDING)  # the auction has ended and the round is decided, but for the entry in the log
        service.kill("worker")
    assert Auction.objects.get().ended_at is None
    service.start("worker")
    end_all_connections()
    reach(Status.CANDIDATE, [round_])
    assert [(status, told["amount"]) for status, told in taken] == [
        (201, f"{each.amount:.2f}") for each in Offer.objects.order_by("n")
    ]
    assert round_.lots.get().amount == Offer.objects.order_by("n").last().amount
    demand_whole(service, [round_])
    due.move_due_rounds()  # nothing is left to do
    assert Round.objects.get().status == Status.CANDIDATE
