"""The sockets of an auction's room: one text for all, nobody waits for a watcher that is stuck, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from bidding import auction_sockets as sockets
from tests import auctions

pytestmark = pytest.mark.django_db(transaction=True)


class Peer:
    """The other end of a socket: what it was sent, and what it sends."""

    def __init__(self, code: str, lot: str = "1") -> None:
        self.scope = {"type": "websocket", "url_route": {"kwargs": {"code": code, "lot": lot}}}
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.seen: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.inbox.put_nowait({"type": "websocket.connect"})
        self.stuck = False
        self.task: asyncio.Task[None] | None = None

    async def send(self, event):
        if self.stuck:
            await asyncio.sleep(3600)
        self.seen.put_nowait(event)

    async def opens(self):
        self.task = asyncio.create_task(sockets.watch(self.scope, self.inbox.get, self.send))
        return await asyncio.wait_for(self.seen.get(), 5)

    async def goes(self):
        self.inbox.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait_for(self.task, 5)

    async def told(self, n):
        """The first push that knows of `n` offers, and the numbers of all offers that came until then."""
        numbers = []
        while True:
            event = await asyncio.wait_for(self.seen.get(), 10)
            state = json.loads(event["text"])
            numbers += [offer["n"] for offer in state["offers"]]
            if state["n"] >= n:
                return event["text"], numbers


def in_a_loop(work):
    """In a thread of its own: one with a browser in it already has a loop that runs."""

    async def run():
        try:
            await work()
        finally:
            left = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
            for each in left:
                each.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            sockets._rooms.clear()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def test_watchers_of_a_room_get_the_same_text_with_every_offer():
    played = auctions.running(firms=2)

    async def work():
        peers = [Peer(played.round.code) for _ in range(3)]
        assert [(await each.opens())["type"] for each in peers] == ["websocket.accept"] * 3
        await asyncio.sleep(0.5)
        for number in range(4):
            await sync_to_async(played.offer)(number % 2, f"{48 - number}000.00")
        texts = [await each.told(4) for each in peers]
        assert texts[0] == texts[1] == texts[2] and texts[0][1] == [1, 2, 3, 4]
        state = json.loads(texts[0][0])
        assert (state["best"], state["state"], state["count"]) == ("45000.00", "running", 4)
        assert not any(firm.uscc in texts[0][0] for firm in played.firms)
        (rooms,) = sockets._rooms.values()
        for each in peers:
            await each.goes()
        assert rooms._rooms == {}

    in_a_loop(work)


def test_a_room_that_is_not_there_is_closed():
    played = auctions.opened(firms=1)

    async def work():
        for code, lot in ((played.round.code, "2"), ("R000000000000", "1")):
            assert await Peer(code, lot).opens() == {"type": "websocket.close", "code": sockets.UNKNOWN}

    in_a_loop(work)


def test_who_takes_nothing_is_let_go_and_the_others_do_not_wait(monkeypatch):
    monkeypatch.setattr(sockets, "STUCK_S", 0.2)
    played = auctions.running(firms=2)

    async def work():
        peers = [Peer(played.round.code) for _ in range(6)]
        for each in peers:
            await each.opens()
        await asyncio.sleep(0.5)
        peers[0].stuck = peers[3].stuck = True
        await sync_to_async(played.offer)(0, "48000.00")
        for each in peers:
            if not each.stuck:
                await each.told(1)
        await asyncio.wait([peers[0].task, peers[3].task], timeout=5)
        assert peers[0].task.cancelled() and peers[3].task.cancelled()
        (rooms,) = sockets._rooms.values()
        (room,) = rooms._rooms.values()
        assert len(room.watchers) == room.present == 4

    in_a_loop(work)


def test_with_the_broker_down_the_room_looks_for_itself(monkeypatch):
    monkeypatch.setattr(sockets, "LOOK_S", 0.2)
    monkeypatch.setattr("bidding.domain.live.auction_moved", lambda lot_id: None)
    played = auctions.running(firms=2)

    async def work():
        peer = Peer(played.round.code)
        await peer.opens()
        await sync_to_async(played.offer)(0, "48000.00")
        assert (await peer.told(1))[1] == [1]

    in_a_loop(work)


def test_the_last_who_goes_closes_the_room_and_the_next_opens_it_anew():
    played = auctions.running(firms=2)

    async def work():
        first = Peer(played.round.code)
        await first.opens()
        await first.goes()
        await sync_to_async(played.offer)(0, "48000.00")
        second = Peer(played.round.code)
        await second.opens()
        await sync_to_async(played.offer)(1, "47000.00")
        assert (await second.told(2))[1] == [2]  # the first was there before; the page has it, or asks for it

    in_a_loop(work)
