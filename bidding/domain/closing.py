"""What time does to a round: it closes, is opened, evaluated, its candidate published and awarded.

Each step locks the round, is safe to repeat, and is called by beat, by tests and by the seed alike.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bidding.domain import auction_times, live, timetable
from bidding.domain.custody import PATIENCE, void_unreleased
from bidding.domain.eligibility import reasons_between
from bidding.domain.rounds import end_round
from bidding.models import Award, Draw, Entry, Lot, Round
from core import clock, codes, worktime
from core.errors import NotDue
from ledger import domain as ledger
from protocol import canonical, draw, envelope
from protocol.methods import METHODS
from protocol.methods.base import Bid, Result

logger = logging.getLogger(__name__)
Status = Round.Status
BATCH = 1000
AUCTION = "auction"
FIRST = 1
"""Iteration 1 of the draw serves ranking and coefficient of all lots (PROTOCOL §3)."""


def close_round(*, round_id: int, now: datetime) -> Round:
    """Freeze who has entered and who of them may take part, once the deadline has passed.

    A round with fewer envelopes than its minimum fails here, unopened (PROTOCOL §2). Unchanged if it was closed before;
    raises NotDue before the deadline.
    """
    with transaction.atomic():
        round_ = _locked(round_id)
        if round_.status != Status.ANNOUNCED:
            return round_
        assert round_.closes_at is not None
        if now < round_.closes_at:
            raise NotDue
        entries = _frozen(round_, at=round_.closes_at)
        Round.lifecycle.move(round_, Status.CLOSED)
        round_.closed_at = now
        round_.save()
        digest = canonical.sha256_hex(canonical.encode([_frozen_line(entry) for entry in entries]))
        ledger.append("round.closed", round_.subject, {"count": len(entries), "sha256": digest}, at=now)
        if all(_count(entries, lot) < (round_.minimum or 1) for lot in round_.lots.all()):
            end_round(
                round_,
                Status.FAILED,
                reason=_("截止时报名数少于最少数，未开启即流标。"),
                failure="too_few_entries",
                at=now,
            )
        transaction.on_commit(partial(live.changed, round_))
    return round_


def _frozen(round_: Round, *, at: datetime) -> list[Entry]:
    """The live entries, each with whether its firm is eligible at the deadline and the first reason where it is not."""
    entries = list(_entries(round_).select_for_update(of=["self"]))
    firms = {entry.firm_id: entry.firm for entry in entries}
    reasons = reasons_between(list(firms.values()), [round_], at=at)
    for entry in entries:
        against = reasons[entry.firm_id, round_.pk]
        entry.eligible = not against
        if against:
            entry.reason, entry.reason_detail = against[0].code, against[0].detail
    Entry.objects.bulk_update(entries, ["eligible", "reason", "reason_detail"])
    return entries


def _frozen_line(entry: Entry) -> list[Any]:
    return [entry.lot.number, entry.firm.uscc, entry.envelope_sha256, entry.eligible]


def _count(entries: Iterable[Entry], lot: Lot) -> int:
    return sum(entry.lot_id == lot.pk for entry in entries)


def open_round(*, round_id: int, now: datetime) -> Round:
    """Open every envelope of a closed round, once the custodian has released its key; ours is given away with it.

    One that does not open, or does not hold a plaintext of PROTOCOL §2, is set aside and never stops the others.
    """
    with transaction.atomic():
        round_ = _locked(round_id)
        if round_.status != Status.CLOSED or not round_.custodian_private:
            return round_
        entries = list(_entries(round_).select_for_update(of=["self"]))
        for entry in entries:
            _open(entry, round_)
        Entry.objects.bulk_update(entries, ["opened", "amount", "days", "nonce"], batch_size=BATCH)
        Round.lifecycle.move(round_, Status.OPENED)
        round_.opened_at = now
        round_.save()
        private = {"custodian": round_.custodian_private, "platform": round_.platform_private}
        ledger.append("round.opened", round_.subject, {"code": _code(round_), "keys": private}, at=now)
        if round_.method == AUCTION:
            auction_times.schedule(round_, entries, at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def _open(entry: Entry, round_: Round) -> None:
    whose: dict[str, Any] = {"round": round_.code, "lot": entry.lot.number, "uscc": entry.firm.uscc}
    try:
        read = envelope.open_both(
            bytes(entry.envelope or b""), platform=round_.platform_private, custodian=round_.custodian_private, **whose
        )
    except (envelope.CannotOpen, envelope.InvalidPlaintext):
        entry.opened = False
        return
    entry.opened, entry.amount, entry.days, entry.nonce = True, read.amount, read.days, read.nonce


def _code(round_: Round) -> str:
    """The custodian's first code, which serves ranking and coefficient of all lots."""
    code: str = round_.codes[FIRST - 1]
    return code


def evaluate_round(*, round_id: int, now: datetime) -> Round:
    """Draw the order of every lot's entrants and let the method decide (PROTOCOL §3, §4). Without a winner the round fails.

    Unchanged while an auction of it still runs.
    """
    with transaction.atomic():
        round_ = _locked(round_id)
        if round_.status != Status.OPENED or not auction_times.seal(round_, at=now):
            return round_
        lots = list(round_.lots.all())
        entries = list(_entries(round_).select_for_update(of=["self"]))
        results = {lot.number: _evaluate(round_, lot, [e for e in entries if e.lot_id == lot.pk], lots) for lot in lots}
        Entry.objects.bulk_update(entries, ["valid", "reason", "reason_detail"])
        if all(result.winner is None for result in results.values()):
            failure = next(result.failed for result in results.values() if result.failed)
            end_round(round_, Status.FAILED, reason=_("有效报名数少于最少数，流标。"), failure=failure, at=now)
            return round_
        Round.lifecycle.move(round_, Status.EVALUATED)
        round_.evaluated_at = now
        round_.save()
        digest = canonical.sha256_hex(
            canonical.encode({number: result.as_record() for number, result in results.items()})
        )
        ledger.append("round.evaluated", round_.subject, {"lots": len(lots), "sha256": digest}, at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def _evaluate(round_: Round, lot: Lot, entries: list[Entry], lots: list[Lot]) -> Result:
    method = METHODS[round_.method]
    amounts = _amounts(round_, lot, entries)
    bids = [
        Bid(uscc=uscc, amount=amounts.get(uscc), opened=bool(entry.opened), eligible=bool(entry.eligible))
        for entry in entries
        for uscc in [entry.firm.uscc]
    ]
    wanted = method.draws(bids=bids, parameters=round_.parameters)
    orders = _draw(round_, lot, entries, wanted, lots=len(lots))
    result = method.decide(bids=bids, orders=orders, parameters=round_.parameters, minimum=round_.minimum or 1)
    for entry in entries:
        code = result.invalid.get(entry.firm.uscc, "")
        entry.valid = not code
        if code and code != "ineligible":  # what made the firm ineligible was written down at closing
            entry.reason, entry.reason_detail = code, ""
    lot.result, lot.amount = result.as_record(), result.amount
    lot.winner = next((entry.firm for entry in entries if entry.firm.uscc == result.winner), None)
    lot.save()
    return result


def _amounts(round_: Round, lot: Lot, entries: Iterable[Entry]) -> Mapping[str, Decimal | None]:
    """What every firm asks for: the amount in its envelope, in an auction its last accepted offer."""
    if round_.method == AUCTION:
        return auction_times.last_offers(lot)
    return {entry.firm.uscc: entry.amount for entry in entries}


def _draw(
    round_: Round, lot: Lot, entries: list[Entry], wanted: Mapping[str, list[str]], *, lots: int
) -> dict[str, list[str]]:
    """The labels of every purpose in the order of the draw, which is kept with all that is needed to compute it again."""
    contributions = {entry.firm.uscc: entry.nonce if entry.opened else entry.envelope_sha256 for entry in entries}
    code, randomness = _code(round_), draw.randomness(contributions)
    orders = {}
    for purpose, own in wanted.items():
        labels = draw.in_lot(own, lot=lot.number, lots=lots)
        order = draw.order(code=code, randomness=randomness, labels=labels)
        Draw.objects.create(
            lot=lot,
            purpose=purpose,
            iteration=FIRST,
            one_time_code=code,
            randomness=randomness,
            labels=labels,
            order=order,
        )
        orders[purpose] = draw.out_of_lot(order, lot=lot.number, lots=lots)
    return orders


def publish_candidate(*, round_id: int, now: datetime) -> Round:
    """Put the winner of an evaluated round on public notice (中选公示) for the policy's length."""
    with transaction.atomic():
        round_ = _locked(round_id)
        if round_.status != Status.EVALUATED:
            return round_
        assert round_.policy is not None
        Round.lifecycle.move(round_, Status.CANDIDATE)
        round_.candidate_at = now
        round_.candidate_until = timetable.end_of_candidate_notice(round_.policy, published_at=now)
        round_.save()
        data = {"until": canonical.timestamp(round_.candidate_until), "winners": _winners(round_)}
        ledger.append("round.candidate", round_.subject, data, at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def award_round(*, round_id: int, now: datetime) -> Round:
    """Issue the award notice (中选通知书) of every lot when the public notice is over. Raises NotDue before."""
    with transaction.atomic():
        round_ = _locked(round_id)
        if round_.status != Status.CANDIDATE:
            return round_
        assert round_.candidate_until is not None
        if now < round_.candidate_until:
            raise NotDue
        Round.lifecycle.move(round_, Status.AWARDED)
        round_.awarded_at = now
        round_.save()
        awards = [_award(lot, at=now) for lot in round_.lots.select_related("winner").exclude(winner=None)]
        data = {"notices": [award.code for award in awards], "winners": _winners(round_)}
        ledger.append("round.awarded", round_.subject, data, at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def _award(lot: Lot, *, at: datetime) -> Award:
    assert lot.winner is not None
    assert lot.amount is not None
    entry = lot.entries.get(firm=lot.winner)
    return Award.objects.create(
        lot=lot,
        code=codes.next_code(codes.Letter.AWARD, at=at),
        firm=lot.winner,
        amount=lot.amount,
        days=entry.days,
        issued_at=at,
        contract_due_at=worktime.add_working_days(at, timetable.CONTRACT_DAYS),
    )


def _winners(round_: Round) -> list[dict[str, str]]:
    lots = round_.lots.select_related("winner__organisation").exclude(winner=None)
    return [
        {
            "amount": str(lot.amount),
            "lot": lot.number,
            "uscc": ledger.party(
                lot.winner.uscc, protected=lot.winner.organisation.is_protected, subject=round_.subject
            ),
        }
        for lot in lots
        if lot.winner is not None
    ]


Step = Callable[..., Round]


def move_due_rounds(now: datetime | None = None) -> int:
    """Move every round whose time has come as far as it goes; give the number of steps taken.

    Any number of workers may run it at once: each passes by what another holds. One round that cannot be moved is logged
    and stops no other.
    """
    now = now or clock.now()
    due: list[tuple[Step, Any]] = [
        (close_round, Round.objects.due_to_close(now=now)),
        (open_round, Round.objects.due_to_open()),
        (void_unreleased, Round.objects.due_to_void(before=now - PATIENCE)),
        (evaluate_round, Round.objects.due_to_evaluate(now=now)),
        (publish_candidate, Round.objects.filter(status=Status.EVALUATED)),
        (award_round, Round.objects.due_to_award(now=now)),
    ]
    return sum(_each_on_its_own(step, rounds, now=now) for step, rounds in due)


def evaluate_due_rounds(now: datetime | None = None) -> int:
    """Evaluate the rounds whose auctions have come to their end, and whatever else is due; give how many.

    The chronograph of auctions: a beat of its own, so that nothing slow among the other steps keeps an auction waiting.
    """
    now = now or clock.now()
    return _each_on_its_own(evaluate_round, Round.objects.due_to_evaluate(now=now), now=now)


def _each_on_its_own(step: Step, rounds: Any, *, now: datetime) -> int:
    moved = 0
    for pk in list(rounds.order_by("id").values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                if Round.objects.select_for_update(skip_locked=True).filter(pk=pk).values_list("pk", flat=True):
                    before = rounds.filter(pk=pk).values_list("status", flat=True).first()
                    moved += step(round_id=pk, now=now).status != (before or "")
        except Exception:  # whatever is wrong with one round must not keep the others from their deadlines
            logger.exception("round %s could not be moved by %s", pk, step.__name__)
    return moved


def _locked(round_id: int) -> Round:
    return (
        Round.objects.select_for_update(of=["self"])
        .select_related("need", "policy", "department__organisation")
        .get(pk=round_id)
    )


def _entries(round_: Round) -> QuerySet[Entry]:
    """The live entries in a fixed order: by lot, then in ascending USCC."""
    return (
        Entry.objects.live()
        .filter(lot__round=round_)
        .select_related("lot", "firm__organisation", "firm__current")
        .order_by("lot__number", "firm__organisation__uscc")
    )
