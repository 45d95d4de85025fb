"""Offers of 200 bidders in one room, beside a bare Django view with the same statements."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from statistics import median

from django.conf import settings
from django.db import connection, reset_queries, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from bench.load import Call, Seen, drive
from bench.market import SERVICE, Market, open_round, written
from bench.serving import say, verdict
from bidding.domain import auction_times
from bidding.domain.auction import whole_ms
from bidding.models import Auction, Entry, Offer, Policy, Round
from core import clock
from ledger.models import QueuedEntry
from market.models import Firm, Service
from protocol.auction import Auction as Terms
from protocol.auction import Offer as Told
from protocol.auction import replay

BIDDERS = 200
CLIENTS = 16
OFFERS = 1_200
PASSES = 3
UPPER = 900_000_000
TERMS = {"upper": f"{UPPER}.00", "step": "0.01", "extend_within_s": "60", "extend_by_s": "60"}


@dataclass(frozen=True, kw_only=True)
class Room:
    """A running auction with 200 bidders; amounts fall with every offer that is made of it."""

    round: Round
    lot_id: int
    firms: list[Firm]
    sessions: list[str]
    users: list[int]
    numbers: count[int]

    def amount(self, number: int) -> str:
        return f"{Decimal(UPPER) - number * Decimal('0.01'):.2f}"

    def ours(self) -> Call:
        """The request by which a firm's page sends an offer."""
        number = next(self.numbers)
        path, session = f"/api/v1/rounds/{self.round.code}/lots/1/offers", self.sessions[number % BIDDERS]
        return written(path, {"amount": self.amount(number)}, session=session, refused=422)

    def bare(self) -> Call:
        """The same offer to the bare view."""
        number = next(self.numbers)
        user, key = self.users[number % BIDDERS], secrets.token_hex(16)
        query = f"user={user}&round={self.round.code}&amount={self.amount(number)}&key={key}"
        return Call(path=f"/offer/{number}/?{query}", expect=201, refused=422)


def prepare(market: Market) -> Room:
    """Open a round by auction with 200 entrants, and let its auction begin."""
    round_ = open_round(Service.objects.get(code=SERVICE), method="auction", parameters=TERMS)
    lot, now = round_.lots.get(), clock.now()
    members = Membership.objects.filter(user__in=market.users[:BIDDERS]).select_related("organisation").order_by("id")
    firms = list(
        Firm.objects.filter(organisation__in=[each.organisation_id for each in members])
        .select_related("current")
        .order_by("organisation_id")
    )
    by_organisation = {firm.organisation_id: firm for firm in firms}
    entered = [by_organisation[each.organisation_id] for each in members]
    Entry.objects.bulk_create(
        Entry(
            lot=lot, firm=firm, admission=firm.current, submitted_by_id=member.user_id, received_at=now,
            envelope=b"x", envelope_sha256=f"{firm.pk:064x}", eligible=True, opened=True, nonce=f"{firm.pk:064x}",
        )
        for firm, member in zip(entered, members, strict=True)
    )  # fmt: skip
    round_ = _begun(round_, at=now)
    place = {user: number for number, user in enumerate(market.users)}
    return Room(
        round=round_,
        lot_id=lot.pk,
        firms=entered,
        sessions=[market.sessions[place[each.user_id]] for each in members],
        users=[each.user_id for each in members],
        numbers=count(1),
    )


def _begun(round_: Round, *, at: datetime) -> Round:
    """Opened without a custodian, and its auction begun a minute ago; it goes on for two hours."""
    past, end = at - timedelta(minutes=1), whole_ms(at) + timedelta(hours=2)
    policy = Policy.objects.earliest("id")
    status = {"status": Round.Status.OPENED, "policy": policy, "codes": ["0" * 64]}
    Round.objects.filter(pk=round_.pk).update(closes_at=past, closed_at=past, opened_at=past, **status)
    round_ = Round.objects.select_related("policy").get(pk=round_.pk)
    entries = list(Entry.objects.filter(lot__round=round_).select_related("firm__organisation"))
    with transaction.atomic():
        auction_times.schedule(round_, entries, at=at)
    Auction.objects.filter(lot__round=round_).update(starts_at=whole_ms(past), planned_end=end, ends_at=end)
    return round_


def offers(room: Room, ours: int, bare: int) -> bool:
    """Offers per second, ours and the reference's, and that what was accepted is there, in order, and right."""
    statements = _statements(room)
    _drive(room, ours, mine=True, offers=200)
    _drive(room, bare, mine=False, offers=200)
    seen = [(_drive(room, ours, mine=True), _drive(room, bare, mine=False)) for _pass in range(PASSES)]
    say(f"\noffers accepted per second in one room, {BIDDERS} bidders, {CLIENTS} clients, durable commits")
    say(f"  reference: a bare Django view with the same {statements} statements by the ORM, without anything around it")
    good = verdict([(mine.accepted_per_second, theirs.accepted_per_second) for mine, theirs in seen], aim=0.7)
    shares = [median(each.refusals / len(each.latencies) for each in column) for column in zip(*seen, strict=True)]
    say(f"  refused because another was quicker with a lower one: {shares[0]:.0%}, reference {shares[1]:.0%}")
    p99 = [median(each.p99 for each in column) for column in zip(*seen, strict=True)]
    say(f"  99th percentile: {p99[0]:.0f} ms, reference {p99[1]:.0f} ms")
    return _hold(room) and good


def _drive(room: Room, port: int, *, mine: bool, offers: int = OFFERS) -> Seen:
    return drive(port, [room.ours() if mine else room.bare() for _number in range(offers)], clients=CLIENTS)


def _statements(room: Room) -> int:
    """How many statements one of our offers takes; savepoints are left out."""
    call, client = room.ours(), Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = call.headers["Cookie"].partition("=")[2].partition(";")[0]
    reset_queries()
    with CaptureQueriesContext(connection) as seen, transaction.atomic():
        headers = {"Idempotency-Key": call.headers["Idempotency-Key"]}
        answer = client.post(call.path, call.body, content_type="application/json", headers=headers)
        assert answer.status_code == call.expect, answer.content.decode()[:2000]
        transaction.set_rollback(True)
    said = [
        each["sql"] or "INSERT" for each in seen.captured_queries
    ]  # the log's prepared statement does not say what it is
    return sum(sql.split()[0] in ("SELECT", "INSERT", "UPDATE", "WITH") for sql in said)


def _hold(room: Room) -> bool:
    """Play every offer that is in the database again."""
    auction = Auction.objects.get(lot=room.lot_id)
    found = list(Offer.objects.filter(auction=auction).select_related("bidder").order_by("n"))
    terms = Terms.of(TERMS, starts_at=auction.starts_at, ends_at=auction.planned_end)
    played = replay(
        terms,
        [Told(at=each.at, uscc=each.bidder.pseudonym, amount=each.amount, ends_at=each.ends_at) for each in found],
    )
    logged = QueuedEntry.objects.filter(subject=room.round.subject, type="auction.offer").count()
    numbered = [each.n for each in found] == list(range(1, auction.count + 1))
    good = not played.problems and numbered and logged == len(found)
    say(
        f"  {len(found)} offers are there and in the log, in order, none above the standing best: {'yes' if good else 'NO'}"
    )
    return good
