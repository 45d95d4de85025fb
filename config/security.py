"""What the browser may connect to: the pages' own host, and the sockets of that same host."""

from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase


def socket_origin(request: HttpRequest) -> str:
    """Return scheme, host and port of the sockets for the host by which this page was asked for.

    CSP's `'self'` knows one port only, and the sockets have their own; a fixed host would fail on its other names.
    """
    host = request.get_host()
    if settings.SOCKET_PORT:
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        host = f"{name}:{settings.SOCKET_PORT}"
    return f"{'wss' if request.is_secure() else 'ws'}://{host}"


def sockets(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `socket_origin`, none on the page that says that this host is not served here."""
    try:
        return {"socket_origin": socket_origin(request)}
    except DisallowedHost:
        return {"socket_origin": ""}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """The policy of the settings, with the sockets of the request's host among what a page may connect to."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        try:
            origin = socket_origin(request)
        except DisallowedHost:
            return parts
        if not report_only:
            parts.update = {**(parts.update or {}), "connect-src": [origin]}
        return parts
