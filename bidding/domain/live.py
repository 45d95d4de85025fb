"""Telling the round's watchers that something changed; what changed they read again themselves."""

from __future__ import annotations

import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from bidding.models import Round

logger = logging.getLogger(__name__)


def group_of(code: str) -> str:
    return f"round.{code}"


def changed(round_: Round) -> None:
    """Push "changed" to the round's group. A broker that is down costs nothing but the push: pages poll."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group_of(round_.code), {"type": "changed"})
    except (RedisError, OSError):
        logger.warning("the watchers of %s could not be told", round_.code)
