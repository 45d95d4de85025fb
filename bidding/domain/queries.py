"""What is read of rounds in more than one place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from bidding.domain.eligibility import reasons_between
from bidding.domain.parties import rounds_as_member
from bidding.domain.reasons import Reason
from bidding.models import Award, Entry, Round
from market.models import Firm

WON = (Round.Status.AWARDED, Round.Status.CONTRACTED)


@dataclass(frozen=True, kw_only=True)
class RoundForFirm:
    """A round as one firm sees it: whether it has entered, and what keeps it out, if anything."""

    round: Round
    reasons: list[Reason]
    entered: bool

    @property
    def may_enter(self) -> bool:
        return not self.reasons


def won_by(firm: Firm) -> QuerySet[Award]:
    """The awards of a firm that are in force, in its own name or as a member of a consortium, the latest first."""
    own = Entry.objects.live().filter(lot=OuterRef("lot"), firm=OuterRef("firm"), consortium__parties__firm=firm)
    awards = Award.objects.in_force().filter(lot__round__status__in=WON).filter(Q(firm=firm) | Exists(own))
    return awards.select_related("lot__round__service", "firm__organisation").order_by("-issued_at", "-id")


def rounds_for_firm(*, firm: Firm, rounds: Collection[Round], at: datetime) -> list[RoundForFirm]:
    """A page of rounds with this firm's standing in each, in a fixed number of queries."""
    reasons = reasons_between([firm], rounds, at=at)
    mine = Entry.objects.live().filter(firm=firm, lot__round__in=[each.pk for each in rounds])
    entered = set(mine.values_list("lot__round_id", flat=True))
    bound = {each: [Reason(code="in_consortium")] for each in rounds_as_member(firm, rounds)}
    return [
        RoundForFirm(
            round=each, reasons=[*reasons[firm.pk, each.pk], *bound.get(each.pk, [])], entered=each.pk in entered
        )
        for each in rounds
    ]
