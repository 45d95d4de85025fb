"""For whom the request acts."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpResponse

from accounts.domain.acting import acting_membership
from accounts.rules import SessionRequest


class ActingMiddleware:
    """Set `request.membership` and `request.organisation`, both None for the anonymous and for who belongs to nobody.

    A visitor without a session costs no query and no look at the session.
    """

    def __init__(self, get_response: Callable[[SessionRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: SessionRequest) -> HttpResponse:
        membership = acting_membership(request) if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        request.membership = membership
        request.organisation = membership.organisation if membership is not None else None
        return self.get_response(request)
