"""Acting for one organisation at a time: which one, and changing it."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import Membership
from core.errors import NotAllowed

SESSION_KEY = "acting"


def acting_membership(request: HttpRequest) -> Membership | None:
    """The membership that this session acts by: the chosen one while it runs, else the person's first; one query."""
    if not request.user.is_authenticated:
        return None
    memberships = Membership.objects.active().of_user(request.user).select_related("organisation").order_by("pk")
    chosen = request.session.get(SESSION_KEY)
    found = list(memberships)
    return next((each for each in found if each.pk == chosen), found[0] if found else None)


def act_for(request: HttpRequest, membership_id: int) -> Membership:
    """Act by another membership of this person from now on. Raises NotAllowed where it is not theirs or has ended."""
    membership = (
        Membership.objects.active()
        .of_user(request.user)
        .filter(pk=membership_id)
        .select_related("organisation")
        .first()
    )
    if membership is None:
        raise NotAllowed
    request.session[SESSION_KEY] = membership.pk
    return membership
