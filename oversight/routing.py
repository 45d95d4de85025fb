from django.urls import path

from oversight.consumers import AlertsConsumer
from oversight.domain.live import SOCKET

websocket_urlpatterns = [path(SOCKET, AlertsConsumer.as_asgi())]
