"""The socket of the list of alerts is for regulators with a second factor, and what changes reaches those who watch."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
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


def peer(consumer: Any, **scope: Any) -> WebsocketCommunicator:
    found = WebsocketCommunicator(consumer.as_asgi(), "/ws/x/")
    found.scope.update(scope)
    return found


@pytest.mark.parametrize(("kind", "device", "lets_in"), [
    ("regulator", True, True), ("regulator", False, False), ("operator", True, False), ("firm", True, False),
])  # fmt: skip
def test_who_may_watch(kind, device, lets_in):
    member = market.member_of(market.organisation(kind))
    session = {DEVICE_ID_SESSION_KEY: "x"} if device else {}

    async def work():
        one = peer(AlertsConsumer, user=member.user, session=session)
        accepted, _code = await one.connect()
        await one.disconnect()
        return accepted

    assert in_a_loop(work) is lets_in


def test_a_new_lead_and_a_change_of_a_round_are_told():
    where = market.place()
    round_, firm, member = market.announced(where), market.firm(where), desk.regulator()

    async def work():
        watches = peer(AlertsConsumer, user=member.user, session={DEVICE_ID_SESSION_KEY: "x"})
        visitor = peer(RoundConsumer, url_route={"kwargs": {"code": round_.code}})
        for each in (watches, visitor):
            assert (await each.connect())[0]
        await sync_to_async(take_in)("CL5", [desk.lead(firm)], now=clock.now())
        told = await watches.receive_json_from(timeout=10)
        await sync_to_async(rounds.changed)(round_)
        told_too = await visitor.receive_json_from(timeout=10)
        for each in (watches, visitor):
            await each.disconnect()
        return told, told_too

    assert in_a_loop(work) == ({"type": "changed"}, {"type": "changed"})
    assert live.SOCKET.endswith("/")
