from django.urls import path

from bidding.consumers import RoundConsumer

websocket_urlpatterns = [path("ws/rounds/<word:code>/", RoundConsumer.as_asgi())]
