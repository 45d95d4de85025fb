"""800 auctions that end within five minutes, with late offers among them: whether every one ends on time.

The five minutes are simulated, the work is not: the clock stands at each beat, what the beat does is done and timed, and the next
one comes a second later, or as much later as the work took. So lateness holds what the database and the worker really cost.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import User
from bench.auction import TERMS, Room
from bench.serving import say
from bidding.domain import auction_times, due
from bidding.domain.auction import OfferRefused, place_offer, whole_ms
from bidding.models import Auction, Entry, Lot, Offer, Round
from core import clock
from market.models import Need

AUCTIONS = 800
SPREAD_S = 300
BIDDERS = 3
BEAT_S = 1.0
ON_TIME_S = 2.0
"""On time is by the second beat after the end; the auction itself takes nothing from its end on, by the offer's own clock."""


def endings(room: Room) -> bool:
    """Live through the five minutes and print the worst lateness."""
    base = whole_ms(clock.now()) + timedelta(hours=3)
    began = time.perf_counter()
    auctions = _schedule(room, base)
    say(
        f"\n{AUCTIONS} auctions that end within {SPREAD_S // 60} minutes, {BIDDERS} bidders each (simulated time, real work)"
    )
    say(f"  made in {time.perf_counter() - began:.0f} s")
    worst, work, late_offers, refused = _live(room, auctions, base)
    ended = Auction.objects.filter(pk__in=[each.pk for each in auctions])
    open_ones = ended.filter(ended_at=None).count()
    extended = ended.filter(extensions__gt=0).count()
    after = Offer.objects.filter(auction__in=ended, at__gte=F("auction__ends_at")).count()
    evaluated = Round.objects.filter(lots__auction__in=ended, status=Round.Status.EVALUATED).count()
    good = worst <= ON_TIME_S and not open_ones and not after and evaluated == AUCTIONS
    say(f"  {late_offers} offers in the last minute moved {extended} ends; {refused} came at the end and were refused")
    say(f"  evaluated {evaluated}, still open {open_ones}, offers taken after an end {after}")
    say(f"  worst lateness {worst:.2f} s after the end, aim at most {ON_TIME_S} s: {'reached' if good else 'MISSED'}")
    say(f"  work of the worker: {work:.0f} s of {SPREAD_S} s, {work / AUCTIONS * 1000:.0f} ms for each")
    return good


def _schedule(room: Room, base: datetime) -> list[Auction]:
    """Rounds that have been opened, made in bulk, each with an auction and an offer of every bidder."""
    template = Round.objects.get(pk=room.round.pk)
    needs = _needs(template)
    rounds = Round.objects.bulk_create(_rounds(template, needs, base))
    lots = Lot.objects.bulk_create([Lot(round=each, number="1", upper=Decimal(TERMS["upper"])) for each in rounds])
    firms = room.firms[:BIDDERS]
    Entry.objects.bulk_create(
        Entry(
            lot=lot, firm=firm, admission=firm.current, submitted_by_id=room.users[number], received_at=base,
            envelope=b"x", envelope_sha256="0" * 64, eligible=True, opened=True, nonce="0" * 64,
        )
        for lot in lots
        for number, firm in enumerate(firms)
    )  # fmt: skip
    length = timedelta(minutes=_policy(template).auction_minutes + _policy(template).auction_lead_minutes)
    made = []
    for number, (round_, lot) in enumerate(zip(rounds, lots, strict=True)):
        ends_at = base + timedelta(seconds=number * SPREAD_S / AUCTIONS)
        entries = list(lot.entries.select_related("firm__organisation").order_by("id"))
        with transaction.atomic():
            auction_times.schedule(round_, entries, at=ends_at - length)
        made.append(Auction.objects.get(lot=lot))
        with clock.travelling(made[-1].starts_at + timedelta(seconds=1)):
            for who in range(BIDDERS):
                _offer(room, lot.pk, who, 1000 - who)
    return made


def _needs(template: Round) -> list[Need]:
    need = template.need
    told: dict[str, Any] = {
        "project": need.project,
        "service": need.service,
        "item": need.item,
        "department": need.department,
    }
    return Need.objects.bulk_create([Need(code=f"BENCH{n}", title="基准", **told) for n in range(AUCTIONS)])


def _rounds(template: Round, needs: list[Need], base: datetime) -> list[Round]:
    kept = ("owner_id", "service_id", "district_id", "department_id", "title", "method", "parameters", "policy_id", "minimum",
            "notice_length", "submitted_at", "announced_at", "platform_public", "platform_private", "custodian_public",
            "commitment")  # fmt: skip
    opened = base - timedelta(hours=2)
    same = {name: getattr(template, name) for name in kept}
    return [
        Round(
            need=need, code=f"R99999999{number:04d}", status=Round.Status.OPENED, closes_at=opened, closed_at=opened,
            opened_at=opened, codes=["0" * 64], **same,
        )
        for number, need in enumerate(needs)
    ]  # fmt: skip


def _policy(round_: Round) -> Any:
    assert round_.policy is not None
    return round_.policy


def _offer(room: Room, lot_id: int, who: int, amount: int) -> bool:
    try:
        user = User(pk=room.users[who])
        place_offer(lot_id=lot_id, firm=room.firms[who], user=user, amount=Decimal(f"{amount}.00"))
    except OfferRefused:
        return False
    return True


def _live(room: Room, auctions: list[Auction], base: datetime) -> tuple[float, float, int, int]:
    """Beat after beat until all have ended: the worst lateness and the work in seconds, late offers, and those refused."""
    waiting = {each.pk: each for each in auctions}
    late = {each.pk: each.ends_at - timedelta(milliseconds=1) for each in auctions[::4]}
    worst = work = 0.0
    taken, refused, now = 0, 0, base
    while waiting:
        taken += _late_offers(room, waiting, late, now)
        began = time.perf_counter()
        with clock.travelling(now):
            due.evaluate_due_rounds(now)
        spent = time.perf_counter() - began
        for each in Auction.objects.filter(pk__in=list(waiting), ended_at__isnull=False):
            worst = max(worst, (now - each.ends_at).total_seconds() + spent)
            with clock.travelling(max(now, each.ends_at)):
                refused += not _offer(room, each.lot_id, 1, 1)
            del waiting[each.pk]
        work += spent
        now += timedelta(seconds=max(BEAT_S, spent))
        if now > base + timedelta(hours=1):
            break
    return worst, work, taken, refused


def _late_offers(room: Room, waiting: dict[int, Auction], late: dict[int, datetime], now: datetime) -> int:
    """Every fourth auction gets an offer in its last millisecond, which moves its end."""
    due = [pk for pk, at in late.items() if at <= now]
    taken = 0
    for pk in due:
        with clock.travelling(late.pop(pk)):
            taken += _offer(room, waiting[pk].lot_id, 0, 900)
    return taken
