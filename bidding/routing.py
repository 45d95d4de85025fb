from django.urls import path

from bidding.auction_sockets import watch
from bidding.consumers import RoundConsumer

public_urlpatterns = [path("ws/rounds/<word:code>/auction/<word:lot>/", watch)]  # type: ignore[arg-type]
"""Rooms that ask for nobody's name."""
websocket_urlpatterns = [path("ws/rounds/<word:code>/", RoundConsumer.as_asgi())]
