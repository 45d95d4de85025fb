"""The service as it is, with the fixtures of a bench in a database of its own."""

from config.settings import *  # noqa: F403
