"""When a winner walks away or steps aside: who follows, by ranking or by a new draw, and what it costs (PROTOCOL §4, its end)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Kind, Membership
from bidding.domain import live, parties
from bidding.domain.access import demand_operator
from bidding.domain.auction_times import last_offers
from bidding.domain.closing import AUCTION, decided, draw_again
from bidding.domain.reasons import demand_reason
from bidding.domain.rounds import end_round
from bidding.models import Award, Entry, Lot, Round, Stop, Substitution
from core import clock
from core.errors import NotAllowed, WrongState
from ledger import domain as ledger
from ledger.models import QueuedEntry
from market.domain import standing
from market.models import Firm
from protocol.draw import CHAIN_LENGTH
from protocol.methods import METHODS
from protocol.methods.base import RANKING, Result

Status = Round.Status
Cause = Substitution.Cause
ASKED = "draw.asked"
"""The entry that asks the custodian for the next code."""


def walk_away(*, round_id: int, reason: str, by: Membership, lot: str = "1", out: str | None = None) -> Substitution:
    """A winner gives its lot up, or the service centre records that it has; the next one follows, and is on notice anew.

    It costs the firm a suspension of the policy's length, and every firm of a consortium, which is taken as one and answers
    jointly (招标投标法 第31条). Where the method draws again, the next code is asked for and
    `settle` goes on when it is there. `out` is the USCC of the firm that was read as the winner: a button pressed twice never
    reaches the firm that has followed meanwhile. Gives the substitution that is under way, or of `out` the one that was.
    Raises NotAllowed for anybody else, WrongState unless the lot has a winner that has not signed.
    """
    with transaction.atomic():
        round_ = _locked(round_id)
        target = round_.lots.select_for_update(of=["self"]).select_related("winner__organisation").get(number=lot)
        before = Q(settled_at=None) if out is None else Q(out__organisation__uscc=out)
        if (known := target.substitutions.filter(before).first()) is not None:
            _demand_party_or_operator(known.out, by)
            return known
        if round_.status not in (Status.CANDIDATE, Status.AWARDED) or target.winner is None:
            raise WrongState
        if Award.objects.in_force().filter(lot=target).exclude(signed_at=None).exists():
            raise WrongState(_("合同已经签订，不能再放弃中选；要终止的，按合同办理。"))
        if out not in (None, target.winner.uscc):
            raise WrongState(_("中选机构已经变化，请刷新页面后再看。"))
        _demand_party_or_operator(target.winner, by)
        now = clock.now()
        gone = _leave(round_, target, Cause.WALKED_AWAY, reason=demand_reason(reason), at=now)
        _make_it_cost(round_, gone, by)
        _settle_or_ask(round_, gone, now)
        transaction.on_commit(partial(live.changed, round_))
    return gone


def _leave(round_: Round, lot: Lot, cause: Substitution.Cause, *, reason: str, at: datetime) -> Substitution:
    """The winner of a held lot is it no more, and the round goes back to where nobody is on notice."""
    assert lot.winner is not None
    number = lot.substitutions.count() + 1
    gone = Substitution.objects.create(lot=lot, number=number, cause=cause, at=at, out=lot.winner, reason=reason)
    if round_.status != Status.EVALUATED:
        Round.lifecycle.move(round_, Status.EVALUATED)
        round_.save()
    Award.objects.filter(lot=lot, revoked_at=None).update(revoked_at=at)
    ledger.append(f"round.{cause}", round_.subject, _told(gone), at=at)
    return gone


def recuse(round_: Round, *, at: datetime) -> int:
    """Let winners of a locked round step aside that a regulator has set aside; as often as others like them follow.

    Nothing that was drawn or computed changes: the next one follows as if they had walked away, and they pay nothing.
    """
    done = 0
    while round_.status in (Status.EVALUATED, Status.CANDIDATE) and (found := _to_recuse(round_)):
        lot, reason = found
        _settle_or_ask(round_, _leave(round_, lot, Cause.RECUSED, reason=reason, at=at), at)
        done += 1
    return done


def _to_recuse(round_: Round) -> tuple[Lot, str] | None:
    """A lot with a winner that is set aside and has not left it, and why."""
    why = dict(round_.stops.filter(outcome=Stop.Outcome.SET_ASIDE).values_list("firm_id", "decision"))
    waiting = Substitution.objects.filter(lot__round=round_, settled_at=None).values("lot")
    lots = round_.lots.select_for_update(of=["self"]).select_related("winner__organisation").exclude(pk__in=waiting)
    lot = lots.filter(winner__in=list(why)).order_by("number").first()
    return (lot, why[lot.winner_id]) if lot is not None and lot.winner_id is not None else None


def recuse_winners(*, round_id: int, now: datetime) -> Round:
    """The same of an evaluated round, before anybody is put on notice."""
    with transaction.atomic():
        round_ = _locked(round_id)
        if round_.status == Status.EVALUATED and recuse(round_, at=now):
            transaction.on_commit(partial(live.changed, round_))
    return round_


def settle(*, round_id: int, now: datetime) -> Round:
    """Go on with substitutions for which the custodian's code has come."""
    with transaction.atomic():
        round_ = _locked(round_id)
        if round_.status != Status.EVALUATED:
            return round_
        for gone in (
            Substitution.objects.filter(lot__round=round_, settled_at=None).select_related("lot").order_by("pk")
        ):
            if gone.iteration is not None and gone.iteration <= len(round_.codes):
                _settle(round_, gone, now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def ask_for_code(round_: Round, *, lot: Lot, purpose: str, at: datetime) -> int | None:
    """Log that a locked round needs the next code; its iteration, or None when the codes are used up (PROTOCOL §3)."""
    iteration = QueuedEntry.objects.filter(subject=round_.subject, type=ASKED).count() + 2
    if iteration >= CHAIN_LENGTH:
        return None
    ledger.append(ASKED, round_.subject, {"iteration": iteration, "lot": lot.number, "purpose": purpose}, at=at)
    return iteration


def _settle_or_ask(round_: Round, gone: Substitution, now: datetime) -> None:
    result = decided(round_, gone.lot)
    if not set(result.redrawn) - _out(gone.lot):
        _settle(round_, gone, now, result=result)
        return
    gone.iteration = ask_for_code(round_, lot=gone.lot, purpose=RANKING, at=now)
    gone.save(update_fields=["iteration"])
    if gone.iteration is None:
        _nobody_follows(round_, gone, now, failure="codes_used_up")


def _price(round_: Round, lot: Lot, entry: Entry) -> Decimal | None:
    """For what a firm works that follows: the owner's price, its last offer in an auction, else the amount in its envelope."""
    own: Decimal | None = entry.amount
    if "price" in METHODS[round_.method].parameters:
        own = lot.price
    elif round_.method == AUCTION:
        own = last_offers(lot).get(entry.firm.uscc)
    return own


def _settle(round_: Round, gone: Substitution, now: datetime, *, result: Result | None = None) -> None:
    lot, out = gone.lot, _out(gone.lot)
    result = result or decided(round_, lot)
    orders = {}
    if gone.iteration is not None:
        orders[RANKING] = draw_again(round_, lot, without=out, iteration=gone.iteration)
    uscc = METHODS[round_.method].follow(result, out=out, orders=orders)
    if uscc is None:
        _nobody_follows(round_, gone, now, failure="nobody_left")
        return
    entry = lot.entries.select_related("firm__organisation").get(firm__organisation__uscc=uscc)
    gone.successor, gone.settled_at = entry.firm, now
    gone.save()
    lot.winner, lot.amount = entry.firm, _price(round_, lot, entry)
    lot.save(update_fields=["winner", "amount"])
    data = _told(gone) | {"in": _party(entry.firm, round_), "iteration": gone.iteration}
    ledger.append("round.substituted", round_.subject, data, at=now)


def _nobody_follows(round_: Round, gone: Substitution, now: datetime, *, failure: str) -> None:
    gone.settled_at = now
    gone.save(update_fields=["settled_at"])
    gone.lot.winner = gone.lot.amount = None
    gone.lot.save(update_fields=["winner", "amount"])
    ledger.append("round.substituted", round_.subject, _told(gone) | {"in": None, "iteration": gone.iteration}, at=now)
    if not round_.lots.exclude(winner=None).exists():
        end_round(round_, Status.FAILED, reason=_("中选机构弃选，没有可以递补的机构，流标。"), failure=failure, at=now)


def _out(lot: Lot) -> set[str]:
    return {gone.out.uscc for gone in lot.substitutions.select_related("out__organisation")}


def _told(gone: Substitution) -> dict[str, object]:
    round_ = gone.lot.round
    return {
        "lot": gone.lot.number,
        "n": gone.number,
        "out": _party(gone.out, round_),
        "reason": ledger.blinded(gone.reason, subject=round_.subject),
    }


def _party(firm: Firm, round_: Round) -> str:
    return ledger.party(firm.uscc, protected=firm.organisation.is_protected, subject=round_.subject)


def _make_it_cost(round_: Round, gone: Substitution, by: Membership) -> None:
    assert round_.policy is not None
    if days := round_.policy.walk_away_days:
        reason = _("放弃中选（%(code)s）") % {"code": round_.code}
        for firm in sorted(parties.all_of(gone.lot, gone.out), key=lambda each: each.pk):
            standing.impose(firm_id=firm.pk, reason=reason, until=gone.at + timedelta(days=days), by=by)


def _demand_party_or_operator(firm: Firm, by: Membership) -> None:
    if by.organisation.kind == Kind.OPERATOR:
        demand_operator(by, firms=[firm])
    elif by.organisation_id != firm.organisation_id or by.role not in WRITERS:
        raise NotAllowed


def _locked(round_id: int) -> Round:
    return (
        Round.objects.select_for_update(of=["self"])
        .select_related("need", "policy", "named__organisation", "department__organisation")
        .get(pk=round_id)
    )
