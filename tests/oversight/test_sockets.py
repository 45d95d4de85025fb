"""The socket of the list of alerts is for regulators with a second factor, and what changes reaches those who watch."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django_otp import DEVICE_ID_SESSION_KEY

from bidding.consumers import RoundConsumer
from bidding.domain import live as rounds
from core import clock
from oversight.consumers import AlertsConsumer
from oversight.domain import live
from oversight.domain.alerting import take_in
from tests import market_place as market
from tests.oversight import desk

pytestmark = pytest.mark.django_db(transaction=True)


def in_a_loop(work):
    """In a thread of its own: one with a browser in it already has a loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


class Peer(ApplicationCommunicator):
    """The other end of a socket."""

    def __init__(self, consumer: Any, **scope: Any) -> None:
        super().__init__(consumer.as_asgi(), {"type": "websocket", "path": "/ws/x/", **scope})

    async def opens(self) -> str:
        await self.send_input({"type": "websocket.connect"})
        return str((await self.receive_output(10))["type"])

    async def hears(self) -> Any:
        return json.loads((await self.receive_output(10))["text"])

    async def goes(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(10)


@pytest.mark.parametrize(("kind", "device", "lets_in"), [
    ("regulator", True, True), ("regulator", False, False), ("operator", True, False), ("firm", True, False),
])  # fmt: skip
def test_who_may_watch(kind, device, lets_in):
    member = market.member_of(market.organisation(kind))
    session = {DEVICE_ID_SESSION_KEY: "x"} if device else {}

    async def work():
        one = Peer(AlertsConsumer, user=member.user, session=session)
        answer = await one.opens()
        await one.goes()
        return answer

    assert in_a_loop(work) == ("websocket.accept" if lets_in else "websocket.close")


def test_a_new_lead_and_a_change_of_a_round_are_told():
    where = market.place()
    round_, firm, member = market.announced(where), market.firm(where), desk.regulator()
    now = clock.now()

    async def work():
        watches = Peer(AlertsConsumer, user=member.user, session={DEVICE_ID_SESSION_KEY: "x"})
        visitor = Peer(RoundConsumer, url_route={"kwargs": {"code": round_.code}})
        for each in (watches, visitor):
            assert await each.opens() == "websocket.accept"
        await sync_to_async(take_in)("CL5", [desk.lead(firm)], now=now)
        told = await watches.hears()
        await sync_to_async(rounds.changed)(round_)
        told_too = await visitor.hears()
        for each in (watches, visitor):
            await each.goes()
        return told, told_too

    assert in_a_loop(work) == ({"type": "changed"}, {"type": "changed"})
    assert live.SOCKET.endswith("/")
