"""Who may take which step: by the membership that acts, checked again inside every state change.

Whoever acts for the service centre or a regulator steps aside where a firm is concerned to which they are tied themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import WRITERS, Kind, Membership, User
from bidding.models import Round
from bidding.rules import Disclosure, disclosure
from core.errors import NotAllowed
from market.models import Firm

Asked = Callable[[Collection[User], Collection[Firm]], set[tuple[int, int]]]
"""Which of some people are tied to which of some firms, by primary keys."""

_askers: list[Asked] = []


class StepsAside(NotAllowed):
    """Who acts is tied to a firm that the step is about (回避)."""

    code = "steps_aside"


def register(asked: Asked) -> Asked:
    """Name who knows of people's ties to firms; there is one."""
    _askers[:] = [asked]
    return asked


def demand_owner(round_: Round, by: Membership) -> None:
    """Raise NotAllowed unless `by` acts for the round's owner and may do more than look."""
    if by.organisation_id != round_.owner_id or by.role not in WRITERS:
        raise NotAllowed


def demand_operator(by: Membership, *, firms: Collection[Firm] = ()) -> None:
    """Raise NotAllowed unless `by` acts for the service centre, may do more than look, and is tied to none of `firms`."""
    _demand(Kind.OPERATOR, by, firms)


def demand_regulator(by: Membership, *, firms: Collection[Firm] = ()) -> None:
    """The same of a regulator."""
    _demand(Kind.REGULATOR, by, firms)


def firms_in(round_: Round) -> list[Firm]:
    """The firms that a round concerns, as everybody may know them: whom its owner names, and after opening whoever has entered.

    Before that nobody is refused for a tie to an entrant: the refusal would tell of the entry.
    """
    named = [round_.named] if round_.named else []
    if disclosure(round_) == Disclosure.NOTHING:
        return named
    entered = Q(entries__lot__round=round_, entries__withdrawn_at=None)
    joined = Q(consortium_parties__consortium__entries__lot__round=round_)
    return [*named, *Firm.objects.filter(entered | joined).select_related("organisation").distinct()]


def _demand(kind: Kind, by: Membership, firms: Collection[Firm]) -> None:
    if by.organisation.kind != kind or by.role not in WRITERS:
        raise NotAllowed
    if not firms or not _askers:
        return
    colleagues = list(Membership.objects.active().filter(organisation=by.organisation, role__in=WRITERS))
    users = {each.user_id: each.user for each in [by, *colleagues]}
    tied = {user for user, _firm in _askers[0](list(users.values()), firms)}
    if by.user_id in tied:
        raise StepsAside(_told(len(set(users) - tied)))


def _told(others: int) -> str:
    """Why, and who may: how many colleagues, not who they are."""
    why = _("您与这项事务涉及的机构存在关联，应当回避。")
    if not others:
        return why + _("本单位没有其他可以办理的人，请报上级指定。")
    who = ngettext(
        "请交给本单位其他经办人办理（%(n)d 人可以）。", "请交给本单位其他经办人办理（%(n)d 人可以）。", others
    )
    return why + who % {"n": others}
