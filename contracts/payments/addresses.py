"""Where a reader reaches the pages and the cashier. Only a demonstration's sandbox asks: Alipay has one address for everybody.

A demonstration may be opened by any name that ALLOWED_HOSTS has, from a phone too; `localhost` there is the phone itself. The
name of a request was checked against that list by Django, so no link leads to a host that a stranger has put into a header.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port


def site_of(request: HttpRequest) -> str:
    """The site to which the cashier leads back: by the name of this request in a demonstration, else SITE_URL."""
    if not settings.ALIPAY_IS_SANDBOX:
        return str(settings.SITE_URL)
    return f"{request.scheme}://{request.get_host()}"


def reached(address: str, request: HttpRequest) -> str:
    """An address of the sandbox by the name under which this request reached us; any other address as it is.

    What Alipay signs or we sign is in path and query, which stay.
    """
    parts, ours = urlsplit(address), urlsplit(settings.ALIPAY_GATEWAY)
    if not settings.ALIPAY_IS_SANDBOX or parts.netloc != ours.netloc:
        return address
    name, _port = split_domain_port(request.get_host())
    return urlunsplit(parts._replace(netloc=f"{name}:{ours.port}" if ours.port else name))
