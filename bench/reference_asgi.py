"""The reference for watchers: a bare ASGI application that sends a text to every open socket, one after the other.

Whoever opens /trigger sends the text; everybody else watches. Garbage is frozen as in ours, so that the loops are compared.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from typing import Any

_watchers: set[Callable[[dict[str, Any]], Awaitable[None]]] = set()


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Accept everybody; broadcast what comes from /trigger."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] != "/trigger":
        _watchers.add(send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            event = {"type": "websocket.send", "text": message["text"]}
            for each in tuple(_watchers):
                await each(event)
    finally:
        _watchers.discard(send)


gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
