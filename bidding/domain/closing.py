"""What time does to a round: it closes, is opened, evaluated, its candidate published and awarded.

Each step locks the round, is safe to repeat, and is called by beat, by tests and by the seed alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bidding.domain import auction_times, credit, live, panels, parties, stops, timetable
from bidding.domain.eligibility import reasons_between
from bidding.domain.frozen import FIRST, entries_of, locked, private_keys, write_back
from bidding.domain.reasons import reason_text
from bidding.domain.rounds import end_round
from bidding.models import Award, Draw, Entry, Lot, Round
from core import codes, worktime
from core.errors import NotDue
from ledger import domain as ledger
from market.models import Firm
from protocol import canonical, draw
from protocol.methods import METHODS
from protocol.methods.base import RANKING, TOO_FEW, Bid, Choice, Result

Status = Round.Status
AUCTION = "auction"


def close_round(*, round_id: int, now: datetime) -> Round:
    """Freeze who has entered and who of them may take part, once the deadline has passed.

    A round with fewer envelopes than its minimum fails here, unopened (PROTOCOL §2). Unchanged if it was closed before;
    raises NotDue before the deadline.
    """
    with transaction.atomic():
        round_ = locked(round_id)
        if round_.status != Status.ANNOUNCED:
            return round_
        assert round_.closes_at is not None
        if now < round_.closes_at:
            raise NotDue
        entries, firms = _frozen(round_, at=round_.closes_at)
        Round.lifecycle.move(round_, Status.CLOSED)
        round_.closed_at = now
        round_.save()
        digest = canonical.sha256_hex(canonical.encode([frozen_line(entry) for entry in entries]))
        data: dict[str, Any] = {"count": len(entries), "sha256": digest}
        marked = METHODS[round_.method].marked
        if marked:
            data["experts"] = panels.freeze_pool(round_, firms, at=round_.closes_at)
        ledger.append("round.closed", round_.subject, data, at=now)
        if all(_count(entries, lot) < (round_.minimum or 1) for lot in round_.lots.all()):
            end_round(
                round_,
                Status.FAILED,
                reason=_("截止时报名数少于最少数，未开启即流标。"),
                failure="too_few_entries",
                at=now,
            )
        elif marked and panels.has_too_few(round_):
            reason = _("没有利害关系的专家不足，未开启即流标。")
            end_round(round_, Status.FAILED, reason=reason, failure="too_few_experts", at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def _frozen(round_: Round, *, at: datetime) -> tuple[list[Entry], list[Firm]]:
    """The live entries, each with whether all its parties are eligible at the deadline, and all firms that take part."""
    entries = list(entries_of(round_).select_for_update(of=["self"]))
    members = parties.members_of(entries)
    taking_part = {entry.firm_id: entry.firm for entry in entries}
    taking_part |= {party.firm_id: party.firm for each in members.values() for party in each}
    firms = list(taking_part.values())
    reasons = reasons_between(firms, [round_], at=at)
    scores = credit.scores_at(firms, at) if METHODS[round_.method].weighs_credit else None
    for entry in entries:
        others = members.get(entry.consortium_id or 0, [])
        parties.freeze(entry, others, reasons)
        if scores is not None:
            parties.freeze_credit(entry, others, scores)
    parties.write_members(members)
    write_back(entries, "eligible", "reason", "reason_detail", "credit")
    return entries, firms


def frozen_line(entry: Entry) -> list[Any]:
    """What the log's hash says of an entrant at closing."""
    score = None if entry.credit is None else f"{entry.credit:.2f}"
    return [entry.lot.number, entry.firm.uscc, entry.envelope_sha256, entry.eligible, score]


def _count(entries: Iterable[Entry], lot: Lot) -> int:
    return sum(entry.lot_id == lot.pk for entry in entries)


def evaluate_round(*, round_id: int, now: datetime) -> Round:
    """Draw the order of every lot's entrants and let the method decide (PROTOCOL §3, §4). Without a winner the round fails.

    Unchanged while an auction of it still runs. Where the owner picks and has not yet, the round stays opened and waits for
    `choosing.choose`; where experts mark, for all of them, and each time that this comes by who is late is replaced.
    """
    with transaction.atomic():
        round_ = locked(round_id)
        if round_.status != Status.OPENED or stops.is_stopped(round_) or not auction_times.seal(round_, at=now):
            return round_
        lots = list(round_.lots.all())
        entries = list(entries_of(round_).select_for_update(of=["self"]))
        results = {
            lot.number: _evaluate(round_, lot, [e for e in entries if e.lot_id == lot.pk], lots, now) for lot in lots
        }
        write_back(entries, "valid", "reason", "reason_detail", "scores")
        if any(result.pending for result in results.values()):
            return _wait_for_choice(round_, now) if METHODS[round_.method].picked else _wait_for_marks(round_)
        if all(result.winner is None for result in results.values()):
            failure = next(result.failed for result in results.values() if result.failed)
            reason = reason_text(failure) if failure != TOO_FEW else _("有效报名数少于最少数，流标。")
            end_round(round_, Status.FAILED, reason=reason, failure=failure, at=now)
            return round_
        Round.lifecycle.move(round_, Status.EVALUATED)
        round_.evaluated_at = now
        round_.save()
        data: dict[str, Any] = {"lots": len(lots), "sha256": result_digest(results)}
        if METHODS[round_.method].blind:
            data["keys"] = private_keys(round_)
        if METHODS[round_.method].marked:
            data["panels"] = panels.panels_digest(lots)
        ledger.append("round.evaluated", round_.subject, data, at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def result_digest(results: Mapping[str, Result]) -> str:
    """The hash of the results of all lots, as the log has it."""
    return canonical.sha256_hex(canonical.encode({number: result.as_record() for number, result in results.items()}))


def _wait_for_choice(round_: Round, now: datetime) -> Round:
    """The owner has the ball, for as long as the policy says; nothing of what was drawn changes meanwhile."""
    if round_.choice_due_at is None:
        assert round_.policy is not None
        round_.choice_due_at = worktime.add_working_days(now, round_.policy.choice_days)
        round_.save(update_fields=["choice_due_at"])
        transaction.on_commit(partial(live.changed, round_))
    return round_


def _wait_for_marks(round_: Round) -> Round:
    """The experts have the ball, until the first of them is late."""
    round_.marks_due_at = panels.next_due(round_)
    round_.save(update_fields=["marks_due_at"])
    return round_


def _evaluate(round_: Round, lot: Lot, entries: list[Entry], lots: list[Lot], now: datetime) -> Result:
    method = METHODS[round_.method]
    orders = _draw(round_, lot, entries, lots=len(lots))
    result = _decide(round_, lot, entries, orders)
    if method.marked and result.failed is None:
        shown = [uscc for uscc in method.firms(orders[RANKING]) if uscc in result.ranking]
        result = panels.judged(round_, lot, result, shown=shown, lots=len(lots), now=now)
    for entry in entries:
        code = result.invalid.get(entry.firm.uscc, "")
        entry.valid, entry.scores = not code, dict(result.scores.get(entry.firm.uscc, {})) or None
        if code and code != "ineligible":  # what made the firm ineligible was written down at closing
            entry.reason, entry.reason_detail = code, ""
    lot.short_list = list(result.short_list)
    lot.result, lot.amount = None if result.pending else result.as_record(), result.amount
    lot.winner = next((entry.firm for entry in entries if entry.firm.uscc == result.winner), None)
    lot.save()
    return result


def _bids(round_: Round, lot: Lot, entries: Iterable[Entry]) -> list[Bid]:
    """The frozen entrants of a lot; in an auction each with its last accepted offer, where experts mark with their marks."""
    offers = auction_times.last_offers(lot) if round_.method == AUCTION else None
    marks = panels.marks_by_entry(lot) if METHODS[round_.method].marked else {}
    return [
        Bid(
            uscc=entry.firm.uscc,
            amount=entry.amount if offers is None else offers.get(entry.firm.uscc),
            opened=bool(entry.opened),
            eligible=bool(entry.eligible),
            credit=entry.credit,
            marks=marks.get(entry.pk, ()),
        )
        for entry in entries
    ]


def _decide(round_: Round, lot: Lot, entries: list[Entry], orders: Mapping[str, list[str]]) -> Result:
    return METHODS[round_.method].decide(
        bids=_bids(round_, lot, entries),
        orders=orders,
        parameters=lot.terms,
        minimum=round_.minimum or 1,
        choice=_choice(round_, lot),
    )


def decided(round_: Round, lot: Lot) -> Result:
    """The first result of a lot, computed again from what is kept."""
    several = round_.lots.count()
    drawn = {each.purpose: each.order for each in lot.draws.filter(iteration=FIRST)}
    orders = {purpose: draw.out_of_lot(order, lot=lot.number, lots=several) for purpose, order in drawn.items()}
    return _decide(round_, lot, [entry for entry in entries_of(round_) if entry.lot_id == lot.pk], orders)


def draw_again(round_: Round, lot: Lot, *, without: Collection[str], iteration: int) -> list[str]:
    """The order of a new draw over the labels of who is left, kept as the first one is."""
    entries, several = [entry for entry in entries_of(round_) if entry.lot_id == lot.pk], round_.lots.count()
    left = [bid for bid in _bids(round_, lot, entries) if bid.uscc not in without]
    labels = METHODS[round_.method].labels(left)
    return _drawn(round_, lot, entries, {RANKING: labels}, lots=several, iteration=iteration)[RANKING]


def _choice(round_: Round, lot: Lot) -> Choice | None:
    """Whom the owner has picked; by the method `direct` that stands in the announcement."""
    if round_.named is not None:
        return Choice(uscc=round_.named.uscc, reason=str(round_.parameters.get("ground")))
    return Choice(**lot.choice) if lot.choice else None


def _draw(round_: Round, lot: Lot, entries: list[Entry], *, lots: int) -> dict[str, list[str]]:
    wanted = METHODS[round_.method].draws(bids=_bids(round_, lot, entries), parameters=lot.terms)
    return _drawn(round_, lot, entries, wanted, lots=lots, iteration=FIRST)


def _drawn(
    round_: Round, lot: Lot, entries: list[Entry], wanted: Mapping[str, list[str]], *, lots: int, iteration: int
) -> dict[str, list[str]]:
    """The labels of every purpose in the order of the draw, which is kept with all that is needed to compute it again."""
    contributions = {entry.firm.uscc: entry.nonce if entry.opened else entry.envelope_sha256 for entry in entries}
    code, randomness = round_.codes[iteration - 1], draw.randomness(contributions)
    orders = {}
    for purpose, own in wanted.items():
        labels = draw.in_lot(own, lot=lot.number, lots=lots)
        order = draw.order(code=code, randomness=randomness, labels=labels)
        Draw.objects.get_or_create(
            lot=lot,
            purpose=purpose,
            iteration=iteration,
            defaults={"one_time_code": code, "randomness": randomness, "labels": labels, "order": order},
        )
        orders[purpose] = draw.out_of_lot(order, lot=lot.number, lots=lots)
    return orders


def publish_candidate(*, round_id: int, now: datetime) -> Round:
    """Put the winner of an evaluated round on public notice (中选公示) for the policy's length."""
    with transaction.atomic():
        round_ = locked(round_id)
        if round_.status != Status.EVALUATED or stops.is_stopped(round_) or stops.has_winner_set_aside(round_):
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
    """Issue the award notice (中选通知书) of every lot when the public notice is over. Raises NotDue before.

    Raises NotDue too while an objection is pending. Unchanged where it is stopped, or is now, for a tie that has become known.
    """
    with transaction.atomic():
        round_ = locked(round_id)
        if round_.status != Status.CANDIDATE:
            return round_
        assert round_.candidate_until is not None
        if now < round_.candidate_until:
            raise NotDue
        if round_.objections.pending().exists():
            raise NotDue(_("有异议或投诉尚未处理完，暂不发出中选通知书。"))
        if stops.is_stopped(round_) or stops.stop_where_known(round_, at=now):
            return round_
        won = list(round_.lots.select_related("winner__organisation").exclude(winner=None))
        Round.lifecycle.move(round_, Status.AWARDED)
        round_.awarded_at = now
        round_.save()
        awards = [_award(lot, at=now) for lot in won]
        data = {"notices": [award.code for award in awards], "winners": _winners(round_)}
        ledger.append("round.awarded", round_.subject, data, at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def _award(lot: Lot, *, at: datetime) -> Award:
    """The award of a lot; that of another lot than the one whose winner walked away stays in force."""
    if (kept := lot.awards.in_force().first()) is not None:
        return kept
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
