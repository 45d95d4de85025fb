"""What a page may load and connect to, by whichever name of the host it was asked for."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from config.security import ContentSecurityPolicyMiddleware, socket_origin


def policy(host: str, *, secure: bool = False) -> dict[str, list[str]]:
    request = RequestFactory().get("/", headers={"host": host}, secure=secure)
    response = ContentSecurityPolicyMiddleware(lambda _request: HttpResponse())(request)
    assert isinstance(response, HttpResponse)
    parts = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8000", "ws://localhost:8001"),
        ("127.0.0.1:8000", "ws://127.0.0.1:8001"),
        ("[::1]:8000", "ws://[::1]:8001"),
        ("localhost", "ws://localhost:8001"),
    ],
)
def test_a_page_may_connect_to_the_sockets_of_its_own_host(settings, host, origin):
    settings.SOCKET_PORT = 8001
    assert sorted(policy(host)["connect-src"]) == sorted(["'self'", origin])


def test_behind_tls_the_sockets_share_the_host(settings):
    settings.SOCKET_PORT = 0
    settings.ALLOWED_HOSTS = ["mingxuan.example"]
    request = RequestFactory().get("/", headers={"host": "mingxuan.example"}, secure=True)
    assert socket_origin(request) == "wss://mingxuan.example"


def test_a_strange_host_gets_no_socket(settings):
    settings.ALLOWED_HOSTS = ["localhost"]
    assert policy("elsewhere.example")["connect-src"] == ["'self'"]


def test_a_strange_host_is_told_so_and_is_no_error_of_the_server(settings):
    settings.ALLOWED_HOSTS = ["localhost"]
    assert Client().get("/about/", headers={"host": "elsewhere.example"}).status_code == 400


def test_nothing_unsafe_and_no_other_host_is_allowed(settings):
    settings.SOCKET_PORT = 8001
    found = policy("localhost:8000")
    assert found["default-src"] == ["'none'"]
    assert found["script-src"] == found["style-src"] == ["'self'"]
    assert not any("unsafe" in source or source == "*" for sources in found.values() for source in sources)
