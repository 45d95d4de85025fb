"""Settings, root URLs, the servers' entry points, and the embedded services used when no server is configured."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
