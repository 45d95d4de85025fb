"""3,000 watchers of one room: from an offer to the last of them, beside a bare ASGI send loop on the same server."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from statistics import median

from accounts.models import User
from bench.auction import Room
from bench.serving import say
from bidding.domain.auction import place_offer
from bidding.domain.auction_room import auction_of, public_state, rendered

WATCHERS = 3_000
PUSHES = 12
AT_ONCE = 100
AIM = 2.0
QUIET = 0.5
"""Seconds without a frame, after which a push counts as delivered to whoever is there."""


class Peer(asyncio.Protocol):
    """The client's end of a socket, as bare as it can be: it notes when a frame came."""

    def __init__(self, path: str, seen: Crowd) -> None:
        self.path, self.seen = path, seen
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            if b" 101 " not in data.split(b"\r\n", 1)[0]:
                self.opened.set_exception(ConnectionError(data[:200].decode("latin-1")))
            else:
                self.opened.set_result(None)
            return
        self.seen.frame()

    def send_text(self, text: str) -> None:
        """One masked text frame (the mask is nought)."""
        payload = text.encode()
        assert self.transport is not None
        assert 125 < len(payload) < 65536
        self.transport.write(b"\x81\xfe" + len(payload).to_bytes(2, "big") + b"\0\0\0\0" + payload)


class Crowd:
    """All watchers of a server, and when the last of them was told."""

    def __init__(self, port: int, path: str) -> None:
        self.port, self.path = port, path
        self.peers: list[Peer] = []
        self.frames, self.last = 0, 0.0

    def frame(self) -> None:
        self.frames += 1
        self.last = time.perf_counter()

    async def comes(self) -> None:
        for first in range(0, WATCHERS, AT_ONCE):
            several = range(first, min(first + AT_ONCE, WATCHERS))
            self.peers += await asyncio.gather(*[self.open(self.path) for _number in several])

    async def open(self, path: str) -> Peer:
        loop = asyncio.get_running_loop()
        _transport, peer = await loop.create_connection(lambda: Peer(path, self), "127.0.0.1", self.port)
        await peer.opened
        return peer

    def goes(self) -> None:
        for each in self.peers:
            if each.transport is not None:
                each.transport.close()

    async def measured(self, push: Callable[[], Awaitable[None]]) -> float:
        """Seconds from before a push to the moment at which the last watcher had it."""
        while time.perf_counter() - self.last < QUIET:
            await asyncio.sleep(0.05)
        self.frames = 0
        began = time.perf_counter()
        await push()
        while self.frames < WATCHERS:
            await asyncio.sleep(0.005)
            if time.perf_counter() - began > 30:
                raise SystemExit(f"{self.frames} of {WATCHERS} watchers were told")
        return self.last - began


def watchers(room: Room, ours: int, bare: int) -> bool:
    """Print both times and their ratio."""
    return asyncio.run(_measure(room, ours, bare))


async def _measure(room: Room, ours: int, bare: int) -> bool:
    user = await asyncio.to_thread(User.objects.get, pk=room.users[0])
    text = await asyncio.to_thread(_text, room)

    async def offer() -> None:
        amount = Decimal(room.amount(next(room.numbers)))
        await asyncio.to_thread(place_offer, lot_id=room.lot_id, firm=room.firms[0], user=user, amount=amount)

    crowd, reference = Crowd(ours, f"/ws/rounds/{room.round.code}/auction/1/"), Crowd(bare, "/watch")
    await crowd.comes()
    await reference.comes()
    control = await reference.open("/trigger")

    async def send() -> None:
        control.send_text(text)

    await asyncio.sleep(3)
    mine, theirs = [], []
    for _push in range(PUSHES):  # by turns, so that what else the machine does meets both
        mine.append(await crowd.measured(offer))
        theirs.append(await reference.measured(send))
    crowd.goes()
    reference.goes()
    return _said(mine, theirs)


def _said(mine: list[float], theirs: list[float]) -> bool:
    ours, bare = (median(each) * 1000 for each in (mine, theirs))
    say(f"\n{WATCHERS} watchers of one room: from before an offer's transaction to the last of them, {PUSHES} pushes")
    say("  reference: a bare ASGI application on the same server that sends the same text to each, one after the other")
    reached = "reached" if ours <= AIM * bare else "MISSED"
    say(f"  {ours:.0f} ms to {bare:.0f} ms: ratio {ours / bare:.2f}, aim at most {AIM}, {reached}")
    say(f"  worst: {max(mine) * 1000:.0f} ms, reference {max(theirs) * 1000:.0f} ms")
    return ours <= AIM * bare


def _text(room: Room) -> str:
    """A text like those that ours pushes: the state with one offer."""
    auction = auction_of(code=room.round.code, lot="1")
    assert auction is not None
    return rendered(public_state(auction, since=auction.count - 1))
