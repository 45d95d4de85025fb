"""The socket of a round's page: it says that something changed, never what."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from bidding.domain.live import group_of
from bidding.models import Round

INTERVAL_S = 1.0
"""At most one push to a watcher in this time."""
JITTER_S = 0.5
"""A push waits up to this long, so that watchers do not all read at once."""
UNKNOWN = 4404


class RoundConsumer(AsyncJsonWebsocketConsumer):
    """Pushes {"type": "changed"} to whoever watches a public round; the page then reads its fragment again."""

    group: str = ""
    due: bool = False
    pending: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        code = self.scope["url_route"]["kwargs"]["code"]
        if not await self._is_public(code):
            await self.close(code=UNKNOWN)
            return
        self.group = group_of(code)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.pending is not None:
            self.pending.cancel()
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Watchers only listen; what they send is not read."""

    async def round_changed(self, event: dict[str, Any]) -> None:
        self.due = True
        if self.pending is None or self.pending.done():
            self.pending = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        # Whatever else happens while this waits is told by the same push, what happens while it rests by the next.
        while self.due:
            await asyncio.sleep(random.uniform(0, JITTER_S))  # noqa: S311 (spreads load, decides nothing)
            self.due = False
            await self.send_json({"type": "changed"})
            await asyncio.sleep(INTERVAL_S)

    @staticmethod
    @database_sync_to_async
    def _is_public(code: str) -> bool:
        return Round.objects.public().filter(code=code).exists()
