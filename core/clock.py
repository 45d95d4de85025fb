"""The one clock of the service: the database's, so that no node's own clock decides a deadline."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

LOCAL = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the database's wall-clock time, aware.

    Read it once per operation, and inside a transaction after the lock that the decision depends on: it is
    `clock_timestamp()`, which moves on, and not `now()`, which stands still at the transaction's start.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    assert isinstance(moment, datetime)
    return moment
