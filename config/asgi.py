"""Sockets: a process of their own (FIGURES: pages are WSGI).

Objects alive after loading are frozen out of garbage collection: with thousands of sockets open a full collection
would otherwise stop every one of them for a third of a second.
"""

import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
get_asgi_application()

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope  # noqa: E402
from channels.auth import AuthMiddlewareStack  # noqa: E402  the rooms load only after Django is set up
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import re_path  # noqa: E402

from bidding.routing import public_urlpatterns, websocket_urlpatterns  # noqa: E402
from oversight.routing import websocket_urlpatterns as oversight_urlpatterns  # noqa: E402


async def no_pages_here(_scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Pages have their own process; whoever asks here for one learns only that."""
    await send(
        {"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")], "trailers": False}
    )
    await send({"type": "http.response.body", "body": b"Only sockets are here.\n", "more_body": False})


rooms = [*websocket_urlpatterns, *oversight_urlpatterns]

application = ProtocolTypeRouter(
    {
        "http": no_pages_here,
        "websocket": AllowedHostsOriginValidator(
            URLRouter([*public_urlpatterns, re_path("", AuthMiddlewareStack(URLRouter(rooms)))])
        ),
    }
)

gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
