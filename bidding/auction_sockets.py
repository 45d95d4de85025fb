"""Sockets of the rooms of auctions: one subscription for the process, one read and one text for all watchers of a room.

A plain ASGI application: 3,000 watchers cost a set and a loop, no session, no layer, no task of their own (FIGURES). Nothing is
read from a watcher, and nobody's name is asked for: the room is public.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import redis.asyncio
from channels.db import database_sync_to_async
from django.conf import settings
from redis.exceptions import RedisError

from bidding.domain.auction_room import auction_of, glance, read_state, rendered
from bidding.domain.live import auction_channel

logger = logging.getLogger(__name__)
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

UNKNOWN = 4404
REST_S = 0.1
"""Between two pushes: what is offered meanwhile is told by the next."""
LOOK_S = 2.0
"""So often the process looks at all its rooms, should the broker be down; a state that only time has changed is found so too."""
STUCK_S = 1.0
"""A watcher that takes nothing for so long is let go; it comes back and asks for what it lacks."""


class Watcher:
    """One open socket."""

    def __init__(self, send: Send, handler: asyncio.Task[Any] | None) -> None:
        self.send = send
        self.handler = handler


class Room:
    """The watchers of one auction, and the loop that tells them."""

    def __init__(self, code: str, lot: str, *, lot_id: int, count: int) -> None:
        self.code, self.lot, self.lot_id = code, lot, lot_id
        self.n = count
        self.present = 0
        self.watchers: set[Watcher] = set()
        self.moved = asyncio.Event()
        self.seen: tuple[Any, ...] = ()
        self._told: tuple[Any, ...] = ()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._run())

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.cancel()

    async def _run(self) -> None:
        while True:
            await self.moved.wait()
            self.moved.clear()
            try:
                await self._push()
            except Exception:  # a database that is away must not end the room
                logger.exception("the room of %s lot %s could not be read", self.code, self.lot)
                await asyncio.sleep(LOOK_S)
            await asyncio.sleep(REST_S)

    async def _push(self) -> None:
        state = await database_sync_to_async(read_state)(code=self.code, lot=self.lot, since=self.n)
        if state is None:
            return
        told = tuple(state[name] for name in ("n", "state", "ends_at", "paused_at", "decided"))
        if told == self._told:
            return
        self._told, self.n = told, state["n"]
        if state["n"] < state["count"]:
            self.moved.set()
        await self.tell({"type": "websocket.send", "text": rendered(state)})

    async def tell(self, event: dict[str, Any]) -> None:
        """Send one event to all, one after the other; whoever keeps the others waiting is let go."""
        waiting = iter(tuple(self.watchers))
        lane = _Lane(waiting, event)
        while not await lane.ran(STUCK_S):
            stuck = lane.stop()
            if stuck is not None:
                self.drop(stuck)
            lane = _Lane(waiting, event)

    def drop(self, watcher: Watcher) -> None:
        self.watchers.discard(watcher)
        if watcher.handler is not None:
            watcher.handler.cancel()


class _Lane:
    """One run through the watchers that wait."""

    def __init__(self, waiting: Iterator[Watcher], event: dict[str, Any]) -> None:
        self.at: Watcher | None = None
        self._task = asyncio.create_task(self._send(waiting, event))

    async def _send(self, waiting: Iterator[Watcher], event: dict[str, Any]) -> None:
        for watcher in waiting:
            self.at = watcher
            try:
                await watcher.send(event)
            except Exception as gone:  # a socket that is closed tells its own handler
                logger.debug("a watcher is gone: %s", gone)

    async def ran(self, seconds: float) -> bool:
        """Whether it came to its end; it may take any time as long as it goes on from watcher to watcher."""
        before: Watcher | None = None
        while not self._task.done():
            await asyncio.wait({self._task}, timeout=seconds)
            if not self._task.done() and self.at is before:
                return False
            before = self.at
        return True

    def stop(self) -> Watcher | None:
        self._task.cancel()
        return self.at


class Rooms:
    """The rooms that this process has watchers for."""

    def __init__(self) -> None:
        self._rooms: dict[tuple[str, str], Room] = {}
        self._opening = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def enter(self, code: str, lot: str) -> Room | None:
        """The room of a public auction; the first to come opens it, the last to `leave` closes it. None without an auction."""
        async with self._opening:
            if (code, lot) not in self._rooms:
                auction = await database_sync_to_async(auction_of)(code=code, lot=lot)
                if auction is None:
                    return None
                room = Room(code, lot, lot_id=auction.lot_id, count=auction.count)
                self._rooms[code, lot] = room
                room.start()
            if not self._tasks:
                self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._look())]
            self._rooms[code, lot].present += 1
            return self._rooms[code, lot]

    def leave(self, room: Room) -> None:
        room.present -= 1
        if not room.present:
            del self._rooms[room.code, room.lot]
            room.stop()

    async def _listen(self) -> None:
        """The process's one subscription. After every break all rooms look for themselves."""
        while True:
            try:
                async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as broker, broker.pubsub() as channel:
                    await channel.subscribe(auction_channel())
                    self._all_moved()
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._moved(int(message["data"]))
            except (RedisError, OSError, ValueError) as broken:
                logger.warning("the broker cannot be heard: %s", broken)
                await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        """One query for all rooms: whichever has moved since the last look pushes, whoever told of it or not."""
        while True:
            await asyncio.sleep(LOOK_S)
            rooms = {room.lot_id: room for room in self._rooms.values()}
            if not rooms:
                continue
            try:
                found = await database_sync_to_async(glance)(list(rooms))
            except Exception:  # a database that is away comes back
                logger.exception("the rooms of auctions could not be looked at")
                continue
            for lot_id, seen in found.items():
                if rooms[lot_id].seen != seen:
                    rooms[lot_id].seen = seen
                    rooms[lot_id].moved.set()

    def _moved(self, lot_id: int) -> None:
        for room in self._rooms.values():
            if room.lot_id == lot_id:
                room.moved.set()

    def _all_moved(self) -> None:
        for room in self._rooms.values():
            room.moved.set()


_rooms: dict[asyncio.AbstractEventLoop, Rooms] = {}


async def watch(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Accept a watcher, and keep it until it goes."""
    await receive()  # websocket.connect
    rooms = _rooms.setdefault(asyncio.get_running_loop(), Rooms())
    asked = scope["url_route"]["kwargs"]
    room = await rooms.enter(asked["code"], asked["lot"])
    if room is None:
        await send({"type": "websocket.close", "code": UNKNOWN})
        return
    watcher = Watcher(send, asyncio.current_task())
    try:
        await send({"type": "websocket.accept"})
        room.watchers.add(watcher)
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        room.watchers.discard(watcher)
        rooms.leave(room)
