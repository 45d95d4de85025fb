"""Telling the regulators' desks that alerts changed; what changed they read again themselves."""

from __future__ import annotations

import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
ALERTS = "oversight.alerts"
"""The group of all who watch the list of alerts."""
SOCKET = "ws/alerts/"


def changed(group: str) -> None:
    """Push "changed" to whoever watches. A broker that is down costs nothing but the push: pages poll."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, {"type": "round.changed"})
    except (RedisError, OSError):
        logger.warning("the watchers of %s could not be told", group)
