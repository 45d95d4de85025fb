"""What a drawn expert does: accepts, steps aside, marks every proposal with a comment, submits once for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from bidding.domain import live, panels
from bidding.domain.closing import evaluate_round
from bidding.domain.reasons import demand_reason
from bidding.models import Entry, Lot, Mark, Round, Seat
from bidding.models.experts import COMMENT_LENGTH, REASON_LENGTH
from core import clock
from core.errors import DomainError, NotAllowed, NotDue, WrongState

Status = Seat.Status
HIGHEST = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What an expert has written about one proposal so far; `mark` from 0 to 100 with at most two places."""

    mark: Decimal | None
    comment: str


def proposals(lot: Lot) -> list[Entry]:
    """The valid entries in the order by which they are numbered, from 1: it says nothing of whose they are."""
    entries = {
        entry.firm.uscc: entry
        for entry in Entry.objects.live().filter(lot=lot).select_related("firm__organisation", "lot")
    }
    return [entries[uscc] for uscc in lot.short_list]


def accept_seat(*, seat_id: int, user: User) -> Seat:
    """The expert will judge. Unchanged if it was accepted before. Raises NotDue past the deadline, WrongState once it ended."""
    with transaction.atomic():
        _round, seat, now = _held(seat_id, user)
        if seat.status != Status.ACCEPTED:
            Seat.lifecycle.move(seat, Status.ACCEPTED)
            seat.accepted_at = now
            seat.save()
    return seat


def step_aside(*, seat_id: int, user: User, conflict: bool, reason: str) -> Seat:
    """Decline a seat, or give it back because of a conflict; the next is drawn with the next code. Marks are deleted."""
    target = Status.CONFLICT if conflict else Status.DECLINED
    with transaction.atomic():
        round_, seat, now = _held(seat_id, user, done=target)
        if seat.status == target:
            return seat
        panels.dismiss(round_, seat, target, at=now, reason=_short(reason))
        evaluate_round(round_id=round_.pk, now=now)  # where nobody can replace the expert, the lot fails now
    return seat


def save_marks(*, seat_id: int, user: User, given: Mapping[int, Given]) -> Seat:
    """Keep a draft; what is not in `given`, by the number of the proposal, stays as it is."""
    with transaction.atomic():
        _round, seat, _now = _held(seat_id, user)
        _demand_accepted(seat)
        _keep(seat, given)
    return seat


def submit_marks(*, seat_id: int, user: User, given: Mapping[int, Given]) -> Seat:
    """Hand in the marks for all proposals, once for all; with the last expert's the lot is decided.

    Unchanged if they were handed in before. Raises DomainError where a mark or a comment is missing.
    """
    with transaction.atomic():
        round_, seat, now = _held(seat_id, user, done=Status.SUBMITTED)
        if seat.status == Status.SUBMITTED:
            return seat
        _demand_accepted(seat)
        _keep(seat, given)
        _demand_whole(seat)
        Seat.lifecycle.move(seat, Status.SUBMITTED)
        seat.ended_at = now
        seat.save()
        transaction.on_commit(partial(live.changed, round_))
        evaluate_round(round_id=round_.pk, now=now)
    return seat


def _held(seat_id: int, user: User, *, done: Seat.Status | None = None) -> tuple[Round, Seat, datetime]:
    """A seat of this person under the lock of its round, while it may be acted on; or `done` already."""
    found = Seat.objects.of(user).filter(pk=seat_id).values_list("lot__round_id", flat=True).first()
    if found is None:
        raise NotAllowed
    round_ = Round.objects.select_for_update(of=["self"]).select_related("policy", "pool").get(pk=found)
    seat = Seat.objects.select_for_update(of=["self"]).select_related("lot", "expert").get(pk=seat_id)
    now = clock.now()
    if done is not None and seat.status == done:
        return round_, seat, now
    if round_.status != Round.Status.OPENED or not seat.is_running:
        raise WrongState
    if now >= seat.due_at:
        raise NotDue(_("评审期限已过，这个席位由下一位专家接替。"))
    return round_, seat, now


def _demand_accepted(seat: Seat) -> None:
    if seat.status != Status.ACCEPTED:
        raise WrongState(_("请先应邀，再评分。"))


def _keep(seat: Seat, given: Mapping[int, Given]) -> None:
    numbered = dict(enumerate(proposals(seat.lot), start=1))
    for number, each in given.items():
        if number not in numbered:
            raise DomainError(_("没有这份方案。"), code="number")
        _demand_mark(each)
        Mark.objects.update_or_create(
            seat=seat, entry=numbered[number], defaults={"mark": each.mark, "comment": each.comment.strip()}
        )


def _demand_mark(each: Given) -> None:
    if each.mark is not None and not (0 <= each.mark <= HIGHEST and each.mark == round(each.mark, 2)):
        raise DomainError(_("评分须在 0 至 100 之间，最多两位小数。"), code="mark")
    if len(each.comment.strip()) > COMMENT_LENGTH:
        raise DomainError(_("评语最多 %(length)d 个字。") % {"length": COMMENT_LENGTH}, code="comment")


def _demand_whole(seat: Seat) -> None:
    whole = seat.marks.exclude(mark=None).exclude(comment="").count()
    if whole != len(seat.lot.short_list):
        raise DomainError(_("请为每一份方案评分并写明评语。"), code="missing")


def _short(reason: str) -> str:
    said = demand_reason(reason)
    if len(said) > REASON_LENGTH:
        raise DomainError(_("缘由最多 %(length)d 个字。") % {"length": REASON_LENGTH}, code="reason")
    return said
