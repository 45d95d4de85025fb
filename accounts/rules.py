"""Who may open a page: people who act for an organisation of the right kind, with a second factor where it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import SECOND_FACTOR_KINDS, Kind, Membership, Organisation, Role

View = Callable[..., HttpResponseBase]


class SessionRequest(HttpRequest):
    """A request as accounts.middleware leaves it."""

    user: Any
    membership: Membership | None
    organisation: Organisation | None


class ActingRequest(HttpRequest):
    """A request that `acting_as` has let in."""

    user: Any
    membership: Membership
    organisation: Organisation


def acting_as(*kinds: Kind, roles: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Let in who acts for an organisation of one of these kinds, with one of these roles where some are named.

    The anonymous are sent to sign in; for others the page does not exist, and who only lacks the role is told whose it is. Who
    acts for the service centre or a regulator shows a second factor first (DOMAIN "Who").
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: SessionRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            membership = request.membership
            if membership is None or membership.organisation.kind not in kinds:
                raise Http404
            if roles and not membership.has_role(roles):
                raise PermissionDenied(_not_of_role(membership, roles))
            if needs_second_factor(request):
                return redirect_to_login(request.get_full_path(), reverse("accounts:second_factor"))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def _not_of_role(membership: Membership, roles: tuple[str, ...]) -> str:
    whose = "、".join(str(Role(role).label) for role in roles)
    return _("这一步由本机构的%(whose)s办理；您的职责是“%(own)s”。") % {
        "whose": whose,
        "own": membership.get_role_display(),
    }


def needs_second_factor(request: SessionRequest) -> bool:
    """Whether this person acts for somebody whose pages ask for a second factor, and has not shown it in this session."""
    organisation = request.organisation
    asked = organisation is not None and organisation.kind in SECOND_FACTOR_KINDS
    return asked and not request.user.is_verified()


signed_in = login_required
