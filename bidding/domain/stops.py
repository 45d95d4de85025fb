"""Rounds stand still when a tie of an entrant becomes known after closing, until a regulator has decided (回避).

Before closing nothing is stopped: who has entered is nobody's to know, and closing sets the entry aside by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bidding.domain import live, parties
from bidding.domain.eligibility import recusals_known
from bidding.domain.frozen import locked
from bidding.domain.reasons import Reason
from bidding.models import Entry, Round, Stop
from core import clock
from core.errors import WrongState
from ledger import domain as ledger
from market.models import Firm

Status = Round.Status
Outcome = Stop.Outcome
STOPPED_IN = (Status.CLOSED, Status.OPENED, Status.EVALUATED, Status.CANDIDATE)
"""In these a tie that becomes known stops a round."""
BATCH = 200


def look_again(*, now: datetime | None = None) -> int:
    """Stop every round whose entrants have come to be tied since they were found eligible; give how many were stopped.

    A round at its deadline that still counts as announced is looked at too, under its lock: whoever is closing it may have read
    the ties of a moment ago.
    """
    at, stopped = now or clock.now(), 0
    running = Round.objects.filter(Q(status__in=STOPPED_IN) | Q(status=Status.ANNOUNCED, closes_at__lte=at))
    last = 0
    while pks := list(running.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        last = pks[-1]
        for pk in _concerned(pks, at):
            stopped += bool(look_at(round_id=pk, now=at))
    return stopped


def _concerned(pks: Collection[int], at: datetime) -> list[int]:
    """The rounds of a batch that have anybody among their entrants against whom something is known."""
    rounds = list(
        Round.objects.filter(pk__in=pks).select_related("need", "department").prefetch_related("need__further")
    )
    of_round = taking_part(rounds)
    firms = {firm.pk: firm for each in of_round.values() for own in each.values() for firm in own}
    known = recusals_known(list(firms.values()), rounds, at=at)
    return [
        each.pk
        for each in rounds
        if any((firm.pk, each.pk) in known for own in of_round[each.pk].values() for firm in own)
    ]


def taking_part(rounds: Collection[Round]) -> dict[int, dict[int, list[Firm]]]:
    """Per round and entrant the firms for which it has entered; without entries that are out for another reason."""
    rows = list(_in_force(rounds).select_related("lot", "firm__organisation", "firm__current"))
    members, found = parties.members_of(rows), defaultdict[int, dict[int, list[Firm]]](dict)
    for entry in rows:
        own = [entry.firm, *(party.firm for party in members.get(entry.consortium_id or 0, ()))]
        found[entry.lot.round_id][entry.firm_id] = own
    return found


def _in_force(rounds: Iterable[Round]) -> QuerySet[Entry]:
    live_ones = Entry.objects.live().filter(lot__round__in=[each.pk for each in rounds]).defer("envelope")
    return live_ones.exclude(eligible=False).exclude(valid=False)


def look_at(*, round_id: int, now: datetime) -> list[Stop]:
    """Stop one round for every entrant against whom something is known; give what was not there before."""
    with transaction.atomic():
        round_ = locked(round_id)
        return stop_where_known(round_, at=now)


def stop_where_known(round_: Round, *, at: datetime) -> list[Stop]:
    """The same for a locked round. Nothing is written twice, and what a regulator has decided on stays decided."""
    if round_.status not in STOPPED_IN:
        return []
    entered = taking_part([round_])[round_.pk]
    firms = {firm.pk: firm for own in entered.values() for firm in own}
    known = recusals_known(list(firms.values()), [round_], at=at)
    before = Stop.objects.filter(round=round_).filter(Q(outcome="") | Q(outcome=Outcome.SET_ASIDE))
    settled, made = set(before.values_list("firm_id", flat=True)), []
    for lead, own in entered.items():
        reasons = [(firm, each) for firm in own for each in known.get((firm.pk, round_.pk), ())]
        if reasons and lead not in settled:
            told = [
                kept(each, party="" if firm.pk == lead else firm.organisation.public_name) for firm, each in reasons
            ]
            made.append(Stop.objects.create(round=round_, firm=firms[lead], reasons=told, stopped_at=at))
    for stop in made:
        ledger.append("round.stopped", round_.subject, {"party": party_of(stop)}, at=at)
    if made:
        transaction.on_commit(partial(live.changed, round_))
    return made


def kept(reason: Reason, *, party: str = "") -> dict[str, str]:
    """A reason as JSON."""
    return {"code": reason.code, "detail": reason.detail, "key": reason.key, "party": party}


def reasons_of(rows: Iterable[dict[str, str]]) -> list[Reason]:
    """Reasons as a stop or an objection has kept them."""
    return [Reason(code=each["code"], detail=each["detail"], key=each["key"], party=each["party"]) for each in rows]


def party_of(stop: Stop) -> str:
    """Blinded whoever it is: before opening nobody is to learn who has entered."""
    return ledger.blinded(stop.firm.organisation.public_code, subject=stop.round.subject)


def is_stopped(round_: Round) -> bool:
    return Stop.objects.filter(round=round_, outcome="").exists()


def demand_running(round_: Round) -> None:
    """Raise WrongState while a round is stopped."""
    if is_stopped(round_):
        raise WrongState(_("这次比选因回避事项暂停，监管部门处理完之前不能继续。"))


def has_winner_set_aside(round_: Round) -> bool:
    """Whether somebody has won who is set aside: then the next one follows before anybody is put on notice."""
    out = Stop.objects.filter(round=round_, outcome=Stop.Outcome.SET_ASIDE).values("firm")
    return round_.lots.filter(winner__in=out).exists()
