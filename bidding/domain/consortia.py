"""Forming a consortium (联合体) before a round closes: the lead firm proposes, every member confirms or declines.

After 招标投标法 第31条 (a common agreement says who does what) and 招标投标法实施条例 第37条 (formed before the entry, nobody
comes or goes after it, nobody is in it and in the round beside it). Nobody else learns of it before opening.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Membership
from bidding.domain import parties
from bidding.domain.entries import taking_entries
from bidding.models import Consortium, ConsortiumParty, Entry, Round
from bidding.models.consortia import LEAST, SHARE_LENGTH
from core.errors import Conflict, DomainError, NotAllowed, WrongState
from core.identifiers import half_width, normalise_uscc
from market.models import Firm

Status = ConsortiumParty.Status
PROPOSALS = 10
"""Proposals that a lead firm may make in a round, those that it took back among them."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A firm and what it does."""

    firm: Firm
    share: str


def propose(*, round_id: int, lead: Part, members: Sequence[Part], by: Membership) -> Consortium:
    """Form a consortium for a round: the lead firm is bound from now on, every member once it has confirmed.

    Raises NotAllowed unless `by` may act for the lead firm, NotDue at or after the deadline, WrongState where the round takes
    no consortia, Conflict where the lead firm has entered or is in a consortium already, DomainError for members that cannot
    be. Whether a member is bound elsewhere is not told: that is its own to know.
    """
    _demand_acting(lead.firm, by)
    try:
        with transaction.atomic():
            round_, now = taking_entries(round_id)
            if round_.consortium_most is None:
                raise WrongState(_("这次比选不接受联合体。"))
            _demand_members(round_, lead, members)
            parties.hold(lead.firm)
            _demand_free(round_, lead.firm)
            if Consortium.objects.filter(round=round_, lead=lead.firm).count() >= PROPOSALS:
                raise Conflict(_("贵机构在本次比选中提出联合体的次数已经用完。"))
            made = Consortium.objects.create(round=round_, lead=lead.firm, proposed_by=by.user, proposed_at=now)
            _add(made, lead, status=Status.CONFIRMED, answered_by=by.user, answered_at=now)
            for each in members:
                _add(made, each, status=Status.ASKED)
    except IntegrityError as twice:
        raise _bound() from twice
    return made


def answer(*, key: str, confirms: bool, by: Membership) -> ConsortiumParty:
    """A member confirms or declines, and may think again until the lead firm has entered. The same twice changes nothing.

    Raises Consortium.DoesNotExist for whoever is no member, NotAllowed for who only looks, NotDue at or after the deadline,
    WrongState once it has ended or entered, Conflict where the firm has entered alone or is in another consortium.
    """
    found = Consortium.objects.of(by.organisation).get(key=key)
    own = found.parties.select_related("firm__organisation").get(firm__organisation=by.organisation)
    _demand_acting(own.firm, by)
    if own.firm_id == found.lead_id:
        raise NotAllowed
    try:
        with transaction.atomic():
            round_, now = taking_entries(found.round_id)
            parties.hold(own.firm)
            consortium = Consortium.objects.select_for_update(of=["self"]).get(pk=found.pk)
            party = consortium.parties.get(pk=own.pk)
            _demand_forming(consortium)
            wanted = Status.CONFIRMED if confirms else Status.DECLINED
            if party.status == wanted:
                return party
            if confirms:
                _demand_free(round_, own.firm)
            party.status, party.answered_by, party.answered_at = wanted, by.user, now
            party.save(update_fields=["status", "answered_by", "answered_at"])
    except IntegrityError as twice:
        raise _bound() from twice
    return party


def dissolve(*, key: str, by: Membership) -> Consortium:
    """The lead firm takes its proposal back; everybody is free again. Twice changes nothing.

    Raises Consortium.DoesNotExist for whoever does not lead it, NotAllowed for who only looks, NotDue at or after the deadline,
    WrongState once it has entered: then the entry is withdrawn, and that ends it.
    """
    found = Consortium.objects.select_related("lead__organisation").get(key=key, lead__organisation=by.organisation)
    _demand_acting(found.lead, by)
    with transaction.atomic():
        _round, now = taking_entries(found.round_id)
        parties.hold(found.lead)
        consortium = Consortium.objects.select_for_update(of=["self"]).get(pk=found.pk)
        if consortium.ended_at is None:
            _demand_forming(consortium)
            parties.end(consortium, at=now)
    return consortium


def firm_named(written: str) -> Firm:
    """The listed firm that somebody means, by USCC or by its exact name. Raises DomainError where there is none."""
    text = half_width(written).strip()
    meant = Q(organisation__uscc=normalise_uscc(text)) | Q(organisation__name=written.strip())
    firm = Firm.objects.listed().select_related("organisation", "current").filter(meant).first() if text else None
    if firm is None:
        raise DomainError(_("没有这个名称或统一社会信用代码的入驻机构。"), code="member")
    return firm


def may_lead(round_: Round, firm: Firm, *, at: datetime) -> bool:
    """Whether a firm could propose a consortium now."""
    if round_.consortium_most is None or not round_.takes_entries_at(at):
        return False
    return not (_has_entered(round_, firm) or _is_bound(round_, firm))


def waiting_for(firm: Firm, *, at: datetime) -> int:
    """How many proposals wait for this firm's answer."""
    asked = ConsortiumParty.objects.filter(firm=firm, status=Status.ASKED, consortium__ended_at=None)
    return asked.filter(round__status=Round.Status.ANNOUNCED, round__closes_at__gt=at).count()


def has_entered(consortium: Consortium) -> bool:
    """Whether the lead firm has entered for them."""
    return consortium.entries.live().exists()


def _add(consortium: Consortium, part: Part, **answered: object) -> None:
    ConsortiumParty.objects.create(
        consortium=consortium, round=consortium.round, firm=part.firm, share=part.share.strip(), **answered
    )


def _demand_members(round_: Round, lead: Part, members: Sequence[Part]) -> None:
    most = round_.consortium_most or LEAST
    if not LEAST <= 1 + len(members) <= most:
        raise DomainError(_("联合体连同牵头单位须有 2 至 %(most)d 家。") % {"most": most}, code="members")
    firms = [lead.firm, *(each.firm for each in members)]
    if len({firm.pk for firm in firms}) < len(firms):
        raise DomainError(_("同一家机构在联合体中只能写一次，牵头单位不用写进成员。"), code="members")
    for part in (lead, *members):
        if not part.share.strip():
            raise DomainError(_("请写明每一家的分工。"), code="share")
        if len(part.share.strip()) > SHARE_LENGTH:
            raise DomainError(_("分工最多 %(length)d 个字。") % {"length": SHARE_LENGTH}, code="share")


def _demand_free(round_: Round, firm: Firm) -> None:
    """The firm, held, has neither entered alone nor confirmed another consortium of the round (实施条例 第37条)."""
    if _has_entered(round_, firm):
        raise Conflict(_("贵机构已在本次比选中单独报名。要参加联合体，请先撤回报名。"))
    if _is_bound(round_, firm):
        raise _bound()


def _has_entered(round_: Round, firm: Firm) -> bool:
    return Entry.objects.live().filter(lot__round=round_, firm=firm).exists()


def _is_bound(round_: Round, firm: Firm) -> bool:
    return ConsortiumParty.objects.filter(round=round_, firm=firm, status=Status.CONFIRMED).exists()


def _bound() -> Conflict:
    return Conflict(_("贵机构已在本次比选的另一个联合体中，不能再参加一个。"))


def _demand_forming(consortium: Consortium) -> None:
    """It has neither ended nor entered: after its entry nobody comes or goes (实施条例 第37条)."""
    if consortium.ended_at is not None:
        raise WrongState(_("这个联合体已经解散。"))
    if has_entered(consortium):
        raise WrongState(_("联合体已经报名，成员不能再变动；牵头单位撤回报名，联合体随之解散。"))


def _demand_acting(firm: Firm, by: Membership) -> None:
    if by.organisation_id != firm.organisation_id or by.role not in WRITERS:
        raise NotAllowed
