"""Telling the round's watchers that something changed; what changed they read again themselves."""

from __future__ import annotations

import logging
from functools import cache

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
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
        async_to_sync(layer.group_send)(group_of(round_.code), {"type": "round.changed"})
    except (RedisError, OSError):
        logger.warning("the watchers of %s could not be told", round_.code)


def auction_channel() -> str:
    """Where it is said that an auction moved; every process with watchers listens to it once."""
    return f"{settings.KEY_PREFIX}:auctions"


def auction_moved(lot_id: int) -> None:
    """Say that the auction of a lot moved; whoever has watchers reads its public state and pushes it to all of them."""
    try:
        _broker().publish(auction_channel(), str(lot_id))
    except (RedisError, OSError):
        logger.warning("the watchers of auction %s could not be told", lot_id)


@cache
def _broker() -> redis.Redis:
    """Connections of this process to the broker; threads share the pool."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
