"""The socket of the regulators' list of alerts: it says that something changed, never what."""

from __future__ import annotations

from channels.db import database_sync_to_async
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import Kind, Membership
from bidding.consumers import UNKNOWN, RoundConsumer
from core import clock
from oversight.domain.live import ALERTS


class AlertsConsumer(RoundConsumer):
    """Pushes {"type": "changed"} to regulators who have shown their second factor, at most once a second."""

    async def connect(self) -> None:
        if DEVICE_ID_SESSION_KEY not in self.scope["session"] or not await self._is_regulator():
            await self.close(code=UNKNOWN)
            return
        self.group = ALERTS
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    @database_sync_to_async
    def _is_regulator(self) -> bool:
        rows = Membership.objects.of_user(self.scope["user"]).active(at=clock.now())
        return bool(rows.filter(organisation__kind=Kind.REGULATOR).exists())
